// /api/executions/:executionId: what runs, or has just run: to ask after it, to interrupt it, and to
// send it input. The account knows which executions are its own; the runner has what came of them.

import { Failure } from "../../shared/errors.ts";
import { isId } from "../../shared/ids.ts";
import { type ExecutionReport, outcomeOf } from "../../shared/runner-api.ts";
import type { Execution } from "../account/executions.ts";
import type { Call } from "../call.ts";
import { chargeMicro, chargeOfMs } from "../execute.ts";
import { toApiExecution } from "../faces/api.ts";
import { toSessionWord } from "../faces/session-word.ts";
import { InputRequest } from "../faces/sessions.ts";
import { handle, NoBody } from "../handle.ts";
import { settleLate } from "../payer.ts";
import { executionOnRunner, inputOnRunner, interruptOnRunner } from "../runner-client.ts";
import { failureOfRunner, OF_EXECUTING } from "../runner-failure.ts";
import { type Visited, visitExecution } from "../visit.ts";

export const showExecution = handle({
  body: NoBody,
  run: async (_body, call, params) => {
    const visited = await find(call, params);
    const { key, found } = visited;
    const now = await executionOnRunner(call, key.accountId, found.id);
    if ("report" in now) return { body: await reported(call, visited, now.report) };
    if ("error" in now) {
      const failure = failureOfRunner(now.error, "for it", OF_EXECUTING);
      await settleEnded(call, visited, failure);
      throw failure;
    }
    const { id, sessionId, language, createdAtMs } = found;
    const session = sessionId === undefined ? {} : { sessionId: toSessionWord(sessionId) };
    const startedAt = new Date(createdAtMs).toISOString();
    return { body: { id, ...session, language, state: "running", startedAt } };
  },
});

export const interruptExecution = handle({
  body: NoBody,
  run: async (_body, call, params) => {
    const { key, found } = await find(call, params);
    await running(interruptOnRunner(call, key.accountId, found.id));
    return { body: { id: found.id } };
  },
});

export const sendInput = handle({
  body: InputRequest,
  run: async ({ data, encoding, end }, call, params) => {
    const { key, found } = await find(call, params);
    const input = {
      ...(typeof data === "string" && { data }),
      ...(encoding && { encoding }),
      ...(end && { end }),
    };
    await running(inputOnRunner(call, key.accountId, found.id, input));
    return { body: { id: found.id } };
  },
});

/** An execution of the caller's. An id that was never made is not looked up under anybody's name. */
async function find(
  call: Call,
  { executionId = "" }: Record<string, string>,
): Promise<Visited<Execution>> {
  return await visitExecution(call, isId("exec", executionId) ? executionId : "");
}

/** What is the account's and not at the runner does not run any more. */
async function running(telling: Promise<void>): Promise<void> {
  await telling.catch((thrown) => {
    const isOver = thrown instanceof Failure && thrown.code === "unknown_execution";
    throw isOver ? new Failure("not_running") : thrown;
  });
}

/** Charges for a program that ran until its session was deleted, if that was not done yet. */
async function settleEnded(call: Call, { key, found }: Visited<Execution>, { ranMs }: Failure) {
  if (ranMs === undefined) return;
  const due = chargeOfMs(ranMs, found.runTimeoutMs);
  await settleLate(call, key, found.id, due, { outcome: "signal" });
}

/** The reply of an execution that is over. What is still due for it is charged first. */
async function reported(call: Call, { key, found }: Visited<Execution>, report: ExecutionReport) {
  const { id, sessionId, language, runTimeoutMs } = found;
  const { version } = report;
  const outcome = outcomeOf(report);
  const due = chargeMicro(report, runTimeoutMs);
  const late = await settleLate(call, key, id, due, { outcome, version });
  const { chargedMicro, balanceMicro } = late;
  Object.assign(call.line, { outcome, chargedMicro } satisfies Call["line"]);
  const reply = toApiExecution({
    executionId: id,
    sessionId,
    language,
    report,
    runTimeoutMs,
    chargedMicro,
    left: { balanceMicro },
  });
  return { ...reply, state: "done" };
}
