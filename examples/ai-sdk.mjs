// Vercel's AI SDK with a model that runs code in a session, so that each step finds what the one before
// has left. AI_MODEL names a model; without it, one that says what it was told to says it here.

import { CodeRunner } from "agent-coderunner";
import { aiSdkTools } from "agent-coderunner/tools";
import { generateText, isStepCount, jsonSchema } from "ai";
import { MockLanguageModelV4 } from "ai/test";

const session = await new CodeRunner().sessions.open({ language: "python" });

const { text, steps } = await generateText({
  model: process.env.AI_MODEL ?? scripted(),
  tools: aiSdkTools(session, jsonSchema),
  stopWhen: isStepCount(5),
  prompt: "What is the 20th Fibonacci number? Compute it.",
});
for (const { toolResults } of steps) for (const { output } of toolResults) console.log(output);
console.log(text);
await session.delete();

function scripted() {
  const usage = { inputTokens: { total: 1 }, outputTokens: { total: 1 } };
  const call = (toolCallId, code) => ({
    content: [
      { type: "tool-call", toolCallId, toolName: "run_code", input: JSON.stringify({ code }) },
    ],
    finishReason: { unified: "tool-calls" },
    usage,
    warnings: [],
  });
  const fib = "def fib(n):\n    return n if n < 2 else fib(n - 1) + fib(n - 2)";
  return new MockLanguageModelV4({
    doGenerate: [
      call("1", fib),
      call("2", "fib(20)"),
      {
        content: [{ type: "text", text: "It is 6765." }],
        finishReason: { unified: "stop" },
        usage,
        warnings: [],
      },
    ],
  });
}
