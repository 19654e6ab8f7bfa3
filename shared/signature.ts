// How the gateway proves to a runner that a request is its own: HTTP Message Signatures (RFC 9421)
// with HMAC-SHA256 over the method, the path with its query and the digest of the body, with the time and a nonce
// among the signed parameters. Signing and checking live together so that they cannot drift apart.
// Remembering nonces is the verifier's business, because only it has the memory.

import { createSignature, type Signer, type Verifier, verifySignature } from "http-message-sig";
import { randomText } from "./ids.ts";
import { SIGNATURE_AGE_MS_MAX } from "./limits.ts";

/** The signature algorithm's registered name. */
export const SIGNATURE_ALGORITHM = "hmac-sha256";
const TAG = "agent-coderunner";
const COMPONENTS = ["@method", "@path", "@query", "content-digest"] as const;
const PARAMETERS = ["created", "nonce", "keyid", "tag"];

/** A shared secret, ready to sign and to verify with, and the hash for digests of bodies. */
export type SigningKey = Signer &
  Verifier & { sha256: (data: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array> };

/** The part of an HTTP request a signature covers. `url` may be any absolute URL with the same path. */
export type SignedRequest = { method: string; url: string; body: Uint8Array<ArrayBuffer> };

/** The headers that `sign` makes and `verify` reads; names in lower case. */
export type SignatureHeaders = {
  "content-digest": string;
  signature: string;
  "signature-input": string;
};

/** Throws when a shared secret is too short to be random. */
export function requireSigningSecret(secret: string): void {
  if (secret.length < 32) throw new Error("a signing secret needs at least 32 characters");
}

/** A key that works on every platform. A runner, which has a faster way, makes its own. */
export async function importSigningKey(secret: string): Promise<SigningKey> {
  requireSigningSecret(secret);
  const raw = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", raw, { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  return {
    algorithm: SIGNATURE_ALGORITHM,
    sign: async (data) => new Uint8Array(await crypto.subtle.sign("HMAC", key, copy(data))),
    verify: (data, signature) => crypto.subtle.verify("HMAC", key, copy(signature), copy(data)),
    sha256: async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data)),
  };
}

/** Signs `request` now, for the runner known as `keyId`. */
export async function sign(
  key: SigningKey,
  keyId: string,
  request: SignedRequest,
  nowMs: number,
): Promise<SignatureHeaders> {
  const digest = await contentDigest(key, request.body);
  const fields = await createSignature(describe(request, { "content-digest": digest }), {
    components: COMPONENTS,
    parameters: {
      created: Math.floor(nowMs / 1000),
      nonce: randomText(26),
      keyid: keyId,
      tag: TAG,
    },
    signer: key,
  });
  return {
    "content-digest": digest,
    signature: fields.signature,
    "signature-input": fields.signatureInput,
  };
}

/**
 * Checks that `headers` sign exactly this request for `keyId`, recently. Returns the nonce, which
 * the caller must refuse if it has seen it within SIGNATURE_AGE_MS_MAX; throws with the reason,
 * meant for a log, otherwise.
 */
export async function verify(
  key: SigningKey,
  keyId: string,
  request: SignedRequest,
  headers: SignatureHeaders,
  nowMs: number,
): Promise<string> {
  const verified = await verifySignature(describe(request, headers), {
    policy: {
      algorithms: [SIGNATURE_ALGORITHM],
      requiredComponents: COMPONENTS,
      requiredParameters: PARAMETERS,
      maxAge: 0, // the skew is added to it, and is all that is granted
      clockSkew: SIGNATURE_AGE_MS_MAX / 1000,
      now: Math.floor(nowMs / 1000),
      validate: ({ parameters }) => parameters.keyid === keyId && parameters.tag === TAG,
    },
    resolveVerifier: () => key,
  });
  if ((await contentDigest(key, request.body)) !== headers["content-digest"]) {
    throw new Error("the body does not match its signed digest");
  }
  const { nonce } = verified.parameters;
  if (nonce === undefined || nonce.length > 64) throw new Error("the nonce is missing or too long");
  return nonce;
}

function describe(request: SignedRequest, headers: Record<string, string>) {
  const fields = Object.entries(headers).map(([name, value]) => ({ name, value }));
  return { kind: "request" as const, method: request.method, targetUri: request.url, fields };
}

async function contentDigest(key: SigningKey, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const hash = await key.sha256(body);
  return `sha-256=:${btoa(String.fromCharCode(...hash))}:`;
}

/** WebCrypto wants memory that is not shared; the library promises only some memory. */
function copy(data: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(data);
}
