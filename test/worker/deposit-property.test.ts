// Deposits through whatever happens, in whatever order and at the same time: in the end each account was
// given exactly what came to its address, on a chain that really reorganises, though calls and processes
// were lost. How many histories: PROPERTY_RUNS (500 is the long form; the short one is part of every run
// of the tests); which: PROPERTY_SEED and PROPERTY_PATH, as far as races can be run again.

import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { newChain } from "./kit/chain.ts";
import { DepositLife, forgetChain, histories } from "./kit/deposit-life.ts";
import { Nodes } from "./kit/nodes.ts";
import { propertySettings } from "./kit/property.ts";

const { runs, ...repeated } = propertySettings(12);

let nodes: Nodes;
beforeAll(async () => {
  nodes = new Nodes(await newChain());
});
afterAll(() => void vi.restoreAllMocks());

describe("all accounts together", () => {
  it(`are given what was paid, through ${runs} histories with faults in them`, {
    timeout: 3_600_000,
  }, async () => {
    const count = { deeds: 0, faults: 0, reorgs: 0, credited: 0, reversed: 0 };
    const property = fc.asyncProperty(histories, async (steps) => {
      const chain = await newChain();
      nodes.chain = chain;
      await forgetChain();
      const life = new DepositLife(chain, nodes);
      await life.begin();
      for (const step of steps) await life.step(step);
      await life.end();
      await chain.end();
      for (const name of Object.keys(count) as (keyof typeof count)[]) {
        count[name] += life.count[name];
      }
    });
    await fc.assert(property, { numRuns: runs, ...repeated });
    console.log(JSON.stringify({ histories: runs, ...count }));
    expect(count.credited).toBeGreaterThan(runs / 2);
    expect(count.reversed).toBeGreaterThan(0);
    expect(count.faults).toBeGreaterThan(runs / 2);
  });
});
