// API keys: `cr_live_<account>_<secret>_<checksum>`. A key carries the id of its account, so it is
// checked by asking one object, and a checksum, so that a mistyped or made-up key is refused without
// asking anybody. The gateway keeps only a SHA-256 digest of a key and cannot show one again. Nothing
// here has to take the same time for every key: what is compared are digests of what the caller has
// sent, and whoever can choose those already has the key.

import { randomText, textFrom } from "../shared/ids.ts";
import { hex, hmac, sha256 } from "./digest.ts";

/** What every key looks like and next to nothing else does, for programs that look for leaked keys. */
export const KEY_PATTERN = "cr_live_[0-9a-f]{64}_[0-9a-hjkmnp-tv-z]{32}_[0-9a-f]{8}";

const SHAPE = new RegExp(`^${KEY_PATTERN}$`);

const SECRET_CHARACTERS = 32;

/** A key as the gateway knows it: whose it is, and the digest it is stored under. */
export type KnownKey = { accountId: string; hash: string };

/** A key as its owner is to be told of it. */
export type MadeKey = KnownKey & { text: string };

/** A new key for `accountId`. Its text is told to its owner once. */
export async function newKey(
  accountId: string,
  secret = randomText(SECRET_CHARACTERS),
): Promise<MadeKey> {
  const body = `${accountId}_${secret}`;
  const hash = hex(await sha256(body));
  return { accountId, hash, text: `cr_live_${body}_${checksumOf(hash)}` };
}

/** The key in `text`, or `undefined` when no gateway ever made such a key. */
export async function readKey(text: string): Promise<KnownKey | undefined> {
  if (!SHAPE.test(text)) return undefined;
  const [, , accountId = "", secret, checksum] = text.split("_");
  const hash = hex(await sha256(`${accountId}_${secret}`));
  return checksumOf(hash) === checksum ? { accountId, hash } : undefined;
}

/** What of a key may be shown to tell it from others: its beginning, and its checksum. */
export function marksOf({ accountId, hash }: KnownKey): { prefix: string; last: string } {
  return { prefix: `cr_live_${accountId.slice(0, 8)}`, last: checksumOf(hash) };
}

/**
 * The secret of the key that is made under an Idempotency-Key. It is made anew, and the same, for
 * whoever sends the same request again, so that no key is kept anywhere; another request under the same
 * Idempotency-Key, a day later or for another purpose, makes another.
 */
export async function secretFor(
  deploymentSecret: string,
  { accountId, request, idempotencyKey }: KeyOrigin,
): Promise<string> {
  const text = `key\n${accountId}\n${request}\n${idempotencyKey}`;
  const bytes = await hmac(deploymentSecret, text);
  return textFrom(bytes.subarray(0, SECRET_CHARACTERS));
}

/** What a repeatable key is made from; `request` is all that was asked for, in one line. */
export type KeyOrigin = { accountId: string; request: string; idempotencyKey: string };

/** A small part of the digest, which says nothing of the secret. */
function checksumOf(hash: string): string {
  return hash.slice(0, 8);
}
