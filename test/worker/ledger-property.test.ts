// The account as its ledger is to be, whatever happens to it in whatever order: thousands of random
// lives with faults in them, on the real object's code and the platform's own SQLite. What fails shrinks
// to the few steps that matter, and says with which seed and path it can be repeated:
//
//   PROPERTY_SEED=1 PROPERTY_PATH=0:1 npm test -- --project worker test/worker/ledger-property.test.ts
//
// PROPERTY_RUNS is how many lives there are; each is taken back at its end, so that all begin alike.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CREDIT_MICRO } from "../../shared/money.ts";
import { Bench } from "./kit/bench.ts";
import { lives } from "./kit/deeds.ts";
import { FIRST_KEY, Life, START_MS } from "./kit/life.ts";
import { propertySettings } from "./kit/property.ts";

beforeEach(() => void vi.useFakeTimers({ toFake: ["Date"], now: START_MS }));
afterEach(() => void vi.useRealTimers());

const STEPS_MAX = 60;
const { runs, ...repeated } = propertySettings(1000);

describe("an account", () => {
  it(`keeps its ledger exact through ${runs} lives with faults in them`, {
    timeout: 1_200_000,
  }, async () => {
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
    await stub.create({ keyHash: FIRST_KEY, keyId: FIRST_KEY, grantMicro: 40 * CREDIT_MICRO });
    const count = { admitted: 0, refused: 0, faults: 0, owing: 0, steps: 0 };
    await runInDurableObject(stub, async (_account, state) => {
      const bench = new Bench(state, env);
      const property = fc.asyncProperty(lives(STEPS_MAX), async (steps) => {
        const troubles: unknown[] = [];
        bench.taking(() => {
          const life = new Life(bench);
          for (const step of steps) life.step(step);
          life.end();
          count.admitted += life.count.admitted;
          count.refused += life.count.refused;
          count.faults += life.count.faults;
          count.owing += life.count.owing;
          count.steps += steps.length;
          troubles.push(life.troubles);
        });
        await Promise.resolve();
        expect(troubles.flat()).toEqual([]);
      });
      await fc.assert(property, { numRuns: runs, ...repeated });
    });
    console.log(JSON.stringify({ lives: runs, ...count }));
    expect(count.admitted).toBeGreaterThan(runs);
    expect(count.refused).toBeGreaterThan(runs);
    expect(count.faults).toBeGreaterThan(runs / 2);
    expect(count.owing).toBeGreaterThan(runs / 50);
  });
});
