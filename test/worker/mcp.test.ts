// The protocol of the tools, a message at a time: versions, methods, statuses, who is refused and why,
// and that a message of a protocol session is done once, however often it is sent.

import { describe, expect, test } from "vitest";
import { MCP_MESSAGES_MAX, REQUEST_BODY_BYTES_MAX } from "../../shared/limits.ts";
import { client, expectRefused } from "./kit/client.ts";
import { anyAddress, deaf, gateway } from "./kit/gateway.ts";
import { callTool, post, streamed } from "./kit/mcp.ts";
import { sessionRunner } from "./kit/session-runner.ts";

const HELLO = { name: "execute", arguments: { language: "python", code: "print(1)" } };
const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };
const BOTH = { Accept: "application/json, text/event-stream" };

function initialize(protocolVersion: string) {
  const clientInfo = { name: "tests", version: "1" };
  return { method: "initialize", params: { protocolVersion, capabilities: {}, clientInfo } };
}

function modern(method: string, more: object = {}) {
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: "tests", version: "1" },
    "io.modelcontextprotocol/clientCapabilities": {},
  };
  const headers = { ...BOTH, "Mcp-Protocol-Version": "2026-07-28", "Mcp-Method": method };
  return { message: { jsonrpc: "2.0", id: 1, method, params: { ...more, _meta } }, headers };
}

describe("versions", () => {
  test.each(["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])(
    "%s is spoken where it is asked for",
    async (version) => {
      const { result } = await post(gateway(), initialize(version));
      expect(result).toMatchObject({ protocolVersion: version, capabilities: { tools: {} } });
    },
  );

  test("an unknown version is answered with one that is known", async () => {
    const { result } = await post(gateway(), initialize("2099-01-01"));
    expect(result?.protocolVersion).toBe("2025-11-25");
  });

  test("2026-07-28 needs no beginning", async () => {
    const { message, headers } = modern("server/discover");
    const { result } = await post(gateway(), message, headers);
    expect(result?.supportedVersions).toContain("2026-07-28");
  });

  test("2026-07-28 has headers say what is in the message", async () => {
    const { message, headers } = modern("tools/list");
    const wrong = { ...headers, "Mcp-Method": "tools/call" };
    const response = await gateway().post("/mcp", message, wrong);
    expect(response.status).toBe(400);
  });
});

describe("a request", () => {
  test("that takes no stream is answered with JSON, another as it says", async () => {
    const plain = await gateway().post("/mcp", LIST);
    expect(plain.headers.get("Content-Type")).toBe("application/json");
    const stream = await gateway().post("/mcp", LIST, BOTH);
    expect(stream.headers.get("Content-Type")).toBe("text/event-stream");
    expect(await stream.text()).toMatch(/^event: message\ndata: \{.*\}\n\n/);
  });

  test("of several messages is answered with as many", async () => {
    const messages = [1, 2, 3].map((id) => ({ jsonrpc: "2.0", id, method: "ping" }));
    const response = await gateway().post("/mcp", messages);
    const answers = await response.json<{ id: number }[]>();
    expect(answers.map(({ id }) => id).sort()).toEqual([1, 2, 3]);
  });

  test("that only notifies is accepted", async () => {
    const message = { jsonrpc: "2.0", method: "notifications/initialized" };
    const response = await gateway().post("/mcp", message);
    expect([response.status, await response.text()]).toEqual([202, ""]);
  });

  test.each([
    ["too many messages", Array(MCP_MESSAGES_MAX + 1).fill(LIST), 400, "invalid_request"],
    ["no message", [], 400, "invalid_request"],
    ["no JSON", "{nonsense", 400, "invalid_request"],
    ["a number", "7", 400, "invalid_request"],
    ["too much", " ".repeat(REQUEST_BODY_BYTES_MAX + 1), 413, "payload_too_large"],
  ] as const)("with %s is refused", async (_what, body, status, code) => {
    await expectRefused(await deaf().post("/mcp", body), code, status);
  });

  test("that is no JSON-RPC is refused in the protocol's own words", async () => {
    const response = await deaf().post("/mcp", { hello: "world" });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ jsonrpc: "2.0", error: { code: -32600 } });
  });

  test.each(["GET", "DELETE"])("by %s has no stream and no session to be about", async (method) => {
    const response = await deaf().send("/mcp", { method, headers: BOTH });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe("POST, OPTIONS");
  });

  test("of a page's is let ask with the headers of the protocol", async () => {
    const response = await deaf().send("/mcp", { method: "OPTIONS" });
    const allowed = response.headers.get("Access-Control-Allow-Headers") ?? "";
    for (const name of ["Mcp-Session-Id", "Mcp-Protocol-Version", "Mcp-Method", "Mcp-Name"]) {
      expect(allowed).toContain(name);
    }
    const answered = await gateway().post("/mcp", { ...LIST, ...initialize("2025-06-18") });
    expect(answered.headers.get("Access-Control-Expose-Headers")).toContain("Mcp-Session-Id");
    expect(answered.headers.get("Mcp-Session-Id")).toMatch(/^mcp-[0-9a-z]{26}$/);
  });
});

test("2026-07-28 has what is sent twice done once under an Idempotency-Key", async () => {
  const who = await client(sessionRunner(() => streamed()));
  const { message, headers } = modern("tools/call", HELLO);
  const own = {
    ...headers,
    "Mcp-Name": "execute",
    Authorization: `Bearer ${who.apiKey}`,
    "Idempotency-Key": "one",
  };
  const [first, again] = [
    await (await who.g.post("/mcp", message, own)).text(),
    await (await who.g.post("/mcp", message, own)).text(),
  ];
  const id = /"id":"(exec-\w+)"/;
  expect(id.exec(again)?.[1]).toBe(id.exec(first)?.[1]);
  expect(who.fake.executed).toHaveLength(1);
});

describe("who is refused", () => {
  test.each([
    "Bearer nonsense",
    `Bearer cr_live_${"0".repeat(64)}_${"0".repeat(32)}_00000000`,
    "Basic eDp5",
  ])("the key %s, before anything is asked", async (Authorization) => {
    const response = await deaf().post("/mcp", LIST, { Authorization });
    await expectRefused(response, "invalid_key", 401);
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  test.each([
    ["http://localhost:1", "https://evil.example", false],
    ["http://127.0.0.1:1", "http://evil.example", false],
    ["http://evil.example:1", "http://evil.example:1", false],
    ["http://evil.example:1", "http://localhost", false],
    ["http://localhost:1", "null", false],
    ["http://localhost:1", "http://localhost.evil.example", false],
    ["http://localhost:1", "http://127.0.0.1:5173", true],
    ["http://[::1]:1", "http://app.localhost:5173", true],
    ["http://localhost:1", "https://named.example", true],
    ["https://runs.example", "https://any.example", true],
    ["http://runs.example", undefined, true],
  ])("at %s a page of %s: let through is %s", async (at, origin, isLet) => {
    const g = gateway(undefined, { MCP_ORIGINS: "https://named.example, https://x.example" });
    const headers = { "Content-Type": "application/json", ...(origin && { Origin: origin }) };
    const init = { method: "POST", headers, body: JSON.stringify(LIST) };
    const response = await g.begin("/mcp", init, at);
    if (isLet) return expect(response.status).toBe(200);
    await expectRefused(response, "origin_refused", 403);
  });
});

describe("a protocol session", () => {
  async function begun(who: Awaited<ReturnType<typeof client>>) {
    const message = { jsonrpc: "2.0", id: 0, ...initialize("2025-11-25") };
    const response = await who.g.post("/mcp", message);
    return { "Mcp-Session-Id": response.headers.get("Mcp-Session-Id") ?? "" };
  }

  test("that is none of ours is to be begun anew", async () => {
    const response = await deaf().post("/mcp", LIST, { "Mcp-Session-Id": "somebody-elses" });
    await expectRefused(response, "not_found", 404);
  });

  test("has a message done once, however often it is sent", async () => {
    const who = await client(sessionRunner(() => streamed()));
    const headers = await begun(who);
    const before = await who.credits();
    const run = async (id: number) =>
      await callTool(who, "execute", HELLO.arguments, { id, headers });
    const [first, again, other] = [await run(7), await run(7), await run(8)];
    expect(again.structuredContent?.id).toBe(first.structuredContent?.id);
    expect(other.structuredContent?.id).not.toBe(first.structuredContent?.id);
    expect(who.fake.executed).toHaveLength(2);
    expect(await who.credits()).toBe(before - 2);
  });

  test("opens one session for one message", async () => {
    const who = await client();
    const headers = await begun(who);
    const open = async () =>
      await callTool(who, "open_session", { language: "python" }, { id: 1, headers });
    const [first, again] = [await open(), await open()];
    expect(again.structuredContent?.sessionId).toBe(first.structuredContent?.sessionId);
  });

  test.each([true, false])("cancels what it began, with a key: %s", async (hasKey) => {
    const running = Promise.withResolvers<Response>();
    const fake = sessionRunner(() => running.promise);
    const who = await client(fake);
    const own = hasKey
      ? { Authorization: `Bearer ${who.apiKey}` }
      : { "CF-Connecting-IP": anyAddress() };
    const headers = { ...(await begun(who)), ...own, "Content-Type": "application/json" };
    const send = async (message: object, more = {}) =>
      await who.g.begin("/mcp", {
        method: "POST",
        headers: { ...headers, ...more },
        body: JSON.stringify({ jsonrpc: "2.0", ...message }),
      });
    const calling = send({ id: "a", method: "tools/call", params: HELLO });
    await expect.poll(() => fake.executed.length).toBe(1);
    const id = fake.executed[0]?.executionId ?? "";
    const cancel = (requestId: unknown) => ({
      method: "notifications/cancelled",
      params: { requestId },
    });
    // Neither another message's name nor another session's is this one's.
    const strange = { "Mcp-Session-Id": `mcp-${"0".repeat(26)}` };
    for (const wrong of [send(cancel("b")), send(cancel("a"), strange), send(cancel({}))]) {
      expect((await wrong).status).toBe(202);
    }
    expect(fake.told).toEqual([]);
    expect((await send(cancel("a"))).status).toBe(202);
    // It reaches its runner a little later than the wish to end it.
    await scheduler.wait(30);
    fake.executions.set(id, { state: "running" });
    await expect.poll(() => fake.told.map(({ path }) => path)).toEqual(["/interrupt"]);
    running.resolve(streamed());
    await (await calling).text();
  });
});
