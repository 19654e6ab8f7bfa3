// A model of Anthropic's that runs code when it needs to, by the Messages API as it is. With their own
// package, `client.messages.create` takes the same `tools` and the same messages.

import { CodeRunner } from "agent-coderunner";
import { anthropicTools } from "agent-coderunner/tools";

const { ANTHROPIC_BASE_URL = "https://api.anthropic.com", ANTHROPIC_API_KEY = "" } = process.env;
const tools = anthropicTools(new CodeRunner());

async function ask(messages) {
  const response = await fetch(`${ANTHROPIC_BASE_URL}/v1/messages`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      "x-api-key": ANTHROPIC_API_KEY,
      "anthropic-version": "2023-06-01",
    },
    body: JSON.stringify({
      model: process.env.ANTHROPIC_MODEL ?? "claude-sonnet-4-5",
      max_tokens: 1024,
      tools: tools.definitions,
      messages,
    }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return await response.json();
}

const messages = [{ role: "user", content: "What is the 20th Fibonacci number? Compute it." }];
for (;;) {
  const { content, stop_reason } = await ask(messages);
  messages.push({ role: "assistant", content });
  if (stop_reason !== "tool_use") {
    console.log(content.find(({ type }) => type === "text").text);
    break;
  }
  const calls = content.filter(({ type }) => type === "tool_use");
  const results = await Promise.all(calls.map((call) => tools.run(call)));
  messages.push({ role: "user", content: results });
}
