// A report as an ordinary program gets one, and what a supervisor measured for it.

import type { ExitBody } from "../../../runner/frames.ts";
import type { StageResult } from "../../../runner/running.ts";
import type { ExecutionReport, StageReport } from "../../../shared/runner-api.ts";

export const STAGE: StageReport = {
  outcome: "ok",
  exitCode: 0,
  signal: null,
  stdout: "1\n",
  stderr: "",
  stdoutBytes: 2,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
  wallMs: 12.5,
  cpuMs: 9,
  memoryPeakBytes: 9_000_000,
};

export const REPORT: ExecutionReport = { version: "3.13.5", run: STAGE, queueMs: 0.25 };

export const EXIT: ExitBody = {
  reason: "ended",
  code: 0,
  signal: null,
  isWaiting: false,
  wallMs: 12.5,
  cpuMs: 9,
  memoryPeakBytes: 9_000_000,
  stdoutBytes: 2,
  stderrBytes: 0,
  shownBytes: 0,
};

/** What a sandbox gives back for a job that ended as `exit` says. */
export function resultOf(exit: Partial<ExitBody> = {}): StageResult {
  return {
    exit: { ...EXIT, ...exit },
    stdout: { text: "1\n", bytes: 2, truncated: false, isUtf8: true },
    stderr: { text: "", bytes: 0, truncated: false, isUtf8: true },
    shown: { values: [], truncated: false },
  };
}
