// Where tools get what they are asked for: the core and the routes of this gateway, called as functions
// with a request of their own. That request carries the caller's key, so every rule about keys, rates,
// money and sessions is the one that everybody else meets.

import { parse } from "../../shared/parse.ts";
import type { ExecutionEvent } from "../../shared/runner-api.ts";
import { bearerOf } from "../bearer.ts";
import type { Call } from "../call.ts";
import { begin, executedBefore, executeLive } from "../execute.ts";
import {
  ApiExecuteRequest,
  type SessionExecuteRequest,
  toApiExecution,
  toOrder,
} from "../faces/api.ts";
import { fromSessionWord } from "../faces/session-word.ts";
import type { Handler } from "../handle.ts";
import { readFile, writeFile } from "../routes/files.ts";
import { listApiLanguages } from "../routes/runtimes.ts";
import { deleteSession, listSessions, openSession, resetSession } from "../routes/sessions.ts";
import { limited } from "../stream.ts";
import { aliasOf } from "./cancel.ts";
import type { Asked, Desk, Operation } from "./tools.ts";

/** What a tool's caller is to be told, and when it has had enough. */
export type Hearing = {
  signal: AbortSignal;
  tell: (words: string) => void;
  /** The Idempotency-Key of what is asked, where the caller can be told from others. */
  idempotencyKey?: string;
};

type Route = { method: string; path: string; handler: Handler };

const ROUTES: Readonly<Record<Operation, Route>> = {
  listLanguages: { method: "GET", path: "/api/languages", handler: listApiLanguages },
  openSession: { method: "POST", path: "/api/sessions", handler: openSession },
  listSessions: { method: "GET", path: "/api/sessions", handler: listSessions },
  resetSession: { method: "POST", path: "/api/sessions/:id/reset", handler: resetSession },
  deleteSession: { method: "DELETE", path: "/api/sessions/:id", handler: deleteSession },
  readFile: { method: "GET", path: "/api/sessions/:id/files/", handler: readFile },
  writeFile: { method: "PUT", path: "/api/sessions/:id/files/", handler: writeFile },
};

/** The gateway, as one call of a tool may use it. */
export function deskOf(call: Call, hearing: Hearing): Desk {
  return {
    execute: async (request, sessionId) => await executeHere(call, hearing, request, sessionId),
    ask: async (operation, asked = {}) => await askHere(call, hearing, operation, asked),
  };
}

async function executeHere(
  call: Call,
  { signal, tell, idempotencyKey }: Hearing,
  given: SessionExecuteRequest,
  sessionId: string | undefined,
) {
  const request = sessionId === undefined ? parse(ApiExecuteRequest, given) : given;
  const isStranger = bearerOf(call.request) === undefined;
  const headers = headersFor(call, isStranger ? undefined : idempotencyKey);
  const own = callFor(call, new URL("/mcp", call.request.url), { method: "POST", headers });
  own.body = { request, sessionId };
  if (isStranger && idempotencyKey !== undefined) own.alias = await aliasOf(idempotencyKey);
  const order = toOrder(request, sessionId === undefined ? undefined : fromSessionWord(sessionId));
  const begun = await begin(own, order);
  if ("repeats" in begun) return toApiExecution(await executedBefore(own, begun));
  const isLittle = limited();
  const executed = await executeLive(own, begun, {
    signal,
    tell: (event) => {
      if (isLittle(event)) tellOf(event, tell);
    },
  });
  return toApiExecution(executed);
}

function tellOf(event: ExecutionEvent, tell: Hearing["tell"]): void {
  if (event.type === "start") tell(`running, version ${event.version}`);
  if (event.type === "stdout" || event.type === "stderr") tell(event.text);
}

async function askHere(
  call: Call,
  { idempotencyKey }: Hearing,
  operation: Operation,
  { sessionId = "", path = "", query = {}, body }: Asked,
): Promise<Response> {
  const { method, path: pattern, handler } = ROUTES[operation];
  // What is no id of a session is found out where all ids are, and must not be another path till then.
  const id = /^[\w.~-]+$/.test(sessionId) ? sessionId : "none";
  const file = path.split("/").map(encodeURIComponent).join("/");
  const url = new URL(pattern.replace(":id", id) + file, call.request.url);
  for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
  const headers = headersFor(call, operation === "openSession" ? idempotencyKey : undefined);
  const isJson = body !== undefined && !(body instanceof Uint8Array);
  if (isJson) headers.set("Content-Type", "application/json");
  const content = isJson ? JSON.stringify(body) : body;
  const own = callFor(call, url, {
    method,
    headers,
    ...(content !== undefined && { body: content }),
  });
  const match = { method, url: url.href, params: { sessionId: id }, route: pattern };
  return await handler(match, own);
}

function callFor(call: Call, url: URL, init: RequestInit): Call {
  return { ...call, request: new Request(url, init) };
}

/** What the core looks at of who asks: the key, and where it has none, the address. */
function headersFor({ request }: Call, idempotencyKey: string | undefined): Headers {
  const headers = new Headers(request.headers);
  for (const name of ["Content-Length", "Content-Type", "Content-Encoding", "Accept"]) {
    headers.delete(name);
  }
  if (idempotencyKey !== undefined) headers.set("Idempotency-Key", idempotencyKey);
  return headers;
}
