// The benchmark's peers on real gVisor: that they really run the program, that a wrong answer is no
// time, that nothing of them is left, and that a sandbox's processes are found and weighed.

import { afterEach, expect, test } from "vitest";
import { byDockerExec, byDockerRun, removeLeftovers } from "../../bench/peers.ts";
import { cpuMsOf, PROCESS_KINDS, processesOf, pssBytesOf } from "../../bench/processes.ts";
import { type BenchProgram, PROGRAMS } from "../../bench/programs.ts";
import { connectEngine } from "../../runner/docker.ts";
import { Sandbox } from "../../runner/sandbox.ts";
import { engineSettings } from "../kit/runner-process.ts";

const settings = engineSettings();
const engine = {
  socket: settings.CODERUNNER_DOCKER_SOCKET,
  image: settings.CODERUNNER_IMAGE,
  runtime: settings.CODERUNNER_RUNTIME,
};
const [program] = PROGRAMS as [BenchProgram];
const wrong = { ...program, expected: "something else" };

afterEach(async () => {
  await removeLeftovers(engine.socket);
});

test("a container per execution runs every program and is gone afterwards", async () => {
  const run = byDockerRun(engine);
  for (const each of PROGRAMS) await run(each);
  expect(await removeLeftovers(engine.socket)).toBe(0);
});

test("an answer that is not the expected one is refused, and its container is gone too", async () => {
  await expect(byDockerRun(engine)(wrong)).rejects.toThrow("unexpected answer");
  expect(await removeLeftovers(engine.socket)).toBe(0);
});

test("docker exec runs every program, and its container goes when it is closed", async () => {
  const { run, close } = await byDockerExec(engine);
  for (const each of PROGRAMS) await run(each);
  await expect(run(wrong)).rejects.toThrow("unexpected answer");
  await close();
  expect(await removeLeftovers(engine.socket)).toBe(0);
});

test("what was not closed is found by its owner and removed", async () => {
  await byDockerExec(engine);
  expect(await removeLeftovers(engine.socket)).toBe(1);
  expect(await removeLeftovers(engine.socket)).toBe(0);
});

test("a frozen sandbox's processes of every kind are found and weighed", async () => {
  const target = connectEngine({ ...engine, runnerId: "bench-test" });
  const sandbox = await Sandbox.start(target, "bash");
  try {
    await sandbox.freeze();
    const processes = processesOf(sandbox.containerId ?? "");
    expect([...new Set(processes.map(({ kind }) => kind))].sort()).toEqual(
      [...PROCESS_KINDS].sort(),
    );
    for (const kind of PROCESS_KINDS) {
      const pids = processes.filter((one) => one.kind === kind).map(({ pid }) => pid);
      expect(pids.reduce((sum, pid) => sum + pssBytesOf(pid), 0)).toBeGreaterThan(0);
      expect(pids.reduce((sum, pid) => sum + cpuMsOf(pid), 0)).toBeGreaterThan(0);
    }
  } finally {
    await sandbox.remove();
  }
  const left = processesOf(sandbox.containerId ?? "").map(({ kind }) => kind);
  expect(left).not.toContain("sandbox");
});
