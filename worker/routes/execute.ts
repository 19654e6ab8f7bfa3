// POST /api/execute, POST /v1/execute and POST /api/sessions/:sessionId/execute: run one program and
// answer with what came of it, each in the words of its face, whole or as a stream.

import { Failure } from "../../shared/errors.ts";
import type { Call } from "../call.ts";
import { executeDetached } from "../detached.ts";
import { settingsOf } from "../env.ts";
import { execute, type Order } from "../execute.ts";
import { API_WORDS, ApiExecuteRequest, SessionExecuteRequest, toOrder } from "../faces/api.ts";
import { fromSessionWord } from "../faces/session-word.ts";
import { fromV1, V1_WORDS, V1ExecuteRequest } from "../faces/v1.ts";
import { handle, type Reply } from "../handle.ts";
import { streamExecution, type Words } from "../stream.ts";
import { refuseBadWebhook } from "../webhook-url.ts";

export const executeForApi = handle({
  body: ApiExecuteRequest,
  run: async (request, call) => await answer(call, request, toOrder(request), API_WORDS),
});

export const executeForV1 = handle({
  body: V1ExecuteRequest,
  run: async (request, call) => await answer(call, request, fromV1(request), V1_WORDS),
});

export const executeInSession = handle({
  body: SessionExecuteRequest,
  run: async (request, call, { sessionId = "" }) => {
    const order = toOrder(request, fromSessionWord(sessionId));
    return await answer(call, request, order, API_WORDS);
  },
});

async function answer(
  call: Call,
  { stream }: { stream?: boolean | null | undefined },
  order: Order,
  words: Words,
): Promise<Reply> {
  const { webhook, wishes } = order;
  if (webhook !== undefined) {
    if (!wishes.detach) throw unusedWebhook();
    refuseBadWebhook(webhook, settingsOf(call.env).WEBHOOK_ADDRESSES);
  }
  const isStream = stream ?? wantsEvents(call.request);
  if (isStream) return await streamExecution(call, order, words);
  if (wishes.openStdin && !wishes.detach) throw unreachableInput(words.openStdin);
  if (wishes.detach) return await executeDetached(call, order, words.face);
  return { body: words.end(await execute(call, order)) };
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
