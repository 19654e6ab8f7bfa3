// What a top-up may ask for, and how what came of it is told by both faces.

import * as z from "zod";
import {
  PAYMENT_MICRO_DEFAULT,
  PAYMENT_MICRO_MAX,
  PAYMENT_MICRO_MIN,
} from "../../shared/limits.ts";
import { CREDIT_MICRO, creditsOf, USDC_MICRO } from "../../shared/money.ts";
import { named } from "../openapi/named.ts";
import type { Receipt } from "../payments/x402/payment.ts";
import { newKeyFields, toNewApiKey } from "./keys.ts";

const least = PAYMENT_MICRO_MIN / USDC_MICRO;
const most = PAYMENT_MICRO_MAX / USDC_MICRO;
const usual = PAYMENT_MICRO_DEFAULT / USDC_MICRO;
const usdcRule = {
  error: `must be an amount of USDC from ${least} to ${most}, with at most six digits after the point`,
};

/** What the query of a top-up may say. */
export const TopUpQuery = z.object({
  usdc: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,6})?$/, usdcRule)
    .transform(microOf)
    .refine((micro) => micro >= PAYMENT_MICRO_MIN && micro <= PAYMENT_MICRO_MAX, usdcRule)
    .optional()
    .describe(`How much to pay; from ${least} to ${most}, ${usual} when not given.`),
});

const boughtFields = {
  transaction: z.string(),
  network: z.string(),
  payer: z.string().describe("The address that has paid."),
  credits: z.number().positive(),
};
const microUsdc = z.int().describe("In millionths of a USDC.");
const credits = z.int().describe("What the account has now.");

const apiPaid = {
  credits,
  balanceMicroUsdc: microUsdc,
  payment: z.strictObject({ ...boughtFields, amountMicroUsdc: microUsdc }),
};
const ApiTopUp = named("TopUp", z.strictObject(apiPaid));
const ApiBoughtKey = named("BoughtKey", z.strictObject({ ...newKeyFields, ...apiPaid }));

const v1Paid = {
  credits,
  balance_micro_usdc: microUsdc,
  payment: z.strictObject({ ...boughtFields, amount_micro_usdc: microUsdc }),
};
const V1TopUp = named("V1TopUp", z.strictObject(v1Paid));
const V1BoughtKey = named(
  "V1BoughtKey",
  z.strictObject({
    api_key: newKeyFields.apiKey,
    id: newKeyFields.id,
    name: newKeyFields.name,
    account_id: newKeyFields.accountId,
    ...v1Paid,
  }),
);

/** How a face tells of what was bought. */
export type TopUpWords = {
  schemas: Record<"paid" | "key", z.ZodType<object>>;
  key: (made: { id: string; accountId: string; text: string }) => object;
  paid: (receipt: Receipt, balanceMicro: number) => object;
};

export const API_TOPUP: TopUpWords = {
  schemas: { paid: ApiTopUp, key: ApiBoughtKey },
  key: ({ id, accountId, text }) => toNewApiKey({ id, name: undefined }, accountId, text),
  paid: toApiTopUp,
};

export const V1_TOPUP: TopUpWords = {
  schemas: { paid: V1TopUp, key: V1BoughtKey },
  key: ({ id, accountId, text }) => ({ api_key: text, id, name: null, account_id: accountId }),
  paid: toV1TopUp,
};

/** What was paid and what there is now, in the words of `/api`. */
function toApiTopUp({ transaction, payer, amountMicro, network }: Receipt, balanceMicro: number) {
  return {
    credits: creditsOf(balanceMicro),
    balanceMicroUsdc: balanceMicro,
    payment: {
      transaction,
      network,
      payer,
      amountMicroUsdc: amountMicro,
      credits: amountMicro / CREDIT_MICRO,
    },
  };
}

/** The same in the words of `/v1`. */
function toV1TopUp(receipt: Receipt, balanceMicro: number) {
  const { credits, balanceMicroUsdc, payment } = toApiTopUp(receipt, balanceMicro);
  const { amountMicroUsdc, ...rest } = payment;
  const told = { ...rest, amount_micro_usdc: amountMicroUsdc };
  return { credits, balance_micro_usdc: balanceMicroUsdc, payment: told };
}

/** Decimal text in whole micro-USDC, without the rounding of fractions. */
function microOf(text: string): number {
  const [whole = "", fraction = ""] = text.split(".");
  return Number(whole) * USDC_MICRO + Number(fraction.padEnd(6, "0"));
}
