// A model of OpenAI's, or of anybody with the same API, that runs code when it needs to. With their own
// package, `client.chat.completions.create` takes the same `tools` and the same messages.

import { CodeRunner } from "agent-coderunner";
import { openaiTools } from "agent-coderunner/tools";

const { OPENAI_BASE_URL = "https://api.openai.com/v1", OPENAI_API_KEY = "" } = process.env;
const tools = openaiTools(new CodeRunner());

async function ask(messages) {
  const response = await fetch(`${OPENAI_BASE_URL}/chat/completions`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${OPENAI_API_KEY}` },
    body: JSON.stringify({
      model: process.env.OPENAI_MODEL ?? "gpt-5",
      tools: tools.definitions,
      messages,
    }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const { choices } = await response.json();
  return choices[0].message;
}

const messages = [{ role: "user", content: "What is the 20th Fibonacci number? Compute it." }];
for (;;) {
  const message = await ask(messages);
  messages.push(message);
  if (!message.tool_calls?.length) {
    console.log(message.content);
    break;
  }
  messages.push(...(await Promise.all(message.tool_calls.map((call) => tools.run(call)))));
}
