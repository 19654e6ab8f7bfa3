// One sandbox with a supervisor played by the test: the order of its frames, what is a fault, that a
// failed sandbox stays failed, and freezing. Only the container and its control group are replaced.

import { describe, expect, it } from "vitest";
import type { Engine } from "../../runner/docker.ts";
import { FROM, PROTOCOL_VERSION, TO } from "../../runner/frames.ts";
import { INTERRUPT_GRACE_MS, SANDBOX_GRACE_MS } from "../../shared/limits.ts";
import { exitPayload, supervisorFrame } from "../kit/supervisor-frames.ts";
import {
  container,
  failureOf,
  JOB,
  pass,
  ran,
  recycled,
  Sandbox,
  SandboxFault,
  started,
  supervisor,
  useFakeContainer,
} from "./kit/fake-container.ts";

useFakeContainer();

describe("an interrupt", () => {
  const signals = () => supervisor.heard().filter((type) => type === TO.SIGNAL).length;

  it("waits until a cell can hear it, and is followed by the end of one that does not", async () => {
    const sandbox = await started();
    const cell = { ...JOB, kind: "cell" as const, files: [], source: Buffer.from("1") };
    sandbox.run({ ...cell, wallMs: 1 }).catch(() => undefined);
    await pass(0);
    await pass(150);
    expect(signals()).toBe(0);
    await pass(100);
    expect(signals()).toBe(1);
    await pass(INTERRUPT_GRACE_MS);
    expect(signals()).toBe(2);
  });

  it("is sent at once to what has run for a while, and only once", async () => {
    const sandbox = await started();
    const cell = { ...JOB, kind: "cell" as const, files: [], source: Buffer.from("1") };
    sandbox.run(cell).catch(() => undefined);
    await pass(500);
    sandbox.interrupt();
    sandbox.interrupt();
    await pass(0);
    expect(signals()).toBe(1);
  });
});

describe("a sandbox that starts", () => {
  it("is ready when its interpreter is warm", async () => {
    const sandbox = await started();
    expect(sandbox.fault).toBeUndefined();
    expect(sandbox.version).toBe("3.13.5");
    expect(supervisor.heard()).toEqual([TO.PREPARE, TO.SPAWN]);
  });

  it("is removed again when its supervisor says nothing", async () => {
    const start = failureOf(Sandbox.start({} as Engine, "python"));
    await pass(31_000);
    expect(await start).toBeInstanceOf(SandboxFault);
    expect(container.removed).toBe(1);
  });

  it("is refused when its supervisor speaks another protocol", async () => {
    const start = failureOf(Sandbox.start({} as Engine, "python"));
    await pass(0);
    supervisor.say(FROM.HELLO, PROTOCOL_VERSION - 1);
    await pass(0);
    expect(await start).toBeInstanceOf(SandboxFault);
    expect(container.removed).toBe(1);
  });

  it("is removed when its interpreter never gets warm", async () => {
    const start = failureOf(Sandbox.start({} as Engine, "python"));
    await pass(0);
    supervisor.say(FROM.HELLO, PROTOCOL_VERSION);
    await pass(0);
    supervisor.say(FROM.PREPARED, 0, Buffer.from("3.13.5"));
    await pass(21_000);
    expect(await start).toBeInstanceOf(SandboxFault);
    expect(container.removed).toBe(1);
  });
});

describe("a job", () => {
  it("is written, started and reported", async () => {
    const sandbox = await started();
    const run = sandbox.run(JOB);
    await pass(0);
    expect(supervisor.heard()).toEqual([TO.PREPARE, TO.SPAWN, TO.FILE, TO.START, TO.STDIN]);
    supervisor.say(FROM.STDOUT, 1, Buffer.from("out"));
    supervisor.say(FROM.STDERR, 1, Buffer.from("err"));
    supervisor.say(FROM.EXIT, 1, exitPayload({ code: 3, stdoutBytes: 3, stderrBytes: 3 }));
    expect(await run).toMatchObject({
      exit: { reason: "ended", code: 3 },
      stdout: { text: "out", truncated: false },
      stderr: { text: "err", truncated: false },
    });
  });

  it("is followed by another in the same sandbox, under another number and user", async () => {
    const sandbox = await started();
    await ran(sandbox, 1);
    await recycled(sandbox, 1);
    await ran(sandbox, 2);
    expect(sandbox.fault).toBeUndefined();
    expect(supervisor.uids()).toEqual([20_000, 20_001]);
  });

  it.each(["a\0b", "x".repeat(70_000)])(
    "that cannot be written spoils no later one",
    async (arg) => {
      const sandbox = await started();
      const failed = await failureOf(sandbox.run({ ...JOB, args: [arg] }));
      expect(failed).toBeDefined();
      if (sandbox.fault !== undefined) return; // it says so itself, and will not be used again
      await recycled(sandbox, 1);
      const next = failureOf(sandbox.run({ ...JOB, wallMs: 30_000 }));
      await pass(JOB.wallMs + SANDBOX_GRACE_MS + 1000);
      supervisor.say(FROM.EXIT, 2, exitPayload());
      expect(await next).toBeUndefined();
    },
  );
});

describe("a fault", () => {
  const faults: [string, () => void][] = [
    ["the supervisor reports one", () => supervisor.say(FROM.FAULT, 1, Buffer.from("pipes"))],
    ["a frame does not parse", () => container.onData(Buffer.alloc(16, 0xff))],
    [
      "a frame comes out of order",
      () => container.onData(supervisorFrame(99, FROM.EXIT, 1, exitPayload())),
    ],
    ["the supervisor writes to stderr", () => container.onStderr(Buffer.from("oops"))],
    ["the container ends", () => container.onClose()],
    ["another job's output comes", () => supervisor.say(FROM.STDOUT, 2, Buffer.from("x"))],
    ["another job's end comes", () => supervisor.say(FROM.EXIT, 2, exitPayload())],
    ["a frame comes that nobody waits for", () => supervisor.say(FROM.CLEANED, 1)],
    ["a greeting comes again", () => supervisor.say(FROM.HELLO, 1)],
  ];

  it.each(faults)("and no outcome it is when %s", async (_what, happen) => {
    const sandbox = await started();
    const run = failureOf(sandbox.run(JOB));
    await pass(0);
    happen();
    expect(await run).toBeInstanceOf(SandboxFault);
    expect(sandbox.fault).toBeInstanceOf(SandboxFault);
  });

  it("it is when no end comes within the job's time and a grace", async () => {
    const sandbox = await started();
    const run = failureOf(sandbox.run(JOB));
    await pass(JOB.wallMs + SANDBOX_GRACE_MS - 1);
    expect(sandbox.fault).toBeUndefined();
    await pass(1);
    expect(await run).toBeInstanceOf(SandboxFault);
  });

  it("lasts: nothing runs in the sandbox any more, whatever its supervisor says", async () => {
    const sandbox = await started();
    container.onClose();
    supervisor.say(FROM.EXIT, 1, exitPayload());
    expect(await failureOf(sandbox.run(JOB))).toBeInstanceOf(SandboxFault);
    expect(await failureOf(sandbox.recycle())).toBeInstanceOf(SandboxFault);
  });

  it("is an outcome of the program in one case: the host says that it took too much memory", async () => {
    const sandbox = await started();
    container.outOfMemory = true;
    const run = sandbox.run(JOB);
    await pass(0);
    supervisor.say(FROM.STDOUT, 1, Buffer.from("so far"));
    container.onClose();
    expect(await run).toMatchObject({ exit: { reason: "memory" }, stdout: { text: "so far" } });
    expect(sandbox.fault).toBeDefined();
  });
});

describe("cleaning", () => {
  it("that takes too long makes the sandbox unusable", async () => {
    const sandbox = await started();
    await ran(sandbox, 1);
    const recycle = failureOf(sandbox.recycle());
    await pass(6000);
    expect(await recycle).toBeInstanceOf(SandboxFault);
  });

  it("takes no output of the job that is over for the next one's", async () => {
    const sandbox = await started();
    await ran(sandbox, 1);
    const recycle = failureOf(sandbox.recycle());
    supervisor.say(FROM.CLEANED, 1);
    await pass(0);
    supervisor.say(FROM.STDOUT, 1, Buffer.from("late"));
    expect(await recycle).toBeInstanceOf(SandboxFault);
  });
});

describe("a frozen sandbox", () => {
  it("is thawed before it runs", async () => {
    const sandbox = await started();
    await sandbox.freeze();
    await ran(sandbox, 1);
    expect(container.cgroup).toEqual(["frozen", "thawed"]);
    expect(sandbox.isFrozen).toBe(false);
  });

  it("that was killed meanwhile is noticed, and not before", async () => {
    const sandbox = await started();
    await sandbox.freeze();
    await sandbox.check();
    expect(sandbox.fault).toBeUndefined();
    container.isDoomed = true;
    await sandbox.check();
    container.isDoomed = false;
    expect(sandbox.fault?.message).toContain("killed");
  });

  it("is thawed even when it was still being frozen", async () => {
    const sandbox = await started();
    container.freezeMs = 50;
    void sandbox.freeze();
    const run = sandbox.run(JOB);
    await pass(200);
    supervisor.say(FROM.EXIT, 1, exitPayload());
    await run;
    expect(container.cgroup.at(-1)).toBe("thawed");
  });

  it("is thawed before it is removed, because a frozen process cannot be killed", async () => {
    const sandbox = await started();
    await sandbox.freeze();
    await sandbox.remove();
    expect(container.cgroup).toEqual(["frozen", "thawed"]);
    expect(container.removed).toBe(1);
  });

  it("is removed once however often that is asked for", async () => {
    const sandbox = await started();
    await Promise.all([sandbox.remove(), sandbox.remove()]);
    expect(container.removed).toBe(1);
  });
});
