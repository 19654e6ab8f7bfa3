// How often an execution asks an object: twice, and only the first time is waited for. Each call is
// paid for, and each that is waited for is felt.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it } from "vitest";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import worker from "../../worker/index.ts";
import { REFUSED_REPORT } from "./kit/compiled.ts";
import {
  anyAddress,
  failing,
  gateway,
  PROGRAM,
  REPORT,
  type Runner,
  reporting,
} from "./kit/gateway.ts";
import { bindingsWith } from "./kit/object-calls.ts";
import { linesOf, reportOf, sessionRunner } from "./kit/session-runner.ts";

const C_PROGRAM = { language: "c", code: "int main(void) {" };

/** Streams what it is asked to stream, and answers the rest. */
function eitherRunner(request: RunnerExecuteRequest): Response {
  const report = reportOf(request);
  if (!request.stream) return Response.json(report);
  return linesOf([
    { type: "start", version: "3.13.5" },
    { type: "end", report },
  ]);
}

/** A caller of a gateway whose calls to objects are written down; those after the reply wait for `let_`. */
async function watched(runner: Runner = sessionRunner(eitherRunner).runner) {
  const made: string[] = [];
  const gate = Promise.withResolvers<void>();
  const g = gateway(
    runner,
    bindingsWith(async ({ object, method }, make) => {
      made.push(`${object}.${method}`);
      if (method === "settle" || method === "void" || method === "giveBack") await gate.promise;
      return await make();
    }),
  );
  const { apiKey } = await gateway().open();
  /** Sends a request and reads its reply to the end, with all that comes after the reply held up. */
  const send = async (path: string, body: object, headers: Record<string, string> = {}) => {
    made.length = 0;
    const ctx = createExecutionContext();
    const authorization = { Authorization: `Bearer ${apiKey}` };
    const request = new Request(`https://gateway.test${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", ...authorization, ...headers },
      body: JSON.stringify(body),
    });
    if (headers.Authorization === "") request.headers.delete("Authorization");
    const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], g.env, ctx);
    const text = await response.text();
    return { ctx, status: response.status, text };
  };
  const finish = async (ctx: ExecutionContext) => {
    gate.resolve();
    await waitOnExecutionContext(ctx);
    return made;
  };
  return { send, finish, apiKey, made };
}

describe("an execution asks an account twice, and its reply waits for the first only", () => {
  const stream = { stream: true };
  it.each<[string, string, object, Runner?]>([
    ["by /api", "/api/execute", PROGRAM],
    ["by /v1, in a session it opens", "/v1/execute", PROGRAM],
    ["as a stream by /api", "/api/execute", { ...PROGRAM, ...stream }],
    ["as a stream by /v1", "/v1/execute", { ...PROGRAM, ...stream }],
    ["that is not compiled", "/api/execute", C_PROGRAM, reporting(REFUSED_REPORT)],
    ["that finds no sandbox", "/api/execute", PROGRAM, failing(503, "busy")],
    ["that meets a fault", "/v1/execute", PROGRAM, failing(502, "runner_fault")],
    [
      "that finds no sandbox for its stream",
      "/api/execute",
      { ...PROGRAM, ...stream },
      failing(503, "busy"),
    ],
  ])("%s", async (_how, path, body, runner) => {
    const { send, finish } = await watched(runner);
    const { ctx } = await send(path, body);
    const made = await finish(ctx);
    const last = runner === undefined || body === C_PROGRAM ? "settle" : "void";
    expect(made).toEqual(["account.admit", `account.${last}`]);
  });

  it.each([
    ["", {}],
    [", as a stream", { stream: true }],
  ])("in a session that was opened before%s, by both faces", async (_how, more) => {
    const own = await watched();
    const opened = await own.send("/api/sessions", { language: "python" });
    const { sessionId } = JSON.parse(opened.text);
    const program = { code: "print(1)", ...more };
    const api = await own.send(`/api/sessions/${sessionId}/execute`, program);
    expect(api.status).toBe(200);
    expect(await own.finish(api.ctx)).toEqual(["account.admit", "account.settle"]);
    const v1 = await own.send("/v1/execute", { ...PROGRAM, session_id: sessionId, ...more });
    expect(v1.status).toBe(200);
    expect(await own.finish(v1.ctx)).toEqual(["account.admit", "account.settle"]);
  });
});

describe("a demo run", () => {
  it("asks a visitor once, and a second time only where it was not run", async () => {
    const headers = { Authorization: "", "CF-Connecting-IP": anyAddress() };
    const done = await watched(() => Response.json(REPORT));
    const ran = await done.send("/api/execute", PROGRAM, headers);
    expect(ran.status).toBe(200);
    expect(await done.finish(ran.ctx)).toEqual(["visitor.admitDemo"]);
    const busy = await watched(failing(503, "busy"));
    const refused = await busy.send("/api/execute", PROGRAM, headers);
    expect(refused.status).toBe(503);
    expect(await busy.finish(refused.ctx)).toEqual(["visitor.admitDemo", "visitor.giveBack"]);
  });
});

describe("a request that is refused", () => {
  it("for what it says asks nobody", async () => {
    const { send, made } = await watched();
    expect((await send("/api/execute", { language: "cobol", code: "x" })).status).toBe(400);
    expect((await send("/v1/execute", { language: "python" })).status).toBe(400);
    const headers = { Authorization: "Bearer YOUR_KEY" };
    expect((await send("/api/execute", PROGRAM, headers)).status).toBe(401);
    expect(made).toEqual([]);
  });

  it("for its rate asks once", async () => {
    const { send, finish } = await watched();
    for (let count = 0; count < 10; count += 1)
      await finish((await send("/api/execute", PROGRAM)).ctx);
    const { ctx, status } = await send("/api/execute", PROGRAM);
    expect(status).toBe(429);
    expect(await finish(ctx)).toEqual(["account.admit"]);
  });
});
