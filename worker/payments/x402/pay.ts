// Takes one payment for one purchase, from the header to what the chain says of it. Everything that can
// be told here is looked at before anybody is asked, everything that can be asked for free before it is
// settled, and it is settled before anything is handed out. Where it is not known what became of a
// payment, the caller is told so and never asked to pay again. After a payment is on the chain its
// header is public: from then on only a secret of the payer's opens what it bought, or a key of the
// account that it went to.

import { Failure } from "../../../shared/errors.ts";
import {
  PAYMENT_FOUND_MS_MAX,
  PAYMENT_RETRY_AFTER_MS,
  PAYMENTS_PER_MINUTE,
} from "../../../shared/limits.ts";
import { NETWORKS, type NetworkName } from "../../../shared/networks.ts";
import { type Call, logTrouble } from "../../call.ts";
import { hex, sha256 } from "../../digest.ts";
import { withPayment, withVisitor } from "../../objects.ts";
import {
  blockAt,
  type Forecast,
  type Found,
  find,
  foresee,
  isAuthorizationUsed,
  type Terms,
} from "./evidence.ts";
import { type Settlement, settle } from "./facilitator.ts";
import {
  type Flaw,
  flawInSignature,
  flawInTerms,
  flawInTime,
  isSignedByPayer,
  paymentIdOf,
} from "./judge.ts";
import { type Ask, nodeOf } from "./node.ts";
import type { Beginning, Purchase, Receipt, Standing } from "./payment.ts";
import { offer, type Price, requirementOf, type Shop } from "./shop.ts";
import { encode, type Hex, RECEIPT_HEADERS, type SentPayment } from "./wire.ts";

/** What is being bought, by whom it may be asked for again, and for how much. */
export type Deal = {
  shop: Shop;
  price: Price;
  /** What it is for, in words. */
  what: string;
  purchase: Purchase;
  /** What of the request the payment is for: with another it is worth nothing. */
  request: readonly string[];
  /** Who may have it again: whoever proves more than to know the header. */
  isProven: boolean;
  /** Whose attempts these are, for the rate. */
  caller: string;
};

/** What was paid. `answer` is there when what it bought was handed out before and was kept. */
export type Paid = {
  id: Hex;
  receipt: Receipt;
  balanceMicro: number | undefined;
  answer?: string;
};

type Attempt = { call: Call; deal: Deal; sent: SentPayment; id: Hex; binding: string; ask: Ask };

/** Waits between looks at the chain. */
const LOOK_MS = [10, 20, 40, 80, 160, 320, 500];
/** How long a transaction is looked for of which nobody has said that there is one. */
const UNTOLD_MS = 1_500;

/** Takes the payment. Throws the Failure that says why not; sets the receipt's headers if it does. */
export async function pay(call: Call, deal: Deal, sent: SentPayment): Promise<Paid> {
  const { shop, price } = deal;
  const { authorization } = sent;
  const flaw = flawInTerms(shop, sent, price) ?? flawInSignature(authorization);
  if (flaw !== undefined) throw refused(call, deal, flaw);
  const id = paymentIdOf(shop, authorization);
  const [binding] = await Promise.all([bindingOf(deal), countAttempt(call, deal.caller)]);
  const attempt = { call, deal, sent, id, binding, ask: nodeOf(call.env) };
  const taking = take(attempt);
  // Whoever hangs up has paid nonetheless.
  call.ctx.waitUntil(taking.catch(() => undefined));
  const paid = await taking;
  showReceipt(call, sent, paid.receipt);
  return paid;
}

/** Counts an attempt to pay, or throws the Failure that there were too many. */
async function countAttempt(call: Call, whose: string): Promise<void> {
  const waitMs = await withVisitor(call.env, `payments-${whose}`, async (visitor) => {
    return await visitor.takeTurn(PAYMENTS_PER_MINUTE);
  });
  if (waitMs > 0) throw new Failure("rate_limited", { retryAfterMs: waitMs });
}

async function take(attempt: Attempt): Promise<Paid> {
  const { call, deal, sent, id, binding } = attempt;
  const staleness = flawInTime(sent.authorization, Date.now());
  const isEoa = await isSignedByPayer(deal.shop, sent.authorization);
  call.line.payment = id;
  const [known, forecast] = await Promise.all([
    withPayment(call.env, id, async (payment) => await payment.look(binding)),
    staleness === undefined ? forecastOf(attempt) : undefined,
  ]);
  if (known !== undefined && known.is !== "open") return await takeKnown(attempt, known);
  if (forecast instanceof Failure) throw forecast;
  // Anybody can name a payer, and send what is public; what counts is what only he can have signed.
  if (forecast?.is === "good" || (forecast?.is === "bad" && isEoa)) {
    await countAttempt(call, `payer-${sent.authorization.from}`);
  }
  if (forecast?.is !== "good") return await takeSpent(attempt, forecast, staleness);
  if (!isEoa) call.line.detail = "the payer's signature is a contract's";
  const begun = await withPayment(call.env, id, async (payment) => {
    return await payment.begin(beginningOf(attempt, forecast.head));
  });
  if (begun.is !== "open") return await takeKnown(attempt, begun);
  return await settleNow(attempt, begun.sinceBlock);
}

/**
 * A payment that cannot be settled now. It is looked for once more: another request may have had it
 * settled while this one asked the chain, and who has paid must not be told that nothing was taken.
 */
async function takeSpent(
  attempt: Attempt,
  forecast: Exclude<Forecast, { is: "good" }> | undefined,
  staleness: Flaw | undefined,
): Promise<Paid> {
  const { call, deal, id, binding } = attempt;
  const known = await withPayment(call.env, id, async (payment) => await payment.look(binding));
  if (known !== undefined && known.is !== "open") return await takeKnown(attempt, known);
  const isLate = staleness !== undefined || forecast?.is === "used";
  if (isLate && known !== undefined) return await takeLate(attempt, known.sinceBlock, staleness);
  if (forecast?.is === "used") throw usedElsewhere();
  const flaw = staleness ?? (forecast?.is === "bad" ? forecast.flaw : undefined);
  throw refused(call, deal, flaw ?? { field: "authorization", predicate: "is not valid" });
}

/** A forecast, or the Failure that there is none: whoever is known needs none. */
async function forecastOf({ ask, deal, sent }: Attempt) {
  return await foresee(ask, deal.shop.network, sent.authorization).catch((thrown) => {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  });
}

/** A payment of which it is known what became of it. */
async function takeKnown(
  { call, deal, id }: Attempt,
  standing: Exclude<Standing, { is: "open" }>,
): Promise<Paid> {
  if (standing.is === "busy") throw pending(1000);
  if (standing.is === "elsewhere") throw used(standing.receipt);
  if (!deal.isProven) throw used(standing.receipt);
  if (standing.is === "served") {
    const { receipt, answer } = standing;
    if (receipt === undefined || answer === undefined) throw used(receipt);
    return { id, receipt, balanceMicro: undefined, answer };
  }
  const handed = await withPayment(call.env, id, async (payment) => await payment.hand());
  return { id, ...handed };
}

/** A payment that was begun and may have come since. It is not settled again. */
async function takeLate(
  attempt: Attempt,
  sinceBlock: number,
  staleness: Flaw | undefined,
): Promise<Paid> {
  const { call, deal, sent, ask } = attempt;
  const found = await find(ask, deal.shop.network, termsOf(attempt), { sinceBlock });
  if (found !== undefined) {
    const paid = await confirmed(attempt, found);
    if (!deal.isProven) throw used(paid.receipt);
    return paid;
  }
  if (staleness === undefined) throw usedElsewhere();
  // What was sent may come as long as the chain's own clock has not passed it.
  const head = await blockAt(ask, "latest");
  if (head.atMs <= Number(sent.authorization.validBefore) * 1000)
    throw pending(PAYMENT_RETRY_AFTER_MS);
  throw refused(call, deal, staleness);
}

async function settleNow(attempt: Attempt, sinceBlock: number): Promise<Paid> {
  const { call, deal, sent, id, ask } = attempt;
  const { network } = deal.shop;
  const { authorization } = sent;
  const requirement = requirementOf(deal.shop, Number(authorization.value));
  const settlement = await settle(call.env, requirement, authorization);
  const { said, detail } = settlement;
  if (said !== "settled") logTrouble(call, `payment ${id}: ${said}: ${detail}`);
  try {
    const found = await lookFor(attempt, sinceBlock, settlement);
    if (found !== undefined) return await confirmed(attempt, found);
    const isUsed = await isAuthorizationUsed(ask, network.usdc, authorization);
    if (said === "refused" && !isUsed) {
      await withPayment(call.env, id, async (payment) => await payment.refuse());
      throw refused(call, deal, { field: "authorization", predicate: "could not be settled" });
    }
    if (said === "unsent" && !isUsed) {
      await withPayment(call.env, id, async (payment) => await payment.release());
      const retryAfterMs = PAYMENT_RETRY_AFTER_MS;
      const message = "Payments cannot be settled right now; nothing was taken. Try again shortly.";
      throw new Failure("chain_unreachable", { message, retryAfterMs, detail });
    }
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.code === "payment_refused") throw thrown;
    if (said === "unsent" && thrown instanceof Failure) throw thrown;
    logTrouble(call, `payment ${id} is not known of: ${thrown}`);
  }
  await withPayment(call.env, id, async (payment) => await payment.release());
  throw pending(PAYMENT_RETRY_AFTER_MS);
}

async function lookFor(
  attempt: Attempt,
  sinceBlock: number,
  { said, hint }: Settlement,
): Promise<Found | undefined> {
  const { ask, deal } = attempt;
  const lookMs = said === "settled" ? PAYMENT_FOUND_MS_MAX : said === "nothing" ? UNTOLD_MS : 0;
  const untilMs = Date.now() + lookMs;
  for (let look = 0; ; look += 1) {
    const found = await find(ask, deal.shop.network, termsOf(attempt), { sinceBlock, hint });
    if (found !== undefined || Date.now() >= untilMs) return found;
    await scheduler.wait(LOOK_MS[look] ?? 500);
  }
}

async function confirmed({ call, id }: Attempt, found: Found): Promise<Paid> {
  const handed = await withPayment(call.env, id, async (payment) => await payment.confirm(found));
  return { id, ...handed };
}

function beginningOf({ deal, sent, id, binding }: Attempt, head: number): Beginning {
  const { from: payer, nonce, value, validBefore } = sent.authorization;
  return {
    id,
    binding,
    purchase: deal.purchase,
    network: deal.shop.network.name as NetworkName,
    payer,
    payTo: deal.shop.payTo,
    nonce,
    amountMicro: Number(value),
    validBeforeMs: Number(validBefore) * 1000,
    sinceBlock: head,
  };
}

function termsOf({ sent }: Attempt): Terms {
  const { from, to, value, nonce } = sent.authorization;
  return { from, to, nonce, amountMicro: Number(value) };
}

async function bindingOf({ purchase, request }: Deal): Promise<string> {
  return hex(await sha256(JSON.stringify([purchase.purpose, ...request])));
}

function showReceipt(call: Call, { version }: SentPayment, receipt: Receipt): void {
  const { transaction, payer, amountMicro, network } = receipt;
  const told = { success: true, transaction, payer };
  const { caip2 } = NETWORKS[network];
  call.headers.set(
    RECEIPT_HEADERS[2],
    encode({ ...told, network: caip2, amount: String(amountMicro) }),
  );
  if (version === 1) call.headers.set(RECEIPT_HEADERS[1], encode({ ...told, network }));
}

function refused(call: Call, deal: Deal, { field, predicate }: Flaw): Failure {
  const message = `This payment was not accepted and nothing was taken: \`${field}\` ${predicate}.`;
  offer(call, deal.shop, { amountsMicro: deal.price.amountsMicro, what: deal.what }, message);
  return new Failure("payment_refused", { field, message });
}

function pending(retryAfterMs: number): Failure {
  return new Failure("payment_pending", { retryAfterMs });
}

function used(receipt: Receipt | undefined): Failure {
  const where = receipt === undefined ? "" : ` Its transaction is ${receipt.transaction}.`;
  const message = `This payment was used.${where} What it bought is only told again to the request that it was for, with the Idempotency-Key that was sent with it.`;
  return new Failure("payment_used", { message });
}

function usedElsewhere(): Failure {
  const message = "This authorization was used or cancelled before it came here; it buys nothing.";
  return new Failure("payment_used", { message });
}
