// /api/keys: opens accounts and hands out keys, at once and without a sign-up, and lets whoever holds
// a key have more of them, tell them apart, replace and revoke them. How many accounts one address may
// open is counted. A key is shown by the reply that makes it and never again.

import { Failure } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import { FREE_CREDITS, SECRET_IDEMPOTENCY_KEY_CHARACTERS_MIN } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import type { Key, KeyDeed } from "../account/keys.ts";
import { failureOf, setRateHeaders } from "../admission.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { visitorIdOf } from "../client-address.ts";
import { settingsOf } from "../env.ts";
import {
  ApiKey,
  ApiKeys,
  CreatedKey,
  CreateKeyRequest,
  RenameKeyRequest,
  RevokeKeyQuery,
  RotatedKey,
  RotateKeyRequest,
  toApiKey,
  toNewApiKey,
} from "../faces/keys.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import { claimOf, idempotencyKeyOf, noteReplay } from "../idempotency.ts";
import { type MadeKey, newKey, secretFor } from "../key.ts";
import { withAccount, withVisitor } from "../objects.ts";
import { REPEAT_ERRORS } from "../openapi/about.ts";
import { keyOf } from "../payer.ts";
import { type Visited, visit } from "../visit.ts";

const SECRET_REPEAT = `The same key again for whoever sends the same request again; at least ${SECRET_IDEMPOTENCY_KEY_CHARACTERS_MIN} characters.`;

/** A first key for whoever has none, with an account; one more for whoever sends one. */
export const createKey = handle({
  summary: "Take an API key",
  description:
    "At once and without a sign-up; a new account comes with free executions. With an `Authorization`, one more key for the account that it is of.",
  operation: "createKey",
  access: "anyone",
  body: CreateKeyRequest,
  headers: { "Idempotency-Key": SECRET_REPEAT },
  reply: { 201: { json: CreatedKey } },
  errors: [
    "unauthorized",
    "invalid_key",
    "key_revoked",
    "too_many_keys",
    "rate_limited",
    "busy",
    ...REPEAT_ERRORS,
  ],
  examples: { one: { summary: "A key", body: { name: "my agent" } } },
  run: async ({ name }, call) =>
    bearerOf(call.request) === undefined
      ? await openAccount(call, name ?? undefined)
      : await addKey(call, name ?? undefined),
});

export const listKeys = handle({
  summary: "List the keys of an account",
  description: "Newest first, also those that ended not long ago; never a key itself.",
  operation: "listKeys",
  reply: ApiKeys,
  examples: { all: { summary: "All of them" } },
  body: NoBody,
  run: async (_body, call) => {
    const { key, found } = await visitKeys(call, { kind: "list" });
    return { body: { keys: found.map((each) => toApiKey(each, key)) } };
  },
});

export const renameKey = handle({
  summary: "Name a key",
  operation: "renameKey",
  reply: ApiKey,
  errors: ["unknown_key"],
  examples: { one: { summary: "Another name", body: { name: "night shift" } } },
  body: RenameKeyRequest,
  run: async ({ name }, call, params) => {
    const visited = await visitKeys(call, { kind: "rename", id: idIn(params), name });
    return { body: toApiKey(first(visited), visited.key) };
  },
});

export const revokeKey = handle({
  summary: "Revoke a key",
  description: "It opens nothing from then on. The last one of an account only goes with `force`.",
  operation: "revokeKey",
  body: NoBody,
  query: RevokeKeyQuery,
  reply: { 204: { description: "It is revoked." } },
  errors: ["unknown_key", "last_key"],
  examples: { one: { summary: "Even the last", query: { force: "true" } } },
  run: async (_body, call, params, { force }) => {
    const id = idIn(params);
    await visitKeys(call, { kind: "revoke", id, evenLast: force });
    call.line.change = { revokedKey: id };
    return "nothing";
  },
});

export const rotateKey = handle({
  summary: "Replace a key by a new one",
  operation: "rotateKey",
  headers: { "Idempotency-Key": SECRET_REPEAT },
  reply: { 201: { json: RotatedKey } },
  errors: ["unknown_key", "key_revoked", "too_many_keys", ...REPEAT_ERRORS],
  examples: { one: { summary: "With a minute to change over", body: { graceMs: 60_000 } } },
  body: RotateKeyRequest,
  run: async ({ graceMs }, call, params) => {
    const { accountId } = await keyOf(call);
    const { text, hash } = await makeKey(call, accountId, "rotate");
    const made = { id: newId("key"), hash };
    const id = idIn(params);
    const claim = await claimOf(call);
    const deed: KeyDeed = { kind: "rotate", id, key: made, graceMs: graceMs ?? 0, claim };
    const visited = await visitKeys(call, deed);
    if (first(visited).id !== made.id) noteReplay(call);
    call.line.change = { replacedKey: id, newKey: made.id };
    const [, old] = visited.found;
    const replaced = old && toApiKey(old, visited.key);
    return { status: 201, body: { ...toNewApiKey(first(visited), accountId, text), replaced } };
  },
});

async function addKey(call: Call, name: string | undefined): Promise<Reply> {
  const { accountId } = await keyOf(call);
  const { text, hash } = await makeKey(call, accountId, "add");
  const made = { id: newId("key"), hash, ...(name !== undefined && { name }) };
  const visited = await visitKeys(call, { kind: "add", key: made, claim: await claimOf(call) });
  if (first(visited).id !== made.id) noteReplay(call);
  call.line.change = { newKey: made.id };
  return { status: 201, body: toNewApiKey(first(visited), accountId, text) };
}

async function openAccount(call: Call, name: string | undefined): Promise<Reply> {
  const accountId = await countKey(call, call.env.ACCOUNTS.newUniqueId().toString());
  const { text, hash } = await makeKey(call, accountId, "open");
  const id = newId("key");
  const state = await withAccount(call.env, accountId, (account) =>
    account.create({
      keyHash: hash,
      keyId: id,
      ...(name !== undefined && { keyName: name }),
      grantMicro: FREE_CREDITS * CREDIT_MICRO,
    }),
  );
  if (state === undefined) throw new Failure("conflict", { message: REVOKED });
  call.line.account = accountId;
  const { plan, ratePerMinute, balanceMicro, keyId } = state;
  const made = toNewApiKey({ id: keyId, name }, accountId, text);
  return { status: 201, body: { ...made, plan, credits: creditsOf(balanceMicro), ratePerMinute } };
}

/** A new key, or the one that was made before by the same request under the same Idempotency-Key. */
async function makeKey(
  call: Call,
  accountId: string,
  deed: "open" | "add" | "rotate",
): Promise<MadeKey> {
  const idempotencyKey = idempotencyKeyOf(call);
  const claim = await claimOf(call);
  if (idempotencyKey === undefined || claim === undefined) return await newKey(accountId);
  refuseGuessable(idempotencyKey);
  const { RUNNER_SECRET } = settingsOf(call.env);
  // The first key of an account and one more for it are asked for in the same words.
  const origin = { accountId, request: `${deed} ${claim.fingerprint}`, idempotencyKey };
  return await newKey(accountId, await secretFor(RUNNER_SECRET, origin));
}

/** Whoever knows the Idempotency-Key is told the key that was made under it. */
function refuseGuessable(idempotencyKey: string): void {
  const least = SECRET_IDEMPOTENCY_KEY_CHARACTERS_MIN;
  if (idempotencyKey.length >= least) return;
  const message = `\`Idempotency-Key\` must be at least ${least} characters here, because a secret is told to whoever knows it.`;
  throw new Failure("invalid_request", { field: "Idempotency-Key", message });
}

const REVOKED = "The API key that was made under this Idempotency-Key is not valid any more.";

async function visitKeys(call: Call, deed: KeyDeed): Promise<Visited<Key[]>> {
  return await visit<Key[]>(call, async (account, keyHash) => {
    return await account.doWithKeys(keyHash, deed);
  });
}

function idIn({ keyId = "" }: Record<string, string>): string {
  return keyId;
}

function first({ found: [key] }: Visited<Key[]>): Key {
  if (key === undefined) throw new Error("a key was not told of that was to be made or changed");
  return key;
}

/** Counts a key for the account, or for the one that was opened before in the same way; says which. */
async function countKey(call: Call, accountId: string): Promise<string> {
  const { env, request } = call;
  const { INSTANT_KEYS_PER_DAY } = settingsOf(env);
  if (INSTANT_KEYS_PER_DAY === 0) {
    throw new Failure("unauthorized", { message: "Instant keys are switched off here." });
  }
  const visitorId = await visitorIdOf(request, env);
  const claim = await claimOf(call);
  const answer = await withVisitor(
    env,
    visitorId,
    async (visitor) => await visitor.takeKey(accountId, INSTANT_KEYS_PER_DAY, claim),
  );
  setRateHeaders(call.headers, answer.rate, "keys");
  if (!answer.ok) throw failureOf(answer);
  if (answer.id !== accountId) noteReplay(call);
  return answer.id;
}
