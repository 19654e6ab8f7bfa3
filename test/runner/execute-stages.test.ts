// An execution of a language that is compiled: both stages, what is kept between executions and for
// whom, and what is refused before anything runs.

import { describe, expect, it } from "vitest";
import { CompileCache } from "../../runner/compile-cache.ts";
import type { ExitBody } from "../../runner/frames.ts";
import { SandboxFault } from "../../runner/link.ts";
import {
  COMPILE_MEMORY_BYTES_MAX,
  MEMORY_BYTES_MAX,
  PROGRAM_KEPT_BYTES_MAX,
} from "../../shared/limits.ts";
import { ExecutionReport, type RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { randomFrom } from "../kit/random.ts";
import { type Behaviour, programOf, runWith } from "./kit/fake-executor.ts";
import { EXIT, resultOf, STAGE } from "./kit/report.ts";

const REQUEST: RunnerExecuteRequest = {
  executionId: "exec-1",
  accountId: "a",
  language: "c",
  files: [
    { name: "main.c", content: "int main(void) { return 0; }" },
    { name: "b.h", content: "#define B 1" },
  ],
  args: ["one"],
  stdin: "in",
  runTimeoutMs: 1000,
  compileTimeoutMs: 2000,
};

const failing =
  (at: number, exit: Partial<ExitBody>): NonNullable<Behaviour["stage"]> =>
  async (_stage, index) =>
    resultOf(index === at ? exit : {});

describe("a program that has not been compiled before", () => {
  it("is compiled and then run, in one sandbox and with the files sent once", async () => {
    const { report, stages, taken, released } = await runWith(REQUEST);
    expect(taken).toEqual([["a", "general"]]);
    expect(released.length).toBe(1);
    expect(stages).toEqual([
      {
        files: REQUEST.files.map(({ name, content }) => ({ name, content: Buffer.from(content) })),
        args: expect.arrayContaining(["compile", "main.c"]),
        stdin: Buffer.alloc(0),
        wallMs: 2000,
        memoryBytes: COMPILE_MEMORY_BYTES_MAX,
        kind: "stage",
      },
      {
        files: [],
        args: expect.arrayContaining(["run", "/workspace/.program", "one"]),
        stdin: Buffer.from("in"),
        wallMs: 1000,
        memoryBytes: MEMORY_BYTES_MAX,
        kind: "last",
      },
    ]);
    expect(report).toEqual({
      version: "14.2.0",
      compile: { ...STAGE, isCached: false },
      run: STAGE,
      queueMs: expect.any(Number),
    });
  });

  it("is reported in the shape the gateway takes", async () => {
    const whole = await runWith(REQUEST);
    const broken = await runWith(REQUEST, { stage: failing(0, { code: 1 }) });
    for (const { report } of [whole, broken]) {
      expect(ExecutionReport.safeParse(report).success).toBe(true);
    }
  });

  it("has its own outcome in each stage", async () => {
    const { report } = await runWith(REQUEST, { stage: failing(1, { code: 3 }) });
    expect([report?.compile?.outcome, report?.run?.outcome]).toEqual(["ok", "error"]);
    expect(report?.run?.exitCode).toBe(3);
  });

  const failures: [string, Partial<ExitBody>, string][] = [
    ["has errors", { code: 1 }, "error"],
    ["takes too long to compile", { reason: "wall", code: null, signal: 9 }, "timeout"],
    ["takes too much of the processor", { reason: "cpu", code: null, signal: 9 }, "timeout"],
    ["takes too much memory to compile", { reason: "memory", code: null, signal: 9 }, "memory"],
    ["makes its compiler talk too much", { reason: "output", code: null }, "output_limit"],
    ["is too large when it is built", { code: null, signal: 25 }, "file_limit"],
    ["makes its compiler crash", { code: null, signal: 11 }, "signal"],
  ];

  it.each(failures)(
    "that %s is not run, and nothing of it is kept",
    async (_what, exit, outcome) => {
      const cache = new CompileCache(2 ** 20);
      const first = await runWith(REQUEST, { cache, stage: failing(0, exit) });
      expect(first.report?.compile).toMatchObject({ outcome, isCached: false });
      expect(first.report).not.toHaveProperty("run");
      expect([first.stages.length, first.read, first.released.length]).toEqual([1, [], 1]);
      const again = await runWith(REQUEST, { cache });
      expect(again.report?.compile?.isCached).toBe(false);
      expect(again.stages.length).toBe(2);
    },
  );

  it("is told to be made faster when the caller wishes it", async () => {
    const { stages } = await runWith({ ...REQUEST, optimize: true });
    expect(stages[0]?.args).toContain("-O2");
    expect(stages[1]?.args).not.toContain("-O2");
    expect((await runWith(REQUEST)).stages[0]?.args).not.toContain("-O2");
  });
});

describe("a program that has been compiled before", () => {
  const kept = async (more: Partial<RunnerExecuteRequest> = {}, behaviour: Behaviour = {}) => {
    const cache = new CompileCache(2 ** 20);
    const warned = {
      ...resultOf(),
      stderr: { text: "w", bytes: 1, truncated: false, isUtf8: true },
    };
    await runWith(REQUEST, {
      cache,
      stage: async (_, index) => (index === 0 ? warned : resultOf()),
    });
    return await runWith({ ...REQUEST, ...more }, { cache, ...behaviour });
  };

  it("is only run, as it was built", async () => {
    const { stages, report, read } = await kept();
    expect(stages.length).toBe(1);
    expect(read).toEqual([]);
    expect(stages[0]).toMatchObject({ kind: "last", memoryBytes: MEMORY_BYTES_MAX, wallMs: 1000 });
    expect(stages[0]?.files.map(({ name }) => name)).toEqual(["main.c", "b.h", ".program"]);
    expect(stages[0]?.files.at(-1)).toEqual({
      name: ".program",
      mode: 0o755,
      content: Buffer.from("built"),
    });
    expect(report?.run).toEqual(STAGE);
  });

  it("hears what its compiler said then, and is charged no time for it", async () => {
    const { report } = await kept();
    expect(report?.compile).toEqual({
      ...STAGE,
      stderr: "w",
      stderrBytes: 1,
      wallMs: 0,
      cpuMs: 0,
      isCached: true,
    });
  });

  it("may have other arguments, input and times", async () => {
    const { stages } = await kept({ args: ["two"], stdin: "2", runTimeoutMs: 7 });
    expect(stages.length).toBe(1);
    expect(stages[0]?.args.at(-1)).toBe("two");
  });

  const others: [string, Partial<RunnerExecuteRequest>][] = [
    ["for another account", { accountId: "b" }],
    ["in another language", { language: "cpp" }],
    ["with other sources", { files: [{ name: "main.c", content: "" }] }],
    ["with a file more", { files: [...REQUEST.files, { name: "x", content: "" }] }],
    ["for speed", { optimize: true }],
  ];

  it.each(others)("is compiled anew %s", async (_what, more) => {
    const { stages, report } = await kept(more);
    expect([stages.length, report?.compile?.isCached]).toEqual([2, false]);
  });

  it("is compiled anew when nothing may be shared", async () => {
    const { stages, report, released } = await kept({ singleUse: true });
    expect([stages.length, report?.compile?.isCached]).toEqual([2, false]);
    expect(released).toEqual([{ isSpent: true }]);
  });

  it("is the same program whatever encoding its files came in", async () => {
    const files = REQUEST.files.map(({ name, content }) => ({
      name,
      content: Buffer.from(content).toString("base64"),
      encoding: "base64" as const,
    })) as typeof REQUEST.files;
    expect((await kept({ files })).report?.compile?.isCached).toBe(true);
  });
});

describe("a program that cannot be kept", () => {
  const reads: [string, NonNullable<Behaviour["file"]>][] = [
    ["is too large", async () => ({ ...programOf(""), result: "too-large" })],
    ["is not there", async () => ({ ...programOf(""), result: "missing" })],
    ["is a link to something else", async () => ({ ...programOf(""), result: "no-file" })],
  ];

  it.each(reads)("because it %s still runs, each time anew", async (_what, file) => {
    const cache = new CompileCache(2 ** 20);
    for (let round = 0; round < 2; round++) {
      const { report, stages } = await runWith(REQUEST, { cache, file });
      expect([stages.length, report?.run?.outcome]).toEqual([2, "ok"]);
      expect(report?.compile?.isCached).toBe(false);
    }
  });

  it("is asked for with the most that is kept", async () => {
    const asked: number[] = [];
    const file = async (_name: string, bytesMax: number) => {
      asked.push(bytesMax);
      return programOf("x");
    };
    const { read } = await runWith(REQUEST, { file });
    expect([read, asked]).toEqual([[".program"], [PROGRAM_KEPT_BYTES_MAX]]);
  });

  it("because its sandbox is single-use is not even looked at", async () => {
    const cache = new CompileCache(2 ** 20);
    const single = { ...REQUEST, singleUse: true };
    expect((await runWith(single, { cache })).read).toEqual([]);
    expect((await runWith(REQUEST, { cache })).report?.compile?.isCached).toBe(false);
  });
});

describe("a fault of the sandbox", () => {
  const faultAt =
    (at: number): NonNullable<Behaviour["stage"]> =>
    async (_stage, index) => {
      if (index === at) throw new SandboxFault(`fault in ${at}`);
      return resultOf();
    };

  it.each([0, 1])("in stage %d is a failure, and the sandbox goes back", async (at) => {
    const { failure, released, report } = await runWith(REQUEST, { stage: faultAt(at) });
    expect(failure).toMatchObject({ code: "runner_fault", detail: `fault in ${at}` });
    expect([released.length, report]).toEqual([1, undefined]);
  });

  it("while the built program is read is one too", async () => {
    const file = async () => Promise.reject(new SandboxFault("an empty part of a file"));
    const { failure, released } = await runWith(REQUEST, { file });
    expect([failure?.code, released.length]).toEqual(["runner_fault", 1]);
  });

  it("in the compiler leaves nothing behind that would be run next time", async () => {
    const cache = new CompileCache(2 ** 20);
    await runWith(REQUEST, { cache, stage: faultAt(0) });
    expect((await runWith(REQUEST, { cache })).stages.length).toBe(2);
  });

  it("after the program was kept does not spoil what was kept", async () => {
    const cache = new CompileCache(2 ** 20);
    await runWith(REQUEST, { cache, stage: faultAt(1) });
    const { report } = await runWith(REQUEST, { cache });
    expect([report?.compile?.isCached, report?.run?.outcome]).toEqual([true, "ok"]);
  });
});

describe("what is refused before a sandbox is taken", () => {
  it("is a version that there is not", async () => {
    const { failure, taken } = await runWith({ ...REQUEST, version: "^13" });
    expect(failure).toMatchObject({ code: "unknown_version", field: "version" });
    expect(taken).toEqual([]);
    expect((await runWith({ ...REQUEST, version: "14.x" })).report?.version).toBe("14.2.0");
  });

  it("is a language no sandbox has told of yet", async () => {
    const { failure, taken } = await runWith({ ...REQUEST, language: "go" });
    expect([failure?.code, taken]).toEqual(["busy", []]);
  });

  it.each([".program", ".program/x"])("is a file called as ours is: %s", async (name) => {
    const files = [...REQUEST.files, { name, content: "" }] as typeof REQUEST.files;
    const { failure, taken } = await runWith({ ...REQUEST, files });
    expect(failure).toMatchObject({ code: "invalid_request", field: "files[2].name" });
    expect(taken).toEqual([]);
  });

  it("is no main file by any name where an interpreter waits, which is told it", async () => {
    const files = [{ name: "src/other.py", content: "" }];
    const { stages } = await runWith({ ...REQUEST, language: "python", files, args: ["x"] });
    expect(stages[0]?.args).toEqual(["src/other.py", "x"]);
  });

  it("is no main file by any name where the language is started for it", async () => {
    const files = [{ name: "-x @ü.pl", content: "" }];
    const { report, stages } = await runWith({ ...REQUEST, language: "perl", files });
    expect(report?.run?.outcome).toBe("ok");
    expect(stages[0]?.args).toContain("./-x @ü.pl");
    expect(report).not.toHaveProperty("compile");
  });
});

describe("many accounts with the same few programs", () => {
  it("never get what was built for another", async () => {
    const random = randomFrom(18);
    const cache = new CompileCache(2 ** 24);
    let cached = 0;
    for (let round = 0; round < 400; round++) {
      const accountId = random.pick(["a", "b", "c", "ab"]);
      const content = random.pick(["x", "y", "xx"]);
      const built = `${accountId}/${content}`;
      const request = { ...REQUEST, accountId, files: [{ name: "main.c", content }] };
      const singleUse = random.below(10) === 0;
      const { stages, report } = await runWith(
        { ...request, singleUse },
        { cache, file: async () => programOf(built) },
      );
      if (report?.compile?.isCached !== true) continue;
      cached++;
      expect(singleUse).toBe(false);
      expect(stages[0]?.files.at(-1)?.content.toString()).toBe(built);
    }
    expect(cached).toBeGreaterThan(200);
  });
});

it("measures each stage by itself", async () => {
  const stage: Behaviour["stage"] = async (_stage, index) =>
    resultOf({ wallMs: 100 + index, memoryPeakBytes: EXIT.memoryPeakBytes + index });
  const { report } = await runWith(REQUEST, { stage });
  expect([report?.compile?.wallMs, report?.run?.wallMs]).toEqual([100, 101]);
  expect(report?.run?.memoryPeakBytes).toBe(EXIT.memoryPeakBytes + 1);
});
