// The same by OpenAI's Responses API. With their own package, `client.responses.create` takes the same
// `tools` and the same items.

import { CodeRunner } from "agent-coderunner";
import { openaiResponsesTools } from "agent-coderunner/tools";

const { OPENAI_BASE_URL = "https://api.openai.com/v1", OPENAI_API_KEY = "" } = process.env;
const tools = openaiResponsesTools(new CodeRunner());

async function ask(input) {
  const response = await fetch(`${OPENAI_BASE_URL}/responses`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${OPENAI_API_KEY}` },
    body: JSON.stringify({
      model: process.env.OPENAI_MODEL ?? "gpt-5",
      tools: tools.definitions,
      input,
    }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  return (await response.json()).output;
}

const items = [{ role: "user", content: "What is the 20th Fibonacci number? Compute it." }];
for (;;) {
  const output = await ask(items);
  items.push(...output);
  const calls = output.filter(({ type }) => type === "function_call");
  if (calls.length === 0) {
    console.log(output.find(({ type }) => type === "message").content[0].text);
    break;
  }
  items.push(...(await Promise.all(calls.map((call) => tools.run(call)))));
}
