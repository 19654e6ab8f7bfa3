// POST /api/credits/topup and POST /v1/credits/topup: buys credits with a payment in the request, for
// the key that comes with it or, where none does, with a new key. A request without a payment is told
// how to pay.

import { PAYMENT_MICRO_DEFAULT, PAYMENT_MICRO_SMALL } from "../../shared/limits.ts";
import { parse } from "../../shared/parse.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { API_TOPUP, TopUpQuery, type TopUpWords, V1_TOPUP } from "../faces/topup.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import { buyCredits, buyKey, openShop, paymentOf, topUpWords } from "../payments/x402/buy.ts";
import type { Price } from "../payments/x402/shop.ts";
import { visit } from "../visit.ts";

export const topUpForApi = handle({
  body: NoBody,
  run: async (_body, call) => await topUp(call, API_TOPUP),
});

export const topUpForV1 = handle({
  body: NoBody,
  run: async (_body, call) => await topUp(call, V1_TOPUP),
});

async function topUp(call: Call, words: TopUpWords): Promise<Reply> {
  const shop = openShop(call.env);
  const price = priceIn(call.request);
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
function priceIn({ url }: Request): Price {
  const { usdc } = parse(TopUpQuery, Object.fromEntries(new URL(url).searchParams));
  const amountsMicro = usdc === undefined ? [PAYMENT_MICRO_DEFAULT, PAYMENT_MICRO_SMALL] : [usdc];
  return { amountsMicro, isAnyTaken: false };
}
