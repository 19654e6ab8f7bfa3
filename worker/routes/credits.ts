// GET /api/credits, GET /v1/credits and their ledgers: what an account has, and every entry that led
// there, each in the words of its face.

import type * as z from "zod";
import type { Call } from "../call.ts";
import {
  ApiCredits,
  ApiEntries,
  ListEntriesQuery,
  toApiCredits,
  toApiEntries,
  toV1Credits,
  toV1Entries,
  V1Credits,
  V1Entries,
} from "../faces/credits.ts";
import { handle, NoBody } from "../handle.ts";
import { visit } from "../visit.ts";

const ON_LEDGER = "Newest first. Entries are never changed; each carries the balance after it.";
const FIRST_PAGE = { page: { summary: "The newest", query: { limit: "10" } } };

export const showApiCredits = handle({
  summary: "Tell what an account has",
  operation: "getCredits",
  body: NoBody,
  reply: ApiCredits,
  examples: { one: { summary: "One's own" } },
  run: async (_body, call) => ({ body: toApiCredits(await statementOf(call)) }),
});

export const showV1Credits = handle({
  summary: "Tell what an account has, in snake_case",
  operation: "getCreditsV1",
  body: NoBody,
  reply: V1Credits,
  examples: { one: { summary: "One's own" } },
  run: async (_body, call) => ({ body: toV1Credits(await statementOf(call)) }),
});

export const listApiEntries = handle({
  summary: "List the entries of the ledger",
  description: ON_LEDGER,
  operation: "listLedger",
  body: NoBody,
  query: ListEntriesQuery,
  reply: ApiEntries,
  examples: FIRST_PAGE,
  run: async (_body, call, _params, query) => {
    return { body: toApiEntries(await entriesOf(call, query), query.limit) };
  },
});

export const listV1Entries = handle({
  summary: "List the entries of the ledger, in snake_case",
  description: ON_LEDGER,
  operation: "listLedgerV1",
  body: NoBody,
  query: ListEntriesQuery,
  reply: V1Entries,
  examples: FIRST_PAGE,
  run: async (_body, call, _params, query) => {
    return { body: toV1Entries(await entriesOf(call, query), query.limit) };
  },
});

async function statementOf(call: Call) {
  const { found } = await visit(call, async (account, keyHash) => {
    return await account.showCredits(keyHash);
  });
  return found;
}

/** A page, and one more if there are more. */
async function entriesOf(call: Call, { limit, cursor }: z.infer<typeof ListEntriesQuery>) {
  const page = { most: limit + 1, ...(cursor !== undefined && { before: cursor }) };
  const { found } = await visit(call, async (account, keyHash) => {
    return await account.listEntries(keyHash, page);
  });
  return found;
}
