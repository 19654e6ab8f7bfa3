// Calls of the gateway and of the runner as the benchmark makes them: plain node:http over kept
// connections, which adds less of its own than fetch, and never without a deadline.

import http from "node:http";
import type { Stack } from "../launch/stack.ts";
import { makeSigningKey } from "../runner/signed.ts";
import { newId, newSessionId } from "../shared/ids.ts";
import { LANGUAGES, type LanguageId } from "../shared/languages.ts";
import {
  ExecutionReport,
  RUNNER_EXECUTE_PATH,
  RUNNER_HEALTH_PATH,
  RUNNER_SESSIONS_PATH,
  type RunnerExecuteRequest,
  RunnerHealth,
  RunnerSession,
} from "../shared/runner-api.ts";
import { sign } from "../shared/signature.ts";
import type { BenchProgram } from "./programs.ts";

export type Reply = Record<string, unknown>;

/** How long a program of the benchmark may run, and how long an answer may take. */
const RUN_MS_MAX = 10_000;
const ANSWER_MS_MAX = 60_000;

const agent = new http.Agent({ keepAlive: true });

/** One request; resolves with the JSON that comes back, whatever it says. */
export async function call(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body = "",
): Promise<Reply> {
  const bytes = await exchange(method, url, headers, Buffer.from(body));
  return bytes.length === 0 ? {} : JSON.parse(bytes.toString("utf8"));
}

/** One request; resolves with the bytes that come back, whatever they are. */
export function exchange(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body: Buffer,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      agent,
      method,
      headers: { ...headers, "content-length": String(body.length) },
      timeout: ANSWER_MS_MAX,
    });
    request.once("error", reject);
    request.once("timeout", () => request.destroy(new Error(`no answer from ${url.pathname}`)));
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve(Buffer.concat(chunks)));
    });
    request.end(body);
  });
}

/** Speaks to a stack's runner as its gateway does. */
export type RunnerCaller = {
  /** Runs a program for an account; resolves with what came of it, or else with the whole reply. */
  execute: (program: Pick<BenchProgram, "language" | "code">, accountId: string) => Promise<Reply>;
  /** Opens a session, in which `execute` then runs cells. */
  open: (language: LanguageId, accountId: string) => Promise<SessionCaller>;
  /** How many sandboxes wait and work, by language. */
  health: () => Promise<RunnerHealth>;
};

/** One session, at the runner. */
export type SessionCaller = {
  execute: (code: string) => Promise<Reply>;
  close: () => Promise<void>;
};

/** What of a stack, or of a runner alone, its caller must know. */
export type Callee = Pick<Stack, "runnerId" | "runnerSecret" | "runner">;

/** A caller with the runner's own secret. */
export function runnerCaller(callee: Callee): RunnerCaller {
  const key = makeSigningKey(callee.runnerSecret);
  const signedCall = async (method: string, path: string, body: string) => {
    const url = new URL(path, callee.runner.url);
    const signed = { method, url: url.href, body: new TextEncoder().encode(body) };
    const headers = await sign(key, callee.runnerId, signed, Date.now());
    return call(method, url, { ...headers }, body);
  };
  const execute = async (
    { language, code }: Pick<BenchProgram, "language" | "code">,
    accountId: string,
    more: Partial<RunnerExecuteRequest> = {},
  ) => {
    const executionId = newId("exec");
    const request: RunnerExecuteRequest = {
      ...{ executionId, accountId, language },
      files: [{ name: LANGUAGES[language].mainFile, content: code }],
      runTimeoutMs: RUN_MS_MAX,
      compileTimeoutMs: RUN_MS_MAX,
      ...more,
    };
    const reply = await signedCall("POST", RUNNER_EXECUTE_PATH, JSON.stringify(request));
    const { run } = ExecutionReport.safeParse(reply).data ?? {};
    return run ?? reply;
  };
  const open: RunnerCaller["open"] = async (language, accountId) => {
    const sessionId = newSessionId();
    const request = JSON.stringify({ sessionId, accountId, language });
    const reply = await signedCall("POST", RUNNER_SESSIONS_PATH, request);
    if (!RunnerSession.safeParse(reply).success) throw new Error(JSON.stringify(reply));
    const path = `${RUNNER_SESSIONS_PATH}/${sessionId}?accountId=${accountId}`;
    return {
      execute: (code) => execute({ language, code }, accountId, { sessionId, isSnippet: true }),
      close: async () => void (await signedCall("DELETE", path, "")),
    };
  };
  return {
    execute: (program, accountId) => execute(program, accountId),
    open,
    health: async () => RunnerHealth.parse(await signedCall("GET", RUNNER_HEALTH_PATH, "")),
  };
}

/** Throws unless a program's output is the expected one, with the whole reply to look at. */
export function check(output: unknown, expected: string, reply: object): void {
  if (output !== expected) throw new Error(`unexpected answer: ${JSON.stringify(reply)}`);
}
