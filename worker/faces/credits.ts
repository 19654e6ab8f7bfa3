// How what an account has, and how it came to that, is told of by both faces. Amounts are exact in
// micro-USDC; beside them stand credits, whole where they are to be spent.

import * as z from "zod";
import { LISTED_ENTRIES_DEFAULT, LISTED_ENTRIES_MAX } from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf } from "../../shared/money.ts";
import type { Entry } from "../account/statement.ts";
import type { Statement } from "../account/told.ts";

const limitRule = { error: `must be a whole number from 1 to ${LISTED_ENTRIES_MAX}` };
const cursorRule = { error: "must be the `cursor` of a reply" };

/** What the query of a ledger may say. */
export const ListEntriesQuery = z.object({
  limit: z.coerce
    .number(limitRule)
    .int(limitRule)
    .min(1, limitRule)
    .max(LISTED_ENTRIES_MAX, limitRule)
    .default(LISTED_ENTRIES_DEFAULT),
  cursor: z
    .string()
    .regex(/^[1-9]\d{0,14}$/, cursorRule)
    .transform(Number)
    .optional(),
});

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
    createdAt: new Date(entry.atMs).toISOString(),
  };
}

function toV1Entry(entry: ReturnType<typeof toApiEntry>) {
  const { number, kind, credits, balance } = entry;
  return {
    number,
    kind,
    credits,
    balance,
    amount_micro_usdc: entry.amountMicroUsdc,
    balance_micro_usdc: entry.balanceMicroUsdc,
    execution_id: entry.executionId,
    created_at: entry.createdAt,
  };
}
