// What a supervisor measured becomes a report: every way a stage can end, and its streams as they
// were kept.

import { describe, expect, it } from "vitest";
import type { ExitBody } from "../../runner/frames.ts";
import { reportOf } from "../../runner/report.ts";
import type { Outcome } from "../../shared/outcomes.ts";
import { StageReport } from "../../shared/runner-api.ts";
import { resultOf, STAGE } from "./kit/report.ts";

describe("a stage that ended by itself", () => {
  const ends: [Partial<ExitBody>, Outcome, number | null, string | null][] = [
    [{ code: 0 }, "ok", 0, null],
    [{ code: 1 }, "error", 1, null],
    [{ code: 127 }, "error", 127, null],
    [{ code: 255 }, "error", 255, null],
    [{ code: null, signal: 6 }, "signal", null, "SIGABRT"],
    [{ code: null, signal: 9 }, "signal", null, "SIGKILL"],
    [{ code: null, signal: 11 }, "signal", null, "SIGSEGV"],
    [{ code: null, signal: 25 }, "file_limit", null, "SIGXFSZ"],
    [{ code: null, signal: 64 }, "signal", null, "SIG64"],
  ];

  it.each(ends)("as %j is %s", (exit, outcome, exitCode, signal) => {
    expect(reportOf(resultOf(exit))).toEqual({ ...STAGE, outcome, exitCode, signal });
  });

  it("with an exit code that is a signal's number has still exited", () => {
    expect(reportOf(resultOf({ code: 25, signal: null }))).toMatchObject({
      outcome: "error",
      exitCode: 25,
      signal: null,
    });
  });
});

describe("a stage that was ended", () => {
  const ends: [ExitBody["reason"], Outcome][] = [
    ["wall", "timeout"],
    ["cpu", "timeout"],
    ["memory", "memory"],
    ["output", "output_limit"],
  ];

  it.each(ends)("for its %s has no exit code, whatever it said last", (reason, outcome) => {
    for (const last of [{ code: 0, signal: null }, { code: 3 }, { code: null, signal: 25 }]) {
      expect(reportOf(resultOf({ reason, ...last }))).toEqual({
        ...STAGE,
        outcome,
        exitCode: null,
        signal: "SIGKILL",
      });
    }
  });
});

describe("a report", () => {
  it("has each stream as it was kept", () => {
    const kept = { text: "o\ufffd", bytes: 700_000, truncated: true, isUtf8: false };
    expect(reportOf({ ...resultOf(), stderr: kept })).toEqual({
      ...STAGE,
      stderr: "o\ufffd",
      stderrBytes: 700_000,
      stderrTruncated: true,
      stderrIsUtf8: false,
    });
    expect(reportOf({ ...resultOf(), stdout: kept })).toMatchObject({
      stdoutBytes: 700_000,
      stdoutTruncated: true,
      stdoutIsUtf8: false,
      stderrBytes: 0,
    });
  });

  it("is one the gateway takes, for every reason, code and signal", () => {
    for (const reason of ["ended", "wall", "cpu", "memory", "output"] as const) {
      for (let code = 0; code <= 255; code++) {
        expect(StageReport.safeParse(reportOf(resultOf({ reason, code }))).success).toBe(true);
      }
      for (let signal = 1; signal <= 64; signal++) {
        const report = reportOf(resultOf({ reason, code: null, signal }));
        expect(StageReport.safeParse(report).success, JSON.stringify(report)).toBe(true);
      }
    }
  });
});
