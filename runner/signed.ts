// Lets through only what the gateway has signed, once. Everything else is answered with the same
// 401, whatever was wrong with it; the reason goes to the log. A request whose body is still on its way
// is let through for what its headers say of the body; whoever reads the body holds it against them.

import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { Failure } from "../shared/errors.ts";
import { SIGNATURE_AGE_MS_MAX } from "../shared/limits.ts";
import {
  requireSigningSecret,
  SIGNATURE_ALGORITHM,
  type SignatureHeaders,
  type SignedRequest,
  type SignedStream,
  type SigningKey,
  type StreamSignatureHeaders,
  verify,
  verifyStream,
} from "../shared/signature.ts";

/** Signed requests that may arrive within twice the age limit before the oldest nonce is needed. */
const NONCES_MAX = 500_000;
/** Signatures tell their time in whole seconds. */
const CLOCK_STEP_MS = 1000;

/** A shared secret as a key that signs and verifies at once, without WebCrypto's thread pool. */
export function makeSigningKey(secret: string): SigningKey {
  requireSigningSecret(secret);
  const sign = (data: Uint8Array) =>
    new Uint8Array(createHmac("sha256", secret).update(data).digest());
  return {
    algorithm: SIGNATURE_ALGORITHM,
    sign,
    verify: (data, signature) => {
      const wanted = sign(data);
      return signature.length === wanted.length && timingSafeEqual(signature, wanted);
    },
    sha256: (data) => new Uint8Array(createHash("sha256").update(data).digest()),
  };
}

/** Remembers nonces for as long as a signature that carries one could still be accepted. */
export class NonceMemory {
  readonly #expiryMs = new Map<string, number>();

  /** True the first time it sees `nonce`, false for a replay. Throws when it can hold no more. */
  remember(nonce: string, nowMs: number): boolean {
    this.#forget(nowMs);
    if (this.#expiryMs.has(nonce)) return false;
    if (this.#expiryMs.size >= NONCES_MAX)
      throw new Failure("busy", { detail: "nonce memory full" });
    this.#expiryMs.set(nonce, nowMs + 2 * SIGNATURE_AGE_MS_MAX + CLOCK_STEP_MS);
    return true;
  }

  #forget(nowMs: number): void {
    for (const [nonce, expiryMs] of this.#expiryMs) {
      if (expiryMs > nowMs) return; // in order of arrival, so the rest is younger
      this.#expiryMs.delete(nonce);
    }
  }
}

export type Gatekeeper = {
  key: SigningKey;
  runnerId: string;
  nonces: NonceMemory;
};

type IncomingHeaders = Record<string, string | string[] | undefined>;

/** Resolves when `request` was signed for this runner, recently, and not seen before. */
export async function admit(
  keeper: Gatekeeper,
  request: SignedRequest,
  headers: IncomingHeaders,
  nowMs: number,
): Promise<void> {
  const own: SignatureHeaders = {
    ...signatureOf(headers),
    "content-digest": one(headers, "content-digest"),
  };
  await letIn(keeper, verify(keeper.key, keeper.runnerId, request, own, nowMs), nowMs);
}

/**
 * The same for a request whose body is not there yet. Its signature covers `content-length` and
 * `content-digest` as they stand in the headers, or that they do not; the body must be held against
 * them while it is read.
 */
export async function admitStream(
  keeper: Gatekeeper,
  request: { method: string; url: string },
  headers: IncomingHeaders,
  nowMs: number,
): Promise<void> {
  const stream: SignedStream = {
    ...request,
    headers: {
      "content-length": optional(headers, "content-length"),
      "content-digest": optional(headers, "content-digest"),
    },
  };
  const own = signatureOf(headers);
  await letIn(keeper, verifyStream(keeper.key, keeper.runnerId, stream, own, nowMs), nowMs);
}

async function letIn(keeper: Gatekeeper, verifying: Promise<string>, nowMs: number): Promise<void> {
  const nonce = await verifying.catch((thrown) =>
    refuse(thrown instanceof Error ? thrown.message : String(thrown)),
  );
  if (!keeper.nonces.remember(nonce, nowMs)) refuse("replayed");
}

function signatureOf(headers: IncomingHeaders): StreamSignatureHeaders {
  return {
    signature: one(headers, "signature"),
    "signature-input": one(headers, "signature-input"),
  };
}

function one(headers: IncomingHeaders, name: string): string {
  return optional(headers, name) ?? refuse(`${name} is missing`);
}

function optional(headers: IncomingHeaders, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "object" ? refuse(`${name} comes twice`) : value;
}

function refuse(detail: string): never {
  throw new Failure("unauthorized", {
    message: "The request is not signed for this runner.",
    detail,
  });
}
