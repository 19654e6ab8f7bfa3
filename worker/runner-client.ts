// What the gateway has a runner do with programs, and how it asks after a runner's health. An answer is
// believed only if it parses. Whatever goes wrong here is ours and never the caller's, except for what
// only a runner can know (runner-failure.ts).

import { Failure } from "../shared/errors.ts";
import { answerMsMax, HEALTH_REQUEST_MS_MAX } from "../shared/limits.ts";
import {
  type ExecutionEvent,
  ExecutionReport,
  type FILE_ENCODINGS,
  RUNNER_EXECUTE_PATH,
  RUNNER_EXECUTIONS_PATH,
  RUNNER_HEALTH_PATH,
  type RunnerExecuteRequest,
  RunnerExecution,
  RunnerHealth,
} from "../shared/runner-api.ts";
import type { Call } from "./call.ts";
import { BrokenOff, readEvents } from "./events.ts";
import { askRunner, openRunner, readAnswer } from "./runner-ask.ts";
import {
  answerAs,
  failureFrom,
  OF_AN_EXECUTION,
  OF_EXECUTING,
  requireDone,
  valueIn,
} from "./runner-failure.ts";

/** How long a runner may take over something that runs nothing. */
export const RUNNER_CALL_MS_MAX = answerMsMax({ runTimeoutMs: 0, compileTimeoutMs: 0 });

/** Hears of a streamed execution's events as they come, but for its end. */
export type Listener = (event: ExecutionEvent) => void;

/** What is sent to a program that runs. */
export type Input = { data?: string; encoding?: (typeof FILE_ENCODINGS)[number]; end?: boolean };

/**
 * Has a program run, and waits for the answer for at most `msMax`. Throws a `Failure` when it was
 * not run, or when that is not certain.
 */
export async function runOnRunner(
  call: Call,
  request: RunnerExecuteRequest,
  msMax: number,
): Promise<ExecutionReport> {
  const ask = { method: "POST", path: RUNNER_EXECUTE_PATH, body: request, msMax } as const;
  return answerAs(ExecutionReport, await askRunner(call, ask), OF_EXECUTING);
}

/**
 * The same, with everything told to `tell` as it happens. Throws `BrokenOff` when the answer did not
 * come to its end, be it for `signal`.
 */
export async function streamOnRunner(
  call: Call,
  request: RunnerExecuteRequest,
  { msMax, signal, tell }: { msMax: number; signal: AbortSignal; tell: Listener },
): Promise<ExecutionReport> {
  const body = { ...request, stream: true };
  const ask = { method: "POST", path: RUNNER_EXECUTE_PATH, body, msMax, signal } as const;
  const response = await openRunner(call, ask).catch((thrown: unknown) => {
    throw signal.aborted && thrown instanceof Failure ? new BrokenOff(thrown) : thrown;
  });
  if (response.status !== 200 || response.body === null) {
    throw failureFrom(await readAnswer(response), OF_EXECUTING);
  }
  for await (const event of readEvents(response.body, OF_EXECUTING, signal)) {
    if (event.type === "end") return event.report;
    tell(event);
  }
  throw new Error("a stream of events ended without saying so");
}

/** What came of an execution, or that it runs still. */
export async function executionOnRunner(
  call: Call,
  accountId: string,
  executionId: string,
): Promise<RunnerExecution> {
  const path = `${RUNNER_EXECUTIONS_PATH}/${executionId}?accountId=${encodeURIComponent(accountId)}`;
  const answer = await askRunner(call, { method: "GET", path, msMax: RUNNER_CALL_MS_MAX });
  return answerAs(RunnerExecution, answer, OF_AN_EXECUTION);
}

/** Interrupts an execution, as Ctrl-C would. */
export async function interruptOnRunner(
  call: Call,
  accountId: string,
  executionId: string,
): Promise<void> {
  await tell(call, `${executionId}/interrupt`, { accountId });
}

/** Sends a program that runs more of its input, or the end of it. */
export async function inputOnRunner(
  call: Call,
  accountId: string,
  executionId: string,
  input: Input,
): Promise<void> {
  await tell(call, `${executionId}/stdin`, { accountId, ...input });
}

async function tell(call: Call, what: string, body: object): Promise<void> {
  const path = `${RUNNER_EXECUTIONS_PATH}/${what}`;
  const ask = { method: "POST", path, body, msMax: RUNNER_CALL_MS_MAX } as const;
  requireDone(await askRunner(call, ask), OF_AN_EXECUTION);
}

/** How the runner is, as it says itself, whatever its status. Throws a `Failure` when it does not say. */
export async function healthOfRunner(call: Call): Promise<RunnerHealth> {
  const msMax = HEALTH_REQUEST_MS_MAX;
  const answer = await askRunner(call, { method: "GET", path: RUNNER_HEALTH_PATH, msMax });
  return valueIn(RunnerHealth, answer);
}
