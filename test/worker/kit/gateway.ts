// The real gateway over real Durable Objects. Only the runner is replaced, by a function that
// answers as one would; everything a test does goes in as an HTTP request.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect } from "vitest";
import type { ErrorBody } from "../../../shared/errors.ts";
import {
  type ExecutionReport,
  RunnerExecuteRequest,
  type StageReport,
} from "../../../shared/runner-api.ts";
import type { Env } from "../../../worker/env.ts";
import worker from "../../../worker/index.ts";
import { expectDescribed } from "./conform.ts";

export const ADMIN_TOKEN = "an-admin-token-for-tests-of-32-characters";
export const RUNNER_SECRET = "a-secret-for-tests-of-at-least-32-characters";

const ORIGIN = "https://gateway.test";

export type Runner = (request: Request) => Promise<Response> | Response;

export type Gateway = ReturnType<typeof gateway>;

/** A gateway before `runner`, with some settings changed. */
export function gateway(runner: Runner = answering(), settings: Partial<Env> = {}) {
  const own: Env = {
    ...env,
    ...settings,
    RUNNER: { fetch: async (input, init) => await runner(new Request(input, init)) },
  };
  return {
    env: own,
    /** Sends a request, waits for everything it set going, and holds the reply to its description. */
    async send(path: string, init: RequestInit = {}): Promise<Response> {
      const ctx = createExecutionContext();
      const request = new Request(`${ORIGIN}${path}`, init);
      const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], own, ctx);
      await waitOnExecutionContext(ctx);
      await expectDescribed(request, response);
      return response;
    },
    /** Sends a request, and does not wait for what goes on after its reply has begun. */
    async begin(path: string, init: RequestInit = {}, origin = ORIGIN): Promise<Response> {
      const request = new Request(`${origin}${path}`, init);
      const ctx = createExecutionContext();
      return await worker.fetch(request as Parameters<typeof worker.fetch>[0], own, ctx);
    },
    /** Posts a body as JSON, with a key when one is given. */
    async post(path: string, body: unknown, headers: Record<string, string> = {}) {
      const text = typeof body === "string" ? body : JSON.stringify(body);
      const type = { "Content-Type": "application/json" };
      return await this.send(path, {
        method: "POST",
        body: text,
        headers: { ...type, ...headers },
      });
    },
    /** Runs a program with `apiKey`, by the one face or the other. */
    async run(apiKey: string, program: object = PROGRAM, path = "/api/execute") {
      return await this.post(path, program, { Authorization: `Bearer ${apiKey}` });
    },
    /** Opens an account from an address of its own. */
    async open(): Promise<{ apiKey: string; accountId: string }> {
      const response = await this.post("/api/keys", {}, { "CF-Connecting-IP": anyAddress() });
      return await response.json();
    },
    /** Changes an account as the operator. */
    async change(accountId: string, change: object, token = ADMIN_TOKEN) {
      const headers = { Authorization: `Bearer ${token}`, "Content-Type": "application/json" };
      const body = JSON.stringify(change);
      return await this.send(`/admin/accounts/${accountId}`, { method: "PATCH", headers, body });
    },
    account(accountId: string) {
      return own.ACCOUNTS.get(own.ACCOUNTS.idFromString(accountId));
    },
  };
}

/** A gateway whose objects may not be asked, so that a bad request that reaches one shows. */
export function deaf(): Gateway {
  const nobody = new Proxy({}, { get: () => () => expect.fail("an object was asked") });
  return gateway(() => expect.fail("the runner was asked"), {
    ACCOUNTS: nobody as never,
    VISITORS: nobody as never,
  });
}

export const PROGRAM = { language: "python", code: "print(1)" };

export const STAGE: StageReport = {
  outcome: "ok",
  exitCode: 0,
  signal: null,
  stdout: "499500\n",
  stderr: "",
  stdoutBytes: 7,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
  wallMs: 18.4,
  cpuMs: 12,
  memoryPeakBytes: 9_000_000,
};

export const REPORT: ExecutionReport = { version: "3.13.5", run: STAGE, queueMs: 0.5 };

/** A runner that runs every program with the same end. `seen` gathers what it was asked. */
export function answering(
  run: Partial<StageReport> = {},
  seen: RunnerExecuteRequest[] = [],
): Runner {
  return reporting({ ...REPORT, run: { ...STAGE, ...run } }, seen);
}

/** A runner that reports the same of every program it would take. */
export function reporting(report: ExecutionReport, seen: RunnerExecuteRequest[] = []): Runner {
  return async (request) => {
    seen.push(RunnerExecuteRequest.parse(await request.json()));
    return Response.json(report);
  };
}

/** A runner that fails with a code of its own. */
export function failing(status: number, code: string, more: object = {}): Runner {
  return () => Response.json({ error: { code, message: "from the runner", ...more } }, { status });
}

/** An address nobody in another test has. */
export function anyAddress(): string {
  const [a = 0, b = 0, c = 0] = crypto.getRandomValues(new Uint8Array(3));
  return `10.${a}.${b}.${c}`;
}

export async function errorOf(response: Response): Promise<ErrorBody["error"]> {
  const { error } = await response.json<ErrorBody>();
  return error;
}
