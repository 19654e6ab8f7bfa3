// A payment that comes with an execution is taken before anything runs, and after everything that can be
// wrong with the execution was looked at. With a key it goes to the key's account, and the execution is
// paid for by that as ever; without one it pays for this execution alone.

import { Failure } from "../../../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS, PAID_ANSWER_BYTES_MAX } from "../../../shared/limits.ts";
import { priceMicro } from "../../../shared/money.ts";
import { requireVersion } from "../../../shared/versions.ts";
import { bearerOf } from "../../bearer.ts";
import type { Call } from "../../call.ts";
import { type Order, type Program, refuseForStrangers } from "../../execute.ts";
import { idempotencyKeyOf, noteReplay } from "../../idempotency.ts";
import { withPayment } from "../../objects.ts";
import { lastWord } from "../../runner-word.ts";
import { visit } from "../../visit.ts";
import { buyCredits, buyRun, openShop } from "./buy.ts";
import { runPrice, topUpPrice } from "./shop.ts";
import { sentPayment } from "./wire.ts";

/**
 * Takes the payment that came with an execution, if one did. Returns the answer, if the execution has
 * run already for this payment and its payer asks for it again.
 */
export async function payFirst(
  call: Call,
  order: Order,
  request: object,
): Promise<Response | undefined> {
  const sent = sentPayment(call.request);
  if (sent === undefined) return undefined;
  const shop = openShop(call.env);
  // One that is none is refused when the execution is let in, which would be too late.
  idempotencyKeyOf(call);
  const what = "running a program";
  if (bearerOf(call.request) !== undefined) {
    const { key } = await visit(call, async (account, hash) => await account.showCredits(hash));
    const { accountId } = key;
    await buyCredits(call, shop, sent, { accountId, price: topUpPrice(), what });
    return undefined;
  }
  refuseForStrangers(order);
  if (order.language !== undefined) await refuseWrong(call, order.programIn(order.language));
  const price = runPrice(priceMicro(order.times.leastRunMs));
  const paid = await buyRun(call, shop, sent, { price, what, request });
  if (paid.answer !== undefined) {
    noteReplay(call);
    return new Response(paid.answer, { headers: { "Content-Type": "application/json" } });
  }
  const { id, isProven } = paid;
  const { amountMicro: paidMicro, transaction } = paid.receipt;
  call.run = { id, paidMicro, transaction, isProven };
  return undefined;
}

/** Refuses a program in a version that is not here, by the runner's last word: it would never run. */
async function refuseWrong(call: Call, { language, version }: Program): Promise<void> {
  if (version === undefined) return;
  const { languages } = await lastWord(call);
  const here = languages[language]?.version;
  if (here === undefined) throw new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
  requireVersion(language, here, version);
}

/** Keeps the answer to an execution that was paid for alone, if its payer can ask for it again. */
export async function keepAnswer({ env, run }: Call, body: object): Promise<void> {
  if (run === undefined || !run.isProven) return;
  const text = JSON.stringify(body);
  if (new TextEncoder().encode(text).length > PAID_ANSWER_BYTES_MAX) return;
  await withPayment(env, run.id, async (payment) => await payment.keep(text));
}
