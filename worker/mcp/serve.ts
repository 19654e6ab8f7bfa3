// Serves one request of the Model Context Protocol, of either generation. Clients up to 2025-11-25 are
// given a protocol session, of which nothing is kept here, and cancel by a message of their own; later
// ones say all of it in every request and cancel by hanging up. This file is loaded when the first such
// request comes, so that no other pays for it.

import {
  createMcpHandler,
  isLegacyRequest,
  type McpServerFactory,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import { HEARTBEAT_MS, MCP_LISTENING_MS_MAX } from "../../shared/limits.ts";
import { type Call, logTrouble } from "../call.ts";
import { cancel, nameOf, newProtocolSession, protocolSessionOf, SESSION_HEADER } from "./cancel.ts";
import { serverFor } from "./server.ts";

const JSON_TYPE = "application/json";
const EVENTS_TYPE = "text/event-stream";

type Message = { method?: unknown; id?: unknown; params?: unknown };

/** Answers what was posted to `/mcp`, as `body` has it. */
export async function serve(call: Call, body: unknown): Promise<Response> {
  const request = plainRequest(call.request);
  const [first] = messagesIn(body);
  if (typeof first?.method === "string") call.line.tool = first.method.slice(0, 64);
  const isOld = await isLegacyRequest(request, body);
  return await (isOld ? serveOld(call, request, body) : serveNew(call, request, body));
}

async function serveNew(call: Call, request: Request, parsedBody: unknown): Promise<Response> {
  const factory: McpServerFactory = () => serverFor(call, async () => undefined);
  const isCall = messagesIn(parsedBody).some(({ method }) => method === "tools/call");
  // Nothing ever changes here that one could listen for, so nobody is let do it for long.
  const isListening = messagesIn(parsedBody).some(
    ({ method }) => method === "subscriptions/listen",
  );
  const handler = createMcpHandler(factory, {
    legacy: "reject",
    // Where a stream is begun at once, it is noticed when nobody hears it any more.
    responseMode: isCall && wantsEvents(call.request) ? "sse" : "auto",
    keepAliveMs: HEARTBEAT_MS,
    onerror: (error) => noteRefusal(call, error),
  });
  if (!isListening) return await handler.fetch(request, { parsedBody });
  const signal = AbortSignal.any([request.signal, AbortSignal.timeout(MCP_LISTENING_MS_MAX)]);
  return await handler.fetch(new Request(request, { signal }), { parsedBody });
}

async function serveOld(call: Call, request: Request, parsedBody: unknown): Promise<Response> {
  const messages = messagesIn(parsedBody);
  const begins = messages.some(({ method }) => method === "initialize");
  const session = begins ? undefined : protocolSessionOf(call);
  for (const message of messages) cancelFor(call, session, message);
  const keyFor = async (id: string | number) =>
    session === undefined ? undefined : await nameOf(session, id);
  const transport = new WebStandardStreamableHTTPServerTransport({
    enableJsonResponse: !wantsEvents(call.request),
    keepAliveMs: HEARTBEAT_MS,
  });
  transport.onerror = (error) => noteRefusal(call, error);
  await serverFor(call, keyFor).connect(transport);
  const response = await transport.handleRequest(request, { parsedBody });
  if (begins && response.ok) call.headers.set(SESSION_HEADER, newProtocolSession());
  return response;
}

/** Cancels what a message asks to cancel, after the answer, which is that it was understood. */
function cancelFor(call: Call, session: string | undefined, { method, params }: Message): void {
  if (method !== "notifications/cancelled" || session === undefined) return;
  const { requestId } = (params ?? {}) as { requestId?: unknown };
  if (typeof requestId !== "string" && typeof requestId !== "number") return;
  call.ctx.waitUntil(
    cancel(call, session, requestId).catch((thrown: unknown) =>
      logTrouble(call, `a message was not cancelled: ${thrown}`),
    ),
  );
}

function noteRefusal(call: Call, error: Error): void {
  call.line.detail = error.message.slice(0, 500);
}

function messagesIn(body: unknown): Message[] {
  const all = Array.isArray(body) ? body : [body];
  return all.filter((one): one is Message => typeof one === "object" && one !== null);
}

/** The request as the library looks at it, which is particular about what a client accepts. */
function plainRequest(request: Request): Request {
  const headers = new Headers(request.headers);
  headers.set("Accept", `${JSON_TYPE}, ${EVENTS_TYPE}`);
  headers.set("Content-Type", JSON_TYPE);
  headers.delete("Content-Length");
  return new Request(request.url, { method: "POST", headers, signal: request.signal });
}

/** Whether a client takes streams. Who only takes JSON is told everything at the end. */
function wantsEvents({ headers }: Request): boolean {
  return /\btext\/event-stream\b/i.test(headers.get("Accept") ?? "");
}
