// The face of Piston's API: its fields, its replies and its sentences, to the letter.

import { describe, expect, it } from "vitest";
import type { Outcome } from "../../shared/outcomes.ts";
import type {
  ExecutionReport,
  RunnerExecuteRequest,
  StageReport,
} from "../../shared/runner-api.ts";
import type { PistonExecution } from "../../worker/faces/piston.ts";
import { COMPILED_REPORT, REFUSED_REPORT } from "./kit/compiled.ts";
import {
  anyAddress,
  deaf,
  failing,
  gateway,
  PROGRAM,
  REPORT,
  type Runner,
  STAGE,
} from "./kit/gateway.ts";
import { linesOf, refusal as runnerRefusal } from "./kit/session-runner.ts";

const PATH = "/api/v2/execute";
const PATHS = [PATH, "/api/v2/piston/execute"];
const PISTON = { language: "python", version: "*", files: [{ content: "print(1)" }] };

type Told = { stage: "compile" | "run"; type: "stdout" | "stderr"; text: string };

/** A runner that tells of an execution as it goes. */
function telling(
  report: ExecutionReport,
  told: Told[] = [],
  seen: RunnerExecuteRequest[] = [],
): Runner {
  return async (request) => {
    seen.push(await request.json());
    const start = { type: "start", version: report.version } as const;
    return linesOf([start, ...told, { type: "end", report }]);
  };
}

/** What the runner is asked for a request, and what is answered. */
async function execute(request: object, report = REPORT, told: Told[] = []) {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(telling(report, told, seen));
  const response = await g.post(PATH, { ...PISTON, ...request }, stranger());
  const body = await response.json<PistonExecution>();
  expect({ status: response.status, body }).toMatchObject({ status: 200 });
  return { body, asked: seen[0] as RunnerExecuteRequest };
}

/** Whoever has no key, and has not been here before. */
function stranger(): Record<string, string> {
  return { "CF-Connecting-IP": anyAddress() };
}

async function refusal(request: object, g = deaf()) {
  const response = await g.post(PATH, { ...PISTON, ...request }, stranger());
  return { status: response.status, ...(await response.json<{ message: string }>()) };
}

describe("an execution in Piston's words", () => {
  it.each(PATHS)("answers with every field there is, and no more: %s", async (path) => {
    const response = await gateway(telling(REPORT)).post(path, PISTON, stranger());
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({
      run: {
        signal: null,
        stdout: "499500\n",
        stderr: "",
        code: 0,
        output: "499500\n",
        memory: 9_000_000,
        message: null,
        status: null,
        cpu_time: 12,
        wall_time: 18,
      },
      language: "python",
      version: "3.13.5",
    });
  });

  it("has Piston's own times where none are asked for, and no more than ours where some are", async () => {
    const { asked } = await execute({});
    expect(asked).toMatchObject({ runTimeoutMs: 3000, compileTimeoutMs: 10_000, singleUse: true });
    const longer = await execute({ run_timeout: 30_000, compile_timeout: 60_000 });
    expect(longer.asked).toMatchObject({ runTimeoutMs: 30_000, compileTimeoutMs: 60_000 });
    const zero = await execute({ run_timeout: 0, compile_timeout: null });
    expect(zero.asked).toMatchObject({ runTimeoutMs: 3000, compileTimeoutMs: 10_000 });
  });

  it("passes over what cannot be limited here", async () => {
    const limits = { run_memory_limit: -1, compile_memory_limit: 1000, run_cpu_time: 100 };
    await execute({ ...limits, compile_cpu_time: null, of_the_future: true });
  });

  it("has both streams in the order in which they came", async () => {
    const run = { ...STAGE, stdout: "1\n3\n", stderr: "2\n" };
    const told: Told[] = [
      { stage: "run", type: "stdout", text: "1\n" },
      { stage: "run", type: "stderr", text: "2\n" },
      { stage: "run", type: "stdout", text: "3\n" },
    ];
    expect((await execute({}, { ...REPORT, run }, told)).body.run.output).toBe("1\n2\n3\n");
    // What was not told as it came is not lost.
    const cut = told.slice(0, 2);
    expect((await execute({}, { ...REPORT, run }, cut)).body.run.output).toBe("1\n3\n2\n");
  });

  it("tells of the compiler, and of it alone where it failed", async () => {
    const { body } = await execute({ language: "c" }, COMPILED_REPORT);
    expect(body.compile).toMatchObject({ code: 0, stderr: "main.c:1: warning\n", status: null });
    expect(body.run).toMatchObject({ stdout: "Hello from C!\n", code: 0 });
    const refused = await execute({ language: "c" }, REFUSED_REPORT);
    expect(refused.body.compile).toMatchObject({ code: 1, status: "RE" });
    expect(refused.body.run).toEqual(refused.body.compile);
  });

  const killed = { exitCode: null, signal: "SIGKILL" };
  const ends: [Outcome, Partial<StageReport>, object][] = [
    ["error", { exitCode: 3 }, { code: 3, status: "RE", message: "Exited with error status 3" }],
    [
      "signal",
      { exitCode: null, signal: "SIGSEGV" },
      { code: null, signal: "SIGSEGV", status: "SG", message: "Caught fatal signal SIGSEGV" },
    ],
    [
      "timeout",
      killed,
      { code: null, signal: "SIGKILL", status: "TO", message: "Time limit exceeded (wall clock)" },
    ],
    ["memory", killed, { code: null, signal: "SIGKILL", status: "SG" }],
    [
      "output_limit",
      killed,
      { signal: "SIGKILL", status: "OL", message: "stdout length exceeded" },
    ],
    ["file_limit", { exitCode: null, signal: "SIGXFSZ" }, { signal: "SIGXFSZ", status: "SG" }],
  ];
  it.each(ends)("has Piston's word for the outcome %s", async (outcome, end, wanted) => {
    const run = { ...STAGE, ...end, outcome };
    expect((await execute({}, { ...REPORT, run })).body.run).toMatchObject(wanted);
  });

  it("ends the input with a newline, as Piston does", async () => {
    expect((await execute({})).asked.stdin).toBe("\n");
    expect((await execute({ stdin: "a\nb" })).asked.stdin).toBe("a\nb\n");
    expect((await execute({ stdin: "a\n" })).asked.stdin).toBe("a\n");
    const most = "a".repeat(1024 * 1024);
    expect((await execute({ stdin: most })).asked.stdin).toBe(most);
  });

  it("is paid for by who has a key, and once for one Idempotency-Key", async () => {
    const g = gateway(telling(REPORT));
    const { apiKey } = await g.open();
    const headers = { Authorization: `Bearer ${apiKey}`, "Idempotency-Key": "piston-1" };
    const [first, again] = [
      await g.post(PATH, PISTON, headers),
      await g.post(PATH, PISTON, headers),
    ];
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(await again.json()).toEqual(await first.json());
    const shown = await g.send("/api/credits", { headers });
    expect(await shown.json()).toMatchObject({ credits: 49, held: 0 });
  });
});

describe("the files of a program in Piston's words", () => {
  it("have the first that is text as their main one, and names where none are given", async () => {
    const files = [
      { name: "data.bin", content: "AAE=", encoding: "base64" },
      { content: "print(1)" },
      { content: "00fF", encoding: "hex" },
      { name: "x.txt", content: "x", encoding: "latin1" },
    ];
    expect((await execute({ files })).asked.files).toEqual([
      { name: "main.py", content: "print(1)" },
      { name: "data.bin", content: "AAE=", encoding: "base64" },
      { name: "file2.code", content: "AP8=", encoding: "base64" },
      { name: "x.txt", content: "x" },
    ]);
  });

  it("may have a main one of any name in languages that are compiled", async () => {
    const names: [string, string, string][] = [
      ["c", "prog", "prog.c"],
      ["c++", "prog.cc", "prog.cc"],
      ["java", "Solution", "Solution.java"],
      ["rust", "solution", "solution"],
      ["python", "my_cool_code", "my_cool_code"],
    ];
    for (const [language, name, wanted] of names) {
      const { asked } = await execute({ language, files: [{ name, content: "" }] });
      expect(asked.files[0]?.name).toBe(wanted);
    }
  });
});

describe("a request that Piston would not take", () => {
  const refused: [string, object, string][] = [
    ["no language", { language: undefined }, "language is required as a string"],
    ["an empty language", { language: "" }, "language is required as a string"],
    ["a language that is none", { language: 5 }, "language is required as a string"],
    ["no version", { version: undefined }, "version is required as a string"],
    ["no files", { files: undefined }, "files is required as an array"],
    ["a file of nothing", { files: [{ name: "a" }] }, "files[0].content is required as a string"],
    [
      "no file that is text",
      { files: [{ content: "", encoding: "base64" }] },
      "files must include at least one utf8 encoded file",
    ],
    ["a language nobody has", { language: "cow" }, "cow-* runtime is unknown"],
    [
      "too much time",
      { run_timeout: 30_001 },
      "run_timeout cannot exceed the configured limit of 30000",
    ],
    ["less than no time", { compile_timeout: -1 }, "compile_timeout must be non-negative"],
    ["a time that is none", { run_timeout: "3" }, "run_timeout must be a number"],
    [
      "a file outside",
      { files: [{ name: "../a", content: "" }] },
      "files[0].name must be a relative path inside the workspace",
    ],
    ["no files at all", { files: [] }, "files must include at least one utf8 encoded file"],
    [
      "what is no hexadecimal",
      { files: [{ content: "" }, { content: "0g", encoding: "hex" }] },
      "files[1].content is not hexadecimal",
    ],
  ];
  it.each(refused)("hears so in Piston's words: %s", async (_what, request, message) => {
    expect(await refusal(request)).toMatchObject({ status: 400, message });
  });

  it("hears of a version that is not here what Piston would say", async () => {
    const g = gateway(() => runnerRefusal("unknown_version", { field: "version" }));
    const { status, message } = await refusal({ version: "2.7.18" }, g);
    expect({ status, message }).toEqual({
      status: 400,
      message: "python-2.7.18 runtime is unknown",
    });
  });

  it("hears everything else as ever, with a message beside it", async () => {
    const noKey = await gateway().post(PATH, PISTON, { Authorization: "Bearer wrong" });
    expect(noKey.status).toBe(401);
    expect(noKey.headers.get("WWW-Authenticate")).toBe("Bearer");
    expect(await noKey.json()).toMatchObject({
      message: "This API key is not valid",
      error: { code: "invalid_key", requestId: noKey.headers.get("X-Request-Id") },
    });
    const busy = await gateway(failing(503, "busy")).post(PATH, PISTON, stranger());
    expect([busy.status, busy.headers.get("Retry-After")]).toEqual([503, "1"]);
    const broken = await gateway().post(PATH, "{");
    expect(await broken.json()).toMatchObject({ message: "The body is not valid JSON in UTF-8" });
  });

  it("may be JSON that calls itself text, and nothing else", async () => {
    const g = gateway(telling(REPORT));
    const send = (type: string) =>
      g.send(PATH, {
        method: "POST",
        body: JSON.stringify(PISTON),
        headers: { "Content-Type": type, ...stranger() },
      });
    expect((await send("text/plain;charset=UTF-8")).status).toBe(200);
    expect((await send("text/html")).status).toBe(415);
    expect((await g.post("/api/execute", PROGRAM, { "Content-Type": "text/plain" })).status).toBe(
      415,
    );
  });
});

describe("the list of runtimes in Piston's words", () => {
  it.each(["/api/v2/runtimes", "/api/v2/piston/runtimes"])("has its names: %s", async (path) => {
    const languages = {
      python: { version: "3.13.5" },
      javascript: { version: "24.1.0" },
      cpp: { version: "14.2.0" },
      r: { version: "4.5.0" },
    };
    const health = { ready: true, runnerId: "local", languages, sandboxes: {} };
    const response = await gateway(() => Response.json(health)).send(path);
    expect(await response.json()).toEqual([
      { language: "python", version: "3.13.5", aliases: ["py", "python3"] },
      { language: "javascript", version: "24.1.0", aliases: ["js", "node"], runtime: "node" },
      { language: "c++", version: "14.2.0", aliases: ["cpp", "cxx", "g++"], runtime: "gcc" },
      { language: "rscript", version: "4.5.0", aliases: ["r"] },
    ]);
  });
});
