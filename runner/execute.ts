// One execution at a runner, from a checked request to a report: a sandbox is taken, the program is
// compiled if its language is and it has not been before, it runs, and the sandbox goes back. What
// the supervisor measured becomes an outcome (report.ts).

import { Failure } from "../shared/errors.ts";
import { PROGRAM_NAME, refuseBadFiles } from "../shared/files.ts";
import { kindOf, languageOf } from "../shared/languages.ts";
import {
  COMPILE_MEMORY_BYTES_MAX,
  MEMORY_BYTES_MAX,
  PROGRAM_KEPT_BYTES_MAX,
} from "../shared/limits.ts";
import type { ExecutionReport, ProgramFile, RunnerExecuteRequest } from "../shared/runner-api.ts";
import { compileArgs, type Names, runArgs } from "./commands.ts";
import { type CompileCache, keyOf } from "./compile-cache.ts";
import { SandboxFault } from "./link.ts";
import type { Pool } from "./pool.ts";
import { reportOf } from "./report.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Versions } from "./versions.ts";

export type Executor = {
  pool: Pool<Sandbox>;
  versions: Versions;
  cache: CompileCache;
};

type Files = readonly { name: string; mode?: number; content: Buffer }[];
type Job = { request: RunnerExecuteRequest; version: string; files: Files; names: Names };

const NO_INPUT = Buffer.alloc(0);
const PROGRAM_MODE = 0o755;

/**
 * Runs `request` and reports what came of it. Throws Failure: `busy` when nothing has run,
 * `runner_fault` when a sandbox failed under the program, `invalid_request` for a bad file and
 * `unknown_version` for a version there is none of.
 */
export async function execute(
  executor: Executor,
  request: RunnerExecuteRequest,
): Promise<ExecutionReport> {
  const job = jobOf(request, executor.versions.select(request.language, request.version));
  const askedAtMs = performance.now();
  const sandbox = await executor.pool.take(request.accountId, kindOf(request.language));
  const queueMs = performance.now() - askedAtMs;
  try {
    const stages = await runStages(sandbox, job, executor.cache);
    return { version: job.version, ...stages, queueMs };
  } catch (thrown) {
    if (!(thrown instanceof SandboxFault)) throw thrown;
    throw new Failure("runner_fault", { detail: thrown.message });
  } finally {
    executor.pool.release(sandbox, { isSpent: request.singleUse === true });
  }
}

type Stages = Pick<ExecutionReport, "compile" | "run">;

async function runStages(sandbox: Sandbox, job: Job, cache: CompileCache): Promise<Stages> {
  const { request, names, files } = job;
  const args = compileArgs(request.language, names, { optimize: request.optimize === true });
  if (args === undefined) return { run: await run(sandbox, job, files) };
  const key = keyOf({ ...request, version: job.version, args, files });
  const known = request.singleUse === true ? undefined : cache.get(key);
  if (known !== undefined) {
    const program = { name: PROGRAM_NAME, mode: PROGRAM_MODE, content: known.program };
    const report = await run(sandbox, job, [...files, program]);
    return { compile: { ...known.report, wallMs: 0, cpuMs: 0, isCached: true }, run: report };
  }
  const compile = { ...(await compileIn(sandbox, job, args)), isCached: false };
  if (compile.outcome !== "ok") return { compile };
  if (request.singleUse !== true) {
    const { result, content } = await sandbox.readFile(PROGRAM_NAME, {
      bytesMax: PROGRAM_KEPT_BYTES_MAX,
    });
    if (result === "whole") cache.keep(key, { program: content, report: compile });
  }
  return { compile, run: await run(sandbox, job, []) };
}

async function compileIn(sandbox: Sandbox, { request, files }: Job, args: readonly string[]) {
  const result = await sandbox.run({
    files,
    args,
    stdin: NO_INPUT,
    wallMs: request.compileTimeoutMs,
    memoryBytes: COMPILE_MEMORY_BYTES_MAX,
    kind: "stage",
  });
  return reportOf(result);
}

async function run(sandbox: Sandbox, { request, names }: Job, files: Files) {
  const result = await sandbox.run({
    files,
    args: runArgs(request.language, names, request.args ?? []),
    stdin: Buffer.from(request.stdin ?? "", "utf8"),
    wallMs: request.runTimeoutMs,
    memoryBytes: MEMORY_BYTES_MAX,
    kind: "last",
  });
  return reportOf(result);
}

function jobOf(request: RunnerExecuteRequest, version: string): Job {
  const files = request.files.map(decodeFile);
  refuseBadFiles(files.map(({ name, content }) => ({ name, bytes: content.length })));
  const names = files.map(({ name }) => name);
  const [main = languageOf(request.language).mainFile, ...rest] = names;
  return { request, version, files, names: [main, ...rest] };
}

function decodeFile({ name, content, encoding }: ProgramFile): { name: string; content: Buffer } {
  return { name, content: Buffer.from(content, encoding ?? "utf8") };
}
