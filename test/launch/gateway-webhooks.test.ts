// What only the real gateway on the real workerd can show of executions that go on by themselves: that
// a webhook goes out and comes in as it was signed, and that an execution whose gateway was killed is
// seen to its end by the next. The runner and the receiver are plain HTTP servers.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ensureBundle } from "../../launch/bundle.ts";
import { type Gateway, type GatewayOptions, startGateway } from "../../launch/gateway.ts";
import { launchPaths } from "../../launch/paths.ts";
import { signalProcess } from "../../runner/host/identity.ts";
import { FOLLOW_FIRST_MS } from "../../shared/limits.ts";

const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const SET_UP_MS_MAX = 120_000;
const STAGE = {
  outcome: "ok",
  exitCode: 0,
  signal: null,
  stdout: "done\n",
  stderr: "",
  stdoutBytes: 5,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
  wallMs: 1,
  cpuMs: 1,
  memoryPeakBytes: 1,
};
const REPORT = { version: "1", run: STAGE, queueMs: 0 };

type Told = { headers: Record<string, string>; body: string };

let dir: string;
let server: Server;
let options: GatewayOptions;
let gateway: Gateway;
let headers: Record<string, string>;
let hook: string;
/** Whether the runner ends what it has begun. */
let ends = true;
let told = Promise.withResolvers<Told>();

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "gateway-webhooks-"));
  server = createServer((request, response) => void answer(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  hook = `${own}/hook`;
  options = {
    bundle: await ensureBundle({
      repo: launchPaths().repo,
      dir: join(dir, "bundles"),
      report: () => {},
    }),
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: { RUNNER_URL: own, RUNNER_ID: "local", WEBHOOK_ADDRESSES: "any" },
    secrets: { RUNNER_SECRET: SECRET, ADMIN_TOKEN: SECRET },
    logFile: join(dir, "gateway.log"),
  };
  gateway = await startGateway(options);
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

/** A runner that says of everything that it has ended, and a receiver. */
async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString();
  if (request.url === "/hook") {
    response.writeHead(204).end();
    return told.resolve({ headers: request.headers as Record<string, string>, body });
  }
  response.writeHead(200, { "Content-Type": "application/json" });
  if (!request.url?.startsWith("/v1/execute")) {
    return void response.end(JSON.stringify({ report: REPORT }));
  }
  response.write('{"type":"start","version":"1"}\n');
  if (ends) response.end(`${JSON.stringify({ type: "end", report: REPORT })}\n`);
}

async function get<Answer>(path: string): Promise<Answer> {
  return (await (await fetch(`${gateway.url}${path}`, { headers })).json()) as Answer;
}

/** Begins a detached execution that tells the hook; returns its id. */
async function begin(): Promise<string> {
  told = Promise.withResolvers<Told>();
  const program = { language: "python", code: "1", detach: true, webhook: hook };
  const init = { method: "POST", headers, body: JSON.stringify(program) };
  const response = await fetch(`${gateway.url}/api/execute`, init);
  expect(response.status).toBe(202);
  return ((await response.json()) as { id: string }).id;
}

/** Expects the hook to be told of an execution, as its account can check. */
async function expectTold(id: string): Promise<void> {
  const { headers: sent, body } = await told.promise;
  const { secret } = await get<{ secret: string }>("/api/webhook-secret");
  const event = new Webhook(secret).verify(body, sent);
  expect(event).toEqual({
    type: "execution.finished",
    timestamp: expect.any(String),
    data: await get(`/api/executions/${id}`),
  });
  expect(event).toMatchObject({ data: { id, state: "done", stdout: "done" } });
}

describe("a detached execution", () => {
  test("has its webhook told when it has ended", async () => {
    ends = true;
    await expectTold(await begin());
  });

  test(
    "whose gateway was killed is seen to its end by the next, and paid for once",
    async () => {
      ends = false;
      const id = await begin();
      signalProcess(gateway.identity, "SIGKILL");
      await gateway.ended;
      gateway = await startGateway({ ...options, port: gateway.port });
      await expectTold(id);
      type Paid = { credits: { charged: number; remaining: number } };
      expect((await get<Paid>(`/api/executions/${id}`)).credits).toEqual({
        charged: 1,
        remaining: 48,
      });
    },
    FOLLOW_FIRST_MS + 60_000,
  );
});
