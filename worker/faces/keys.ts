// How keys are asked for and told of. A key's text is in the reply that makes it and in no other; what
// is listed are marks to tell one from another by.

import * as z from "zod";
import { KEY_GRACE_MS_MAX, KEY_NAME_CHARACTERS_MAX } from "../../shared/limits.ts";
import type { Key } from "../account/keys.ts";
import { type KnownKey, marksOf } from "../key.ts";

const nameRule = { error: `must be at most ${KEY_NAME_CHARACTERS_MAX} characters` };
const KeyName = z
  .string()
  .max(KEY_NAME_CHARACTERS_MAX, nameRule)
  .transform((name) => name.toWellFormed() || null)
  .nullable();

/** What `POST /api/keys` takes. */
export const CreateKeyRequest = z.object({ name: KeyName.optional() });

/** What `PATCH /api/keys/:keyId` takes; null takes the name away. */
export const RenameKeyRequest = z.object({ name: KeyName });

/** What the query of `DELETE /api/keys/:keyId` may say. */
export const RevokeKeyQuery = z.object({
  /** Whether even the last key may go. */
  force: z
    .enum(["true", "false"], { error: "must be `true` or `false`" })
    .transform((word) => word === "true")
    .default(false),
});

const graceRule = { error: `must be a whole number from 0 to ${KEY_GRACE_MS_MAX}` };

/** What `POST /api/keys/:keyId/rotate` takes. */
export const RotateKeyRequest = z.object({
  /** How long the old key works on. */
  graceMs: z.int(graceRule).min(0, graceRule).max(KEY_GRACE_MS_MAX, graceRule).nullish(),
});

/** A key that was just made, with its text, for the only time. */
export function toNewApiKey(made: Pick<Key, "id" | "name">, accountId: string, text: string) {
  return { apiKey: text, id: made.id, name: made.name ?? null, accountId };
}

/** A key as it is listed for whoever has asked with `own`. */
export function toApiKey(key: Key, own: KnownKey) {
  return {
    id: key.id,
    name: key.name ?? null,
    ...marksOf({ accountId: own.accountId, hash: key.hash }),
    current: key.hash === own.hash,
    createdAt: timeOf(key.createdAtMs),
    lastUsedAt: timeOf(key.lastUsedAtMs),
    expiresAt: timeOf(key.expiresAtMs),
    revokedAt: timeOf(key.revokedAtMs),
  };
}

function timeOf(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
