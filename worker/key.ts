// API keys: `cr_live_<account>_<secret>_<checksum>`. A key carries the id of its account, so it is
// checked by asking one object, and a checksum, so that a mistyped or made-up key is refused without
// asking anybody. The gateway keeps only a SHA-256 digest of a key and cannot show one again.

import { randomText } from "../shared/ids.ts";
import { hex, sha256 } from "./digest.ts";

const SHAPE =
  /^cr_live_(?<accountId>[0-9a-f]{64})_(?<secret>[0-9a-z]{32})_(?<checksum>[0-9a-f]{8})$/;

/** A key as the gateway knows it: whose it is, and the digest it is stored under. */
export type KnownKey = { accountId: string; hash: string };

/** A new key for `accountId`. Its text is told to its owner once. */
export async function newKey(accountId: string): Promise<KnownKey & { text: string }> {
  const body = `${accountId}_${randomText(32)}`;
  const hash = hex(await sha256(body));
  return { accountId, hash, text: `cr_live_${body}_${checksumOf(hash)}` };
}

/** The key in `text`, or `undefined` when no gateway ever made such a key. */
export async function readKey(text: string): Promise<KnownKey | undefined> {
  const parts = SHAPE.exec(text)?.groups as Record<string, string> | undefined;
  if (parts === undefined) return undefined;
  const { accountId = "", secret, checksum } = parts;
  const hash = hex(await sha256(`${accountId}_${secret}`));
  return checksumOf(hash) === checksum ? { accountId, hash } : undefined;
}

/** It gives away nothing: whoever sees the checksum sees the whole key. */
function checksumOf(hash: string): string {
  return hash.slice(0, 8);
}
