// A sandbox whose container and control group are replaced: its supervisor is played by the test.
// Importing this file replaces them, so whoever needs Sandbox takes it from here.

import { PassThrough } from "node:stream";
import { afterEach, beforeEach, vi } from "vitest";
import type { Engine } from "../../../runner/docker.ts";
import { FROM, PROTOCOL_VERSION, TO } from "../../../runner/frames.ts";
import { SandboxFault } from "../../../runner/link.ts";
import { Sandbox } from "../../../runner/sandbox.ts";
import type { Stage } from "../../../runner/stage.ts";
import { MEMORY_BYTES_MAX } from "../../../shared/limits.ts";
import { exitPayload, supervisorFrame } from "../../kit/supervisor-frames.ts";

export { Sandbox, SandboxFault };

/** A job of one stage. */
export const JOB: Stage = {
  files: [{ name: "main.py", content: Buffer.from("print(1)") }],
  args: [],
  stdin: Buffer.alloc(0),
  wallMs: 1000,
  memoryBytes: MEMORY_BYTES_MAX,
  kind: "last",
};

const hoisted = vi.hoisted(() => ({
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

vi.mock("../../../runner/docker.ts", () => ({
  startContainer: async (
    _engine: unknown,
    listener: Pick<typeof hoisted, "onData" | "onStderr" | "onClose">,
  ) => {
    Object.assign(hoisted, listener);
    return { id: "c1", pid: 1, stdin: hoisted.stdin, isDirect: true };
  },
  removeContainer: async () => {
    hoisted.removed++;
  },
  wasOutOfMemory: async () => hoisted.outOfMemory,
}));

vi.mock("../../../runner/cgroup.ts", () => ({
  controlGroupOf: async () => ({
    freeze: async () => {
      if (hoisted.freezeMs > 0)
        await new Promise((resolve) => setTimeout(resolve, hoisted.freezeMs));
      hoisted.cgroup.push("frozen");
    },
    thaw: async () => {
      hoisted.cgroup.push("thawed");
    },
    setWeight: async () => undefined,
    isDoomed: async () => hoisted.isDoomed,
  }),
}));

/** What the replaced container leads to, and what was done to it. */
export const container = hoisted;

/** The supervisor in it. */
export let supervisor: Supervisor;

/** To be called once, at the top of a test file. */
export function useFakeContainer(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    Object.assign(container, {
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
}

/** Lets the fake time pass. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A Python sandbox that is warm. */
export async function started(): Promise<Sandbox> {
  const start = Sandbox.start({} as Engine, "python");
  await pass(0);
  supervisor.say(FROM.HELLO, PROTOCOL_VERSION);
  await pass(0);
  supervisor.say(FROM.PREPARED, 0, Buffer.from("3.13.5"));
  await pass(0);
  supervisor.say(FROM.READY, 1, Buffer.from("3.13.5"));
  return await start;
}

/** Runs a job that ends at once. */
export async function ran(sandbox: Sandbox, job: number): Promise<void> {
  const run = sandbox.run(JOB);
  await pass(0);
  supervisor.say(FROM.EXIT, job, exitPayload());
  await run;
}

/** Has the sandbox cleaned after `job`. */
export async function recycled(sandbox: Sandbox, job: number): Promise<void> {
  const recycle = sandbox.recycle();
  supervisor.say(FROM.CLEANED, job);
  await pass(0);
  supervisor.say(FROM.READY, job + 1, Buffer.from("3.13.5"));
  await recycle;
}

/** What a promise is rejected with, if it is. */
export function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (thrown) => thrown,
  );
}

/** Says frames in sequence, and reads what the sandbox has written to it. */
export class Supervisor {
  #seq = 0;
  #input = Buffer.alloc(0);

  say(type: number, job: number, payload?: Buffer): void {
    container.onData(supervisorFrame(this.#seq++, type, job, payload));
  }

  heard(): number[] {
    return this.#frames().map(({ type }) => type);
  }

  uids(): number[] {
    const spawns = this.#frames().filter(({ type }) => type === TO.SPAWN);
    return spawns.map(({ payload }) => payload.readUInt32LE(0));
  }

  /** Of each START, whether another stage may follow. */
  stageMarks(): number[] {
    const starts = this.#frames().filter(({ type }) => type === TO.START);
    return starts.map(({ payload }) => payload.readUInt32LE(40));
  }

  #frames(): { type: number; payload: Buffer }[] {
    this.#input = Buffer.concat([this.#input, container.stdin.read() ?? Buffer.alloc(0)]);
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
