// Prices: what the product page promises, in integers.

import { describe, expect, it } from "vitest";
import { CREDIT_SPAN_MS, RUN_TIMEOUT_MS_MAX } from "../../shared/limits.ts";
import { CREDIT_MICRO, coveredMs, creditsOf, priceMicro, USDC_MICRO } from "../../shared/money.ts";

describe("the price of a run", () => {
  it("makes 500 executions of up to 30 s from one USDC", () => {
    expect(USDC_MICRO / priceMicro(RUN_TIMEOUT_MS_MAX)).toBe(500);
  });

  it.each([
    [0, 1],
    [0.3, 1],
    [1, 1],
    [CREDIT_SPAN_MS, 1],
    [CREDIT_SPAN_MS + 0.1, 2],
    [2 * CREDIT_SPAN_MS, 2],
    [300_000, 10],
  ])("of %d ms is %d credits", (runMs, credits) => {
    expect(priceMicro(runMs)).toBe(credits * CREDIT_MICRO);
  });
});

describe("an amount", () => {
  it.each([
    [0, 0],
    [CREDIT_MICRO - 1, 0],
    [CREDIT_MICRO, CREDIT_SPAN_MS],
    [3 * CREDIT_MICRO - 1, 2 * CREDIT_SPAN_MS],
  ])("of %d micro-USDC covers %d ms", (micro, ms) => {
    expect(coveredMs(micro)).toBe(ms);
  });

  it("covers the whole run it is the price of, and pays for the run it covers", () => {
    for (let runMs = 1; runMs <= 400_000; runMs += 777) {
      expect(coveredMs(priceMicro(runMs))).toBeGreaterThanOrEqual(runMs);
      const micro = CREDIT_MICRO + runMs;
      expect(priceMicro(coveredMs(micro))).toBeLessThanOrEqual(micro);
    }
  });
});

describe("credits", () => {
  it.each([
    [0, 0],
    [CREDIT_MICRO - 1, 0],
    [CREDIT_MICRO, 1],
    [USDC_MICRO, 500],
  ])("in %d micro-USDC are %d", (micro, credits) => {
    expect(creditsOf(micro)).toBe(credits);
  });
});
