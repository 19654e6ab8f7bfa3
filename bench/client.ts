// Calls of the gateway and of the runner as the benchmark makes them: plain node:http over kept
// connections, which adds less of its own than fetch, and never without a deadline.

import http from "node:http";
import type { Stack } from "../launch/stack.ts";
import { makeSigningKey } from "../runner/signed.ts";
import { newId } from "../shared/ids.ts";
import { LANGUAGES } from "../shared/languages.ts";
import {
  ExecutionReport,
  RUNNER_EXECUTE_PATH,
  RUNNER_HEALTH_PATH,
  type RunnerExecuteRequest,
  RunnerHealth,
} from "../shared/runner-api.ts";
import { sign } from "../shared/signature.ts";
import type { BenchProgram } from "./programs.ts";

export type Reply = Record<string, unknown>;

/** How long a program of the benchmark may run, and how long an answer may take. */
const RUN_MS_MAX = 10_000;
const ANSWER_MS_MAX = 60_000;

const agent = new http.Agent({ keepAlive: true });

/** One request; resolves with the JSON that comes back, whatever it says. */
export function call(
  method: string,
  url: URL,
  headers: Record<string, string>,
  body = "",
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, {
      agent,
      method,
      headers: { ...headers, "content-length": String(Buffer.byteLength(body)) },
      timeout: ANSWER_MS_MAX,
    });
    request.once("error", reject);
    request.once("timeout", () => request.destroy(new Error(`no answer from ${url.pathname}`)));
    request.once("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.once("error", reject);
      response.once("end", () => resolve(JSON.parse(Buffer.concat(chunks).toString("utf8"))));
    });
    request.end(body);
  });
}

/** Speaks to a stack's runner as its gateway does. */
export type RunnerCaller = {
  /** Runs a program for an account; resolves with what came of it, or else with the whole reply. */
  execute: (program: Pick<BenchProgram, "language" | "code">, accountId: string) => Promise<Reply>;
  /** How many sandboxes wait and work, by language. */
  health: () => Promise<RunnerHealth>;
};

/** A caller with the stack's own secret. */
export function runnerCaller(stack: Stack): RunnerCaller {
  const key = makeSigningKey(stack.runnerSecret);
  const signedCall = async (method: string, path: string, body: string) => {
    const url = new URL(path, stack.runner.url);
    const signed = { method, url: url.href, body: new TextEncoder().encode(body) };
    const headers = await sign(key, stack.runnerId, signed, Date.now());
    return call(method, url, { ...headers }, body);
  };
  return {
    execute: async ({ language, code }, accountId) => {
      const executionId = newId("exec");
      const request: RunnerExecuteRequest = {
        ...{ executionId, accountId, language },
        files: [{ name: LANGUAGES[language].mainFile, content: code }],
        runTimeoutMs: RUN_MS_MAX,
        compileTimeoutMs: RUN_MS_MAX,
      };
      const reply = await signedCall("POST", RUNNER_EXECUTE_PATH, JSON.stringify(request));
      const { run } = ExecutionReport.safeParse(reply).data ?? {};
      return run ?? reply;
    },
    health: async () => RunnerHealth.parse(await signedCall("GET", RUNNER_HEALTH_PATH, "")),
  };
}

/** Throws unless a program's output is the expected one, with the whole reply to look at. */
export function check(output: unknown, expected: string, reply: object): void {
  if (output !== expected) throw new Error(`unexpected answer: ${JSON.stringify(reply)}`);
}
