// What only the real gateway on the real workerd can show: that bodies of known length pass through it without being
// gathered, and that a caller who hangs up is noticed. The runner is a plain HTTP server.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBundle } from "../../launch/bundle.ts";
import { type Gateway, startGateway } from "../../launch/gateway.ts";
import { launchPaths } from "../../launch/paths.ts";
import { admitStream, makeSigningKey, NonceMemory } from "../../runner/signed.ts";

const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const SET_UP_MS_MAX = 120_000;

type OnRequest = (request: IncomingMessage, response: ServerResponse) => void;

let dir: string;
let server: Server;
let gateway: Gateway;
let onExecute: OnRequest;
let onFile: OnRequest;
let headers: Record<string, string>;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gateway-streams-"));
  server = createServer((request, response) => {
    const path = request.url ?? "";
    if (path.startsWith("/v1/execute")) return onExecute(request, response);
    if (path.includes("/files/")) return onFile(request, response);
    if (path === "/v1/sessions") return void answerSession(request, response);
    response.writeHead(404).end();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const bundle = await ensureBundle({
    repo: launchPaths().repo,
    dir: join(dir, "bundles"),
    report: () => {},
  });
  gateway = await startGateway({
    bundle,
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: { RUNNER_URL: `http://127.0.0.1:${port}`, RUNNER_ID: "local" },
    secrets: { RUNNER_SECRET: SECRET, ADMIN_TOKEN: SECRET },
    logFile: join(dir, "gateway.log"),
  });
  const opened = await fetch(`${gateway.url}/api/keys`, { method: "POST" });
  const { apiKey } = (await opened.json()) as { apiKey: string };
  headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
}, SET_UP_MS_MAX);

afterAll(async () => {
  await gateway?.stop();
  server?.closeAllConnections();
  server?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function answerSession(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { sessionId, language } = JSON.parse(await textOf(request));
  const times = { createdAtMs: 0, lastUsedAtMs: 0, expiresAtMs: 0, executions: 0 };
  const session = { sessionId, language, version: "1", state: "idle", ...times };
  response.writeHead(201, { "Content-Type": "application/json" }).end(JSON.stringify(session));
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function openSession(): Promise<string> {
  const body = JSON.stringify({ language: "python" });
  const response = await fetch(`${gateway.url}/api/sessions`, { method: "POST", headers, body });
  return ((await response.json()) as { sessionId: string }).sessionId;
}

describe("a stream through the gateway", () => {
  async function stream(more: object, signal: AbortSignal): Promise<Response> {
    const body = JSON.stringify({ language: "python", code: "1", stream: true, ...more });
    const init = { method: "POST", headers, body, signal };
    return await fetch(`${gateway.url}/api/execute`, init);
  }

  test("arrives piece by piece", async () => {
    let goOn = () => {};
    onExecute = (_request, response) => {
      response.writeHead(200).write('{"type":"start","version":"1"}\n');
      goOn = () => response.end('{"type":"failed","error":{"code":"busy","message":"x"}}\n');
    };
    const response = await stream({}, AbortSignal.timeout(10_000));
    const reader = response.body?.getReader();
    const first = await reader?.read();
    expect(new TextDecoder().decode(first?.value)).toMatch(/^event: start\n/);
    goOn();
    const second = await reader?.read();
    expect(new TextDecoder().decode(second?.value)).toMatch(/^event: error\n/);
    expect((await reader?.read())?.done).toBe(true);
  });

  test.each([
    [{}, true],
    [{ detach: true }, false],
  ])("whose caller hangs up ends at the runner, unless it is detached: %j", async (more, ends) => {
    const closed = Promise.withResolvers<boolean>();
    onExecute = (_request, response) => {
      response.writeHead(200).write('{"type":"start","version":"1"}\n');
      // A hang-up is noticed when the next thing is to be told.
      const talk = setInterval(() => {
        response.write('{"type":"stdout","stage":"run","text":"."}\n');
      }, 100);
      response.once("close", () => {
        clearInterval(talk);
        closed.resolve(true);
      });
    };
    const caller = new AbortController();
    const response = await stream(more, caller.signal);
    await response.body?.getReader().read();
    caller.abort();
    setTimeout(() => closed.resolve(false), 2000);
    expect(await closed.promise).toBe(ends);
  });
});

describe("a request that only a raw connection can send", () => {
  async function statusOf(lines: string[], { hangsUp = false } = {}): Promise<string> {
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write(`${[...lines, "Connection: close", "", ""].join("\r\n")}{"na`);
    if (hangsUp) socket.end();
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }
  const json = ["Content-Type: application/json", "Content-Length: 100"];

  test("is refused where its body breaks off", async () => {
    const lines = ["POST /api/keys HTTP/1.1", "Host: gateway.test", ...json];
    const reply = await statusOf(lines, { hangsUp: true });
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    expect(reply).toContain("The body broke off before its end.");
  });

  test("is refused where a file breaks off, and that is not the runner's fault", async () => {
    onFile = (request) => void request.resume();
    const path = `/api/sessions/${await openSession()}/files/a.txt`;
    const key = `Authorization: ${headers.Authorization}`;
    const lines = [`PUT ${path} HTTP/1.1`, "Host: gateway.test", key, ...json];
    const reply = await statusOf(lines, { hangsUp: true });
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    expect(reply).toContain("The body broke off before its end.");
  });

  test("is refused where it names two hosts", async () => {
    const reply = await statusOf(["GET / HTTP/1.1", "Host: one.test", "Host: other.test"]);
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    expect(reply).toContain("The request's address is not a valid URL.");
  });
});

describe("a file through the gateway", () => {
  const SIZE = 10 * 1024 * 1024;
  const FILE = Buffer.alloc(SIZE, "0123456789abcdef");

  test("goes into a session as it comes, signed for what its headers say", async () => {
    const keeper = { key: makeSigningKey(SECRET), runnerId: "local", nonces: new NonceMemory() };
    const arrived: { length: string | undefined; body: Buffer; isFirst: boolean }[] = [];
    onFile = async (request, response) => {
      const signed = { method: request.method ?? "", url: `http://runner${request.url}` };
      await admitStream(keeper, signed, request.headers, Date.now());
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk);
      const body = Buffer.concat(chunks);
      const length = request.headers["content-length"];
      arrived.push({ length, body, isFirst: chunks.length > 1 });
      const written = { name: "a b.bin", bytes: body.length, sha256: "0".repeat(64) };
      response.writeHead(201).end(JSON.stringify(written));
    };
    const url = `${gateway.url}/api/sessions/${await openSession()}/files/a%20b.bin`;
    const announced = await fetch(url, { method: "PUT", headers, body: FILE });
    expect(await announced.json()).toMatchObject({ name: "a b.bin", bytes: SIZE });
    const body = new Blob([FILE]).stream();
    const chunked = await fetch(url, { method: "PUT", headers, body, duplex: "half" });
    expect(chunked.status).toBe(201);
    expect(arrived.map(({ length }) => length)).toEqual([String(SIZE), String(SIZE)]);
    for (const { body: there } of arrived) expect(there.equals(FILE)).toBe(true);
  });

  test("of no announced length is nothing when it breaks off", async () => {
    const arrived: number[] = [];
    onFile = async (request, response) => {
      const { length } = await textOf(request).catch(() => ({ length: -1 }));
      arrived.push(length);
      response.end();
    };
    const path = `/api/sessions/${await openSession()}/files/cut.bin`;
    const { hostname, port } = new URL(gateway.url);
    const socket = connect(Number(port), hostname);
    const head = [`PUT ${path} HTTP/1.1`, "Host: x", `Authorization: ${headers.Authorization}`];
    socket.write(`${head.join("\r\n")}\r\nTransfer-Encoding: chunked\r\n\r\n`);
    socket.end("3\r\nabc\r\n9\r\nde");
    await once(socket.resume(), "close");
    expect(arrived.filter((length) => length >= 0)).toEqual([]);
  });

  test("is refused when there is one byte too much, which nobody had announced", async () => {
    onFile = (request, response) => {
      request.resume();
      request.once("end", () => response.writeHead(201).end("{}"));
    };
    const url = `${gateway.url}/api/sessions/${await openSession()}/files/big`;
    const body = new Blob([Buffer.alloc(SIZE + 1)]).stream();
    const response = await fetch(url, { method: "PUT", headers, body, duplex: "half" });
    expect(response.status).toBe(413);
  });

  test("comes out with its length and its digest", async () => {
    const digest = `sha-256=:${Buffer.alloc(32).toString("base64")}:`;
    onFile = (_request, response) => {
      response.writeHead(200, { "Content-Length": SIZE, "Content-Digest": digest }).end(FILE);
    };
    const url = `${gateway.url}/api/sessions/${await openSession()}/files/a.bin`;
    const response = await fetch(url, { headers });
    expect(response.headers.get("Content-Length")).toBe(String(SIZE));
    expect(response.headers.get("Content-Digest")).toBe(digest);
    expect(Buffer.from(await response.arrayBuffer()).equals(FILE)).toBe(true);
    const head = await fetch(url, { method: "HEAD", headers });
    expect(head.status).toBe(200);
    expect(await head.text()).toBe("");
  });
});
