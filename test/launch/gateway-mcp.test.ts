// The tools on the real workerd, as the official clients of both generations use them, over HTTP and
// through the bridge: what is listed, results, progress before the end, and that cancelling reaches the
// runner.

import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";
import { type Models, newClient, oldClient, type Way } from "../kit/mcp-clients.ts";
import { type McpGateway, type Running, startMcpGateway } from "./kit/mcp-gateway.ts";

const SET_UP_MS_MAX = 120_000;
const BRIDGE = { command: process.execPath, args: [join(launchPaths().repo, "mcp/bin.ts")] };
const PROGRAM = { language: "python", code: "print(42)" };

let gateway: McpGateway;
let apiKey: string;

beforeAll(async () => {
  gateway = await startMcpGateway({ DEMO_RUNS_PER_DAY: "1000" });
  apiKey = await gateway.newKey();
}, SET_UP_MS_MAX);

afterAll(async () => await gateway?.stop());

const WAYS: [string, string, (way: Way) => Promise<Models>, boolean][] = [
  ["the older client over HTTP", "2025-11-25", oldClient, false],
  ["the newer client over HTTP", "2026-07-28", newClient, false],
  ["the older client through the bridge", "2025-11-25", oldClient, true],
  ["the newer client through the bridge", "2026-07-28", newClient, true],
];

describe.each(WAYS)("%s", (_name, version, connect, isBridge) => {
  let models: Models;
  const way = (key?: string): Way => ({
    url: gateway.url,
    ...(key !== undefined && { apiKey: key }),
    ...(isBridge && { bridge: BRIDGE }),
  });

  beforeAll(async () => {
    models = await connect(way(apiKey));
  });
  afterAll(async () => await models?.close());

  test("lists every tool with what it takes and gives", async () => {
    const tools = await models.list();
    expect(tools.map(({ name }) => name)).toEqual([
      "execute",
      "list_languages",
      "open_session",
      "list_sessions",
      "reset_session",
      "close_session",
      "read_file",
      "write_file",
      "list_files",
    ]);
    for (const tool of tools) {
      expect(tool.inputSchema).toMatchObject({ type: "object", additionalProperties: false });
      expect(tool.outputSchema).toMatchObject({ type: "object" });
    }
    if (!isBridge) expect(models.version()).toBe(version);
  });

  test("runs a program", async () => {
    gateway.state.onExecute = ({ end }) => end();
    const result = await models.call("execute", PROGRAM);
    expect(result.content[0]?.text).toMatch(/^42\n\[ok, exit code 0, 18 ms, \d+ credits left\]$/);
    expect(result.structuredContent).toMatchObject({ outcome: "ok", stdout: "42" });
  });

  test("hears what a program prints before it ends", async () => {
    const heard: string[] = [];
    const first = Promise.withResolvers<void>();
    gateway.state.onExecute = async ({ say, end }) => {
      say("one\n");
      // It goes on only when the client has heard of that.
      await first.promise;
      say("two\n");
      end();
    };
    const onprogress = ({ message = "" }: { message?: string | undefined }) => {
      heard.push(message);
      if (message === "one\n") first.resolve();
    };
    const result = await models.call("execute", PROGRAM, { onprogress });
    expect(result.isError).toBeFalsy();
    expect(heard).toEqual(["running, version 3.13.5", "one\n", "two\n"]);
  });

  test.each(["a key", "no key"])("ends what runs when it is cancelled, with %s", async (has) => {
    const own = has === "a key" ? models : await connect(way());
    const begun = Promise.withResolvers<Running>();
    gateway.state.onExecute = begun.resolve;
    const caller = new AbortController();
    const calling = own.call("execute", PROGRAM, { signal: caller.signal }).catch(String);
    const running = await begun.promise;
    caller.abort("enough");
    expect(await calling).toMatch(/enough|abort|cancel/i);
    const left = version === "2026-07-28" ? "hung up" : "interrupted";
    expect(await running.left).toBe(left);
    running.end();
    if (own !== models) await own.close();
  });

  test("is told in a tool's error what would help", async () => {
    const result = await models.call("execute", { language: "cobol", code: "1" });
    expect(result.isError).toBe(true);
    expect(result.content[0]?.text).toMatch(/not a supported language.*list_languages/s);
    expect(result._meta?.["agent-coderunner/error"]).toMatchObject({ code: "unknown_language" });
  });

  test("is refused a tool that does not exist", async () => {
    await expect(models.call("no_such_tool")).rejects.toThrow(/Unknown tool: no_such_tool/);
  });
});

describe("the newer client", () => {
  test("needs nothing but the newer protocol", async () => {
    const models = await newClient({ url: gateway.url, apiKey }, "2026-07-28");
    expect((await models.list()).length).toBeGreaterThan(0);
    await models.close();
  });
});
