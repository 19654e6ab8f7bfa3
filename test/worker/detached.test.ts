// Executions that go on by themselves: answered at once, seen to their end by whoever is left, charged
// exactly once.

import { createExecutionContext, runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  DETACHED_REPORT_MS,
  FOLLOW_EVERY_MS,
  FOLLOW_FIRST_MS,
  HISTORY_MS,
} from "../../shared/limits.ts";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import type { Env } from "../../worker/env.ts";
import worker from "../../worker/index.ts";
import { client, expectRefused } from "./kit/client.ts";
import { counted } from "./kit/counted.ts";
import { courierFor } from "./kit/courier.ts";
import { anyAddress, errorOf, gateway, PROGRAM, REPORT } from "./kit/gateway.ts";
import { linesOf, refusal, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const START = { type: "start" as const, version: "3.13.5" };
const DETACHED = { ...PROGRAM, detach: true };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** A caller before a runner that takes on executions and then tells no more of them by itself. */
async function leaving(execute = () => linesOf([START])) {
  clockAt(START_MS);
  const fake = sessionRunner(execute);
  const own = await client(fake);
  const before = await own.credits();
  const begin = async (more: object = {}, path = "/api/execute") => {
    const response = await own.g.run(own.apiKey, { ...DETACHED, ...more }, path);
    expect(response.status).toBe(202);
    return await response.json<{ id: string }>();
  };
  return {
    ...own,
    fake,
    begin,
    courier: courierFor(own.g, own.accountId),
    spent: async () => before - (await own.credits()),
    show: async (id: string) => await (await own.call("GET", `/api/executions/${id}`)).json(),
  };
}

/** A runner that takes an execution to its end. */
function finishing(report: ExecutionReport = REPORT) {
  return () => linesOf([START, { type: "end", report }]);
}

describe("a detached execution", () => {
  it.each([
    ["/api/execute", { language: "python", state: "running" }],
    ["/v1/execute", { language: "python", state: "running", session_id: expect.any(String) }],
  ])("by %s is answered with its id as soon as it runs", async (path, shape) => {
    const { begin, fake } = await leaving();
    expect(await begin({}, path)).toEqual({ id: expect.stringMatching(/^exec-/), ...shape });
    expect(fake.executed[0]).toMatchObject({ detach: true, stream: true });
  });

  it("is answered although its runner has not begun yet", async () => {
    const stream = () => new ReadableStream<Uint8Array>({ start: () => undefined });
    const { g, apiKey, call } = await leaving(() => new Response(stream()));
    const ctx = createExecutionContext();
    const request = new Request("https://gateway.test/api/execute", {
      method: "POST",
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(DETACHED),
    });
    const env = g.env as Env;
    const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, ctx);
    expect(response.status).toBe(202);
    const { id } = await response.json<{ id: string }>();
    const shown = await call("GET", `/api/executions/${id}`);
    expect(await shown.json()).toMatchObject({ id, state: "running" });
  });

  it("is on record and paid for when it has ended, and its courier is done", async () => {
    const { begin, spent, show, courier, fake } = await leaving(finishing());
    const { id } = await begin();
    expect(await show(id)).toMatchObject({
      id,
      state: "done",
      stdout: "499500",
      credits: { charged: 1 },
    });
    expect(await spent()).toBe(1);
    const asked = fake.asked.length;
    expect(await courier.ring()).toBe(true);
    expect(await courier.ring()).toBe(false);
    expect(fake.asked).toHaveLength(asked);
  });

  it("costs four calls of objects, of which two are waited for", async () => {
    const own = await leaving();
    const { settings, calls } = counted();
    const g = gateway(sessionRunner(finishing()).runner, settings);
    await g.run(own.apiKey, DETACHED);
    expect(calls).toEqual(["account.admit", "courier.follow", "account.settle", "courier.relieve"]);
  });

  it("that cannot be run is refused at once, and forgotten by its courier", async () => {
    const { g, apiKey, spent, courier } = await leaving(() => refusal("busy") as never);
    await expectRefused(await g.run(apiKey, DETACHED), "busy", 503);
    expect(await spent()).toBe(0);
    expect(await courier.alarmAt()).toBeNull();
  });

  it("that was lost sight of before it began is answered with its id, and paid for once", async () => {
    const { begin, spent, show, courier, fake } = await leaving(() => linesOf(["nonsense\n"]));
    const { id } = await begin();
    expect(await show(id)).toMatchObject({ state: "running" });
    fake.executions.set(id, { report: REPORT });
    clockAt(START_MS + FOLLOW_FIRST_MS);
    await courier.ring();
    expect(await spent()).toBe(1);
    expect(await show(id)).toMatchObject({ state: "done", credits: { charged: 1 } });
  });

  it.each([false, true])(
    "whose courier cannot be had is not run, nor is anything held for it (stream: %s)",
    async (stream) => {
      const { apiKey, call, fake } = await leaving();
      const down = async () => await Promise.reject(new Error("down"));
      const nobody = { getByName: () => new Proxy({}, { get: () => down }) };
      const g = gateway(fake.runner, { COURIERS: nobody as never });
      await expectRefused(await g.run(apiKey, { ...DETACHED, stream }), "internal", 500);
      expect(fake.executed).toEqual([]);
      expect(await (await call("GET", "/api/credits")).json()).toMatchObject({ held: 0 });
    },
  );

  it("is not there for who has no key", async () => {
    const headers = { "CF-Connecting-IP": anyAddress() };
    const response = await gateway().post("/api/execute", DETACHED, headers);
    await expectRefused(response, "unauthorized", 401);
  });

  it("can be sent input by its id", async () => {
    const { begin, call, fake } = await leaving();
    const { id } = await begin({ openStdin: true });
    fake.executions.set(id, { state: "running" });
    const response = await call("POST", `/api/executions/${id}/stdin`, { data: "x" });
    expect(response.status).toBe(200);
    expect(fake.executed[0]).toMatchObject({ openStdin: true });
  });

  it("is ended by DELETE, which keeps what it had printed", async () => {
    const { begin, call, fake, show } = await leaving();
    const { id } = await begin();
    fake.executions.set(id, { state: "running" });
    const response = await call("DELETE", `/api/executions/${id}`);
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject({ id, state: "running" });
    expect(fake.told).toMatchObject([{ path: "/interrupt" }]);
    const run = { ...REPORT.run, outcome: "signal", exitCode: null, signal: "SIGINT" };
    fake.executions.set(id, { report: { ...REPORT, run } });
    expect(await show(id)).toMatchObject({ state: "done", signal: "SIGINT", stdout: "499500" });
    expect((await call("DELETE", `/api/executions/${id}`)).status).toBe(204);
  });

  it("is begun once under one Idempotency-Key, while it runs and afterwards", async () => {
    const { g, apiKey, fake, show, spent } = await leaving();
    const headers = { Authorization: `Bearer ${apiKey}`, "Idempotency-Key": "key" };
    const ask = async () => await g.post("/api/execute", DETACHED, headers);
    const first = await (await ask()).json<{ id: string }>();
    for (const state of [{ state: "running" }, { report: REPORT }]) {
      fake.executions.set(first.id, state);
      await show(first.id);
      const again = await ask();
      expect(again.status).toBe(202);
      expect(again.headers.get("Idempotency-Replayed")).toBe("true");
      expect(await again.json()).toEqual(first);
    }
    expect(fake.executed).toHaveLength(1);
    expect(await spent()).toBe(1);
  });
});

describe("a detached execution whose Worker is gone", () => {
  it("is seen to its end by the courier, and paid for once", async () => {
    const { begin, spent, show, courier, fake } = await leaving();
    const { id } = await begin();
    expect(await courier.alarmAt()).toBe(START_MS + FOLLOW_FIRST_MS);
    fake.executions.set(id, { state: "running" });
    clockAt(START_MS + FOLLOW_FIRST_MS);
    await courier.ring();
    expect(await courier.alarmAt()).toBe(START_MS + FOLLOW_FIRST_MS + FOLLOW_EVERY_MS);
    expect(await show(id)).toMatchObject({ state: "running" });
    fake.executions.set(id, { report: REPORT });
    clockAt(START_MS + FOLLOW_FIRST_MS + FOLLOW_EVERY_MS);
    await courier.ring();
    expect(await courier.alarmAt()).toBeNull();
    fake.executions.clear();
    expect(await show(id)).toMatchObject({ state: "done", stdout: "499500" });
    expect(await spent()).toBe(1);
  });

  it("is paid for although its hold had expired, when the runner says that it ran", async () => {
    const { begin, spent, show, courier, fake, g, accountId } = await leaving();
    const { id } = await begin();
    fake.executions.set(id, { state: "running" });
    clockAt(START_MS + 300_000);
    await runDurableObjectAlarm(g.account(accountId));
    expect(await spent()).toBe(0);
    expect(await show(id)).toMatchObject({ state: "failed" });
    fake.executions.set(id, { report: REPORT });
    await courier.ring();
    expect(await spent()).toBe(1);
    expect(await show(id)).toMatchObject({ state: "done", credits: { charged: 1 } });
    expect(await courier.ring()).toBe(false);
    expect(await spent()).toBe(1);
  });

  it("costs nothing where the runner says that it did not run", async () => {
    const { begin, spent, show, courier, fake } = await leaving();
    const { id } = await begin();
    fake.executions.set(id, { error: { code: "runner_fault", message: "no" } });
    clockAt(START_MS + FOLLOW_FIRST_MS);
    await courier.ring();
    expect(await courier.alarmAt()).toBeNull();
    expect(await show(id)).toMatchObject({ state: "failed", error: { code: "runner_fault" } });
    expect(await spent()).toBe(0);
  });

  it("is given up when no runner knows of it, and costs nothing", async () => {
    const { begin, spent, show, courier, g, accountId } = await leaving();
    const { id } = await begin();
    clockAt(START_MS + FOLLOW_FIRST_MS);
    await courier.ring();
    expect(await show(id)).toMatchObject({ state: "running" });
    clockAt(START_MS + 300_000);
    await runDurableObjectAlarm(g.account(accountId));
    await courier.ring();
    expect(await courier.alarmAt()).toBeNull();
    expect(await show(id)).toMatchObject({ state: "failed" });
    expect(await spent()).toBe(0);
  });

  it("is not followed for ever where nobody answers", async () => {
    const { begin, courier, fake } = await leaving();
    const { id } = await begin();
    fake.executions.set(id, { state: "running" });
    let rings = 0;
    for (let atMs = await courier.alarmAt(); atMs !== null; atMs = await courier.alarmAt()) {
      clockAt(atMs);
      await courier.ring();
      rings += 1;
      expect(atMs).toBeLessThan(START_MS + HISTORY_MS);
    }
    expect(Date.now()).toBeLessThan(START_MS + 300_000 + DETACHED_REPORT_MS);
    expect(rings).toBeLessThan(40);
  });
});

describe("a stream of an execution that goes on by itself", () => {
  it("that cannot be run is refused, and its webhook is told nothing", async () => {
    const { g, apiKey, courier } = await leaving(() => refusal("busy") as never);
    const webhook = "https://hooks.example.com/x";
    const response = await g.run(apiKey, { ...DETACHED, stream: true, webhook });
    await expectRefused(response, "busy", 503);
    expect(await courier.alarmAt()).toBeNull();
  });

  it("that was lost sight of says by which id it is told of", async () => {
    const { g, apiKey, fake } = await leaving(() => linesOf([START, "nonsense\n"]));
    const response = await g.run(apiKey, { ...DETACHED, stream: true });
    const text = await response.text();
    expect(text).toContain("event: error");
    expect(text).toContain(`The execution ${fake.executed[0]?.executionId} was lost sight of`);
    expect(text).not.toContain("was not charged");
  });

  it("is seen to its end by the courier when its caller and its Worker are gone", async () => {
    const { g, apiKey, fake, courier, spent, show } = await leaving();
    const response = await g.run(apiKey, { ...DETACHED, stream: true });
    await response.text();
    const id = fake.executed[0]?.executionId ?? "";
    expect(await show(id)).toMatchObject({ state: "running" });
    fake.executions.set(id, { report: REPORT });
    clockAt(START_MS + FOLLOW_FIRST_MS);
    await courier.ring();
    expect(await spent()).toBe(1);
  });
});

describe("an execution that is not detached", () => {
  it.each([
    [{ webhook: "https://hooks.example.com/x" }, "webhook"],
    [{ openStdin: true }, "openStdin"],
  ])("has no use for %j", async (more, field) => {
    const { g, apiKey, fake } = await leaving();
    const response = await g.run(apiKey, { ...PROGRAM, ...more });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe(field);
    expect(fake.executed).toEqual([]);
  });
});
