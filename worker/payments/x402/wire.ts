// How x402 payments look on the wire, in version 2 and in version 1: base64 of JSON in headers. What
// comes in is bounded before it is decoded and checked for its shape; what it is worth is judged
// elsewhere. Only authorizations of EIP-3009 are taken (the scheme `exact` without Permit2).

import * as z from "zod";
import { Failure } from "../../../shared/errors.ts";
import { PAYMENT_HEADER_BYTES_MAX, PAYMENT_SIGNATURE_BYTES_MAX } from "../../../shared/limits.ts";
import { parse } from "../../../shared/parse.ts";

/** The headers a payment may come in, and what each version's receipt is called. */
export const PAYMENT_HEADERS = { 2: "PAYMENT-SIGNATURE", 1: "X-PAYMENT" } as const;
export const RECEIPT_HEADERS = { 2: "PAYMENT-RESPONSE", 1: "X-PAYMENT-RESPONSE" } as const;
export const OFFER_HEADER = "PAYMENT-REQUIRED";

export type Hex = `0x${string}`;
export type Version = keyof typeof PAYMENT_HEADERS;

const addressRule = { error: "must be an address" };
const numberRule = { error: "must be a whole number in decimal digits" };
const signatureRule = {
  error: `must be a signature in hexadecimal, of at most ${PAYMENT_SIGNATURE_BYTES_MAX} bytes`,
};

const Address = z.string().regex(/^0x[0-9a-fA-F]{40}$/, addressRule);
const Whole = z
  .string()
  .regex(/^(0|[1-9]\d{0,38})$/, numberRule)
  .transform(BigInt);

const Payload = z.object({
  signature: z
    .string()
    .regex(/^0x([0-9a-fA-F]{2})+$/, signatureRule)
    .max(2 + 2 * PAYMENT_SIGNATURE_BYTES_MAX, signatureRule),
  authorization: z.object({
    from: Address,
    to: Address,
    value: Whole,
    validAfter: Whole,
    validBefore: Whole,
    nonce: z.string().regex(/^0x[0-9a-fA-F]{64}$/, { error: "must be 32 bytes in hexadecimal" }),
  }),
});

const Accepted = z.object({
  scheme: z.string(),
  network: z.string(),
  amount: z.string(),
  asset: z.string(),
  payTo: z.string(),
  maxTimeoutSeconds: z.number(),
  extra: z.record(z.string(), z.unknown()).default({}),
});

const SentV2 = z.object({ x402Version: z.literal(2), accepted: Accepted, payload: Payload });
const SentV1 = z.object({
  x402Version: z.literal(1),
  scheme: z.string(),
  network: z.string(),
  payload: Payload,
});

/** Somebody's leave to take `value` from `from` once. Addresses and the nonce are in lower case. */
export type Authorization = {
  from: Hex;
  to: Hex;
  value: bigint;
  validAfter: bigint;
  validBefore: bigint;
  nonce: Hex;
  signature: Hex;
};

/** A payment as it was sent, read but not yet believed. */
export type SentPayment = {
  version: Version;
  scheme: string;
  network: string;
  /** What the payer says it accepts; version 1 does not. */
  accepted: z.output<typeof Accepted> | undefined;
  authorization: Authorization;
};

/** Whether a request carries a payment, read or not. */
export function carriesPayment({ headers }: Request): boolean {
  return headers.has(PAYMENT_HEADERS[2]) || headers.has(PAYMENT_HEADERS[1]);
}

/** The payment of a request, or `undefined` when it carries none. */
export function sentPayment({ headers }: Request): SentPayment | undefined {
  const v2 = headers.get(PAYMENT_HEADERS[2]);
  const v1 = headers.get(PAYMENT_HEADERS[1]);
  if (v2 !== null && v1 !== null) {
    throw malformed(PAYMENT_HEADERS[1], `must not come together with ${PAYMENT_HEADERS[2]}`);
  }
  if (v2 !== null) return readV2(decode(v2, PAYMENT_HEADERS[2]));
  if (v1 !== null) return readV1(decode(v1, PAYMENT_HEADERS[1]));
  return undefined;
}

/** Any value as the text of a header. */
export function encode(value: object): string {
  const bytes = new TextEncoder().encode(JSON.stringify(value));
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}

function readV2(value: unknown): SentPayment {
  const { accepted, payload } = parse(SentV2, value);
  const { scheme, network } = accepted;
  return { version: 2, scheme, network, accepted, authorization: authorizationOf(payload) };
}

function readV1(value: unknown): SentPayment {
  const { scheme, network, payload } = parse(SentV1, value);
  const authorization = authorizationOf(payload);
  return { version: 1, scheme, network, accepted: undefined, authorization };
}

function authorizationOf({ signature, authorization }: z.output<typeof Payload>): Authorization {
  const { from, to, nonce, ...terms } = authorization;
  return {
    ...terms,
    from: lower(from),
    to: lower(to),
    nonce: lower(nonce),
    signature: lower(signature),
  };
}

function lower(text: string): Hex {
  return text.toLowerCase() as Hex;
}

function decode(text: string, header: string): unknown {
  if (text.length > PAYMENT_HEADER_BYTES_MAX) {
    throw malformed(header, `must be at most ${PAYMENT_HEADER_BYTES_MAX} bytes`);
  }
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes));
  } catch {
    throw malformed(header, "must be JSON in base64");
  }
}

function malformed(field: string, predicate: string): Failure {
  return new Failure("invalid_request", { field, message: `\`${field}\` ${predicate}.` });
}
