// A model that says what it was told to, behind the APIs of two makers of models, for programs that speak
// to those. What those would refuse it refuses.

import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const CODE = "a, b = 0, 1\nfor _ in range(20):\n    a, b = b, a + b\nprint(a)";
const ASKED = { language: "python", code: CODE };

/** Starts it: it asks for one run of code, and then says what came of it. */
export async function startModel() {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = JSON.parse(Buffer.concat(chunks).toString());
    const answer = ANSWERS[request.url ?? ""]?.(asked);
    response.writeHead(answer === undefined ? 400 : 200, { "Content-Type": "application/json" });
    response.end(JSON.stringify(answer ?? { error: "that is no request" }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}`, stop: () => server.close() };
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a program sends
type Asked = any;

const ANSWERS: Record<string, (asked: Asked) => object | undefined> = {
  "/v1/messages": ({ tools, messages, max_tokens }) => {
    if (tools?.[0]?.input_schema?.type !== "object" || !max_tokens) return undefined;
    if (messages.length === 1) {
      const call = { type: "tool_use", id: "toolu_1", name: tools[0].name, input: ASKED };
      return { role: "assistant", stop_reason: "tool_use", content: [call] };
    }
    const result = messages[2]?.content?.[0];
    if (result?.type !== "tool_result" || result.tool_use_id !== "toolu_1") return undefined;
    const text = said(result.content[0].text);
    return { role: "assistant", stop_reason: "end_turn", content: [{ type: "text", text }] };
  },
  "/v1/chat/completions": ({ tools, messages }) => {
    if (tools?.[0]?.function?.parameters?.type !== "object") return undefined;
    if (messages.length === 1) {
      const called = { name: tools[0].function.name, arguments: JSON.stringify(ASKED) };
      const call = { id: "call_1", type: "function", function: called };
      return { choices: [{ message: { role: "assistant", content: null, tool_calls: [call] } }] };
    }
    const result = messages[2];
    if (result?.role !== "tool" || result.tool_call_id !== "call_1") return undefined;
    return { choices: [{ message: { role: "assistant", content: said(result.content) } }] };
  },
  "/v1/responses": ({ tools, input }) => {
    if (tools?.[0]?.parameters?.type !== "object" || tools[0].type !== "function") return undefined;
    if (input.length === 1) {
      const called = { name: tools[0].name, arguments: JSON.stringify(ASKED) };
      return { output: [{ type: "function_call", call_id: "call_1", ...called }] };
    }
    const result = input[2];
    if (result?.type !== "function_call_output" || result.call_id !== "call_1") return undefined;
    const content = [{ type: "output_text", text: said(result.output) }];
    return { output: [{ type: "message", role: "assistant", content }] };
  },
};

function said(told: string): string {
  return `The sandbox said ${JSON.parse(told).stdout.trim()}.`;
}
