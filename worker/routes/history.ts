// The executions of an account's history, the same for both faces: a list, one of them with all that is
// kept, what its webhook was told, and their removal. The account has the history; what still runs, or
// was lost sight of, is asked of the runner.

import { Failure } from "../../shared/errors.ts";
import { isId } from "../../shared/ids.ts";
import {
  DAY_MS,
  DETACHED_REPORT_MS,
  HISTORY_EXECUTIONS_MAX,
  HISTORY_MS,
} from "../../shared/limits.ts";
import { type ExecutionReport, outcomeOf, type RunnerError } from "../../shared/runner-api.ts";
import type { Execution } from "../account/executions.ts";
import type { Remembered } from "../account/runs.ts";
import type { Call } from "../call.ts";
import type { Face } from "../courier/errands.ts";
import { chargeMicro, chargeOfMs, cutShort } from "../execute.ts";
import { HISTORY_EXAMPLES } from "../faces/examples.ts";
import { HISTORY_WORDS } from "../faces/executions.ts";
import { Removed } from "../faces/history-schemas.ts";
import { type Handler, handle, NoBody } from "../handle.ts";
import { keptOf, type Past, pastOf } from "../history.ts";
import { withAccount, withCourier } from "../objects.ts";
import { RUNNER_ERRORS } from "../openapi/about.ts";
import { settleLate } from "../payer.ts";
import { executionOnRunner, interruptOnRunner } from "../runner-client.ts";
import { endingOf, failureOfRunner, OF_EXECUTING } from "../runner-failure.ts";
import { type Visited, visit, visitExecution } from "../visit.ts";

export type HistoryRoutes = Record<"list" | "show" | "remove" | "clear" | "deliveries", Handler>;

export const apiHistory = routesFor("api");
export const v1History = routesFor("v1");

function routesFor(face: Face): HistoryRoutes {
  const words = HISTORY_WORDS[face];
  const { schemas } = words;
  const inWords = face === "api" ? "" : ", in snake_case";
  const suffix = face === "api" ? "" : "V1";
  return {
    list: handle({
      summary: `List executions${inWords}`,
      description: `Newest first; those of the last ${HISTORY_MS / DAY_MS} days, and at most ${HISTORY_EXECUTIONS_MAX}.`,
      operation: `listExecutions${suffix}`,
      body: NoBody,
      query: words.query,
      reply: schemas.page,
      errors: ["unknown_language"],
      examples: HISTORY_EXAMPLES,
      run: async (_body, call, _params, { limit, ...query }) => {
        const { found } = await visit<Execution[]>(call, async (account, keyHash) => {
          return await account.listExecutions(keyHash, { ...query, most: limit + 1 });
        });
        return { body: words.page(found, limit) };
      },
    }),
    show: handle({
      summary: `Ask after an execution${inWords}`,
      description: "Also of one that has ended: with all that is kept of it.",
      operation: `getExecution${suffix}`,
      body: NoBody,
      reply: schemas.past,
      errors: ["unknown_execution", ...RUNNER_ERRORS],
      examples: { one: { summary: "One that has just ended" } },
      run: async (_body, call, params) => ({ body: words.one(await findPast(call, idIn(params))) }),
    }),
    remove: handle({
      summary: `End or forget an execution${inWords}`,
      description:
        "What runs is interrupted, and what it printed is kept; what has ended is forgotten, but for its entries in the ledger.",
      operation: `deleteExecution${suffix}`,
      body: NoBody,
      reply: {
        202: { description: "It is being ended.", json: schemas.running },
        204: { description: "It is forgotten." },
      },
      errors: ["unknown_execution", "not_running", ...RUNNER_ERRORS],
      examples: { one: { summary: "One that has just ended" } },
      run: async (_body, call, params) => {
        const id = idIn(params);
        const { key, found } = await visit<Execution>(call, async (account, keyHash) => {
          return await account.removeExecution(keyHash, id);
        });
        call.line.executionId = found.id;
        if (found.state !== "running") return "nothing";
        await running(interruptOnRunner(call, key.accountId, found.id));
        return { status: 202, body: words.one({ execution: found }) };
      },
    }),
    clear: handle({
      summary: `Forget all executions${inWords}`,
      description: "All that have ended; what they cost stays in the ledger.",
      operation: `deleteExecutions${suffix}`,
      body: NoBody,
      reply: Removed,
      examples: { all: { summary: "All of them" } },
      run: async (_body, call) => {
        let removed = 0;
        for (;;) {
          const { found } = await visit<{ removed: number }>(call, async (account, keyHash) => {
            return await account.removeExecutions(keyHash);
          });
          if (found.removed === 0) return { body: { removed } };
          removed += found.removed;
        }
      },
    }),
    deliveries: handle({
      summary: `See how its webhook was told${inWords}`,
      operation: `listDeliveries${suffix}`,
      body: NoBody,
      reply: schemas.deliveries,
      errors: ["unknown_execution"],
      examples: { one: { summary: "One that has just ended" } },
      run: async (_body, call, params) => {
        const { key, found } = await visitExecution(call, idIn(params));
        const deliveries = await withCourier(call.env, key.accountId, async (courier) => {
          return await courier.deliveries(found.id);
        });
        return { body: words.deliveries(deliveries) };
      },
    }),
  };
}

/** The id a caller has written. One that was never made is not looked up under anybody's name. */
export function idIn({ executionId = "" }: Record<string, string>): string {
  return isId("exec", executionId) ? executionId : "";
}

/** What is the account's and not at the runner does not run any more. */
export async function running(telling: Promise<void>): Promise<void> {
  await telling.catch((thrown) => {
    const isOver = thrown instanceof Failure && thrown.code === "unknown_execution";
    throw isOver ? new Failure("not_running") : thrown;
  });
}

/** An execution of the caller's, as it stands now. */
async function findPast(call: Call, id: string): Promise<Past> {
  const visited = await visit<Remembered>(call, async (account, keyHash) => {
    return await account.recallExecution(keyHash, id);
  });
  const { execution } = visited.found;
  call.line.executionId = id;
  if (!mayBeNews(execution)) return await pastOf(visited.found);
  const { key } = visited;
  const isOver = execution.state === "failed";
  // Of what was given up the account's own word stands where the runner has none.
  const now = await executionOnRunner(call, key.accountId, id).catch((thrown: unknown) => {
    if (isOver || isUnknown(thrown)) return undefined;
    throw thrown;
  });
  if (now === undefined) return await pastOf(visited.found);
  if ("report" in now) return await reported(call, { key, found: execution }, now.report);
  if ("error" in now && !isOver) return await refused(call, { key, found: execution }, now.error);
  return { execution };
}

/** Whether a runner may know more of an execution than its account. */
function mayBeNews({ state, endedAtMs = 0 }: Execution): boolean {
  if (state === "running") return true;
  return state === "failed" && endedAtMs > Date.now() - DETACHED_REPORT_MS;
}

function isUnknown(thrown: unknown): boolean {
  return thrown instanceof Failure && thrown.code === "unknown_execution";
}

/**
 * An execution without a report, which was not heard of yet. What was put aside comes back, unless it
 * ran until its session was deleted.
 */
async function refused(
  call: Call,
  { key, found }: Visited<Execution>,
  error: RunnerError["error"],
): Promise<Past> {
  const failure = failureOfRunner(error, "for it", OF_EXECUTING);
  const { code, ranMs } = failure;
  call.line.code = code;
  if (ranMs !== undefined) {
    const due = chargeOfMs(ranMs, found.runTimeoutMs);
    const { chargedMicro } = await settleLate(call, key, found.id, due, cutShort(code));
    const end = { state: "done", outcome: "signal", endedAtMs: Date.now(), failure: code } as const;
    return { execution: { ...found, ...end, chargedMicro } };
  }
  await withAccount(call.env, key.accountId, (account) =>
    account.void(found.id, endingOf(failure), code),
  );
  const end = { state: "failed", endedAtMs: Date.now(), failure: code } as const;
  return { execution: { ...found, ...end } };
}

/** An execution whose end was not heard of yet. What is due for it is charged first. */
async function reported(
  call: Call,
  { key, found }: Visited<Execution>,
  report: ExecutionReport,
): Promise<Past> {
  const { id, sessionId, language, runTimeoutMs } = found;
  const outcome = outcomeOf(report);
  const due = chargeMicro(report, runTimeoutMs);
  const kept = await keptOf(report);
  const late = await settleLate(call, key, id, due, { outcome, version: report.version, kept });
  const { chargedMicro, balanceMicro } = late;
  Object.assign(call.line, { outcome, chargedMicro } satisfies Call["line"]);
  const left = { balanceMicro };
  const end = { state: "done", outcome, endedAtMs: Date.now(), failure: undefined } as const;
  return {
    execution: { ...found, ...end },
    executed: { executionId: id, sessionId, language, report, runTimeoutMs, chargedMicro, left },
  };
}
