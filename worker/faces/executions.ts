// How the executions of an account's history are told of and asked for, by either face: each in its
// own names and otherwise alike. It translates to and from the core's words and decides nothing else.

import * as z from "zod";
import { ERRORS } from "../../shared/errors.ts";
import { LISTED_EXECUTIONS_DEFAULT, LISTED_EXECUTIONS_MAX } from "../../shared/limits.ts";
import { creditsOf } from "../../shared/money.ts";
import { COMPILE_ERROR, OUTCOME_NAMES } from "../../shared/outcomes.ts";
import { outcomeOf } from "../../shared/runner-api.ts";
import type { Execution, ExecutionQuery } from "../account/executions.ts";
import type { Deliveries } from "../courier/courier.ts";
import type { Attempt, Face } from "../courier/errands.ts";
import type { Started } from "../execute.ts";
import { failureIn, type Past, summaryIn } from "../history.ts";
import { toApiExecution } from "./api.ts";
import { Language, memoryKbOf } from "./fields.ts";
import {
  ApiDeliveries,
  ApiHistory,
  ApiPast,
  ApiRunning,
  V1Deliveries,
  V1History,
  V1Past,
  V1Running,
} from "./history-schemas.ts";
import { pageLimit, positiveCursor } from "./page.ts";
import { fromSessionWord, toSessionWord } from "./session-word.ts";
import { toV1Execution } from "./v1.ts";

/** What the query of a list comes to. */
export type ListQuery = Omit<ExecutionQuery, "most"> & { limit: number };

/** How a face asks for and tells of executions. */
export type HistoryWords = {
  schemas: Record<"running" | "past" | "page" | "deliveries", z.ZodType<object>>;
  query: z.ZodType<ListQuery>;
  /** One that has just begun and goes on by itself. */
  started: (started: Started) => object;
  /** One, with all that is kept of it. */
  one: (past: Past) => object;
  /** A page of them, and where the next begins if this one is full. */
  page: (executions: readonly Execution[], limit: number) => object;
  deliveries: (deliveries: Deliveries | undefined) => object;
};

const OUTCOMES_KNOWN = [...OUTCOME_NAMES, COMPILE_ERROR] as const;

const queryFields = {
  limit: pageLimit({ most: LISTED_EXECUTIONS_MAX, usual: LISTED_EXECUTIONS_DEFAULT }),
  cursor: positiveCursor.optional(),
  language: Language.optional(),
  outcome: z
    .enum(OUTCOMES_KNOWN, { error: `must be one of ${OUTCOMES_KNOWN.join(", ")}` })
    .optional(),
};

const API: HistoryWords = {
  schemas: { running: ApiRunning, past: ApiPast, page: ApiHistory, deliveries: ApiDeliveries },
  query: z.object({ ...queryFields, session: z.string().optional() }).transform(toQuery),
  started: ({ executionId, sessionId, language }) => ({
    id: executionId,
    ...(sessionId !== undefined && { sessionId: toSessionWord(sessionId) }),
    language,
    state: "running",
  }),
  one: ({ execution, executed }) => ({
    ...apiRow(execution),
    ...(executed && toApiExecution(executed)),
    ...errorOf(execution),
  }),
  page: (executions, limit) => ({
    executions: executions.slice(0, limit).map((execution) => {
      const { version, run, compile } = summaryIn(execution) ?? {};
      const last = run ?? compile;
      return {
        ...apiRow(execution),
        version: version ?? null,
        outcome: execution.outcome ?? null,
        exitCode: last?.exitCode ?? null,
        signal: last?.signal ?? null,
        duration: last === undefined ? null : Math.round(last.wallMs),
        memoryKb: last === undefined ? null : memoryKbOf(last),
        credits: { charged: creditsOf(execution.chargedMicro) },
        ...errorOf(execution),
      };
    }),
    cursor: cursorAfter(executions, limit),
  }),
  deliveries: (deliveries) => {
    if (deliveries === undefined) return { webhook: null, state: null, attempts: [] };
    const { webhook, state, nextAtMs, attempts } = deliveries;
    return {
      webhook,
      state,
      nextAttemptAt: nextAtMs === undefined ? null : iso(nextAtMs),
      attempts: attempts.map(({ durationMs, ...attempt }) => ({
        ...attemptOf(attempt),
        duration: durationMs,
      })),
    };
  },
};

const V1: HistoryWords = {
  schemas: { running: V1Running, past: V1Past, page: V1History, deliveries: V1Deliveries },
  query: z
    .object({ ...queryFields, session_id: z.string().optional() })
    .transform(({ session_id, ...rest }) => toQuery({ ...rest, session: session_id })),
  started: ({ executionId, sessionId, language }) => ({
    id: executionId,
    session_id: sessionId ?? null,
    language,
    state: "running",
  }),
  one: ({ execution, executed }) => ({
    ...v1Row(execution),
    ...(executed && { ...toV1Execution(executed), outcome: outcomeOf(executed.report) }),
    ...errorOf(execution),
  }),
  page: (executions, limit) => ({
    executions: executions.slice(0, limit).map((execution) => {
      const { version, run, compile } = summaryIn(execution) ?? {};
      const last = run ?? compile;
      return {
        ...v1Row(execution),
        version: version ?? null,
        outcome: execution.outcome ?? null,
        code: last?.exitCode ?? null,
        signal: last?.signal ?? null,
        time_ms: last === undefined ? null : Math.round(last.wallMs),
        memory_kb: last === undefined ? null : memoryKbOf(last),
        credits: { charged: creditsOf(execution.chargedMicro) },
        ...errorOf(execution),
      };
    }),
    cursor: cursorAfter(executions, limit),
  }),
  deliveries: (deliveries) => {
    if (deliveries === undefined) return { webhook: null, state: null, attempts: [] };
    const { webhook, state, nextAtMs, attempts } = deliveries;
    return {
      webhook,
      state,
      next_attempt_at: nextAtMs === undefined ? null : iso(nextAtMs),
      attempts: attempts.map(({ durationMs, ...attempt }) => ({
        ...attemptOf(attempt),
        time_ms: durationMs,
      })),
    };
  },
};

/** The words of each face. */
export const HISTORY_WORDS: Readonly<Record<Face, HistoryWords>> = { api: API, v1: V1 };

function toQuery(query: {
  limit: number;
  cursor?: number | undefined;
  session?: string | undefined;
  language?: ExecutionQuery["language"] | undefined;
  outcome?: string | undefined;
}): ListQuery {
  const { limit, cursor, session, language, outcome } = query;
  return {
    limit,
    ...(cursor !== undefined && { before: cursor }),
    ...(session !== undefined && { sessionId: fromSessionWord(session) }),
    ...(language !== undefined && { language }),
    ...(outcome !== undefined && { outcome }),
  };
}

function apiRow(execution: Execution) {
  const { id, sessionId, language, state, createdAtMs, endedAtMs } = execution;
  return {
    id,
    ...(sessionId !== undefined && { sessionId: toSessionWord(sessionId) }),
    language,
    state,
    createdAt: iso(createdAtMs),
    endedAt: endedAtMs === undefined ? null : iso(endedAtMs),
    ...(execution.hasDroppedOutputs && { outputsDropped: true }),
  };
}

function v1Row(execution: Execution) {
  const { id, sessionId, language, state, createdAtMs, endedAtMs } = execution;
  return {
    id,
    session_id: sessionId ?? null,
    language,
    state,
    created_at: iso(createdAtMs),
    ended_at: endedAtMs === undefined ? null : iso(endedAtMs),
    ...(execution.hasDroppedOutputs && { outputs_dropped: true }),
  };
}

/** Why there is no report, and what it has cost all the same. */
function errorOf(execution: Execution) {
  const code = failureIn(execution);
  if (code === undefined) return {};
  const error = { code, message: ERRORS[code].message };
  if (execution.outcome === undefined) return { error };
  const { outcome, chargedMicro } = execution;
  return { outcome, credits: { charged: creditsOf(chargedMicro) }, error };
}

function cursorAfter(executions: readonly Execution[], limit: number): string | null {
  const last = executions.length > limit ? executions[limit - 1] : undefined;
  return last === undefined ? null : String(last.number);
}

function attemptOf({ number, atMs, status, problem }: Omit<Attempt, "durationMs">) {
  return { number, at: iso(atMs), status: status ?? null, error: problem ?? null };
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
