// POST /api/execute, POST /v1/execute and POST /api/sessions/:sessionId/execute: run one program and
// answer with what came of it, each in the words of its face, whole or as a stream.

import type * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import type { Call } from "../call.ts";
import { executeDetached } from "../detached.ts";
import { settingsOf } from "../env.ts";
import { execute, type Order } from "../execute.ts";
import {
  API_WORDS,
  ApiExecuteRequest,
  ApiExecution,
  SessionExecuteRequest,
  toOrder,
} from "../faces/api.ts";
import { API_EXAMPLES, EVENTS_EXAMPLE, SESSION_EXAMPLES, V1_EXAMPLES } from "../faces/examples.ts";
import { ApiStarted, V1Started } from "../faces/history-schemas.ts";
import { fromSessionWord } from "../faces/session-word.ts";
import { fromV1, V1_WORDS, V1ExecuteRequest, V1Execution } from "../faces/v1.ts";
import { handle, type Reply } from "../handle.ts";
import {
  PAYABLE,
  PAYMENT_ERRORS,
  REPEAT_ERRORS,
  REPEATABLE,
  RUNNER_ERRORS,
  SESSION_ERRORS,
} from "../openapi/about.ts";
import { keepAnswer, payFirst } from "../payments/x402/first.ts";
import { streamExecution, type Words } from "../stream.ts";
import { refuseBadWebhook } from "../webhook-url.ts";

const EXECUTION_ERRORS = [
  "unknown_language",
  "unknown_version",
  "no_credits",
  ...REPEAT_ERRORS,
  ...PAYMENT_ERRORS,
  ...RUNNER_ERRORS,
] as const;

/** What all executions do alike, whoever asks. */
const RUNNING = `A program that fails is not an HTTP error: \`outcome\` says what became of it. What fails for our reasons is not charged. With \`stream\`, or \`Accept: text/event-stream\`, everything is told while it happens.`;

export const executeForApi = handle({
  summary: "Run a program",
  description: `Runs \`code\`, \`files\`, or \`code\` with \`files\` beside it, in a fresh sandbox without a network. ${RUNNING}`,
  operation: "execute",
  access: "key or demo",
  body: ApiExecuteRequest,
  headers: { ...REPEATABLE, ...PAYABLE },
  reply: executed(ApiExecution, ApiStarted),
  errors: EXECUTION_ERRORS,
  examples: API_EXAMPLES,
  run: async (request, call) => await answer(call, request, toOrder(request), API_WORDS),
});

export const executeForV1 = handle({
  summary: "Run a program, in other words",
  description: `The same in snake_case, with outputs as they are and runs of up to five minutes. With a key it runs in a session: the one it names, or a new one that is kept while there is room. ${RUNNING}`,
  operation: "executeV1",
  access: "key or demo",
  body: V1ExecuteRequest,
  headers: { ...REPEATABLE, ...PAYABLE },
  reply: executed(V1Execution, V1Started),
  errors: [...EXECUTION_ERRORS, ...SESSION_ERRORS, "session_busy", "workspace_full"],
  examples: V1_EXAMPLES,
  run: async (request, call) => await answer(call, request, fromV1(request), V1_WORDS),
});

export const executeInSession = handle({
  summary: "Run a program in a session",
  description: `Runs it with the state and the files that earlier executions have left, one after another. ${RUNNING}`,
  tag: "Sessions",
  operation: "executeInSession",
  body: SessionExecuteRequest,
  headers: { ...REPEATABLE, ...PAYABLE },
  reply: executed(ApiExecution, ApiStarted),
  errors: [...EXECUTION_ERRORS, ...SESSION_ERRORS, "session_busy", "workspace_full"],
  examples: SESSION_EXAMPLES,
  run: async (request, call, { sessionId = "" }) => {
    const order = toOrder(request, fromSessionWord(sessionId));
    return await answer(call, request, order, API_WORDS);
  },
});

/** All forms of an execution's reply. */
function executed(json: z.ZodType, started: z.ZodType) {
  const description = `Server-sent events: \`start\` with the id, then \`stdout\` and \`stderr\` (\`{stage, text}\`) and \`result\` as they come, and one last event: \`end\` with the whole reply, or \`error\` with what would have been answered instead.`;
  return {
    200: { json, other: { "text/event-stream": { description, example: EVENTS_EXAMPLE } } },
    202: { description: "With `detach`: it goes on by itself.", json: started },
  };
}

async function answer(
  call: Call,
  request: { stream?: boolean | null | undefined },
  order: Order,
  words: Words,
): Promise<Reply> {
  call.takesPayments = true;
  const { webhook, wishes } = order;
  if (webhook !== undefined) {
    if (!wishes.detach) throw unusedWebhook();
    refuseBadWebhook(webhook, settingsOf(call.env).WEBHOOK_ADDRESSES);
  }
  const isStream = request.stream ?? wantsEvents(call.request);
  if (wishes.openStdin && !isStream && !wishes.detach) throw unreachableInput(words.openStdin);
  const known = await payFirst(call, order, request);
  if (known !== undefined) return known;
  if (isStream) return await streamExecution(call, order, words);
  if (wishes.detach) return await executeDetached(call, order, words.face);
  const body = words.end(await execute(call, order));
  call.ctx.waitUntil(keepAnswer(call, body));
  return { body };
}

/** Whoever waits for the end learns too late what id input is sent to. */
function unreachableInput(field: string): Failure {
  const message = `\`${field}\` can only be used with \`stream\` or \`detach\`.`;
  return new Failure("invalid_request", { field, message });
}

/** Whoever waits for the end need not be told of it. */
function unusedWebhook(): Failure {
  const message = "`webhook` can only be used with `detach`.";
  return new Failure("invalid_request", { field: "webhook", message });
}

function wantsEvents({ headers }: Request): boolean {
  return /\btext\/event-stream\b/i.test(headers.get("Accept") ?? "");
}
