// One execution at a runner, from a checked request to a report: in a session, where one is named, or
// else in a sandbox that is taken for it, cleaned afterwards and handed back.

import { Failure } from "../shared/errors.ts";
import { kindOf } from "../shared/languages.ts";
import type { ExecutionReport, RunnerExecuteRequest } from "../shared/runner-api.ts";
import type { CompileCache } from "./compile-cache.ts";
import type { Execution } from "./executions.ts";
import { SandboxFault } from "./link.ts";
import { bringBack } from "./output-files.ts";
import type { Pool } from "./pool.ts";
import { jobOf, runProgram } from "./program.ts";
import type { Sandbox } from "./sandbox.ts";
import type { Sessions } from "./sessions.ts";
import type { Versions } from "./versions.ts";

export type Executor = {
  pool: Pool<Sandbox>;
  versions: Versions;
  cache: CompileCache;
  sessions: Sessions;
};

/**
 * Runs `request` and reports what came of it. Throws Failure: `busy` when nothing has run,
 * `runner_fault` when a sandbox failed under the program, `invalid_request` for a bad file,
 * `unknown_version` for a version there is none of, and what a session may answer.
 */
export async function execute(
  executor: Executor,
  request: RunnerExecuteRequest,
  execution?: Execution,
): Promise<ExecutionReport> {
  const { pool, versions, sessions, cache } = executor;
  const { sessionId } = request;
  if (sessionId !== undefined) return await sessions.execute({ ...request, sessionId }, execution);
  const job = jobOf(request, versions.select(request.language, request.version));
  const askedAtMs = performance.now();
  const sandbox = await pool.take(request.accountId, kindOf(request.language));
  const queueMs = performance.now() - askedAtMs;
  try {
    execution?.begin(job.version, sandbox);
    const place = async (files: typeof job.files) => {
      execution?.refuseInterrupted();
      return files;
    };
    const listenerFor = execution?.listenerFor;
    const onReading = () => execution?.beginReading();
    const stages = await runProgram(sandbox, job, { cache, place, listenerFor, onReading });
    const brought = await bringBack(sandbox.files, request.outputFiles, stages);
    return { version: job.version, ...stages, ...brought, queueMs };
  } catch (thrown) {
    if (!(thrown instanceof SandboxFault)) throw thrown;
    throw new Failure("runner_fault", { detail: thrown.message });
  } finally {
    pool.release(sandbox, { isSpent: request.singleUse === true });
  }
}
