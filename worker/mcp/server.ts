// The tools as the protocol sees them: how they are listed, and how a call becomes a result. A refusal
// of ours is a tool's error, in a sentence that says what would help; a name nobody knows is the
// protocol's. One server serves one request, because nothing is kept in between.

import {
  type CallToolResult,
  ProtocolError,
  ProtocolErrorCode,
  Server,
  type ServerContext,
  type Tool as ToolTold,
} from "@modelcontextprotocol/server";
import { ERRORS, type ErrorCode, type Failure } from "../../shared/errors.ts";
import { DEMO_RUNS_PER_DAY, MCP_TOOLS_AGE_MS_MAX } from "../../shared/limits.ts";
import type { Call } from "../call.ts";
import { wholeSchemaOf } from "../openapi/schemas.ts";
import { noteFailure } from "../reply.ts";
import { deskOf } from "./desk.ts";
import { findTool, TOOLS, type Tool } from "./tools.ts";

/** Where a tool's error has its code, for programs. */
export const ERROR_KEY = "agent-coderunner/error";

const ABOUT = { name: "agent-coderunner", title: "agent-coderunner", version: "0.1.0" };

const INSTRUCTIONS = `Runs code in a sandbox without a network. Use \`execute\` for a program of its own. To keep variables and files between programs, \`open_session\`, give its \`sessionId\` to \`execute\`, and \`close_session\` in the end. Print what you want to see. Without an API key only \`execute\` and \`list_languages\` work, ${DEMO_RUNS_PER_DAY} runs a day.`;

/** What would help, besides what the error's sentence says. */
const REMEDIES: Partial<Record<ErrorCode, string>> = {
  unauthorized: KEY(),
  invalid_key: KEY(),
  no_credits:
    "Ask for a shorter `timeout`, or buy credits for the key with POST /api/credits/topup, by x402.",
  unknown_language: "`list_languages` says what there is.",
  unknown_version: "`list_languages` says what there is.",
  unknown_session: "`list_sessions` says what there is; `open_session` opens a new one.",
  unknown_file: "`list_files` says what there is.",
  session_deleted: "`open_session` opens a new one.",
  session_expired: "`open_session` opens a new one.",
  session_evicted: "`open_session` opens a new one.",
  session_lost: "`open_session` opens a new one.",
  too_many_sessions: "`list_sessions` says which there are; `close_session` ends one.",
  workspace_full: "Delete files with a program in the session, or open a new session.",
  invalid_request: "Call the tool again with that put right.",
  packages_disabled: "Open the session without `packages`.",
};

function KEY(): string {
  return "The key goes into the `Authorization: Bearer KEY` header of this server's configuration; `POST /api/keys` makes a free one.";
}

/** A server for one request of `call`'s. `keyFor` names a message as no other of its caller's is. */
export function serverFor(
  call: Call,
  keyFor: (id: string | number) => Promise<string | undefined>,
): Server {
  const server = new Server(ABOUT, {
    capabilities: { tools: {} },
    instructions: INSTRUCTIONS,
    cacheHints: { "tools/list": { ttlMs: MCP_TOOLS_AGE_MS_MAX, cacheScope: "public" } },
  });
  server.setRequestHandler("tools/list", () => ({ tools: toldTools() }));
  server.setRequestHandler("tools/call", async ({ params }, ctx) => {
    const tool = findTool(params.name);
    if (tool === undefined) {
      const message = `Unknown tool: ${params.name.slice(0, 100)}`;
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, message);
    }
    call.line.tool = tool.name;
    const calling = callTool(call, tool, params.arguments ?? {}, ctx, keyFor);
    // A caller who leaves may leave what it has begun half done, but not half paid.
    call.ctx.waitUntil(calling.catch(() => undefined));
    call.finished = Promise.allSettled([call.finished, calling]);
    return await calling;
  });
  return server;
}

async function callTool(
  call: Call,
  tool: Tool,
  given: unknown,
  { mcpReq }: ServerContext,
  keyFor: (id: string | number) => Promise<string | undefined>,
): Promise<CallToolResult> {
  const { id, signal } = mcpReq;
  const idempotencyKey = await keyFor(id);
  const tell = progressOf({ mcpReq });
  try {
    const desk = deskOf(call, { signal, tell, ...(idempotencyKey && { idempotencyKey }) });
    return (await tool.run(given, desk)) as CallToolResult;
  } catch (thrown) {
    return toldFailure(noteFailure(thrown, call), call);
  }
}

/** Says what a program does while it runs, to who has asked for that. */
function progressOf({ mcpReq }: Pick<ServerContext, "mcpReq">): (words: string) => void {
  const progressToken = mcpReq._meta?.progressToken;
  if (progressToken === undefined) return () => undefined;
  let progress = 0;
  return (message) => {
    progress += 1;
    const params = { progressToken, progress, message };
    // Whoever does not listen any more need not be told.
    mcpReq.notify({ method: "notifications/progress", params }).catch(() => undefined);
  };
}

function toldFailure(failure: Failure, { requestId }: Call): CallToolResult {
  const { code, message, retryAfterMs, status } = failure;
  const { error } = failure.body(requestId);
  const later = ERRORS[code].retryable ? "The same call may succeed later" : undefined;
  const wait = later && retryAfterMs ? `, in ${Math.ceil(retryAfterMs / 1000)} s` : "";
  const words = [message, REMEDIES[code], later && `${later}${wait}.`, `(${code}, ${requestId})`];
  return {
    isError: true,
    content: [{ type: "text", text: words.filter(Boolean).join(" ") }],
    _meta: { [ERROR_KEY]: { ...error, status } },
  };
}

let told: ToolTold[] | undefined;

/** The tools as they are listed; made once, of the schemas that their arguments are read with. */
function toldTools(): ToolTold[] {
  told ??= TOOLS.map(({ name, title, description, input, output, hints }) => ({
    name,
    title,
    description,
    inputSchema: { ...wholeSchemaOf(input, "input"), type: "object", additionalProperties: false },
    outputSchema: { ...wholeSchemaOf(output, "output"), type: "object" },
    annotations: {
      title,
      readOnlyHint: hints.reads === true,
      destructiveHint: hints.destroys === true,
      idempotentHint: hints.repeats === true || hints.reads === true,
      openWorldHint: false,
    },
  })) as ToolTold[];
  return told;
}
