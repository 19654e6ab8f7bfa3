// POST /mcp: the same for models, by the Model Context Protocol over Streamable HTTP. Nothing else is
// there: no stream is kept open for whoever asks with GET, and no protocol session that DELETE could end.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { MCP_MESSAGES_MAX } from "../../shared/limits.ts";
import { bearerOf } from "../bearer.ts";
import { MODEL_EXAMPLES } from "../faces/examples.ts";
import { handle } from "../handle.ts";
import { readKey } from "../key.ts";
import { refuseStrangePages } from "../mcp/origin.ts";
import { named } from "../openapi/named.ts";

const Message = named(
  "McpMessage",
  z.looseObject({ jsonrpc: z.literal("2.0") }).describe("A message of JSON-RPC 2.0."),
);
const messageRule = {
  error: `must be a JSON-RPC message, or a list of at most ${MCP_MESSAGES_MAX}`,
};
const Messages = z.union(
  [z.looseObject({}), z.array(z.looseObject({})).min(1).max(MCP_MESSAGES_MAX)],
  messageRule,
);
const Answer = z.union([Message, z.array(Message)]);

export const answerModels = handle({
  summary: "The same as tools for models (MCP)",
  description:
    "The Model Context Protocol over Streamable HTTP, in its versions up to 2025-11-25 and in 2026-07-28: run programs, keep sessions, read and write files. Results come as texts, pictures and objects; who sends a `progressToken` is told what a program prints while it runs. What goes wrong with a tool is an error of the tool and not of HTTP.",
  operation: "answerModels",
  tag: "Service",
  access: "key or demo",
  body: Messages,
  headers: {
    "Mcp-Session-Id": "As the answer to `initialize` gave it; what cancels needs it.",
    "Mcp-Protocol-Version": "The version that was agreed on.",
  },
  reply: {
    200: {
      json: Answer,
      other: {
        "text/event-stream": { description: "Messages as they come, the answer last." },
      },
    },
    202: { description: "For messages that have no answer." },
    400: {
      description: "It is no request of this protocol, in the protocol's words.",
      json: Message,
    },
    404: { description: "There is no such method, in the protocol's words.", json: Message },
  },
  errors: ["origin_refused", "not_found"],
  examples: MODEL_EXAMPLES,
  guard: async (call) => {
    refuseStrangePages(call);
    const bearer = bearerOf(call.request);
    if (bearer !== undefined && (await readKey(bearer)) === undefined) {
      throw new Failure("invalid_key");
    }
  },
  run: async (body, call) => {
    const { serve } = await import("../mcp/serve.ts");
    return await serve(call, body);
  },
});
