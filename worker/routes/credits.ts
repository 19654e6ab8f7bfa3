// GET /api/credits, GET /v1/credits and their ledgers: what an account has, and every entry that led
// there, each in the words of its face.

import { parse } from "../../shared/parse.ts";
import type { Call } from "../call.ts";
import {
  ListEntriesQuery,
  toApiCredits,
  toApiEntries,
  toV1Credits,
  toV1Entries,
} from "../faces/credits.ts";
import { handle, NoBody } from "../handle.ts";
import { visit } from "../visit.ts";

export const showApiCredits = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: toApiCredits(await statementOf(call)) }),
});

export const showV1Credits = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: toV1Credits(await statementOf(call)) }),
});

export const listApiEntries = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: await pageOf(call, toApiEntries) }),
});

export const listV1Entries = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: await pageOf(call, toV1Entries) }),
});

async function statementOf(call: Call) {
  const { found } = await visit(call, async (account, keyHash) => {
    return await account.showCredits(keyHash);
  });
  return found;
}

async function pageOf<Page>(
  call: Call,
  tell: (entries: Parameters<typeof toApiEntries>[0], limit: number) => Page,
): Promise<Page> {
  const query = Object.fromEntries(new URL(call.request.url).searchParams);
  const { limit, cursor } = parse(ListEntriesQuery, query);
  const page = { most: limit + 1, ...(cursor !== undefined && { before: cursor }) };
  const { found } = await visit(call, async (account, keyHash) => {
    return await account.listEntries(keyHash, page);
  });
  return tell(found, limit);
}
