// Every program of the corpus, run for real, one after the other, on one runner: each must come to
// the end its first line states, and afterwards the next execution of the same account and one of
// another account must be on time and find nothing of it. At the end the runner must be as healthy
// as at the start and leave nothing behind.

import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { StageReport } from "../../shared/runner-api.ts";
import {
  containersOf,
  type RunnerProcess,
  removeContainersOf,
  startRunner,
} from "../kit/runner-process.ts";
import { readWants } from "./wants.ts";

const PROGRAMS = new URL("./programs/", import.meta.url);
const PROBES = new URL("./probes/", import.meta.url);
const LANGUAGES: Record<string, string> = {
  ".py": "python",
  ".js": "javascript",
  ".ts": "typescript",
  ".sh": "bash",
  ".rb": "ruby",
};
const PROGRAMS_MIN = 60;
/** What an execution may take beyond its own timeout: the grace the runner gives a sandbox. */
const GRACE_MS = 2000;
const PROBE_MS_MAX = 2000;
const RUNNER_BYTES_MAX = 400 * 1024 * 1024;
const DESCRIPTORS_MAX = 200;

const names = readdirSync(PROGRAMS).sort();

describe("the corpus", () => {
  let runner: RunnerProcess;
  /** Changes after an attack that left a trace, so that the next one is not blamed for it. */
  let attacker = 0;

  beforeAll(async () => {
    runner = await startRunner();
  });

  afterAll(async () => {
    await runner?.stop();
    if (runner !== undefined) await removeContainersOf(runner.runnerId);
  });

  it(`has at least ${PROGRAMS_MIN} programs in known languages`, () => {
    expect(names.length).toBeGreaterThanOrEqual(PROGRAMS_MIN);
    expect(names.filter((name) => LANGUAGES[extname(name)] === undefined)).toEqual([]);
  });

  it.each(names)("%s comes to its stated end and leaves no trace", async (name) => {
    const code = readFileSync(new URL(name, PROGRAMS), "utf8");
    const language = LANGUAGES[extname(name)] ?? "";
    const wants = readWants(code);
    await runner.settle(language); // so that the attack and the last probe meet in one sandbox
    for (let round = 0; round < wants.times; round++) {
      const { report, ms } = await timed(() =>
        runner.run({
          accountId: `attacker-${attacker}`,
          language,
          code,
          stdin: wants.stdin,
          runTimeoutMs: wants.timeoutMs,
          ...(wants.times > 1 ? { args: [String(round)] } : {}),
        }),
      );
      expect.soft(problems(report, wants.checks), summary(report)).toEqual([]);
      expect.soft(ms, "the answer came too late").toBeLessThan(wants.timeoutMs + GRACE_MS);
    }
    const account = `attacker-${attacker++}`;
    await expectClean(runner, account, language);
    await expectClean(runner, "bystander", language);
    await runner.settle(language);
    await expectClean(runner, account, language);
    attacker--;
  });

  it("has cost the runner neither memory nor descriptors", () => {
    const { residentBytes, descriptors } = runner.usage();
    expect(residentBytes).toBeLessThan(RUNNER_BYTES_MAX);
    expect(descriptors).toBeLessThan(DESCRIPTORS_MAX);
  });

  it("ends with a runner that drains when told to and leaves no container", async () => {
    expect(await runner.stop("SIGTERM"), runner.log.slice(-2000)).toBe(0);
    expect(await containersOf(runner.runnerId)).toEqual([]);
  });
});

/** Runs the probe of `language`, which prints whatever it finds that is not its own. */
async function expectClean(runner: RunnerProcess, accountId: string, language: string) {
  const extension = Object.keys(LANGUAGES).find((key) => LANGUAGES[key] === language);
  const code = readFileSync(new URL(`probe${extension}`, PROBES), "utf8");
  const { report, ms } = await timed(() => runner.run({ accountId, language, code }));
  const found = `${report.outcome}: ${report.stdout}${report.stderr}`;
  expect(found, `what ${accountId} finds`).toBe("ok: clean\n");
  expect.soft(ms, `the probe of ${accountId} (${summary(report)})`).toBeLessThan(PROBE_MS_MAX);
}

async function timed(run: () => Promise<StageReport>) {
  const startedAtMs = performance.now();
  const report = await run();
  return { report, ms: performance.now() - startedAtMs };
}

function problems(report: StageReport, checks: ReturnType<typeof readWants>["checks"]) {
  return checks.flatMap(({ clause, fails }) => {
    const was = fails(report);
    return was === undefined ? [] : [`wants ${clause}, was ${was}`];
  });
}

function summary({ stdout, stderr, ...rest }: StageReport): string {
  return JSON.stringify({ ...rest, stdout: stdout.slice(-300), stderr: stderr.slice(-1500) });
}
