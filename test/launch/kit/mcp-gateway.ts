// The gateway as it is deployed, on the real workerd, before a runner that does what a test says with a
// program and ends it when it is interrupted.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBundle } from "../../../launch/bundle.ts";
import { startGateway } from "../../../launch/gateway.ts";
import { launchPaths } from "../../../launch/paths.ts";

const SECRET = "a-secret-for-tests-of-at-least-32-characters";

const STAGE = {
  outcome: "ok",
  exitCode: 0,
  signal: null,
  stdout: "42\n",
  stderr: "",
  stdoutBytes: 3,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
  wallMs: 18.4,
  cpuMs: 12,
  memoryPeakBytes: 9_000_000,
};

/** A program as the runner has it: what is to be told of it, and how it ends. */
export type Running = {
  request: { executionId: string; accountId: string; files: { content: string }[] };
  say: (text: string) => void;
  end: (more?: object) => void;
  /** Settles when its caller has hung up or interrupted it. */
  left: Promise<"interrupted" | "hung up">;
};

export type McpGateway = Awaited<ReturnType<typeof startMcpGateway>>;

/** `onExecute` is what becomes of programs. */
export async function startMcpGateway(vars: Readonly<Record<string, string>> = {}) {
  const dir = mkdtempSync(join(tmpdir(), "gateway-mcp-"));
  const runs = new Map<string, () => void>();
  const state = { onExecute: (running: Running) => running.end(), sessions: 0 };

  const server = createServer(async (request, response) => {
    const path = request.url ?? "";
    const json = (status: number, body: object) =>
      response.writeHead(status, { "Content-Type": "application/json" }).end(JSON.stringify(body));
    if (path === "/v1/health") {
      const languages = { python: { version: "3.13.5" } };
      return json(200, { ready: true, runnerId: "local", languages, sandboxes: {} });
    }
    if (path === "/v1/execute") return await run(request, response);
    if (path === "/v1/sessions") {
      const { sessionId, language } = JSON.parse(await textOf(request));
      const times = { createdAtMs: 0, lastUsedAtMs: 0, expiresAtMs: 0, executions: 0 };
      state.sessions += 1;
      return json(201, { sessionId, language, version: "3.13.5", state: "idle", ...times });
    }
    const id = /^\/v1\/executions\/([^/]+)\/interrupt$/.exec(path)?.[1] ?? "";
    const interrupt = runs.get(id);
    const error = { code: "unknown_execution", message: "no such execution" };
    if (interrupt === undefined) return json(404, { error });
    interrupt();
    return json(200, {});
  }).listen(0, "127.0.0.1");
  await once(server, "listening");

  async function run(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const wanted = JSON.parse(await textOf(request));
    const say = (line: object) => response.write(`${JSON.stringify(line)}\n`);
    const left = Promise.withResolvers<"interrupted" | "hung up">();
    const end = (more: object = {}) => {
      runs.delete(wanted.executionId);
      if (response.writableEnded) return;
      const report = { version: "3.13.5", run: STAGE, queueMs: 0.5, ...more };
      say({ type: "end", report });
      response.end();
    };
    runs.set(wanted.executionId, () => {
      left.resolve("interrupted");
      const stage = { ...STAGE, outcome: "signal", exitCode: null, signal: "SIGINT", stdout: "" };
      end({ run: stage });
    });
    response.once("close", () => left.resolve("hung up"));
    response.writeHead(200);
    say({ type: "start", version: "3.13.5" });
    const beats = setInterval(() => say({ type: "beat" }), 100);
    response.once("close", () => clearInterval(beats));
    const told = (text: string) => say({ type: "stdout", stage: "run", text });
    state.onExecute({ request: wanted, say: told, end, left: left.promise });
  }

  const { port } = server.address() as AddressInfo;
  const bundles = join(dir, "bundles");
  const bundle = await ensureBundle({ repo: launchPaths().repo, dir: bundles, report: () => {} });
  const gateway = await startGateway({
    bundle,
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: { ...vars, RUNNER_URL: `http://127.0.0.1:${port}`, RUNNER_ID: "local" },
    secrets: { RUNNER_SECRET: SECRET, ADMIN_TOKEN: SECRET },
    logFile: join(dir, "gateway.log"),
  });
  const newKey = async () => {
    const opened = await fetch(`${gateway.url}/api/keys`, { method: "POST" });
    const { apiKey, accountId } = (await opened.json()) as { apiKey: string; accountId: string };
    await fetch(`${gateway.url}/admin/accounts/${accountId}`, {
      method: "PATCH",
      headers: { Authorization: `Bearer ${SECRET}`, "Content-Type": "application/json" },
      body: JSON.stringify({ grantCredits: 1000, ratePerMinute: 10_000 }),
    });
    return apiKey;
  };
  const stop = async () => {
    await gateway.stop();
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true, force: true });
  };
  return { url: gateway.url, state, newKey, stop, logFile: join(dir, "gateway.log") };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
