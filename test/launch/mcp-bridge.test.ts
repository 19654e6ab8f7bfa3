// The bridge before a gateway that misbehaves, or only answers as a test says.

import { once } from "node:events";
import {
  createServer,
  type IncomingHttpHeaders,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bridge } from "../../mcp/bridge.ts";

type Seen = { headers: IncomingHttpHeaders; body: unknown };
type OnPost = (seen: Seen, response: ServerResponse) => void;

let server: Server;
let url: string;
let onPost: OnPost;

beforeAll(async () => {
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    onPost(
      { headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) },
      response,
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

/** A bridge, and what it says. */
function start(apiKey?: string) {
  const input = new PassThrough();
  const output = new PassThrough();
  const logged: string[] = [];
  const leaving = new AbortController();
  const options = { url: `${url}/`, apiKey, input, output, signal: leaving.signal };
  const ended = bridge({ ...options, log: (sentence) => logged.push(sentence) });
  let said = "";
  output.on("data", (chunk) => {
    said += chunk;
  });
  return {
    ...{ input, output, logged, leaving, ended },
    send: (message: unknown) => input.write(`${JSON.stringify(message)}\n`),
    said: () =>
      said
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
  };
}

function answerJson(response: ServerResponse, status: number, body: unknown, more: object = {}) {
  response.writeHead(status, { "Content-Type": "application/json", ...more });
  response.end(JSON.stringify(body));
}

const LIST = { jsonrpc: "2.0", id: 1, method: "tools/list" };

describe("the bridge", () => {
  test("keeps to the protocol session and the version that were agreed on", async () => {
    const seen: Seen[] = [];
    onPost = (asked, response) => {
      seen.push(asked);
      const { id } = asked.body as { id?: number };
      if (id === undefined) return response.writeHead(202).end();
      const result = { protocolVersion: "2025-06-18" };
      answerJson(response, 200, { jsonrpc: "2.0", id, result }, { "Mcp-Session-Id": "mcp-1" });
    };
    const it = start("a-key");
    it.send({ jsonrpc: "2.0", id: 0, method: "initialize", params: {} });
    await expect.poll(() => it.said().length).toBe(1);
    it.send({ jsonrpc: "2.0", method: "notifications/initialized" });
    it.send(LIST);
    await expect.poll(() => it.said().length).toBe(2);
    it.input.end();
    await it.ended;
    expect(seen[0]?.headers).toMatchObject({ authorization: "Bearer a-key" });
    expect(seen[0]?.headers).not.toHaveProperty("mcp-session-id");
    for (const { headers } of seen.slice(1)) {
      expect(headers).toMatchObject({
        "mcp-session-id": "mcp-1",
        "mcp-protocol-version": "2025-06-18",
      });
    }
    expect(it.logged).toEqual([]);
  });

  test("repeats in headers what the newer protocol wants there", async () => {
    const seen = Promise.withResolvers<Seen>();
    onPost = (asked, response) => {
      seen.resolve(asked);
      answerJson(response, 200, { jsonrpc: "2.0", id: 1, result: {} });
    };
    const it = start();
    const _meta = { "io.modelcontextprotocol/protocolVersion": "2026-07-28" };
    it.send({ ...LIST, method: "tools/call", params: { name: "größe", _meta } });
    expect((await seen.promise).headers).toMatchObject({
      "mcp-protocol-version": "2026-07-28",
      "mcp-method": "tools/call",
      "mcp-name": `=?base64?${Buffer.from("größe").toString("base64")}?=`,
    });
    it.leaving.abort();
    await it.ended;
  });

  test("answers for a stream that breaks off, once", async () => {
    onPost = (_asked, response) => {
      response.writeHead(200, { "Content-Type": "text/event-stream" });
      response.write('event: message\ndata: {"jsonrpc":"2.0","method":"notifications/x"}\n\n');
      setTimeout(() => response.destroy(), 50);
    };
    const it = start();
    it.send(LIST);
    await expect.poll(() => it.said().length).toBe(2);
    expect(it.said()[1]).toMatchObject({ id: 1, error: { code: -32000 } });
    it.leaving.abort();
    await it.ended;
    expect(it.said()).toHaveLength(2);
  });

  test.each([
    [502, "text/html", "<h1>Bad Gateway</h1>", /answered 502/],
    [503, "application/json", '{"error":{"code":"busy","message":"Every sandbox."}}', /^Every/],
    [200, "text/event-stream", "", /broke off/],
  ])("answers for a gateway that says %i with %s", async (status, type, body, words) => {
    onPost = (_asked, response) =>
      void response.writeHead(status, { "Content-Type": type }).end(body);
    const it = start();
    it.send(LIST);
    await expect.poll(() => it.said().length).toBe(1);
    expect(it.said()[0].error.message).toMatch(words);
    it.input.end();
    await it.ended;
  });

  test("ends when nobody reads what it says, and when its input ends without a word", async () => {
    const silent = start();
    silent.input.end();
    await silent.ended;
    const unread = start();
    unread.output.destroy(new Error("EPIPE"));
    await unread.ended;
  });

  test("waits for what is under way when its input ends", async () => {
    onPost = (_asked, response) =>
      void setTimeout(() => answerJson(response, 200, { jsonrpc: "2.0", id: 1, result: {} }), 100);
    const it = start();
    it.input.end(`${JSON.stringify(LIST)}\n`);
    await it.ended;
    expect(it.said()).toEqual([{ jsonrpc: "2.0", id: 1, result: {} }]);
  });
});
