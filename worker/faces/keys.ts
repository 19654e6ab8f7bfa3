// How keys are asked for and told of. A key's text is in the reply that makes it and in no other; what
// is listed are marks to tell one from another by.

import * as z from "zod";
import { KEY_GRACE_MS_MAX, KEY_NAME_CHARACTERS_MAX } from "../../shared/limits.ts";
import type { Key } from "../account/keys.ts";
import { type KnownKey, marksOf } from "../key.ts";
import { named } from "../openapi/named.ts";

const nameRule = { error: `must be at most ${KEY_NAME_CHARACTERS_MAX} characters` };
const KeyName = z
  .string()
  .max(KEY_NAME_CHARACTERS_MAX, nameRule)
  .transform((name) => name.toWellFormed() || null)
  .nullable();

/** What `POST /api/keys` takes. */
export const CreateKeyRequest = z.object({
  name: KeyName.optional().describe("What it is for; nobody else sees it."),
});

/** What `PATCH /api/keys/:keyId` takes; null takes the name away. */
export const RenameKeyRequest = z.object({
  name: KeyName.describe("`null` takes the name away."),
});

/** What the query of `DELETE /api/keys/:keyId` may say. */
export const RevokeKeyQuery = z.object({
  force: z
    .enum(["true", "false"], { error: "must be `true` or `false`" })
    .transform((word) => word === "true")
    .default(false)
    .describe("Whether even the last key may go."),
});

const graceRule = { error: `must be a whole number from 0 to ${KEY_GRACE_MS_MAX}` };

/** What `POST /api/keys/:keyId/rotate` takes. */
export const RotateKeyRequest = z.object({
  graceMs: z
    .int(graceRule)
    .min(0, graceRule)
    .max(KEY_GRACE_MS_MAX, graceRule)
    .nullish()
    .describe(
      `How long the old key works on, in milliseconds; at most ${KEY_GRACE_MS_MAX}. It ends at once when this is not given.`,
    ),
});

/** What every new key is told with. */
export const newKeyFields = {
  apiKey: z.string().describe("Shown here and never again."),
  id: z.string(),
  name: z.string().nullable(),
  accountId: z.string(),
};

/** A key as it is listed. */
export const ApiKey = named(
  "Key",
  z.strictObject({
    id: z.string(),
    name: z.string().nullable(),
    prefix: z.string().describe("How it begins."),
    last: z.string().describe("How it ends."),
    current: z.boolean().describe("Whether it is the one this was asked with."),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime().nullable().describe("To the minute."),
    expiresAt: z.iso.datetime().nullable(),
    revokedAt: z.iso.datetime().nullable(),
  }),
);

export const ApiKeys = named("Keys", z.strictObject({ keys: z.array(ApiKey) }));

/** A key that was made: with an account of its own, or for one that is there. */
export const CreatedKey = named(
  "CreatedKey",
  z.strictObject({
    ...newKeyFields,
    plan: z.string().optional().describe("Of a new account, like what follows."),
    credits: z.int().nonnegative().optional(),
    ratePerMinute: z.int().positive().optional(),
  }),
);

/** A key that takes another's place. */
export const RotatedKey = named(
  "RotatedKey",
  z.strictObject({
    ...newKeyFields,
    replaced: ApiKey.optional().describe("The old one, and when it ends."),
  }),
);

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
    createdAt: new Date(key.createdAtMs).toISOString(),
    lastUsedAt: timeOf(key.lastUsedAtMs),
    expiresAt: timeOf(key.expiresAtMs),
    revokedAt: timeOf(key.revokedAtMs),
  };
}

function timeOf(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}
