// POST /v1/execute: the shapes its callers are promised, to the letter.

import { describe, expect, it } from "vitest";
import type { ExecutionReport, RunnerExecuteRequest } from "../../shared/runner-api.ts";
import type { V1Execution } from "../../worker/faces/v1.ts";
import { CACHED_REPORT, COMPILED_REPORT, ENDLESS_REPORT, REFUSED_REPORT } from "./kit/compiled.ts";
import {
  anyAddress,
  deaf,
  errorOf,
  gateway,
  PROGRAM,
  REPORT,
  reporting,
  STAGE,
} from "./kit/gateway.ts";

const PATH = "/v1/execute";

async function execute(report: ExecutionReport, program: object = PROGRAM) {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(reporting(report, seen));
  const { apiKey } = await g.open();
  const response = await g.run(apiKey, program, PATH);
  const body = await response.json<V1Execution & { credits: object }>();
  return { status: response.status, body, asked: seen[0] };
}

describe("an execution by /v1", () => {
  it("answers with every field there is, and no more", async () => {
    const { status, body } = await execute(REPORT);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: expect.stringMatching(/^exec-[0-9a-z]{20}$/),
      session_id: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      state_fresh: true,
      state_kept: false,
      language: "python",
      version: "3.13.5",
      run_timeout: 300_000,
      run: {
        stdout: "499500\n",
        stderr: "",
        code: 0,
        signal: null,
        time_ms: 18,
        memory_kb: 8790,
        outcome: "ok",
        stdout_bytes: 7,
        stderr_bytes: 0,
        stdout_truncated: false,
        stderr_truncated: false,
        stdout_is_utf8: true,
        stderr_is_utf8: true,
      },
      result: null,
      results: [],
      credits: { charged: 1, remaining: 49 },
    });
  });

  it.each(["", "a", "a\n", "a\n\n", "\r\n", "\ufffd\n"])("leaves %j as it is", async (stdout) => {
    const { body } = await execute({ ...REPORT, run: { ...STAGE, stdout, stderr: stdout } });
    expect(body.run).toMatchObject({ stdout, stderr: stdout });
  });

  it("answers 200 for a program that failed, and tells how", async () => {
    const run = { ...STAGE, outcome: "signal", exitCode: null, signal: "SIGSEGV" } as const;
    const { status, body } = await execute({ ...REPORT, run });
    expect(status).toBe(200);
    expect(body.run).toMatchObject({ code: null, signal: "SIGSEGV", outcome: "signal" });
  });

  it("tells what was cut", async () => {
    const run = { ...STAGE, stdoutTruncated: true, stdoutBytes: 600_000, stderrIsUtf8: false };
    const { body } = await execute({ ...REPORT, run });
    expect(body.run).toMatchObject({
      stdout_truncated: true,
      stdout_bytes: 600_000,
      stderr_is_utf8: false,
    });
  });

  it("passes every field on", async () => {
    const program = {
      language: "PY",
      files: [
        { name: "main.py", content: "from utils import add" },
        { name: "utils.py", content: "def add(a, b): return a + b" },
      ],
      stdin: "optional input",
      version: "3.x",
      run_timeout: 300_000,
      compile_timeout: 1,
      args: ["one"],
      optimize: false,
    };
    const { asked } = await execute(REPORT, program);
    expect(asked).toMatchObject({
      language: "python",
      files: program.files,
      stdin: "optional input",
      version: "3.x",
      runTimeoutMs: 300_000,
      compileTimeoutMs: 1,
      args: ["one"],
      optimize: false,
    });
  });

  it("takes null for whatever may be left out, and ignores what it does not know", async () => {
    const nothing = { stdin: null, version: null, run_timeout: null, compile_timeout: null };
    const { status, asked } = await execute(REPORT, {
      ...PROGRAM,
      ...nothing,
      files: null,
      session_id: null,
      timeout: 1,
      memory_limit: 5,
    });
    expect(status).toBe(200);
    expect(asked).toMatchObject({ runTimeoutMs: 300_000, compileTimeoutMs: 60_000 });
    expect(asked).not.toHaveProperty("stdin");
  });

  it("needs no key, as a demo", async () => {
    const headers = { "CF-Connecting-IP": anyAddress() };
    const response = await gateway().post(PATH, PROGRAM, headers);
    expect(response.status).toBe(200);
    const body = await response.json<V1Execution>();
    expect(body).toMatchObject({ run: { code: 0 }, demo: { remaining: 49 }, run_timeout: 30_000 });
    expect(body.session_id).toBeNull();
    expect(body).not.toHaveProperty("state_kept");
    expect(body).not.toHaveProperty("credits");
  });

  it("refuses a key that is wrong", async () => {
    expect((await gateway().run("cr_live_wrong", PROGRAM, PATH)).status).toBe(401);
  });
});

describe("an execution of a compiled language by /v1", () => {
  it("has what its compiler did", async () => {
    const { body } = await execute(COMPILED_REPORT);
    expect(body).toMatchObject({ language: "python", version: "14.2.0", run: { time_ms: 1 } });
    expect(body.compile).toEqual({
      stdout: "",
      stderr: "main.c:1: warning\n",
      code: 0,
      signal: null,
      time_ms: 85,
      memory_kb: 12_288,
      outcome: "ok",
      cached: false,
      stdout_bytes: 0,
      stderr_bytes: 18,
      stdout_truncated: false,
      stderr_truncated: false,
      stdout_is_utf8: true,
      stderr_is_utf8: true,
    });
  });

  it("says when it had been compiled before", async () => {
    expect((await execute(CACHED_REPORT)).body.compile).toMatchObject({ cached: true, time_ms: 0 });
  });

  it("has not run when it could not be compiled", async () => {
    const { status, body } = await execute(REFUSED_REPORT);
    expect(status).toBe(200);
    expect(body.compile).toMatchObject({
      code: 1,
      outcome: "error",
      stderr: "main.c:1:5: error: expected ';'\n",
    });
    expect(body).not.toHaveProperty("run");
    expect(body.credits).toEqual({ charged: 1, remaining: 49 });
  });

  it("has a compiler without an exit code when that was stopped", async () => {
    const { body } = await execute(ENDLESS_REPORT);
    expect(body.compile).toMatchObject({ code: null, signal: "SIGKILL", outcome: "timeout" });
    expect(body).not.toHaveProperty("run");
  });
});

describe("a request to /v1", () => {
  const run = "`run_timeout` must be a whole number of milliseconds from 1 to 300000.";
  const compile = "`compile_timeout` must be a whole number of milliseconds from 1 to 60000.";
  const session = "`session_id` must be a string.";

  it.each<[string, object, string, string]>([
    ["a session that is a number", { session_id: 5 }, "session_id", session],
    ["a run_timeout of 0", { run_timeout: 0 }, "run_timeout", run],
    ["a run_timeout of 1.5", { run_timeout: 1.5 }, "run_timeout", run],
    ["a run_timeout of 300001", { run_timeout: 300_001 }, "run_timeout", run],
    ["a run_timeout that is text", { run_timeout: "5" }, "run_timeout", run],
    ["a compile_timeout of 0", { compile_timeout: 0 }, "compile_timeout", compile],
    ["a compile_timeout of 60001", { compile_timeout: 60_001 }, "compile_timeout", compile],
    ["no language", { language: undefined }, "language", "`language` is required."],
    ["an empty program", { code: "" }, "code", "`code` must not be empty."],
  ])("is refused for %s", async (_what, fields, field, message) => {
    const response = await deaf().post(PATH, { ...PROGRAM, ...fields });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field, message });
  });

  it("is refused for a language nobody knows", async () => {
    const response = await deaf().post(PATH, { ...PROGRAM, language: "cobol" });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).code).toBe("unknown_language");
  });
});

describe("a request to /api", () => {
  const compile = "`compileTimeout` must be a whole number of milliseconds from 1 to 60000.";

  it.each([0, -1, 1.5, 60_001, "5", true])("is refused for a compileTimeout of %j", async (ms) => {
    const response = await deaf().post("/api/execute", { ...PROGRAM, compileTimeout: ms });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ field: "compileTimeout", message: compile });
  });
});
