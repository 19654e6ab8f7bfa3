// The short form of the soak: long enough to meet every program of the mix and to see a leak that
// comes with every execution or every container; the long form is `npm run soak`.

import { describe, expect, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";
import { SOAK_PROGRAMS } from "./programs.ts";
import { soak, soakTable } from "./soak.ts";
import { trendOf } from "./trend.ts";

const EXECUTIONS = 150;
const SOAK_MS_MAX = 240_000;

describe("a trend", () => {
  const points = (value: (index: number) => number) =>
    Array.from({ length: 30 }, (_, index) => ({ executions: index * 100, value: value(index) }));

  test("tells a leak from a level with spikes", () => {
    const leak = trendOf(points((index) => 50 + index));
    expect(leak.first).toBe(54.5);
    expect(leak.last).toBe(74.5);
    expect(leak.per1000).toBeCloseTo(10);
    const level = trendOf(points((index) => (index % 7 === 3 ? 90 : 50)));
    expect([level.first, level.last]).toEqual([50, 50]);
  });

  test("cannot be had from figures that are missing", () => {
    expect(trendOf(points(() => Number.NaN)).last - 0 <= 1).toBe(false);
    expect(trendOf([]).last - 0 <= 1).toBe(false);
  });
});

describe("a soak", () => {
  test("has every answer right and nothing grow", { timeout: SOAK_MS_MAX }, async () => {
    const result = await soak({
      engine: launchPaths().engine,
      executions: EXECUTIONS,
      say: console.log,
    });
    console.log(`${soakTable(result)}\n${JSON.stringify(result.outcomes)} ${result.seconds} s`);
    expect(result.problems).toEqual([]);
    expect(result.executions).toBe(EXECUTIONS);
    expect(EXECUTIONS).toBeGreaterThan(SOAK_PROGRAMS.length);
  });
});
