// What a runner reports of programs in compiled languages.

import type { ExecutionReport } from "../../../shared/runner-api.ts";
import { STAGE } from "./gateway.ts";

const COMPILED = { ...STAGE, stdout: "", stdoutBytes: 0, wallMs: 85.2, isCached: false };

/** A program that was compiled, with a warning, and then ran. */
export const COMPILED_REPORT: ExecutionReport = {
  version: "14.2.0",
  compile: {
    ...COMPILED,
    stderr: "main.c:1: warning\n",
    stderrBytes: 18,
    memoryPeakBytes: 12_582_912,
  },
  run: { ...STAGE, stdout: "Hello from C!\n", stdoutBytes: 14, wallMs: 1.2 },
  queueMs: 0.5,
};

/** One whose sources had been compiled before. */
export const CACHED_REPORT: ExecutionReport = {
  ...COMPILED_REPORT,
  compile: { ...COMPILED, wallMs: 0, cpuMs: 0, isCached: true },
};

/** One that could not be compiled. */
export const REFUSED_REPORT: ExecutionReport = {
  version: "14.2.0",
  compile: {
    ...COMPILED,
    outcome: "error",
    exitCode: 1,
    stderr: "main.c:1:5: error: expected ';'\n",
    stderrBytes: 32,
  },
  queueMs: 0.5,
};

/** One whose compiler did not come to an end. */
export const ENDLESS_REPORT: ExecutionReport = {
  version: "14.2.0",
  compile: {
    ...COMPILED,
    outcome: "timeout",
    exitCode: null,
    signal: "SIGKILL",
    wallMs: 60_003,
  },
  queueMs: 0.5,
};
