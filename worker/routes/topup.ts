// POST /api/credits/topup and POST /v1/credits/topup: buys credits with a payment in the request, for
// the key that comes with it or, where none does, with a new key. A request without a payment is told
// how to pay.

import { PAYMENT_MICRO_DEFAULT, PAYMENT_MICRO_SMALL } from "../../shared/limits.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { API_TOPUP, TopUpQuery, type TopUpWords, V1_TOPUP } from "../faces/topup.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import { PAYABLE, PAYMENT_ERRORS } from "../openapi/about.ts";
import { buyCredits, buyKey, openShop, paymentOf, topUpWords } from "../payments/x402/buy.ts";
import type { Price } from "../payments/x402/shop.ts";
import { visit } from "../visit.ts";

const SECRET_NOTE =
  "At least 16 characters that nobody else knows: whoever has lost the answer is told the bought key again.";

export const topUpForApi = buyer(API_TOPUP, { summary: "Buy credits", operation: "topUp" });
export const topUpForV1 = buyer(V1_TOPUP, {
  summary: "Buy credits, in snake_case",
  operation: "topUpV1",
});

function buyer(words: TopUpWords, named: { summary: string; operation: string }) {
  return handle({
    ...named,
    description:
      "With a payment in the request, by x402: for the key that comes with it, or with a new key. Without one, the answer is 402 and says how to pay.",
    tag: "Payments",
    access: "key or demo",
    body: NoBody,
    query: TopUpQuery,
    headers: { ...PAYABLE, "Idempotency-Key": SECRET_NOTE },
    reply: {
      200: { description: "The credits are the key's.", json: words.schemas.paid },
      201: { description: "A new key with the credits.", json: words.schemas.key },
    },
    errors: PAYMENT_ERRORS,
    examples: { one: { summary: "For one USDC", query: { usdc: "1" } } },
    run: async (_body, call, _params, { usdc }) => await topUp(call, words, priceOf(usdc)),
  });
}

async function topUp(call: Call, words: TopUpWords, price: Price): Promise<Reply> {
  const shop = openShop(call.env);
  const what = topUpWords(price.amountsMicro[0] ?? PAYMENT_MICRO_DEFAULT);
  if (bearerOf(call.request) === undefined) {
    const sent = paymentOf(call, shop, price, `a key with ${what}`);
    const bought = await buyKey(call, shop, sent, { price, what });
    const { key, keyId, receipt, balanceMicro } = bought;
    const made = { id: keyId, accountId: key.accountId, text: key.text };
    return { status: 201, body: { ...words.key(made), ...words.paid(receipt, balanceMicro ?? 0) } };
  }
  const { key } = await visit(call, async (account, keyHash) => await account.showCredits(keyHash));
  const sent = paymentOf(call, shop, price, what);
  const { accountId } = key;
  const { receipt, balanceMicro } = await buyCredits(call, shop, sent, { accountId, price, what });
  return { body: words.paid(receipt, balanceMicro ?? 0) };
}

/** Who names no amount is offered two, the one that clients pay by themselves first. */
function priceOf(usdc: number | undefined): Price {
  const amountsMicro = usdc === undefined ? [PAYMENT_MICRO_DEFAULT, PAYMENT_MICRO_SMALL] : [usdc];
  return { amountsMicro, isAnyTaken: false };
}
