// Every program of the corpus, run for real, one after the other, on one runner: each must come to
// the end its first line states, and afterwards the next execution of the same account and one of
// another account must be on time and find nothing of it. Some attack a compiler: then it is the
// compiler's end that is stated. At the end the runner must be as healthy as at the start and leave
// nothing behind.

import { readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { kindOf, type LanguageId, languageOf } from "../../shared/languages.ts";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import {
  containersOf,
  type RunnerProcess,
  removeContainersOf,
  startRunner,
} from "../kit/runner-process.ts";
import { problemsOf, readWants, resultOf } from "./wants.ts";

const PROGRAMS = new URL("./programs/", import.meta.url);
const PROBES = new URL("./probes/", import.meta.url);
const LANGUAGES: Record<string, LanguageId> = {
  ".py": "python",
  ".js": "javascript",
  ".ts": "typescript",
  ".sh": "bash",
  ".rb": "ruby",
  ".c": "c",
  ".cpp": "cpp",
  ".go": "go",
  ".rs": "rust",
  ".pl": "perl",
};
/** What looks for traces in the sandboxes that are no language's own. */
const GENERAL_PROBE = ".pl";
const PROGRAMS_MIN = 60;
const COMPILED_MIN = 12;
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
    const compiled = names.filter((name) => languageOf(languageOfFile(name)).compile !== undefined);
    expect(compiled.length).toBeGreaterThanOrEqual(COMPILED_MIN);
  });

  it.each(names)("%s comes to its stated end and leaves no trace", async (name) => {
    const code = readFileSync(new URL(name, PROGRAMS), "utf8");
    const language = languageOfFile(name);
    const kind = kindOf(language);
    const wants = readWants(code);
    const allowedMs = wants.timeoutMs + GRACE_MS + compileMsOf(language, wants.compileTimeoutMs);
    await runner.settle(kind); // so that the attack and the last probe meet in one sandbox
    for (let round = 0; round < wants.times; round++) {
      const { report, ms } = await timed(() =>
        runner.execute({
          accountId: `attacker-${attacker}`,
          language,
          files: [{ name: wants.name ?? languageOf(language).mainFile, content: code }],
          args: wants.times > 1 ? [String(round)] : wants.args,
          stdin: wants.stdin,
          runTimeoutMs: wants.timeoutMs,
          compileTimeoutMs: wants.compileTimeoutMs,
        }),
      );
      expect.soft(problemsOf(report, wants), summary(report)).toEqual([]);
      expect.soft(ms, "the answer came too late").toBeLessThan(allowedMs);
    }
    const account = `attacker-${attacker++}`;
    await expectClean(runner, account, language);
    await expectClean(runner, "bystander", language);
    await runner.settle(kind);
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

function languageOfFile(name: string): LanguageId {
  const language = LANGUAGES[extname(name)];
  if (language === undefined) throw new Error(`${name} is in no known language`);
  return language;
}

/** How long a stage of compiling may take, and the grace for it, where there is one. */
function compileMsOf(language: LanguageId, timeoutMs: number): number {
  return languageOf(language).compile === undefined ? 0 : timeoutMs + GRACE_MS;
}

/** Runs the probe for sandboxes of `language`, which prints whatever it finds that is not its own. */
async function expectClean(runner: RunnerProcess, accountId: string, language: LanguageId) {
  const own = Object.keys(LANGUAGES).find((key) => LANGUAGES[key] === language);
  const ending = languageOf(language).isWarm === true ? (own ?? "") : GENERAL_PROBE;
  const code = readFileSync(new URL(`probe${ending}`, PROBES), "utf8");
  const probe = { accountId, language: languageOfFile(`probe${ending}`), code };
  const { report, ms } = await timed(() => runner.execute(probe));
  const { outcome, stdout, stderr } = resultOf(report);
  const found = `${outcome}: ${stdout}${stderr}`;
  expect(found, `what ${accountId} finds`).toBe("ok: clean\n");
  expect.soft(ms, `the probe of ${accountId} (${summary(report)})`).toBeLessThan(PROBE_MS_MAX);
}

async function timed(run: () => Promise<ExecutionReport>) {
  const startedAtMs = performance.now();
  const report = await run();
  return { report, ms: performance.now() - startedAtMs };
}

function summary(report: ExecutionReport): string {
  const { stdout, stderr, ...rest } = resultOf(report);
  return JSON.stringify({ ...rest, stdout: stdout.slice(-300), stderr: stderr.slice(-1500) });
}
