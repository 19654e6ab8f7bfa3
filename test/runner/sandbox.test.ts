// One sandbox with a supervisor played by the test: the order of its frames, what is a fault, that a
// failed sandbox stays failed, and freezing. Only the container and its control group are replaced.

import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Engine } from "../../runner/docker.ts";
import { FROM, PROTOCOL_VERSION, TO } from "../../runner/frames.ts";
import { Sandbox, SandboxFault, type Stage } from "../../runner/sandbox.ts";
import { MEMORY_BYTES_MAX, SANDBOX_GRACE_MS } from "../../shared/limits.ts";
import { exitPayload, supervisorFrame } from "../kit/supervisor-frames.ts";

const JOB: Stage = {
  files: [{ name: "main.py", content: Buffer.from("print(1)") }],
  args: [],
  stdin: Buffer.alloc(0),
  wallMs: 1000,
  memoryBytes: MEMORY_BYTES_MAX,
  isLast: true,
};

/** The supervisor that the replaced container leads to. */
const stage = vi.hoisted(() => ({
  onData: (_chunk: Buffer) => undefined as unknown,
  onStderr: (_chunk: Buffer) => undefined as unknown,
  onClose: () => undefined as unknown,
  stdin: undefined as unknown as PassThrough,
  outOfMemory: false,
  removed: 0,
  cgroup: [] as string[],
  freezeMs: 0,
  isDoomed: false,
}));

vi.mock("../../runner/docker.ts", () => ({
  startContainer: async (
    _engine: unknown,
    listener: Pick<typeof stage, "onData" | "onStderr" | "onClose">,
  ) => {
    Object.assign(stage, listener);
    return { id: "c1", pid: 1, stdin: stage.stdin, isDirect: true };
  },
  removeContainer: async () => {
    stage.removed++;
  },
  wasOutOfMemory: async () => stage.outOfMemory,
}));

vi.mock("../../runner/cgroup.ts", () => ({
  controlGroupOf: async () => ({
    freeze: async () => {
      if (stage.freezeMs > 0) await new Promise((resolve) => setTimeout(resolve, stage.freezeMs));
      stage.cgroup.push("frozen");
    },
    thaw: async () => {
      stage.cgroup.push("thawed");
    },
    setWeight: async () => undefined,
    isDoomed: async () => stage.isDoomed,
  }),
}));

let supervisor: Supervisor;

beforeEach(() => {
  vi.useFakeTimers();
  Object.assign(stage, {
    stdin: new PassThrough(),
    outOfMemory: false,
    removed: 0,
    cgroup: [],
    freezeMs: 0,
  });
  supervisor = new Supervisor();
});

afterEach(() => {
  vi.useRealTimers();
});

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

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
    expect(stage.removed).toBe(1);
  });

  it("is refused when its supervisor speaks another protocol", async () => {
    const start = failureOf(Sandbox.start({} as Engine, "python"));
    await pass(0);
    supervisor.say(FROM.HELLO, PROTOCOL_VERSION - 1);
    await pass(0);
    expect(await start).toBeInstanceOf(SandboxFault);
    expect(stage.removed).toBe(1);
  });

  it("is removed when its interpreter never gets warm", async () => {
    const start = failureOf(Sandbox.start({} as Engine, "python"));
    await pass(0);
    supervisor.say(FROM.HELLO, PROTOCOL_VERSION);
    await pass(0);
    supervisor.say(FROM.PREPARED, 0, Buffer.from("3.13.5"));
    await pass(21_000);
    expect(await start).toBeInstanceOf(SandboxFault);
    expect(stage.removed).toBe(1);
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
    ["a frame does not parse", () => stage.onData(Buffer.alloc(16, 0xff))],
    [
      "a frame comes out of order",
      () => stage.onData(supervisorFrame(99, FROM.EXIT, 1, exitPayload())),
    ],
    ["the supervisor writes to stderr", () => stage.onStderr(Buffer.from("oops"))],
    ["the container ends", () => stage.onClose()],
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
    stage.onClose();
    supervisor.say(FROM.EXIT, 1, exitPayload());
    expect(await failureOf(sandbox.run(JOB))).toBeInstanceOf(SandboxFault);
    expect(await failureOf(sandbox.recycle())).toBeInstanceOf(SandboxFault);
  });

  it("is an outcome of the program in one case: the host says that it took too much memory", async () => {
    const sandbox = await started();
    stage.outOfMemory = true;
    const run = sandbox.run(JOB);
    await pass(0);
    supervisor.say(FROM.STDOUT, 1, Buffer.from("so far"));
    stage.onClose();
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
    expect(stage.cgroup).toEqual(["frozen", "thawed"]);
    expect(sandbox.isFrozen).toBe(false);
  });

  it("that was killed meanwhile is noticed, and not before", async () => {
    const sandbox = await started();
    await sandbox.freeze();
    await sandbox.check();
    expect(sandbox.fault).toBeUndefined();
    stage.isDoomed = true;
    await sandbox.check();
    stage.isDoomed = false;
    expect(sandbox.fault?.message).toContain("killed");
  });

  it("is thawed even when it was still being frozen", async () => {
    const sandbox = await started();
    stage.freezeMs = 50;
    void sandbox.freeze();
    const run = sandbox.run(JOB);
    await pass(200);
    supervisor.say(FROM.EXIT, 1, exitPayload());
    await run;
    expect(stage.cgroup.at(-1)).toBe("thawed");
  });

  it("is thawed before it is removed, because a frozen process cannot be killed", async () => {
    const sandbox = await started();
    await sandbox.freeze();
    await sandbox.remove();
    expect(stage.cgroup).toEqual(["frozen", "thawed"]);
    expect(stage.removed).toBe(1);
  });

  it("is removed once however often that is asked for", async () => {
    const sandbox = await started();
    await Promise.all([sandbox.remove(), sandbox.remove()]);
    expect(stage.removed).toBe(1);
  });
});

async function started(): Promise<Sandbox> {
  const start = Sandbox.start({} as Engine, "python");
  await pass(0);
  supervisor.say(FROM.HELLO, PROTOCOL_VERSION);
  await pass(0);
  supervisor.say(FROM.PREPARED, 0, Buffer.from("3.13.5"));
  await pass(0);
  supervisor.say(FROM.READY, 1, Buffer.from("3.13.5"));
  return await start;
}

async function ran(sandbox: Sandbox, job: number): Promise<void> {
  const run = sandbox.run(JOB);
  await pass(0);
  supervisor.say(FROM.EXIT, job, exitPayload());
  await run;
}

async function recycled(sandbox: Sandbox, job: number): Promise<void> {
  const recycle = sandbox.recycle();
  supervisor.say(FROM.CLEANED, job);
  await pass(0);
  supervisor.say(FROM.READY, job + 1, Buffer.from("3.13.5"));
  await recycle;
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown) => thrown,
  );
}

/** Says frames in sequence, and reads what the sandbox has written to it. */
class Supervisor {
  #seq = 0;
  #input = Buffer.alloc(0);

  say(type: number, job: number, payload?: Buffer): void {
    stage.onData(supervisorFrame(this.#seq++, type, job, payload));
  }

  heard(): number[] {
    return this.#frames().map(({ type }) => type);
  }

  uids(): number[] {
    const spawns = this.#frames().filter(({ type }) => type === TO.SPAWN);
    return spawns.map(({ payload }) => payload.readUInt32LE(0));
  }

  #frames(): { type: number; payload: Buffer }[] {
    this.#input = Buffer.concat([this.#input, stage.stdin.read() ?? Buffer.alloc(0)]);
    const frames: { type: number; payload: Buffer }[] = [];
    for (let at = 0; at < this.#input.length; ) {
      const end = at + 16 + this.#input.readUInt32LE(at);
      frames.push({
        type: this.#input.readUInt32LE(at + 4),
        payload: this.#input.subarray(at + 16, end),
      });
      at = end;
    }
    return frames;
  }
}
