// What the supervisor measured, told as an outcome of the program's. Nothing that the program says of
// itself is asked.

import { constants } from "node:os";
import type { Outcome } from "../shared/outcomes.ts";
import type { StageReport } from "../shared/runner-api.ts";
import type { ExitBody } from "./frames.ts";
import type { StageResult } from "./running.ts";

/** What came of one stage. */
export function reportOf({ exit, stdout, stderr, interruptedBy }: StageResult): StageReport {
  const isLate = interruptedBy === "clock";
  const isOver = exit.reason === "ended";
  return {
    outcome: isLate ? "timeout" : outcomeOf(exit),
    exitCode: isOver && !isLate ? exit.code : null,
    signal: isOver ? signalName(exit.signal) : "SIGKILL",
    stdout: stdout.text,
    stderr: stderr.text,
    stdoutBytes: stdout.bytes,
    stderrBytes: stderr.bytes,
    stdoutTruncated: stdout.truncated,
    stderrTruncated: stderr.truncated,
    stdoutIsUtf8: stdout.isUtf8,
    stderrIsUtf8: stderr.isUtf8,
    wallMs: exit.wallMs,
    cpuMs: exit.cpuMs,
    memoryPeakBytes: exit.memoryPeakBytes,
  };
}

function outcomeOf(exit: ExitBody): Outcome {
  switch (exit.reason) {
    case "wall":
    case "cpu":
      return "timeout";
    case "memory":
      return "memory";
    case "output":
      return "output_limit";
    case "ended":
      if (exit.signal === constants.signals.SIGXFSZ) return "file_limit";
      if (exit.signal !== null) return "signal";
      return exit.code === 0 ? "ok" : "error";
    case "gone":
      throw new Error("nothing has run, so there is nothing to report");
  }
}

function signalName(number: number | null): string | null {
  if (number === null) return null;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}
