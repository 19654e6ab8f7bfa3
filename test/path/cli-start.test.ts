// That the command starts as quickly as it should: one line of Python on a real sandbox, beside a Node that
// does nothing. The target is for a machine that has nothing else to do; on one that is slower just now,
// by what the other takes, as much more is allowed.

import { realpathSync } from "node:fs";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { cliReport, cliTargetMs, measureCli } from "../../bench/cli.ts";
import { type Installed, installCli } from "../kit/coderunner-cli.ts";
import { richKey } from "./client.ts";

const ROUNDS = 15;

let cli: Installed;

beforeAll(async () => {
  cli = await installCli();
});

afterAll(() => cli?.remove());

test("a line is run within the time it may take", async ({ annotate }) => {
  const env = { CODERUNNER_URL: inject("gateway").url, CODERUNNER_API_KEY: await richKey() };
  const figures = await measureCli(realpathSync(cli.bin), env, ROUNDS);
  await annotate(cliReport(figures));
  expect(figures.execute.p50Ms, cliReport(figures)).toBeLessThanOrEqual(cliTargetMs(figures));
  expect(figures.execute.p50Ms, cliReport(figures)).toBeLessThan(figures.fetch.p50Ms);
}, 120_000);
