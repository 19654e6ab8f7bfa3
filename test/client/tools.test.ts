// The tools as the libraries themselves take them, with models of theirs that say what they are told to.

import { AIMessageChunk } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { FakeStreamingChatModel } from "@langchain/core/utils/testing";
import { generateText, isStepCount, jsonSchema } from "ai";
import { MockLanguageModelV4 } from "ai/test";
import { describe, expect, test } from "vitest";
import {
  aiSdkTools,
  anthropicTools,
  codeTool,
  langchainTool,
  openaiResponsesTools,
  openaiTools,
} from "../../client/src/tools.ts";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { clientBefore, EXECUTION, noConnection, refusal, START, streamOf } from "./kit.ts";

const ASKED = { language: "python", code: "print(42)" };
const ANSWERED = JSON.stringify({ outcome: "ok", stdout: "42\n" });
const PICTURE = { kind: "display", data: { "image/png": "aGk=", "text/plain": "<Figure>" } };

const SESSION = { sessionId: "sess-1", language: "Python 3.13.5", languageId: "python" };

function ran(more: object = {}) {
  return clientBefore([Response.json({ ...EXECUTION, ...more })]);
}

describe("the tool itself", () => {
  test("tells a model of every language, and of none in a session", () => {
    const { client } = ran();
    const { schema } = codeTool(client);
    expect(schema.properties.language?.enum).toEqual(LANGUAGE_IDS);
    expect(schema.required).toEqual(["language", "code"]);
    const inSession = codeTool(client.sessions.use("sess-1", SESSION as never));
    expect(Object.keys(inSession.schema.properties)).toEqual(["code", "stdin"]);
    expect(inSession.description).toContain("Python 3.13.5");
  });

  test("runs where it was told to, for as long as it may", async () => {
    const { client, sent } = ran();
    const { run } = codeTool(client.sessions.use("sess-1", SESSION as never), { timeoutMs: 5000 });
    const { text, isError, execution } = await run({ code: "x", stdin: "1" });
    expect([text, isError, execution?.id]).toEqual([ANSWERED, false, "exec-1"]);
    expect(sent[0]?.body).toEqual({
      language: "python",
      code: "x",
      stdin: "1",
      run_timeout: 5000,
      session_id: "sess-1",
    });
  });

  test("tells a program's failure as an error, with what there is to read", async () => {
    const run = { ...EXECUTION.run, stdout: "", stderr: "NameError", code: 1, outcome: "error" };
    const failed = await codeTool(ran({ run }).client).run(ASKED);
    expect(failed.isError).toBe(true);
    expect(JSON.parse(failed.text)).toEqual({
      outcome: "error",
      exit_code: 1,
      stderr: "NameError",
    });
    const compile = { ...EXECUTION.run, stdout: "", stderr: "no ;", code: 1, outcome: "error" };
    const uncompiled = await codeTool(ran({ run: undefined, compile }).client).run(ASKED);
    expect(JSON.parse(uncompiled.text)).toMatchObject({ outcome: "compile_error", stderr: "no ;" });
  });

  test("keeps the beginning and the end of what is too long", async () => {
    const run = { ...EXECUTION.run, stdout: `begin${"-".repeat(500)}end` };
    const { text } = await codeTool(ran({ run }).client, { charactersMax: 20 }).run(ASKED);
    const { stdout } = JSON.parse(text);
    expect(stdout).toBe("begin-----\n[488 characters left out]\n-------end");
  });

  test("tells a model what it has asked wrongly, and what the service refuses", async () => {
    const { client, sent } = ran();
    for (const input of ["{", "7", null, {}, { language: "python" }]) {
      expect(await codeTool(client).run(input)).toMatchObject({
        isError: true,
        text: expect.stringContaining("`code` must be a string"),
      });
    }
    expect(sent).toEqual([]);
    const broke = clientBefore([refusal(402, "no_credits")]).client;
    const { text, isError } = await codeTool(broke).run(ASKED);
    expect([text, isError]).toEqual(["It is no_credits. (no_credits)", true]);
    const away = clientBefore([noConnection()], { retries: 0 }).client;
    expect((await codeTool(away).run(ASKED)).text).toContain("connection_failed");
  });

  test("throws what its caller ends it with", async () => {
    const { client, sent } = clientBefore([streamOf([START], "hangs"), Response.json({})]);
    const signal = AbortSignal.timeout(20);
    await expect(codeTool(client).run(ASKED, { signal })).rejects.toThrow(signal.reason);
    expect(sent.at(-1)?.url).toMatch(/interrupt$/);
  });
});

describe("in the shapes of the APIs", () => {
  test("Anthropic's, with pictures", async () => {
    const tools = anthropicTools(ran({ results: [PICTURE] }).client);
    expect(tools.definitions).toEqual([
      {
        name: "run_code",
        description: expect.any(String),
        input_schema: expect.objectContaining({ type: "object" }),
      },
    ]);
    expect(await tools.run({ id: "toolu_1", input: ASKED })).toEqual({
      type: "tool_result",
      tool_use_id: "toolu_1",
      is_error: false,
      content: [
        { type: "text", text: ANSWERED },
        { type: "image", source: { type: "base64", media_type: "image/png", data: "aGk=" } },
      ],
    });
  });

  test("OpenAI's, both", async () => {
    const chat = openaiTools(ran().client, { name: "py", description: "Runs." });
    expect(chat.definitions).toMatchObject([
      { type: "function", function: { name: "py", description: "Runs.", parameters: {} } },
    ]);
    const call = { id: "call_1", function: { name: "py", arguments: JSON.stringify(ASKED) } };
    const message = { role: "tool", tool_call_id: "call_1", content: ANSWERED };
    expect(await chat.run(call)).toEqual(message);
    const responses = openaiResponsesTools(ran().client);
    expect(responses.definitions).toMatchObject([{ type: "function", name: "run_code" }]);
    const item = { call_id: "call_1", arguments: JSON.stringify(ASKED) };
    const output = { type: "function_call_output", call_id: "call_1", output: ANSWERED };
    expect(await responses.run(item)).toEqual(output);
  });
});

describe("in the libraries", () => {
  test("Vercel's AI SDK runs it and tells its model", async () => {
    const { client, sent } = ran();
    const usage = {
      inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
      outputTokens: { total: 1, text: 1, reasoning: 0 },
    };
    const input = JSON.stringify(ASKED);
    const model = new MockLanguageModelV4({
      doGenerate: [
        {
          content: [{ type: "tool-call", toolCallId: "1", toolName: "run_code", input }],
          finishReason: { unified: "tool-calls", raw: undefined },
          usage,
          warnings: [],
        },
        {
          content: [{ type: "text", text: "It is 42." }],
          finishReason: { unified: "stop", raw: undefined },
          usage,
          warnings: [],
        },
      ],
    });
    const tools = aiSdkTools(client, jsonSchema);
    const { text } = await generateText({ model, tools, stopWhen: isStepCount(3), prompt: "?" });
    expect(text).toBe("It is 42.");
    expect(sent[0]?.body).toMatchObject(ASKED);
    const [first, second] = model.doGenerateCalls;
    expect(first?.tools).toMatchObject([
      { type: "function", name: "run_code", inputSchema: { required: ["language", "code"] } },
    ]);
    expect(JSON.stringify(second?.prompt)).toContain(JSON.stringify(ANSWERED));
  });

  test("LangChain binds it to a model and invokes it", async () => {
    const { client, sent } = ran();
    const runCode = tool(...langchainTool(client));
    const call = { id: "1", name: "run_code", args: ASKED, type: "tool_call" as const };
    const chunks = [new AIMessageChunk({ content: "", tool_calls: [call] })];
    const model = new FakeStreamingChatModel({ chunks }).bindTools([runCode]);
    const { tool_calls: [wish] = [] } = (await model.invoke("?")) as AIMessageChunk;
    expect(await runCode.invoke(wish ?? call)).toMatchObject({
      content: ANSWERED,
      tool_call_id: "1",
    });
    expect(sent[0]?.body).toMatchObject(ASKED);
    const wrong = { ...call, args: { language: "latin", code: "salve" } };
    await expect(runCode.invoke(wrong)).rejects.toThrow(/schema/);
  });
});
