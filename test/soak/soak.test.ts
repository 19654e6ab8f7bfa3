// The short form of the soak: long enough to meet every program of the mix and to see a leak that
// comes with every execution or every container; the long form is `npm run soak`.

import { describe, expect, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";
import { SOAK_PROGRAMS } from "./programs.ts";
import { soak, soakTable } from "./soak.ts";

const EXECUTIONS = 150;
const SOAK_MS_MAX = 240_000;

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
