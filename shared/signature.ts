// How the gateway proves to a runner that a request is its own: HTTP Message Signatures (RFC 9421)
// with HMAC-SHA256 over the method, the path with its query and the digest of the body, with the time
// and a nonce among the signed parameters. A body that is passed on while it arrives has no digest
// yet: it is signed under another tag, over what its headers say of it, so that neither kind passes
// for the other. Signing and checking live together so that they cannot drift apart. Remembering
// nonces is the verifier's business, because only it has the memory.

import { createSignature, type Signer, type Verifier, verifySignature } from "http-message-sig";
import { randomText } from "./ids.ts";
import { SIGNATURE_AGE_MS_MAX } from "./limits.ts";

/** The signature algorithm's registered name. */
export const SIGNATURE_ALGORITHM = "hmac-sha256";
const TAG = "agent-coderunner";
const STREAM_TAG = "agent-coderunner-stream";
const TARGET = ["@method", "@path", "@query"] as const;
const COMPONENTS = [...TARGET, "content-digest"] as const;
/** What the headers of a streamed body may say of it; what is there is signed, and so is its absence. */
const STREAM_FIELDS = ["content-length", "content-digest"] as const;
const PARAMETERS = ["created", "nonce", "keyid", "tag"];

/** A shared secret, ready to sign and to verify with, and the hash for digests of bodies. */
export type SigningKey = Signer &
  Verifier & { sha256: (data: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array> };

/** The part of an HTTP request a signature covers. `url` may be any absolute URL with the same path. */
export type SignedRequest = { method: string; url: string; body: Uint8Array<ArrayBuffer> };

/** The part of a request with a streamed body that a signature covers; header names in lower case. */
export type SignedStream = {
  method: string;
  url: string;
  headers: { readonly [name in (typeof STREAM_FIELDS)[number]]?: string | undefined };
};

/** The headers that `signStream` makes and `verifyStream` reads; names in lower case. */
export type StreamSignatureHeaders = { signature: string; "signature-input": string };

/** The headers that `sign` makes and `verify` reads; names in lower case. */
export type SignatureHeaders = StreamSignatureHeaders & { "content-digest": string };

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
  const message = describe(request, { "content-digest": digest });
  const signed = await signMessage(key, message, COMPONENTS, parametersOf(keyId, TAG, nowMs));
  return { "content-digest": digest, ...signed };
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
  const message = describe(request, headers);
  const nonce = await verifyMessage(key, message, COMPONENTS, { keyId, tag: TAG, nowMs });
  if ((await contentDigest(key, request.body)) !== headers["content-digest"]) {
    throw new Error("the body does not match its signed digest");
  }
  return nonce;
}

/** Signs a request whose body is passed on while it arrives; see `verifyStream` for what that is worth. */
export async function signStream(
  key: SigningKey,
  keyId: string,
  request: SignedStream,
  nowMs: number,
): Promise<StreamSignatureHeaders> {
  const fields = fieldsOf(request);
  const message = describe(request, fields);
  const components = [...TARGET, ...Object.keys(fields)];
  return await signMessage(key, message, components, parametersOf(keyId, STREAM_TAG, nowMs));
}

/**
 * As `verify`, for a request whose body is still to come: that it is for this path and has the length
 * and the digest it was signed with, or was signed without them. The body itself is not covered:
 * whoever reads it must hold it against that length and that digest.
 */
export async function verifyStream(
  key: SigningKey,
  keyId: string,
  request: SignedStream,
  headers: StreamSignatureHeaders,
  nowMs: number,
): Promise<string> {
  const fields = fieldsOf(request);
  const message = describe(request, { ...fields, ...headers });
  const components = [...TARGET, ...Object.keys(fields)];
  return await verifyMessage(key, message, components, { keyId, tag: STREAM_TAG, nowMs });
}

function parametersOf(keyId: string, tag: string, nowMs: number) {
  return { created: Math.floor(nowMs / 1000), nonce: randomText(26), keyid: keyId, tag };
}

async function signMessage(
  key: SigningKey,
  message: ReturnType<typeof describe>,
  components: readonly string[],
  parameters: ReturnType<typeof parametersOf>,
): Promise<StreamSignatureHeaders> {
  const { signature, signatureInput } = await createSignature(message, {
    components,
    parameters,
    signer: key,
  });
  return { signature, "signature-input": signatureInput };
}

async function verifyMessage(
  key: SigningKey,
  message: ReturnType<typeof describe>,
  components: readonly string[],
  { keyId, tag, nowMs }: { keyId: string; tag: string; nowMs: number },
): Promise<string> {
  const verified = await verifySignature(message, {
    policy: {
      algorithms: [SIGNATURE_ALGORITHM],
      requiredComponents: components,
      requiredParameters: PARAMETERS,
      maxAge: 0, // the skew is added to it, and is all that is granted
      clockSkew: SIGNATURE_AGE_MS_MAX / 1000,
      now: Math.floor(nowMs / 1000),
      validate: ({ parameters }) => parameters.keyid === keyId && parameters.tag === tag,
    },
    resolveVerifier: () => key,
  });
  const { nonce } = verified.parameters;
  if (nonce === undefined || nonce.length > 64) throw new Error("the nonce is missing or too long");
  return nonce;
}

function fieldsOf({ headers }: SignedStream): Record<string, string> {
  const fields = STREAM_FIELDS.map((name) => [name, headers[name]] as const);
  return Object.fromEntries(
    fields.filter((field): field is [never, string] => field[1] !== undefined),
  );
}

function describe(request: { method: string; url: string }, headers: Record<string, string>) {
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
