// One execution at a runner, from a checked request to a report: a sandbox is taken, the job runs,
// the sandbox goes back, and what the supervisor measured becomes an outcome.

import { constants } from "node:os";
import { Failure } from "../shared/errors.ts";
import { LANGUAGES } from "../shared/languages.ts";
import { FILE_BYTES_MAX } from "../shared/limits.ts";
import type { Outcome } from "../shared/outcomes.ts";
import type { ExecutionReport, ProgramFile, RunnerExecuteRequest } from "../shared/runner-api.ts";
import type { ExitBody } from "./frames.ts";
import type { Pool } from "./pool.ts";
import { type Job, type JobResult, type Sandbox, SandboxFault } from "./sandbox.ts";

/**
 * Runs `request` and reports what came of it. Throws Failure: `busy` when nothing has run,
 * `runner_fault` when a sandbox failed under the program, `invalid_request` for a bad file.
 */
export async function execute(
  pool: Pool<Sandbox>,
  request: RunnerExecuteRequest,
): Promise<ExecutionReport> {
  const job = jobOf(request);
  const askedAtMs = performance.now();
  const sandbox = await pool.take(request.accountId, request.language);
  const queueMs = performance.now() - askedAtMs;
  try {
    return report(await sandbox.run(job), queueMs);
  } catch (thrown) {
    if (!(thrown instanceof SandboxFault)) throw thrown;
    throw new Failure("runner_fault", { detail: thrown.message });
  } finally {
    pool.release(sandbox, { isSpent: request.singleUse === true });
  }
}

function jobOf(request: RunnerExecuteRequest): Job {
  const program = {
    name: LANGUAGES[request.language].mainFile,
    content: Buffer.from(request.code, "utf8"),
  };
  const files = (request.files ?? []).map(decodeFile);
  refuseClashes([program.name, ...files.map((file) => file.name)]);
  return {
    files: [program, ...files],
    args: request.args ?? [],
    stdin: Buffer.from(request.stdin ?? "", "utf8"),
    wallMs: request.runTimeoutMs,
  };
}

function decodeFile(file: ProgramFile, index: number): { name: string; content: Buffer } {
  const content = Buffer.from(file.content, file.encoding ?? "utf8");
  if (content.length > FILE_BYTES_MAX) {
    throw new Failure("payload_too_large", {
      field: `files[${index}].content`,
      message: `\`${file.name}\` is larger than ${FILE_BYTES_MAX} bytes.`,
    });
  }
  return { name: file.name, content };
}

/** No name twice, and none that is a directory of another. */
function refuseClashes(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    const clash = seen.has(name) || names.some((other) => other.startsWith(`${name}/`));
    if (clash) {
      throw new Failure("invalid_request", {
        field: "files",
        message: `The file name \`${name}\` is used twice.`,
      });
    }
    seen.add(name);
  }
}

function report({ exit, stdout, stderr }: JobResult, queueMs: number): ExecutionReport {
  const isOver = exit.reason === "ended";
  return {
    outcome: outcomeOf(exit),
    exitCode: isOver ? exit.code : null,
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
    queueMs,
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
  }
}

function signalName(number: number | null): string | null {
  if (number === null) return null;
  const found = Object.entries(constants.signals).find(([, value]) => value === number);
  return found?.[0] ?? `SIG${number}`;
}
