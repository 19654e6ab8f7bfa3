// The token that Coinbase's facilitator wants with every request: a JWT signed with Ed25519, for one
// method at one address, good for two minutes. Other facilitators want none.

import { type Env, settingsOf } from "../../env.ts";

const GOOD_FOR_SECONDS = 120;
/** PKCS #8 of an Ed25519 key, up to its 32 bytes. */
const PKCS8_PREFIX = [
  0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20,
];

/** A token for one request, or `undefined` where no key for it is configured. */
export async function bearerFor(
  env: Env,
  method: string,
  url: string,
  nowMs = Date.now(),
): Promise<string | undefined> {
  const { FACILITATOR_KEY_ID: kid, FACILITATOR_KEY_SECRET: secret } = settingsOf(env);
  if (kid === undefined || secret === undefined) return undefined;
  const { host, pathname } = new URL(url);
  const nowSeconds = Math.floor(nowMs / 1000);
  const nonce = base64url(crypto.getRandomValues(new Uint8Array(16)));
  const header = { alg: "EdDSA", kid, typ: "JWT", nonce };
  const claims = {
    sub: kid,
    iss: "cdp",
    uris: [`${method} ${host}${pathname}`],
    nbf: nowSeconds,
    iat: nowSeconds,
    exp: nowSeconds + GOOD_FOR_SECONDS,
  };
  const encoder = new TextEncoder();
  const [head, body] = [header, claims].map((part) =>
    base64url(encoder.encode(JSON.stringify(part))),
  );
  const signed = `${head}.${body}`;
  const key = await importKey(secret);
  const signature = await crypto.subtle.sign("Ed25519", key, encoder.encode(signed));
  return `${signed}.${base64url(new Uint8Array(signature))}`;
}

/** A secret is base64 of 64 bytes: the seed of the key, and its public half. */
async function importKey(secret: string): Promise<CryptoKey> {
  const bytes = Uint8Array.from(atob(secret), (character) => character.charCodeAt(0));
  const pkcs8 = Uint8Array.from([...PKCS8_PREFIX, ...bytes.slice(0, 32)]);
  return await crypto.subtle.importKey("pkcs8", pkcs8, "Ed25519", false, ["sign"]);
}

function base64url(bytes: Uint8Array): string {
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  return text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
