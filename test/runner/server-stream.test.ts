// The runner's answers that take their time: events as they happen, beats where nothing does, and
// what becomes of an execution whose caller hangs up. And the routes about sessions and executions.

import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Execution, Executions } from "../../runner/executions.ts";
import { executionRoutes, sessionRoutes } from "../../runner/routes.ts";
import { createServer } from "../../runner/server.ts";
import { NonceMemory } from "../../runner/signed.ts";
import { Failure } from "../../shared/errors.ts";
import { HEARTBEAT_MS } from "../../shared/limits.ts";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import { importSigningKey, sign } from "../../shared/signature.ts";
import { callRunner, type Target } from "../kit/signed-call.ts";
import { cellOf, fakeSessions, ID } from "./kit/fake-sessions.ts";
import { REPORT } from "./kit/report.ts";

const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const PROGRAM = { ...cellOf("1"), sessionId: undefined };

let server: Server;
let target: Target;
let executions: Executions;
let begun: Execution[] = [];
let told: string[] = [];
let end: { resolve: (report: ExecutionReport) => void; reject: (thrown: unknown) => void };
let all: ReturnType<typeof fakeSessions>;

beforeEach(async () => {
  begun = [];
  told = [];
  executions = new Executions();
  all = fakeSessions();
  const app = createServer({
    keeper: { key: await importSigningKey(SECRET), runnerId: "r1", nonces: new NonceMemory() },
    log: pino({ level: "silent" }),
    execute: (_request, execution) => {
      const { promise, ...ways } = Promise.withResolvers<ExecutionReport>();
      end = ways;
      execution.begin("3.13.5", {
        interrupt: () => told.push("interrupt"),
        feed: (data, { isEnd }) => told.push(`feed ${data}${isEnd ? " end" : ""}`),
      });
      begun.push(execution);
      return promise;
    },
    executions,
    health: () => {
      throw new Error("nobody asks");
    },
    withSession: () => Promise.reject(new Error("nobody asks")),
    routes: [...sessionRoutes(all.sessions), ...executionRoutes(executions)],
  });
  server = createHttpServer(app).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  target = { port: (server.address() as AddressInfo).port, runnerId: "r1", secret: SECRET };
});

afterEach(() => {
  vi.useRealTimers();
  server.close();
  server.closeAllConnections();
});

/** Begins a signed execution and gives its answer before that has ended. */
async function begin(payload: object, signal?: AbortSignal): Promise<Response> {
  const url = `http://127.0.0.1:${target.port}/v1/execute`;
  const body = new Uint8Array(new TextEncoder().encode(JSON.stringify(payload)));
  const request = { method: "POST", url, body };
  const headers = await sign(await importSigningKey(SECRET), "r1", request, Date.now());
  return await fetch(url, { method: "POST", headers, body, ...(signal && { signal }) });
}

/** The next `count` events of a stream. */
function eventsOf(response: Response) {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  return async (count: number) => {
    while (text.split("\n").length <= count) {
      const { value, done } = (await reader?.read()) ?? { done: true };
      if (done) break;
      text += value;
    }
    const lines = text.split("\n");
    text = lines.slice(count).join("\n");
    return lines.slice(0, count).map((line) => JSON.parse(line));
  };
}

describe("a streamed execution", () => {
  it("says what happens the moment it does, and at last everything", async () => {
    const response = await begin({ ...PROGRAM, stream: true });
    expect(response.headers.get("content-type")).toBe("application/x-ndjson");
    const next = eventsOf(response);
    expect(await next(1)).toEqual([{ type: "start", version: "3.13.5" }]);
    begun[0]?.listenerFor?.("run").onOutput("stdout", Buffer.from("1\n"));
    expect(await next(1)).toEqual([{ type: "stdout", stage: "run", text: "1\n" }]);
    end.resolve(REPORT);
    expect(await next(1)).toEqual([{ type: "end", report: REPORT }]);
  });

  it("says why there is no report, without anything internal", async () => {
    const next = eventsOf(await begin({ ...PROGRAM, stream: true }));
    await next(1);
    end.reject(new Error("secret"));
    const [event] = await next(1);
    expect(event).toMatchObject({ type: "failed", error: { code: "internal" } });
    expect(JSON.stringify(event)).not.toContain("secret");
  });

  it("beats while there is nothing to say", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
    const next = eventsOf(await begin({ ...PROGRAM, stream: true }));
    await next(1);
    vi.advanceTimersByTime(HEARTBEAT_MS);
    expect(await next(1)).toEqual([{ type: "beat" }]);
    end.resolve(REPORT);
    expect(await next(1)).toEqual([{ type: "end", report: REPORT }]);
  });
});

describe("a caller who hangs up", () => {
  it.each([
    ["has the execution interrupted", { stream: true }, ["interrupt"]],
    ["has it go on if that was said", { stream: true, detach: true }, []],
  ])("%s", async (_what, more, wanted) => {
    const hangUp = new AbortController();
    const next = eventsOf(await begin({ ...PROGRAM, ...more }, hangUp.signal));
    await next(1);
    hangUp.abort();
    await vi.waitFor(() => expect(told).toEqual(wanted));
    end.resolve(REPORT);
    const path = `/v1/executions/${PROGRAM.executionId}?accountId=a`;
    await vi.waitFor(async () => {
      const { body } = await callRunner(target, { path });
      expect(body).toEqual({ state: "ended", report: REPORT });
    });
  });

  it("has a plain execution interrupted too", async () => {
    const hangUp = new AbortController();
    const answer = begin(PROGRAM, hangUp.signal).catch(() => undefined);
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    hangUp.abort();
    await vi.waitFor(() => expect(told).toEqual(["interrupt"]));
    end.resolve(REPORT);
    await answer;
    const path = `/v1/executions/${PROGRAM.executionId}?accountId=a`;
    const { body } = await callRunner(target, { path });
    expect(body).toEqual({ state: "ended", report: REPORT });
  });
});

describe("the routes about executions", () => {
  const path = "/v1/executions/exec-1";
  const post = (what: string, payload: object) =>
    callRunner(target, { path: `${path}/${what}`, payload });

  it("reach one that runs, for its account only", async () => {
    const answer = begin(PROGRAM);
    await vi.waitFor(() => expect(begun).toHaveLength(1));
    expect(await post("stdin", { accountId: "a", data: "in" })).toMatchObject({ status: 200 });
    await post("stdin", { accountId: "a", data: "YQ==", encoding: "base64", end: true });
    await post("interrupt", { accountId: "a" });
    expect(told).toEqual(["feed in", "feed a end", "interrupt"]);
    for (const what of ["stdin", "interrupt"]) {
      const { status, body } = await post(what, { accountId: "b" });
      expect([status, body.error.code]).toEqual([404, "unknown_execution"]);
    }
    expect((await post("stdin", { data: "x" })).body.error.field).toBe("accountId");
    end.resolve(REPORT);
    expect((await answer).status).toBe(200);
    expect((await callRunner(target, { path: `${path}?accountId=a` })).status).toBe(404);
  });
});

describe("the routes about sessions", () => {
  const path = `/v1/sessions/${ID}`;
  const request = { sessionId: ID, accountId: "a", language: "python" };

  it("open, tell of, interrupt, reset and end one", async () => {
    const made = await callRunner(target, { path: "/v1/sessions", payload: request });
    expect(made.status).toBe(201);
    expect(made.body).toMatchObject({ sessionId: ID, version: "3.13.5", state: "idle" });
    const again = await callRunner(target, { path: "/v1/sessions", payload: request });
    expect([again.status, again.body.error.code]).toEqual([409, "conflict"]);
    const told = await callRunner(target, { path: `${path}?accountId=a` });
    expect(told.body).toMatchObject({ sessionId: ID, executions: 0 });
    const owner = { accountId: "a" };
    const interrupt = await callRunner(target, { path: `${path}/interrupt`, payload: owner });
    expect(interrupt.body).toEqual({ interrupted: false });
    expect((await callRunner(target, { path: `${path}/reset`, payload: owner })).status).toBe(200);
    const end = { method: "DELETE", path: `${path}?accountId=a` };
    expect((await callRunner(target, end)).status).toBe(204);
    const gone = await callRunner(target, end);
    expect([gone.status, gone.body.error.code]).toEqual([410, "session_deleted"]);
  });

  it("show nothing to another account, nor to one that does not say who it is", async () => {
    await callRunner(target, { path: "/v1/sessions", payload: request });
    for (const method of ["GET", "DELETE"]) {
      const foreign = await callRunner(target, { method, path: `${path}?accountId=b` });
      expect([foreign.status, foreign.body.error.code]).toEqual([404, "unknown_session"]);
      expect((await callRunner(target, { method, path })).status).toBe(400);
    }
  });

  it("refuse a language there is none of, an id that is none, and what is no room", async () => {
    const ask = (more: object) =>
      callRunner(target, { path: "/v1/sessions", payload: { ...request, ...more } });
    expect((await ask({ language: "cobol" })).body.error.field).toBe("language");
    expect((await ask({ sessionId: "1" })).body.error.field).toBe("sessionId");
    expect((await ask({ version: "99" })).body.error.code).toBe("unknown_version");
    all.sessions.create = () => Promise.reject(new Failure("busy", { retryAfterMs: 1000 }));
    const full = await ask({});
    expect([full.status, full.headers.get("retry-after")]).toEqual([503, "1"]);
  });
});
