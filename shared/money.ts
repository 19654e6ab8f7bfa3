// What things cost. All amounts are integers of micro-USDC (one millionth of a USDC), never
// fractions: 500 executions per USDC make one credit 2,000 micro-USDC. This module computes
// prices; it knows nothing of accounts, holds or payments.

import { CREDIT_SPAN_MS } from "./limits.ts";

/** Micro-USDC in one USDC, as the USDC contract counts them. */
export const USDC_MICRO = 1_000_000;
/** Credits sold per USDC. */
export const CREDITS_PER_USDC = 500;
/** The price of one credit in micro-USDC. */
export const CREDIT_MICRO = USDC_MICRO / CREDITS_PER_USDC;

/** The price in micro-USDC of running for `runMs` milliseconds: one credit per 30 s begun. */
export function priceMicro(runMs: number): number {
  const spans = Math.max(1, Math.ceil(runMs / CREDIT_SPAN_MS));
  return spans * CREDIT_MICRO;
}

/** How long a run may last whose price is at most `micro`: the other way round of `priceMicro`. */
export function coveredMs(micro: number): number {
  return creditsOf(micro) * CREDIT_SPAN_MS;
}

/**
 * Whole credits in an amount of micro-USDC; what is left over stays on the account. Who owes has none.
 */
export function creditsOf(micro: number): number {
  return Math.max(0, Math.floor(micro / CREDIT_MICRO));
}

if (!Number.isInteger(CREDIT_MICRO)) throw new Error("a credit must be whole micro-USDC");
