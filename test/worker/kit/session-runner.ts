// A runner that keeps sessions, files and executions in memory, as far as the gateway can tell one
// from a real one. A test may have it forget a session, or answer an execution in its own way.

import { ERRORS, type ErrorCode } from "../../../shared/errors.ts";
import { SESSION_IDLE_MS_MAX } from "../../../shared/limits.ts";
import {
  type ExecutionEvent,
  type ExecutionReport,
  RunnerExecuteRequest,
  RunnerSessionRequest,
} from "../../../shared/runner-api.ts";
import { REPORT, type Runner } from "./gateway.ts";

/** What every wish for packages comes to, unless a test says otherwise. */
export const INSTALLED = [
  { manager: "pip", name: "humanize", version: "4.13.0", hasSkippedScripts: false },
  { manager: "npm", name: "left-pad", version: "1.3.0", hasSkippedScripts: true },
];

type Kept = { accountId: string; language: string; executions: number };
export type Asked = { method: string; path: string; search: string; headers: Headers };

export type SessionRunner = ReturnType<typeof sessionRunner>;

/** `execute` answers executions; without it every program reports the same. So does `installation` wishes for packages. */
export function sessionRunner(
  execute: (request: RunnerExecuteRequest) => Response | Promise<Response> = reportFor,
  installation: () => Response = () => Response.json({ packages: INSTALLED }),
) {
  const sessions = new Map<string, Kept>();
  const gone = new Map<string, ErrorCode>();
  const files = new Map<string, Uint8Array>();
  const asked: Asked[] = [];
  const executed: RunnerExecuteRequest[] = [];
  /** What is known of executions by their id, and what they were sent. */
  const executions = new Map<string, object>();
  const told: { path: string; body: unknown }[] = [];

  const absence = (id: string) => refusal(gone.get(id) ?? "unknown_session");

  async function onExecute(request: Request): Promise<Response> {
    const wanted = RunnerExecuteRequest.parse(await request.json());
    executed.push(wanted);
    const { sessionId, opensSession, accountId, language } = wanted;
    if (sessionId !== undefined && opensSession === true) {
      sessions.set(sessionId, { accountId, language, executions: 0 });
    }
    if (sessionId !== undefined && sessions.get(sessionId)?.accountId !== accountId) {
      return absence(sessionId);
    }
    const session = sessions.get(sessionId ?? "");
    if (session !== undefined) session.executions += 1;
    return await execute(wanted);
  }

  async function onSession(request: Request, id: string, rest: string): Promise<Response> {
    const url = new URL(request.url);
    const isPost = request.method === "POST";
    const body: { accountId?: string } = isPost ? await request.json() : {};
    const accountId = body.accountId ?? url.searchParams.get("accountId");
    const session = sessions.get(id);
    if (session === undefined || session.accountId !== accountId) return absence(id);
    if (rest.startsWith("/files/")) {
      return await onFile(request, `${id}/${decodeURIComponent(rest.slice(7))}`);
    }
    if (request.method === "DELETE") {
      sessions.delete(id);
      gone.set(id, "session_deleted");
      return new Response(null, { status: 204 });
    }
    if (isPost) {
      told.push({ path: rest, body });
      if (rest === "/packages") return installation();
      return Response.json({ interrupted: true });
    }
    return Response.json(describe(id, session));
  }

  async function onFile(request: Request, name: string): Promise<Response> {
    if (request.method === "PUT") {
      const bytes = new Uint8Array(await request.arrayBuffer());
      files.set(name, bytes);
      const written = { name: name.slice(37), bytes: bytes.length, sha256: "0".repeat(64) };
      return Response.json(written, { status: 201 });
    }
    if (new URL(request.url).searchParams.get("list") === "1") {
      const entries = [...files].map(([at, bytes]) => ({
        name: at.slice(37),
        type: "file",
        bytes: bytes.length,
        modifiedAtMs: 0,
      }));
      return Response.json({ entries, truncated: false });
    }
    const bytes = files.get(name);
    if (bytes === undefined) return refusal("unknown_file");
    if (request.method === "DELETE") {
      files.delete(name);
      return new Response(null, { status: 204 });
    }
    const headers = { "Content-Length": String(bytes.length), "Content-Digest": "sha-256=:AAAA:" };
    return new Response(bytes, { headers });
  }

  async function onExecution(request: Request, id: string, rest: string): Promise<Response> {
    const known = executions.get(id);
    if (known === undefined) return refusal("unknown_execution");
    if (rest === "") return Response.json(known);
    told.push({ path: rest, body: await request.json() });
    return "report" in known ? refusal("not_running") : Response.json({});
  }

  const runner: Runner = async (request) => {
    const { pathname: path, search } = new URL(request.url);
    asked.push({ method: request.method, path, search, headers: request.headers });
    if (path === "/v1/execute") return await onExecute(request);
    if (path === "/v1/sessions") {
      const { sessionId, packages, ...session } = RunnerSessionRequest.parse(await request.json());
      const installed = packages === undefined ? undefined : installation();
      if (installed?.ok === false) return installed;
      sessions.set(sessionId, { ...session, executions: 0 });
      const kept = sessions.get(sessionId) as Kept;
      const more = installed === undefined ? {} : await installed.json();
      return Response.json({ ...describe(sessionId, kept), ...(more as object) }, { status: 201 });
    }
    const [, , kind = "", id = "", ...rest] = path.split("/");
    const below = rest.length === 0 ? "" : `/${rest.join("/")}`;
    if (kind === "sessions") return await onSession(request, id, below);
    return await onExecution(request, id, below);
  };

  return {
    runner,
    sessions,
    gone,
    files,
    asked,
    executed,
    executions,
    told,
    /** Has it forget every session, for this reason or for none. */
    forget(code?: ErrorCode) {
      for (const id of sessions.keys()) if (code !== undefined) gone.set(id, code);
      sessions.clear();
    },
  };
}

function describe(sessionId: string, { language, executions }: Kept) {
  const nowMs = Date.now();
  return {
    sessionId,
    language,
    version: REPORT.version,
    state: "idle",
    createdAtMs: nowMs,
    lastUsedAtMs: nowMs,
    expiresAtMs: nowMs + SESSION_IDLE_MS_MAX,
    executions,
  };
}

/** A runner's refusal. */
export function refusal(code: ErrorCode, more: object = {}): Response {
  const { status } = ERRORS[code];
  return Response.json({ error: { code, message: "from the runner", ...more } }, { status });
}

/** The usual report, from the session that was asked for. */
export function reportOf(
  { sessionId }: RunnerExecuteRequest,
  more: Partial<ExecutionReport> = {},
): ExecutionReport {
  const session = sessionId && { id: sessionId, isFresh: false, isStateKept: true };
  return { ...REPORT, ...(session && { session }), ...more };
}

function reportFor(request: RunnerExecuteRequest): Response {
  return Response.json(reportOf(request));
}

/** A stream of lines: events, or text as it is. It stays open after them if `isOpen`. */
export function linesOf(
  lines: readonly (ExecutionEvent | string)[],
  { isOpen = false, onCancel = () => {} } = {},
): Response {
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      for (const line of lines) {
        const text = typeof line === "string" ? line : `${JSON.stringify(line)}\n`;
        controller.enqueue(encoder.encode(text));
      }
      if (!isOpen) controller.close();
    },
    cancel: onCancel,
  });
  return new Response(body, { headers: { "Content-Type": "application/x-ndjson" } });
}
