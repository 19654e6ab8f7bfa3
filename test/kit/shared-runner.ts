// One runner for all tests of a file: started before the first, ended after the last, with the two
// ways to run a program that such tests need.

import { afterAll, beforeAll, expect } from "vitest";
import type { StageReport } from "../../shared/runner-api.ts";
import {
  type Program,
  type RunnerProcess,
  removeContainersOf,
  startRunner,
} from "./runner-process.ts";

export type SharedRunner = {
  runner: () => RunnerProcess;
  run: (language: string, code: string, more?: Partial<Program>) => Promise<StageReport>;
  /** What a program prints that must end well and say nothing on stderr. */
  outputOf: (language: string, code: string, more?: Partial<Program>) => Promise<string>;
};

/** To be called once, at the top of a test file. */
export function shareRunner(): SharedRunner {
  let started: RunnerProcess | undefined;

  beforeAll(async () => {
    started = await startRunner();
  });

  afterAll(async () => {
    if (started === undefined) return;
    await started.stop();
    await removeContainersOf(started.runnerId);
  });

  const runner = () => {
    if (started === undefined) throw new Error("the runner has not started");
    return started;
  };
  const run: SharedRunner["run"] = (language, code, more = {}) =>
    runner().run({ accountId: "ordinary", language, code, ...more });
  const outputOf: SharedRunner["outputOf"] = async (language, code, more) => {
    const report = await run(language, code, more);
    expect(`${report.outcome} ${report.exitCode} ${report.stderr}`).toBe("ok 0 ");
    return report.stdout;
  };
  return { runner, run, outputOf };
}
