// How what an account has, and how it came to that, is told of by both faces. Amounts are exact in
// micro-USDC; beside them stand credits, whole where they are to be spent.

import * as z from "zod";
import { LISTED_ENTRIES_DEFAULT, LISTED_ENTRIES_MAX } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import { ENTRY_KINDS, type Entry } from "../account/statement.ts";
import { PLANS, type Statement } from "../account/told.ts";
import { named } from "../openapi/named.ts";
import { pageLimit, positiveCursor } from "./page.ts";

/** What the query of a ledger may say. */
export const ListEntriesQuery = z.object({
  limit: pageLimit({ most: LISTED_ENTRIES_MAX, usual: LISTED_ENTRIES_DEFAULT }),
  cursor: positiveCursor.optional(),
});

const credits = z.int().describe("Whole credits to spend.");
const held = z.number().describe("Credits put aside for what runs.");
const freeCredits = z.int().nonnegative().describe("What the account was opened with.");
const plan = z.enum(PLANS);
const ratePerMinute = z.int().positive().describe("Executions it may begin in a minute.");
const owing = z
  .int()
  .nonnegative()
  .describe(
    "What was spent of a payment that was taken back since; nothing runs until it is paid.",
  );
const microUsdc = z.int().describe("Exactly, in millionths of a USDC.");

export const ApiCredits = named(
  "Credits",
  z.strictObject({
    ...{ credits, held, freeCredits, plan, ratePerMinute },
    balanceMicroUsdc: microUsdc,
    heldMicroUsdc: microUsdc,
    owingMicroUsdc: owing,
  }),
);

export const V1Credits = named(
  "V1Credits",
  z.strictObject({
    ...{ credits, held, free_credits: freeCredits, plan, rate_per_minute: ratePerMinute },
    balance_micro_usdc: microUsdc,
    held_micro_usdc: microUsdc,
    owing_micro_usdc: owing,
  }),
);

const entryFields = {
  number: z.int().positive(),
  kind: z.enum(ENTRY_KINDS),
  credits: z.number().describe("What it added or, where negative, took away."),
  balance: z.number().describe("Credits that were there after it."),
};
const aboutExecution = z.string().nullable().describe("The execution it is about, if it is.");
const transaction = z.string().nullable().describe("The transaction that brought it, if one did.");
const cursor = z.string().nullable().describe("Where the next page begins, if there is one.");

const ApiEntry = z.strictObject({
  ...entryFields,
  amountMicroUsdc: microUsdc,
  balanceMicroUsdc: microUsdc,
  executionId: aboutExecution,
  transaction,
  createdAt: z.iso.datetime(),
});
export const ApiEntries = named("Ledger", z.strictObject({ entries: z.array(ApiEntry), cursor }));

const V1Entry = z.strictObject({
  ...entryFields,
  amount_micro_usdc: microUsdc,
  balance_micro_usdc: microUsdc,
  execution_id: aboutExecution,
  transaction,
  created_at: z.iso.datetime(),
});
export const V1Entries = named("V1Ledger", z.strictObject({ entries: z.array(V1Entry), cursor }));

/** What an account has and may do, in the words of `/api`. */
export function toApiCredits({ plan, ratePerMinute, ...funds }: Statement) {
  return {
    credits: creditsOf(funds.balanceMicro),
    held: funds.heldMicro / CREDIT_MICRO,
    freeCredits: creditsOf(funds.openingMicro),
    plan,
    ratePerMinute,
    balanceMicroUsdc: funds.balanceMicro,
    heldMicroUsdc: funds.heldMicro,
    owingMicroUsdc: Math.max(0, 0 - funds.balanceMicro),
  };
}

/** The same in the words of `/v1`. */
export function toV1Credits(statement: Statement) {
  const { credits, held, plan, ...told } = toApiCredits(statement);
  return {
    credits,
    held,
    free_credits: told.freeCredits,
    plan,
    rate_per_minute: told.ratePerMinute,
    balance_micro_usdc: told.balanceMicroUsdc,
    held_micro_usdc: told.heldMicroUsdc,
    owing_micro_usdc: told.owingMicroUsdc,
  };
}

/** A page of a ledger, and where the next begins if this one is full, in the words of `/api`. */
export function toApiEntries(entries: readonly Entry[], limit: number) {
  return {
    entries: entries.slice(0, limit).map(toApiEntry),
    cursor: entries.length > limit ? String(entries[limit - 1]?.number) : null,
  };
}

/** The same in the words of `/v1`. */
export function toV1Entries(entries: readonly Entry[], limit: number) {
  const page = toApiEntries(entries, limit);
  return { ...page, entries: page.entries.map(toV1Entry) };
}

function toApiEntry(entry: Entry) {
  return {
    number: entry.number,
    kind: entry.kind,
    credits: entry.amountMicro / CREDIT_MICRO,
    balance: entry.balanceMicro / CREDIT_MICRO,
    amountMicroUsdc: entry.amountMicro,
    balanceMicroUsdc: entry.balanceMicro,
    executionId: entry.executionId ?? null,
    transaction: entry.transaction ?? null,
    createdAt: new Date(entry.atMs).toISOString(),
  };
}

function toV1Entry(entry: ReturnType<typeof toApiEntry>) {
  const { number, kind, credits, balance, transaction } = entry;
  return {
    number,
    kind,
    credits,
    balance,
    amount_micro_usdc: entry.amountMicroUsdc,
    balance_micro_usdc: entry.balanceMicroUsdc,
    execution_id: entry.executionId,
    transaction,
    created_at: entry.createdAt,
  };
}
