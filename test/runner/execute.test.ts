// One execution at a runner: what it hands to a sandbox, what it makes of what comes back, and that
// the sandbox always goes back to the pool.

import { describe, expect, it } from "vitest";
import type { ExitBody } from "../../runner/frames.ts";
import { SandboxFault } from "../../runner/link.ts";
import { Failure } from "../../shared/errors.ts";
import { FILE_BYTES_MAX, MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import type { Outcome } from "../../shared/outcomes.ts";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { runWith as run } from "./kit/fake-executor.ts";
import { REPORT, resultOf } from "./kit/report.ts";

const REQUEST: RunnerExecuteRequest = {
  executionId: "exec-1",
  accountId: "a",
  language: "python",
  files: [{ name: "main.py", content: "print(1)" }],
  runTimeoutMs: 1000,
  compileTimeoutMs: 2000,
};

describe("an execution", () => {
  it("reports what was measured and how long it waited", async () => {
    const { report } = await run(REQUEST, { stage: async () => resultOf() });
    expect(report).toEqual({ ...REPORT, queueMs: expect.any(Number) });
  });

  it("hands its program, files, arguments, input and time to the sandbox", async () => {
    const files: RunnerExecuteRequest["files"] = [
      ...REQUEST.files,
      { name: "data/a.txt", content: "é" },
      { name: "b.bin", content: "AAEC/w==", encoding: "base64" },
    ];
    const { stages } = await run({ ...REQUEST, files, args: ["x"], stdin: "in" });
    expect(stages).toEqual([
      {
        files: [
          { name: "main.py", content: Buffer.from("print(1)") },
          { name: "data/a.txt", content: Buffer.from("é") },
          { name: "b.bin", content: Buffer.from([0, 1, 2, 255]) },
        ],
        args: ["main.py", "x"],
        stdin: Buffer.from("in"),
        wallMs: 1000,
        memoryBytes: MEMORY_BYTES_MAX,
        kind: "last",
      },
    ]);
  });

  it("asks the pool for its own account and language", async () => {
    expect((await run(REQUEST)).taken).toEqual([["a", "python"]]);
  });

  it("gives the sandbox back as spent when nobody may use it again", async () => {
    const { released } = await run({ ...REQUEST, singleUse: true });
    expect(released).toEqual([{ isSpent: true }]);
  });
});

describe("an outcome", () => {
  const ends: [Partial<ExitBody>, Outcome, number | null, string | null][] = [
    [{ code: 0 }, "ok", 0, null],
    [{ code: 1 }, "error", 1, null],
    [{ code: 255 }, "error", 255, null],
    [{ code: null, signal: 15 }, "signal", null, "SIGTERM"],
    [{ code: null, signal: 9 }, "signal", null, "SIGKILL"],
    [{ code: null, signal: 11 }, "signal", null, "SIGSEGV"],
    [{ code: null, signal: 25 }, "file_limit", null, "SIGXFSZ"],
    [{ code: null, signal: 34 }, "signal", null, "SIG34"],
    [{ reason: "wall", code: null, signal: 9 }, "timeout", null, "SIGKILL"],
    [{ reason: "cpu", code: null, signal: 9 }, "timeout", null, "SIGKILL"],
    [{ reason: "memory", code: null, signal: 9 }, "memory", null, "SIGKILL"],
    [{ reason: "output", code: null, signal: 9 }, "output_limit", null, "SIGKILL"],
    [{ reason: "wall", code: 0, signal: null }, "timeout", null, "SIGKILL"],
  ];

  it.each(ends)("of %j is %s", async (exit, outcome, exitCode, signal) => {
    const { report } = await run(REQUEST, { stage: async () => resultOf(exit) });
    expect(report?.run).toMatchObject({ outcome, exitCode, signal });
  });
});

describe("a failure", () => {
  it("of the sandbox is no outcome and keeps its reason inside", async () => {
    const { failure, released } = await run(REQUEST, {
      stage: async () => Promise.reject(new SandboxFault("no exit within 3000 ms")),
    });
    expect(failure).toMatchObject({ code: "runner_fault", detail: "no exit within 3000 ms" });
    expect(failure?.message).not.toContain("3000");
    expect(released.length).toBe(1);
  });

  it("that nobody foresaw passes on and gives the sandbox back all the same", async () => {
    const { thrown, released } = await run(REQUEST, {
      stage: async () => Promise.reject(new TypeError("a bug")),
    });
    expect(thrown).toBeInstanceOf(TypeError);
    expect(released.length).toBe(1);
  });

  it("of being busy passes through, and nothing is given back", async () => {
    const busy = new Failure("busy", { retryAfterMs: 1000 });
    const { thrown, released } = await run(REQUEST, { refusal: busy });
    expect(thrown).toBe(busy);
    expect(released).toEqual([]);
  });
});

describe("a file", () => {
  const clashes: [string, string[]][] = [
    ["has the program's own name", ["main.py"]],
    ["comes twice", ["a", "b", "a"]],
    ["is also a directory", ["a", "a/b"]],
    ["is also a directory, the other way round", ["a/b", "a"]],
    ["makes a directory of the program", ["main.py/x"]],
  ];

  it.each(clashes)("that %s is refused before a sandbox is taken", async (_what, names) => {
    const files = [
      ...REQUEST.files,
      ...names.map((name) => ({ name, content: "" })),
    ] as typeof REQUEST.files;
    const { failure, taken } = await run({ ...REQUEST, files });
    expect(failure).toMatchObject({
      code: "invalid_request",
      field: expect.stringMatching(/^files\[\d\]\.name$/),
    });
    expect(taken).toEqual([]);
  });

  it("with a name that only begins like another's is welcome", async () => {
    const more = ["a", "a.txt", "ab/c"].map((name) => ({ name, content: "" }));
    const files = [...REQUEST.files, ...more];
    expect((await run({ ...REQUEST, files })).report?.run?.outcome).toBe("ok");
  });

  it("over the limit is refused by name", async () => {
    const files = [...REQUEST.files, { name: "big", content: "x".repeat(FILE_BYTES_MAX + 1) }];
    const { failure, taken } = await run({ ...REQUEST, files });
    expect(failure).toMatchObject({ code: "payload_too_large", field: "files[1].content" });
    expect(taken).toEqual([]);
  });

  it("over the limit only in its encoded form is welcome", async () => {
    const content = Buffer.alloc(FILE_BYTES_MAX, 1).toString("base64");
    const files = [...REQUEST.files, { name: "big", content, encoding: "base64" as const }];
    expect((await run({ ...REQUEST, files })).report?.run?.outcome).toBe("ok");
  });
});
