// A runner that is told to end, at every moment of its sandboxes' lives: what runs finishes and is
// answered, who comes now hears when to try again, and the process ends well with nothing left.

import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  containersOf,
  eventually,
  type RunnerProcess,
  removeContainersOf,
  startRunner,
} from "../kit/runner-process.ts";
import { sessionCalls } from "../kit/session-calls.ts";

const HELLO = { language: "bash", code: "echo hello" };
const SLOW = {
  language: "python",
  code: "import time\nprint(1)\ntime.sleep(4)\nprint(2)",
} as const;
/** From the signal to the end, when nothing runs. */
const IDLE_DRAIN_MS_MAX = 15_000;

let runner: RunnerProcess | undefined;

afterEach(async () => {
  await runner?.stop();
  if (runner !== undefined) await removeContainersOf(runner.runnerId);
});

async function start(): Promise<RunnerProcess> {
  runner = await startRunner();
  return runner;
}

async function expectToDrain(started: RunnerProcess): Promise<void> {
  const toldAt = performance.now();
  expect(await started.stop("SIGTERM"), started.log.slice(-2000)).toBe(0);
  expect(performance.now() - toldAt).toBeLessThan(IDLE_DRAIN_MS_MAX);
  expect(await containersOf(started.runnerId)).toEqual([]);
}

describe("a runner that is told to end", () => {
  test("answers what runs and tells the others when to try again", async () => {
    const started = await start();
    const running = ["a", "b"].map((accountId) => started.send({ accountId, ...SLOW }));
    const isRunning = async () => (await started.health()).sandboxes[SLOW.language]?.busy === 2;
    expect(await eventually(isRunning, { withinMs: 5_000 })).toBe(true);
    const code = started.stop("SIGTERM");
    await sleep(300);
    for (const accountId of ["a", "c"]) {
      const { status, headers, body } = await started.send({ accountId, ...HELLO });
      expect([status, body.error.code]).toEqual([503, "busy"]);
      expect(Number(headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
      expect(body.error.retryAfterMs).toBeGreaterThan(0);
    }
    for (const { body } of await Promise.all(running)) {
      expect(body.run).toMatchObject({ outcome: "ok", stdout: "1\n2\n" });
    }
    expect(await code).toBe(0);
    expect(await containersOf(started.runnerId)).toEqual([]);
  });

  test("lets a session finish what runs in it, and ends", async () => {
    const started = await start();
    const session = sessionCalls(started, "python");
    await session.open();
    const running = session.run("import time\nprint(1)\ntime.sleep(2)\nprint(2)");
    await sleep(700);
    const code = started.stop("SIGTERM");
    expect((await running).run).toMatchObject({ outcome: "ok", stdout: "1\n2\n" });
    const ended = await Promise.race([code, sleep(IDLE_DRAIN_MS_MAX, "still there")]);
    expect(ended, started.log.slice(-2000)).toBe(0);
    expect(await containersOf(started.runnerId)).toEqual([]);
  });

  test("ends while everything is frozen", async () => {
    const started = await start();
    await sleep(4_500);
    await expectToDrain(started);
  });

  test.each([0, 20, 100, 400])(
    "ends %d ms after a job, while sandboxes are cleaned and started",
    async (ms) => {
      const started = await start();
      const jobs = ["a", "b", "c"].map((accountId) => started.run({ accountId, ...HELLO }));
      for (const { stdout } of await Promise.all(jobs)) expect(stdout).toBe("hello\n");
      await sleep(ms);
      await expectToDrain(started);
    },
  );
});
