// Executions as streams: the events their callers hear, one terminal event whatever happens, and the
// same charge as ever.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { OUTPUT_BYTES_MAX, RESULTS_MAX } from "../../shared/limits.ts";
import type {
  ExecutionEvent,
  ExecutionReport,
  RunnerExecuteRequest,
} from "../../shared/runner-api.ts";
import type { Env } from "../../worker/env.ts";
import worker from "../../worker/index.ts";
import { client } from "./kit/client.ts";
import { anyAddress, errorOf, gateway, PROGRAM, REPORT } from "./kit/gateway.ts";
import { linesOf, refusal, reportOf, sessionRunner } from "./kit/session-runner.ts";

type Told = { event: string; data: Record<string, unknown> };

const START: ExecutionEvent = { type: "start", version: "3.13.5" };
const BEAT: ExecutionEvent = { type: "beat" };
const text = (type: "stdout" | "stderr", value: string): ExecutionEvent => ({
  type,
  stage: "run",
  text: value,
});
const SHOWN: ExecutionEvent = {
  type: "shown",
  value: { kind: "value", data: { "text/plain": "84" } },
};
const failed = (code: string): ExecutionEvent => ({
  type: "failed",
  error: { code, message: "from the runner" },
});

function eventsIn(body: string): Told[] {
  const blocks = body.split("\n\n").filter((block) => block !== "" && !block.startsWith(":"));
  return blocks.map((block) => {
    const [, event = "", data = ""] = /^event: (\w+)\ndata: (.*)$/.exec(block) ?? [];
    return { event, data: JSON.parse(data) };
  });
}

/** A caller whose executions are streams of these lines, and an end if there is to be one. */
async function streamed(
  lines: (request: RunnerExecuteRequest) => readonly (ExecutionEvent | string)[],
  kept?: (request: RunnerExecuteRequest) => object,
) {
  const fake = sessionRunner((request) => {
    expect(request.stream).toBe(true);
    const left = kept?.(request);
    if (left !== undefined) fake.executions.set(request.executionId, left);
    return linesOf(lines(request));
  });
  const own = await client(fake);
  const before = await own.credits();
  const stream = async (path = "/api/execute", program: object = PROGRAM) => {
    const response = await own.g.run(own.apiKey, { ...program, stream: true }, path);
    const body = await response.text();
    return { response, body, events: eventsIn(body) };
  };
  const spent = async () => before - (await own.credits());
  return { ...own, fake, stream, spent };
}

const end = (request: RunnerExecuteRequest): ExecutionEvent => ({
  type: "end",
  report: reportOf(request, { shown: [{ kind: "value", data: { "text/plain": "84" } }] }),
});

describe("a streamed execution", () => {
  it("tells what happens as it happens, and at its end the plain reply", async () => {
    const { stream, apiKey, spent } = await streamed((request) => [
      START,
      text("stdout", "49"),
      BEAT,
      text("stderr", "hm\n\n"),
      SHOWN,
      end(request),
    ]);
    const { response, events, body } = await stream();
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("text/event-stream; charset=utf-8");
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(response.headers.get("X-Accel-Buffering")).toBe("no");
    expect(response.headers.get("RateLimit-Policy")).toMatch(/^"executions"/);
    expect(body.endsWith("\n\n")).toBe(true);
    const id = events[0]?.data.id;
    expect(events.slice(0, -1)).toEqual([
      { event: "start", data: { id, language: "python", version: "3.13.5" } },
      { event: "stdout", data: { stage: "run", text: "49" } },
      { event: "stderr", data: { stage: "run", text: "hm\n\n" } },
      { event: "result", data: { kind: "value", data: { "text/plain": "84" } } },
    ]);
    expect(await spent()).toBe(1);
    const plain = gateway((request) => Response.json(REPORT, { headers: request.headers }));
    const reply = await (await plain.run(apiKey)).json<object>();
    const last = events.at(-1);
    expect(last?.event).toBe("end");
    expect(Object.keys(last?.data ?? {}).sort()).toEqual(Object.keys(reply).sort());
    expect(last?.data).toMatchObject({ id, stdout: "499500", result: "84" });
  });

  it.each([
    ["/api/execute", {}],
    ["/v1/execute", { session_id: expect.stringMatching(/^[0-9a-f-]{36}$/) }],
  ])("begins by naming itself in the words of %s", async (path, session) => {
    const { stream } = await streamed((request) => [START, end(request)]);
    const { events } = await stream(path);
    const id = expect.stringMatching(/^exec-/);
    const start = { id, ...session, language: "python", version: "3.13.5" };
    expect(events[0]).toEqual({ event: "start", data: start });
    expect(events.at(-1)?.data).toMatchObject(session);
  });

  it("in a session names that", async () => {
    const { stream, openSession, fake } = await streamed((request) => [START, end(request)]);
    const id = await openSession();
    const { events } = await stream(`/api/sessions/${id}/execute`, { code: "1", openStdin: true });
    expect(events.map(({ data }) => data.sessionId)).toEqual([id, id]);
    expect(fake.executed[0]?.openStdin).toBe(true);
  });

  it("can be asked for by what is accepted, and plainly although it is", async () => {
    const { g, apiKey, fake } = await streamed((request) => [START, end(request)]);
    const headers = { Authorization: `Bearer ${apiKey}`, Accept: "text/event-stream" };
    const response = await g.post("/api/execute", PROGRAM, headers);
    expect(response.headers.get("Content-Type")).toContain("text/event-stream");
    await response.text();
    await g.post("/api/execute", { ...PROGRAM, stream: false }, headers).catch(() => undefined);
    expect(fake.executed[1]).not.toHaveProperty("stream");
  });

  it("needs no key, as a demo", async () => {
    const fake = sessionRunner((request) => linesOf([START, end(request)]));
    const headers = { "CF-Connecting-IP": anyAddress() };
    const body = { ...PROGRAM, stream: true };
    const response = await gateway(fake.runner).post("/v1/execute", body, headers);
    const events = eventsIn(await response.text());
    expect(events[0]?.data.session_id).toBeNull();
    expect(events.at(-1)?.data).toMatchObject({ demo: { remaining: 49 }, session_id: null });
  });

  it("cannot be left to itself or be sent input without a key", async () => {
    const g = gateway(() => expect.fail("the runner was asked"));
    for (const wish of [{ detach: true }, { openStdin: true }]) {
      const response = await g.post("/api/execute", { ...PROGRAM, ...wish, stream: true });
      expect(response.status).toBe(401);
    }
  });

  it("is answered plainly when nothing has begun", async () => {
    for (const answer of [() => refusal("busy"), () => linesOf([failed("busy")])]) {
      const fake = sessionRunner(answer);
      const { g, apiKey } = await client(fake);
      const response = await g.run(apiKey, { ...PROGRAM, stream: true });
      expect(response.status).toBe(503);
      expect(await errorOf(response)).toMatchObject({ code: "busy", retryAfterMs: 1000 });
    }
    const refused = await (await client()).g.post(
      "/api/execute",
      { ...PROGRAM, stream: true },
      {
        Authorization: "Bearer wrong",
      },
    );
    expect(refused.status).toBe(401);
  });

  it("tells no more than a whole reply could hold", async () => {
    const big = "x".repeat(OUTPUT_BYTES_MAX);
    const { stream } = await streamed((request) => [
      START,
      ...Array.from({ length: 4 }, () => text("stdout", big)),
      text("stderr", "y"),
      ...Array.from({ length: RESULTS_MAX + 5 }, () => SHOWN),
      end(request),
    ]);
    const { events } = await stream();
    const count = (name: string) => events.filter(({ event }) => event === name).length;
    expect(count("stdout")).toBe(2);
    expect(count("stderr")).toBe(1);
    expect(count("result")).toBe(RESULTS_MAX);
    expect(count("end")).toBe(1);
  });

  it("is logged once, at its end, with what it came to", async () => {
    const { g, apiKey } = await streamed((request) => [START, end(request)]);
    const log = vi.spyOn(console, "log");
    const response = await g.run(apiKey, { ...PROGRAM, stream: true });
    await response.text();
    const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
    log.mockRestore();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatchObject({ status: 200, outcome: "ok", chargedMicro: 2000 });
  });
});

describe("a stream of the runner's that goes wrong", () => {
  const half = '{"type":"start","version"';

  it.each<[string, (ExecutionEvent | string)[], string]>([
    ["ends with a failure", [START, failed("runner_fault")], "runner_fault"],
    ["ends with a failure nobody knows", [START, failed("exploded")], "runner_fault"],
    ["does not end", [START, text("stdout", "1")], "runner_fault"],
    ["ends in the middle of a line", [START, half], "runner_fault"],
    ["says what is no JSON", [START, "hello\n"], "runner_fault"],
    ["says what is no event", [START, '{"type":"dance"}\n'], "runner_fault"],
    ["starts twice", [START, START], "runner_fault"],
    ["ends with half a report", [START, '{"type":"end","report":{}}\n'], "runner_fault"],
    ["has a line without end", [START, "x".repeat(17 * 1024 * 1024)], "runner_fault"],
    ["says that the session is gone", [START, failed("session_lost")], "session_lost"],
  ])("is one error to the caller and costs nothing: it %s", async (_what, lines, code) => {
    const { stream, spent } = await streamed(() => lines);
    const { events, body } = await stream();
    expect(events[0]?.event).toBe("start");
    expect(events.at(-1)).toMatchObject({ event: "error", data: { error: { code } } });
    expect(events.filter(({ event }) => event === "error" || event === "end")).toHaveLength(1);
    expect(body).not.toContain("from the runner");
    expect(await spent()).toBe(0);
  });

  it("is made good by what the runner has kept, and charged", async () => {
    const report = { ...REPORT, version: "kept" };
    const { stream, spent } = await streamed(
      () => [START, text("stdout", "1")],
      () => ({ state: "done", report }),
    );
    const { events } = await stream();
    expect(events.at(-1)).toMatchObject({ event: "end", data: { version: "kept" } });
    expect(await spent()).toBe(1);
  });
});

describe("a caller who deletes the session of what it listens to", () => {
  it("pays for as long as that ran", async () => {
    const startMs = Date.UTC(2100, 0);
    vi.useFakeTimers({ toFake: ["Date"], now: startMs });
    const line = (event: ExecutionEvent) => new TextEncoder().encode(`${JSON.stringify(event)}\n`);
    const fake = sessionRunner(() => {
      const body = new ReadableStream<Uint8Array>({
        async start(controller) {
          controller.enqueue(line(START));
          await scheduler.wait(50);
          vi.setSystemTime(startMs + 30_001);
          controller.enqueue(line(failed("session_deleted")));
          controller.close();
        },
      });
      return new Response(body);
    });
    const { g, apiKey, openSession, credits } = await client(fake);
    const before = await credits();
    const program = { ...PROGRAM, session_id: await openSession(), stream: true };
    const response = await g.run(apiKey, program, "/v1/execute");
    const last = eventsIn(await response.text()).at(-1);
    expect(last).toMatchObject({ event: "error", data: { error: { code: "session_deleted" } } });
    expect(await credits()).toBe(before - 2);
    vi.useRealTimers();
  });
});

describe("a caller who hangs up", () => {
  /** Sends a streamed execution, reads its start, and leaves. */
  async function leave(program: object, left: Partial<ExecutionReport> | { error: object } = {}) {
    let hungUp = false;
    const executions = new Map<string, object>();
    const fake = sessionRunner((request) => {
      fake.executions.set(request.executionId, { state: "running" });
      executions.set(request.executionId, request);
      return linesOf([START, text("stdout", "1")], {
        isOpen: true,
        onCancel: () => {
          hungUp = true;
          const whole = "error" in left ? left : { report: reportOf(request, left) };
          fake.executions.set(request.executionId, { state: "ended", ...whole });
        },
      });
    });
    const own = await client(fake);
    const before = await own.credits();
    const ctx = createExecutionContext();
    const request = new Request("https://gateway.test/api/execute", {
      method: "POST",
      body: JSON.stringify({ ...PROGRAM, stream: true, ...program }),
      headers: { Authorization: `Bearer ${own.apiKey}`, "Content-Type": "application/json" },
    });
    const env = own.g.env as Env;
    const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, ctx);
    const reader = response.body?.getReader();
    const { value } = (await reader?.read()) ?? {};
    expect(new TextDecoder().decode(value)).toContain("event: start");
    await reader?.cancel();
    return {
      ...own,
      fake,
      ctx,
      hungUp: () => hungUp,
      id: [...executions.keys()][0] ?? "",
      spent: async () => before - (await own.credits()),
    };
  }

  it("has the program interrupted, and pays for what ran", async () => {
    const { ctx, hungUp, spent } = await leave({});
    await waitOnExecutionContext(ctx);
    expect(hungUp()).toBe(true);
    expect(await spent()).toBe(1);
  });

  it("and deletes the session at once, pays for what ran", async () => {
    const error = { code: "session_deleted", message: "gone", requestId: "x", ranMs: 29_000 };
    const { ctx, spent } = await leave({}, { error });
    await waitOnExecutionContext(ctx);
    expect(await spent()).toBe(1);
  });

  it("leaves a program alone that is to go on", async () => {
    const { hungUp, call, id, spent, fake } = await leave({ detach: true });
    await scheduler.wait(50);
    expect(hungUp()).toBe(false);
    expect(fake.executed[0]?.detach).toBe(true);
    const running = await call("GET", `/api/executions/${id}`);
    expect(await running.json()).toMatchObject({ id, language: "python", state: "running" });
    fake.executions.set(id, { state: "done", report: REPORT });
    const done = await call("GET", `/api/executions/${id}`);
    expect(await done.json()).toMatchObject({ state: "done", stdout: "499500" });
    expect(await spent()).toBe(1);
  });
});
