// /api/keys: opens accounts and hands out keys, at once and without a sign-up, and lets whoever holds
// a key have more of them, tell them apart, replace and revoke them. How many accounts one address may
// open is counted. A key is shown by the reply that makes it and never again.

import { Failure } from "../../shared/errors.ts";
import { newId } from "../../shared/ids.ts";
import { FREE_CREDITS } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import { parse } from "../../shared/parse.ts";
import type { Key, KeyDeed } from "../account/keys.ts";
import { failureOf, setRateHeaders } from "../admission.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { visitorIdOf } from "../client-address.ts";
import { settingsOf } from "../env.ts";
import {
  CreateKeyRequest,
  RenameKeyRequest,
  RevokeKeyQuery,
  RotateKeyRequest,
  toApiKey,
  toNewApiKey,
} from "../faces/keys.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import { newKey } from "../key.ts";
import { withAccount, withVisitor } from "../objects.ts";
import { keyOf } from "../payer.ts";
import { type Visited, visit } from "../visit.ts";

/** A first key for whoever has none, with an account; one more for whoever sends one. */
export const createKey = handle({
  body: CreateKeyRequest,
  run: async ({ name }, call) =>
    bearerOf(call.request) === undefined
      ? await openAccount(call, name ?? undefined)
      : await addKey(call, name ?? undefined),
});

export const listKeys = handle({
  body: NoBody,
  run: async (_body, call) => {
    const { key, found } = await visitKeys(call, { kind: "list" });
    return { body: { keys: found.map((each) => toApiKey(each, key)) } };
  },
});

export const renameKey = handle({
  body: RenameKeyRequest,
  run: async ({ name }, call, params) => {
    const visited = await visitKeys(call, { kind: "rename", id: idIn(params), name });
    return { body: toApiKey(first(visited), visited.key) };
  },
});

export const revokeKey = handle({
  body: NoBody,
  run: async (_body, call, params) => {
    const query = Object.fromEntries(new URL(call.request.url).searchParams);
    const { force } = parse(RevokeKeyQuery, query);
    const id = idIn(params);
    await visitKeys(call, { kind: "revoke", id, evenLast: force });
    call.line.change = { revokedKey: id };
    return "nothing";
  },
});

export const rotateKey = handle({
  body: RotateKeyRequest,
  run: async ({ graceMs }, call, params) => {
    const { accountId } = await keyOf(call);
    const { text, hash } = await newKey(accountId);
    const made = { id: newId("key"), hash };
    const id = idIn(params);
    const deed: KeyDeed = { kind: "rotate", id, key: made, graceMs: graceMs ?? 0 };
    const visited = await visitKeys(call, deed);
    call.line.change = { replacedKey: id, newKey: made.id };
    const [, old] = visited.found;
    const replaced = old && toApiKey(old, visited.key);
    return { status: 201, body: { ...toNewApiKey(first(visited), accountId, text), replaced } };
  },
});

async function addKey(call: Call, name: string | undefined): Promise<Reply> {
  const { accountId } = await keyOf(call);
  const { text, hash } = await newKey(accountId);
  const made = { id: newId("key"), hash, ...(name !== undefined && { name }) };
  const visited = await visitKeys(call, { kind: "add", key: made });
  call.line.change = { newKey: made.id };
  return { status: 201, body: toNewApiKey(first(visited), accountId, text) };
}

async function openAccount(call: Call, name: string | undefined): Promise<Reply> {
  const accountId = call.env.ACCOUNTS.newUniqueId().toString();
  await countKey(call, accountId);
  const { text, hash } = await newKey(accountId);
  const id = newId("key");
  const state = await withAccount(call.env, accountId, (account) =>
    account.create({
      keyHash: hash,
      keyId: id,
      ...(name !== undefined && { keyName: name }),
      grantMicro: FREE_CREDITS * CREDIT_MICRO,
    }),
  );
  if (state === undefined) throw new Error("a new account id is not one of this deployment");
  call.line.account = accountId;
  const { plan, ratePerMinute, balanceMicro } = state;
  const made = toNewApiKey({ id, name }, accountId, text);
  return { status: 201, body: { ...made, plan, credits: creditsOf(balanceMicro), ratePerMinute } };
}

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

async function countKey(call: Call, accountId: string): Promise<void> {
  const { env, request } = call;
  const { INSTANT_KEYS_PER_DAY } = settingsOf(env);
  if (INSTANT_KEYS_PER_DAY === 0) {
    throw new Failure("unauthorized", { message: "Instant keys are switched off here." });
  }
  const visitorId = await visitorIdOf(request, env);
  const answer = await withVisitor(
    env,
    visitorId,
    async (visitor) => await visitor.takeKey(accountId, INSTANT_KEYS_PER_DAY),
  );
  setRateHeaders(call.headers, answer.rate, "keys");
  if (!answer.ok) throw failureOf(answer);
}
