// POST /api/execute, POST /v1/execute and POST /api/sessions/:sessionId/execute: run one program and
// answer with what came of it, each in the words of its face, whole or as a stream.

import { Failure } from "../../shared/errors.ts";
import type { Call } from "../call.ts";
import { execute, type Order } from "../execute.ts";
import { API_WORDS, ApiExecuteRequest, SessionExecuteRequest, toOrder } from "../faces/api.ts";
import { fromSessionWord } from "../faces/session-word.ts";
import { fromV1, V1_WORDS, V1ExecuteRequest } from "../faces/v1.ts";
import { handle, type Reply } from "../handle.ts";
import { streamExecution, type Words } from "../stream.ts";

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
  const isStream = stream ?? wantsEvents(call.request);
  if (isStream) return await streamExecution(call, order, words);
  if (order.wishes.openStdin) throw unreachableInput(words.openStdin);
  return { body: words.end(await execute(call, order)) };
}

/** Only a stream tells the id that input is sent to before the program has ended. */
function unreachableInput(field: string): Failure {
  const message = `\`${field}\` can only be used with \`stream\`.`;
  return new Failure("invalid_request", { field, message });
}

function wantsEvents({ headers }: Request): boolean {
  return /\btext\/event-stream\b/i.test(headers.get("Accept") ?? "");
}
