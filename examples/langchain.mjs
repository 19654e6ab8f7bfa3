// LangChain: tools that any of its chat models can be bound to. The model here says what it was told to;
// put another in its place.

import { AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { CodeRunner } from "agent-coderunner";
import { langchainTool } from "agent-coderunner/tools";

const runCode = tool(...langchainTool(new CodeRunner()));

const code = "a, b = 0, 1\nfor _ in range(20):\n    a, b = b, a + b\nprint(a)";
const call = { id: "1", name: "run_code", args: { language: "python", code }, type: "tool_call" };
const model = new FakeStreamingChatModel({
  chunks: [new AIMessageChunk({ content: "", tool_calls: [call] })],
}).bindTools([runCode]);

const answer = await model.invoke([new HumanMessage("What is the 20th Fibonacci number?")]);
for (const wish of answer.tool_calls) {
  const message = await runCode.invoke(wish);
  console.log(message.tool_call_id, message.content);
}
