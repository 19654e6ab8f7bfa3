// What is left of a runner that ends, in every way it can end: no container of its own, whatever was
// under way, and an answer for everybody who waits.

import { createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { randomText } from "../../shared/ids.ts";
import {
  containersOf,
  eventually,
  launchRunner,
  type RunnerProcess,
  removeContainersOf,
  sandboxPidsOf,
  startRunner,
} from "../kit/runner-process.ts";

const runners: RunnerProcess[] = [];

afterEach(async () => {
  for (const runner of runners.splice(0)) {
    await runner.stop();
    await removeContainersOf(runner.runnerId);
  }
});

function keep(runner: RunnerProcess): RunnerProcess {
  runners.push(runner);
  return runner;
}

const SLEEP = { accountId: "a", language: "bash", code: "echo start; sleep 2; echo end" };

describe("a runner", () => {
  it("that is killed leaves nothing once another with its id has started", async () => {
    const first = keep(await startRunner());
    await first.run({ accountId: "a", language: "bash", code: "echo 1" });
    const left = await containersOf(first.runnerId);
    expect(left.length).toBeGreaterThanOrEqual(4);
    await new Promise((resolve) => setTimeout(resolve, 4500)); // by now what waits is frozen
    await first.stop("SIGKILL");
    expect((await containersOf(first.runnerId)).length).toBeGreaterThan(0);

    const second = keep(await startRunner({ runnerId: first.runnerId }));
    expect(await second.run({ accountId: "a", language: "bash", code: "echo 2" })).toMatchObject({
      stdout: "2\n",
    });
    const now = await containersOf(first.runnerId);
    expect(now.filter((id) => left.includes(id))).toEqual([]);
    expect(await second.stop()).toBe(0);
    expect(await containersOf(first.runnerId)).toEqual([]);
  });

  it("leaves another living runner's sandboxes alone", async () => {
    const first = keep(await startRunner());
    const theirs = await containersOf(first.runnerId);
    const second = keep(await startRunner());
    expect(await containersOf(first.runnerId)).toEqual(expect.arrayContaining(theirs));
    await second.stop();
    expect(await first.run({ accountId: "a", language: "bash", code: "echo 1" })).toMatchObject({
      stdout: "1\n",
    });
  });

  it("finishes what runs when it is told to end", async () => {
    const runner = keep(await startRunner());
    const running = runner.send(SLEEP);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const code = runner.stop("SIGTERM");
    expect((await running).body).toMatchObject({ run: { outcome: "ok", stdout: "start\nend\n" } });
    expect(await code).toBe(0);
    expect(await containersOf(runner.runnerId)).toEqual([]);
  });

  it("ends in time though a sandbox does not answer any more", async () => {
    const runner = keep(await startRunner());
    await runner.run({ accountId: "a", language: "bash", code: "echo 1" });
    for (const pid of (await sandboxPidsOf(runner.runnerId)).slice(0, 2)) {
      process.kill(pid, "SIGSTOP"); // to the container engine, a kernel too busy to be asked to end
    }
    const startedAtMs = performance.now();
    expect(await runner.stop("SIGTERM"), runner.log.slice(-2000)).toBe(0);
    expect(performance.now() - startedAtMs).toBeLessThan(15_000);
    expect(await containersOf(runner.runnerId)).toEqual([]);
  });

  it("ends when whoever started it goes away", async () => {
    const runner = keep(await startRunner());
    runner.child.stdin?.end();
    expect(await eventually(() => runner.hasEnded, { withinMs: 30_000 })).toBe(true);
    expect(await containersOf(runner.runnerId)).toEqual([]);
  });

  it.each([0, 300, 1500])(
    "that is told to end %d ms after it has begun to start leaves nothing",
    async (ms) => {
      const runner = keep(launchRunner());
      await new Promise((resolve) => setTimeout(resolve, 1200 + ms));
      await runner.stop("SIGTERM");
      expect(await containersOf(runner.runnerId)).toEqual([]);
    },
  );

  it("that cannot have its port says so, ends and leaves nothing", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => taken.once("listening", resolve));
    const { port } = taken.address() as { port: number };
    const runner = keep(launchRunner({ settings: { RUNNER_PORT: String(port) } }));
    expect(await eventually(() => runner.hasEnded, { withinMs: 30_000 })).toBe(true);
    expect(runner.child.exitCode).toBe(1);
    expect(runner.log).toContain("EADDRINUSE");
    taken.close();
    await new Promise((resolve) => setTimeout(resolve, 3000)); // a start under way may still come
    expect(await containersOf(runner.runnerId)).toEqual([]);
  });

  it("that lacks a setting says which and ends at once", async () => {
    const runner = keep(launchRunner({ runnerId: `bad_${randomText(4)}` }));
    expect(await eventually(() => runner.hasEnded, { withinMs: 20_000 })).toBe(true);
    expect([runner.child.exitCode, runner.log]).toEqual([1, expect.stringContaining("RUNNER_ID")]);
  });

  it("replaces a sandbox that is killed from outside under a program, and says it was our fault", async () => {
    const runner = keep(await startRunner());
    const before = await containersOf(runner.runnerId);
    const running = runner.send({
      ...SLEEP,
      code: "cat /proc/self/mountinfo > /dev/stderr; sleep 8",
    });
    await new Promise((resolve) => setTimeout(resolve, 1000));
    // The busy one cannot be told apart from outside, so all go; every one must be replaced.
    await removeContainersOf(runner.runnerId);
    const answer = await running;
    expect([answer.status, answer.body.error.code]).toEqual([502, "runner_fault"]);
    const isWell = await eventually(
      async () => {
        const { body } = await runner.send({ accountId: "b", language: "bash", code: "echo 1" });
        return body.run?.stdout === "1\n";
      },
      { withinMs: 30_000 },
    );
    expect(isWell).toBe(true);
    expect((await containersOf(runner.runnerId)).filter((id) => before.includes(id))).toEqual([]);
  });
});
