// /admin/payments: the operator's books of all money that came in, the addresses that were given out, and
// the operator's word that lets in a deposit which is too large to come in by itself.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import {
  LISTED_ENTRIES_DEFAULT,
  LISTED_ENTRIES_MAX,
  RPC_RETRY_AFTER_MS,
} from "../../shared/limits.ts";
import { requireAdmin } from "../admin.ts";
import type { Call } from "../call.ts";
import { ApiDeposit, TxHash, toApiDeposit } from "../faces/deposits.ts";
import { numberCursor, pageLimit } from "../faces/page.ts";
import { handle, NoBody } from "../handle.ts";
import { withDeposit, withTreasury } from "../payments/objects.ts";
import { depositSettingsOf } from "../payments/settings.ts";

const ListQuery = z.object({
  limit: pageLimit({ most: LISTED_ENTRIES_MAX, usual: LISTED_ENTRIES_DEFAULT }),
  cursor: numberCursor.default(0),
});

const addressRule = { error: "must be an address: 0x and 40 hexadecimal digits" };
const ReleaseRequest = z.strictObject({
  txHash: TxHash,
  address: z
    .string()
    .regex(/^0x[0-9a-fA-F]{40}$/, addressRule)
    .transform((text) => text.toLowerCase() as `0x${string}`),
});

const cursor = z.string().nullable();
const Payments = z.strictObject({
  payments: z.array(
    z.strictObject({
      number: z.int(),
      kind: z.string(),
      ref: z.string(),
      accountId: z.string(),
      round: z.int().optional(),
      transaction: z.string(),
      amountMicroUsdc: z.int().describe("Below zero where it was taken back."),
      at: z.iso.datetime(),
    }),
  ),
  cursor,
});
const Addresses = z.strictObject({
  addresses: z.array(
    z.strictObject({ index: z.int(), address: z.string(), accountId: z.string() }),
  ),
  cursor,
});

export const listPayments = handle({
  summary: "List all money that came in",
  description: "In the order in which it was booked, with what was taken back.",
  operation: "listPayments",
  access: "operator",
  query: ListQuery,
  reply: Payments,
  errors: ["payments_disabled"],
  examples: { page: { summary: "The first", query: { limit: "10" } } },
  guard: requireAdmin,
  body: NoBody,
  run: async (_body, call, _params, { limit, cursor }) => {
    const { chainId } = settingsFor(call).network;
    const notes = await withTreasury(call.env, chainId, async (treasury) => {
      return await treasury.listNotes({ after: cursor, most: limit + 1 });
    });
    const shown = notes.slice(0, limit);
    const payments = shown.map(({ number, atMs, amountMicro, ref, txHash, ...note }) => ({
      number,
      ...note,
      ref,
      transaction: txHash,
      amountMicroUsdc: note.kind === "reversal" ? 0 - amountMicro : amountMicro,
      at: new Date(atMs).toISOString(),
    }));
    const last = shown.at(-1)?.number;
    return { body: { payments, cursor: notes.length > limit ? String(last) : null } };
  },
});

export const listAddresses = handle({
  summary: "List the deposit addresses that were given out",
  operation: "listAddresses",
  access: "operator",
  query: ListQuery,
  reply: Addresses,
  errors: ["payments_disabled"],
  examples: { page: { summary: "The first", query: { limit: "10" } } },
  guard: requireAdmin,
  body: NoBody,
  run: async (_body, call, _params, { limit, cursor }) => {
    const { network, xpub } = settingsFor(call);
    const given = await withTreasury(call.env, network.chainId, async (treasury) => {
      return await treasury.listAddresses(xpub, { from: cursor, most: limit + 1 });
    });
    const addresses = given
      .slice(0, limit)
      .map(({ place, address, accountId }) => ({ index: place, address, accountId }));
    const next = given[limit]?.place;
    return { body: { addresses, cursor: next === undefined ? null : String(next) } };
  },
});

export const releaseDeposit = handle({
  summary: "Let a large deposit in",
  operation: "releaseDeposit",
  access: "operator",
  reply: ApiDeposit,
  errors: ["payments_disabled", "unknown_deposit", "chain_unreachable"],
  examples: {
    one: {
      summary: "One that waits for review",
      body: { txHash: `0x${"1".repeat(64)}`, address: `0x${"2".repeat(40)}` },
    },
  },
  guard: requireAdmin,
  body: ReleaseRequest,
  run: async ({ txHash, address: recipient }, call) => {
    const { chainId } = settingsFor(call).network;
    Object.assign(call.line, { change: { release: txHash, address: recipient } });
    const ref = { chainId, txHash, recipient };
    const answer = await withDeposit(call.env, ref, async (deposit) => await deposit.release());
    if (answer.result === "standing") return { body: toApiDeposit(answer.view) };
    if (answer.result !== "trouble") throw new Failure("unknown_deposit");
    const { detail } = answer;
    throw new Failure("chain_unreachable", { retryAfterMs: RPC_RETRY_AFTER_MS, detail });
  },
});

function settingsFor(call: Call) {
  const settings = depositSettingsOf(call.env);
  if (settings === undefined) throw new Failure("payments_disabled");
  return settings;
}
