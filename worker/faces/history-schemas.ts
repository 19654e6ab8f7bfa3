// What both faces answer about executions of the past, as schemas: for the description, and for the
// tests that hold every reply to it.

import * as z from "zod";
import { ERROR_CODES } from "../../shared/errors.ts";
import { COMPILE_ERROR, OUTCOME_NAMES } from "../../shared/outcomes.ts";
import { named } from "../openapi/named.ts";
import { ApiExecution } from "./api.ts";
import { V1Execution } from "./v1.ts";

const count = z.int().nonnegative();
const cursor = z.string().nullable().describe("Where the next page begins, if there is one.");
const dropped = z
  .boolean()
  .optional()
  .describe("`true` where what it put out is not kept any more, or never was.");
const outcome = z.enum([...OUTCOME_NAMES, COMPILE_ERROR]);
const charged = z.strictObject({ charged: count });
const error = z
  .strictObject({ code: z.enum(ERROR_CODES), message: z.string() })
  .describe("Why there is no report of it.");
const failedFields = {
  outcome: outcome.optional(),
  credits: charged.optional().describe("Where it ran and was charged all the same."),
  error,
};
const attemptFields = {
  number: z.int().positive(),
  at: z.iso.datetime(),
  status: z.int().nullable().describe("What the receiver answered, if it did."),
  error: z.string().nullable(),
};
const deliveryState = z.string().nullable().describe("How far it is with the webhook.");

const apiRow = {
  id: z.string(),
  sessionId: z.string().optional(),
  language: z.string(),
  state: z.enum(["running", "done", "failed"]),
  createdAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  outputsDropped: dropped,
};

/** One that goes on by itself, as it was begun. */
export const ApiStarted = named(
  "StartedExecution",
  z.strictObject({
    id: z.string(),
    sessionId: z.string().optional(),
    language: z.string(),
    state: z.literal("running"),
  }),
);

export const ApiRunning = named(
  "RunningExecution",
  z.strictObject(apiRow).describe("While it runs."),
);

/** One, with all that is kept of it. */
export const ApiPast = z.union([
  ApiRunning,
  z
    .strictObject({ ...ApiExecution.shape, ...apiRow })
    .describe("When it has ended: what its own request was answered."),
  z.strictObject({ ...apiRow, ...failedFields }).describe("When it came to nothing."),
]);

export const ApiHistory = named(
  "Executions",
  z.strictObject({
    executions: z.array(
      z.strictObject({
        ...apiRow,
        version: z.string().nullable(),
        outcome: outcome.nullable(),
        exitCode: z.int().nullable(),
        signal: z.string().nullable(),
        duration: count.nullable(),
        memoryKb: count.nullable(),
        credits: charged,
        error: error.optional(),
      }),
    ),
    cursor,
  }),
);

export const ApiDeliveries = named(
  "Deliveries",
  z.strictObject({
    webhook: z.string().nullable(),
    state: deliveryState,
    nextAttemptAt: z.iso.datetime().nullable().optional(),
    attempts: z.array(z.strictObject({ ...attemptFields, duration: count })),
  }),
);

const v1Row = {
  id: z.string(),
  session_id: z.string().nullable(),
  language: z.string(),
  state: z.enum(["running", "done", "failed"]),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().nullable(),
  outputs_dropped: dropped,
};

export const V1Started = named(
  "V1StartedExecution",
  z.strictObject({
    id: z.string(),
    session_id: z.string().nullable(),
    language: z.string(),
    state: z.literal("running"),
  }),
);

export const V1Running = named(
  "V1RunningExecution",
  z.strictObject(v1Row).describe("While it runs."),
);

export const V1Past = z.union([
  V1Running,
  z
    .strictObject({ ...V1Execution.shape, ...v1Row, outcome })
    .describe("When it has ended: what its own request was answered, and what became of it."),
  z.strictObject({ ...v1Row, ...failedFields }).describe("When it came to nothing."),
]);

export const V1History = named(
  "V1Executions",
  z.strictObject({
    executions: z.array(
      z.strictObject({
        ...v1Row,
        version: z.string().nullable(),
        outcome: outcome.nullable(),
        code: z.int().nullable(),
        signal: z.string().nullable(),
        time_ms: count.nullable(),
        memory_kb: count.nullable(),
        credits: charged,
        error: error.optional(),
      }),
    ),
    cursor,
  }),
);

export const V1Deliveries = named(
  "V1Deliveries",
  z.strictObject({
    webhook: z.string().nullable(),
    state: deliveryState,
    next_attempt_at: z.iso.datetime().nullable().optional(),
    attempts: z.array(z.strictObject({ ...attemptFields, time_ms: count })),
  }),
);

/** How many executions were removed. */
export const Removed = z.strictObject({ removed: count });
