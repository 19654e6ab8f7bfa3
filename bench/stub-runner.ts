// A runner that answers at once and runs nothing: for measuring and trying the gateway by itself. It
// says what a real one would say of whatever it is asked, and keeps nothing but a count.

import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { LANGUAGE_IDS, type LanguageId } from "../shared/languages.ts";
import type { ExecutionReport, RunnerExecuteRequest, RunnerHealth } from "../shared/runner-api.ts";

const VERSION = "1.0.0";
const FILE = Buffer.from("1,2,3\n");
const WRITTEN = { name: "out.txt", bytes: FILE.length, sha256: "0".repeat(64) };

const REPORT: ExecutionReport = {
  version: VERSION,
  queueMs: 0.1,
  run: {
    outcome: "ok",
    exitCode: 0,
    signal: null,
    stdout: "1\n",
    stderr: "",
    stdoutBytes: 2,
    stderrBytes: 0,
    stdoutTruncated: false,
    stderrTruncated: false,
    stdoutIsUtf8: true,
    stderrIsUtf8: true,
    wallMs: 1,
    cpuMs: 1,
    memoryPeakBytes: 1_000_000,
  },
};

export type StubRunner = {
  url: string;
  /** Executions it has reported of, by account. */
  executed: Map<string, number>;
  close: () => Promise<void>;
};

/** Starts one on a port the system chooses. */
export async function startStubRunner(): Promise<StubRunner> {
  const executed = new Map<string, number>();
  const server = createServer((request, response) => {
    answer(request, response, executed).catch(() => response.destroy());
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    executed,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  executed: Map<string, number>,
): Promise<void> {
  const body = await bodyOf(request);
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://runner");
  const [, , kind = "", id = "", ...rest] = pathname.split("/");
  if (kind === "execute") return execute(JSON.parse(body.toString()), response, executed);
  if (kind === "health") return say(response, 200, health());
  if (kind === "executions") return say(response, 200, rest.length === 0 ? { report: REPORT } : {});
  if (rest[0] === "files") return file(request.method, searchParams.has("list"), response);
  if (rest[0] === "interrupt") return say(response, 200, { interrupted: false });
  if (rest[0] === "packages") return say(response, 200, { packages: [] });
  if (request.method === "DELETE") return say(response, 204);
  const asked = request.method === "POST" && id === "" ? JSON.parse(body.toString()) : {};
  const { sessionId = decodeURIComponent(id), language = LANGUAGE_IDS[0] } = asked;
  return say(response, id === "" ? 201 : 200, session(sessionId, language));
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function execute(
  { accountId, sessionId, stream }: RunnerExecuteRequest,
  response: ServerResponse,
  executed: Map<string, number>,
): void {
  const session = sessionId && { id: sessionId, isFresh: true, isStateKept: true };
  const report = { ...REPORT, ...(session && { session }) };
  executed.set(accountId, (executed.get(accountId) ?? 0) + 1);
  if (!stream) return say(response, 200, report);
  const events = [
    { type: "start", version: VERSION },
    { type: "stdout", stage: "run", text: "1\n" },
    { type: "end", report },
  ];
  response.writeHead(200, { "Content-Type": "application/x-ndjson" });
  response.end(events.map((event) => `${JSON.stringify(event)}\n`).join(""));
}

function file(method: string | undefined, isList: boolean, response: ServerResponse): void {
  if (method === "PUT") return say(response, 201, WRITTEN);
  if (method === "DELETE") return say(response, 204);
  if (isList) return say(response, 200, { entries: [], truncated: false });
  response.writeHead(200, { "Content-Length": FILE.length }).end(FILE);
}

function session(sessionId: string, language: LanguageId) {
  const times = { createdAtMs: 0, lastUsedAtMs: 0, expiresAtMs: 0 };
  return { sessionId, language, version: VERSION, state: "idle", ...times, executions: 0 };
}

function health(): RunnerHealth {
  const languages = LANGUAGE_IDS.map((id) => [id, { version: VERSION }]);
  const named = Object.fromEntries(languages);
  return { ready: true, runnerId: "stub", languages: named, sandboxes: {} };
}

function say(response: ServerResponse, status: number, body?: object): void {
  if (body === undefined) return void response.writeHead(status).end();
  const text = JSON.stringify(body);
  response.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
  });
  response.end(text);
}
