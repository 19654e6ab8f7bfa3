// POST /api/execute for languages that are compiled: what the compiler came to, and what it costs.

import { describe, expect, it, vi } from "vitest";
import type { ExecutionReport, RunnerExecuteRequest } from "../../shared/runner-api.ts";
import type { ApiExecution } from "../../worker/faces/api.ts";
import { CACHED_REPORT, COMPILED_REPORT, ENDLESS_REPORT, REFUSED_REPORT } from "./kit/compiled.ts";
import { gateway, reporting } from "./kit/gateway.ts";

const PROGRAM = { language: "C", code: "int main(void) {}" };

async function execute(report: ExecutionReport, program: object = PROGRAM) {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(reporting(report, seen));
  const { apiKey } = await g.open();
  const response = await g.run(apiKey, program);
  const body = await response.json<ApiExecution & { credits: { remaining: number } }>();
  return { status: response.status, body, asked: seen[0] };
}

describe("a program that is compiled", () => {
  it("is answered with what it came to, and what its compiler did before", async () => {
    const { status, body } = await execute(COMPILED_REPORT);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      language: "c",
      version: "14.2.0",
      exitCode: 0,
      stdout: "Hello from C!",
      duration: 1,
      outcome: "ok",
      timedOut: false,
      credits: { charged: 1, remaining: 49 },
    });
    expect(body.compile).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: "main.c:1: warning",
      duration: 85,
      outcome: "ok",
      signal: null,
      memoryKb: 12_288,
      cached: false,
      stdoutBytes: 0,
      stderrBytes: 18,
      stdoutTruncated: false,
      stderrTruncated: false,
      stdoutIsUtf8: true,
      stderrIsUtf8: true,
    });
  });

  it("is told when it had been compiled before", async () => {
    const { body } = await execute(CACHED_REPORT);
    expect(body.compile).toMatchObject({ cached: true, duration: 0 });
  });

  it("is answered without a compiler's report where there is none", async () => {
    const { version, run, queueMs } = COMPILED_REPORT;
    const { body } = await execute({ version, ...(run && { run }), queueMs });
    expect(body).not.toHaveProperty("compile");
  });

  it("is passed on with its flags and times", async () => {
    const wishes = { optimize: true, compileTimeout: 5000, timeout: 100, version: "^14" };
    const { asked } = await execute(COMPILED_REPORT, { ...PROGRAM, ...wishes, args: ["-x", ""] });
    expect(asked).toMatchObject({
      language: "c",
      files: [{ name: "main.c", content: PROGRAM.code }],
      version: "^14",
      optimize: true,
      args: ["-x", ""],
      runTimeoutMs: 100,
      compileTimeoutMs: 5000,
    });
    expect(asked).not.toHaveProperty("leastRunMs");
  });

  it("is passed on without what was not asked for", async () => {
    const nothing = { optimize: null, compileTimeout: null, version: null, args: null };
    const { asked } = await execute(COMPILED_REPORT, { ...PROGRAM, ...nothing, files: null });
    expect(Object.keys(asked ?? {}).sort()).toEqual([
      "accountId",
      "compileTimeoutMs",
      "executionId",
      "files",
      "language",
      "runTimeoutMs",
      "singleUse",
    ]);
    expect(asked?.compileTimeoutMs).toBe(60_000);
  });
});

describe("a program that cannot be compiled", () => {
  it("is answered with what its compiler said, in the program's place", async () => {
    const { status, body } = await execute(REFUSED_REPORT);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      version: "14.2.0",
      outcome: "compile_error",
      exitCode: 1,
      stdout: "",
      stderr: "main.c:1:5: error: expected ';'",
      duration: 85,
      timedOut: false,
      compile: { outcome: "error", exitCode: 1, stderr: "main.c:1:5: error: expected ';'" },
    });
  });

  it("says so when its compiler ran out of time", async () => {
    const { body } = await execute(ENDLESS_REPORT);
    expect(body).toMatchObject({
      outcome: "compile_error",
      exitCode: null,
      signal: "SIGKILL",
      timedOut: true,
      compile: { outcome: "timeout" },
    });
  });

  it.each([REFUSED_REPORT, ENDLESS_REPORT])("is one execution (%#)", async (report) => {
    const { body } = await execute(report);
    expect(body.credits).toEqual({ charged: 1, remaining: 49 });
  });

  it("has a line in the log that says so", async () => {
    const log = vi.spyOn(console, "log");
    await execute(REFUSED_REPORT);
    const line = JSON.parse(String(log.mock.lastCall?.[0]));
    log.mockRestore();
    expect(line).toMatchObject({ outcome: "compile_error", compileMs: 85.2, chargedMicro: 2000 });
    expect(line).not.toHaveProperty("runMs");
  });
});

describe("a compiler's time", () => {
  it("is not charged, however long it was", async () => {
    const { compile } = COMPILED_REPORT;
    if (compile === undefined) throw new Error("nothing was compiled");
    const { body } = await execute({ ...COMPILED_REPORT, compile: { ...compile, wallMs: 59_000 } });
    expect(body.credits.remaining).toBe(49);
  });
});
