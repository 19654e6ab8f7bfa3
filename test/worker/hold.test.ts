// What is put aside for an execution: what it may cost at most, or, where nobody asked for so long a
// time, what there is.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY_MS } from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import {
  answering,
  anyAddress,
  errorOf,
  failing,
  gateway,
  PROGRAM,
  REPORT,
} from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const PATH = "/v1/execute";
const START_MS = 1_000_000;

/** An account with `credits` left, and a runner that takes `wallMs` for every program. */
async function accountOf(credits: number, wallMs = 18) {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(answering({ wallMs }, seen));
  const { apiKey, accountId } = await g.open();
  const account = g.account(accountId);
  const left = async () => ((await account.change({}))?.balanceMicro ?? 0) / CREDIT_MICRO;
  await g.change(accountId, { ratePerMinute: 1000 });
  const spend = async (count: number) => {
    for (let n = 0; n < count; n += 1) await g.run(apiKey);
    seen.length = 0;
  };
  await spend(50 - credits);
  return { g, apiKey, seen, left, account };
}

describe("an execution that names no run_timeout", () => {
  it.each([
    [50, 300_000],
    [10, 300_000],
    [9, 270_000],
    [1, 30_000],
  ])("with %d credits may run for %d ms", async (credits, ms) => {
    const { g, apiKey, seen, left } = await accountOf(credits);
    const response = await g.run(apiKey, PROGRAM, PATH);
    expect(await response.json()).toMatchObject({
      run_timeout: ms,
      credits: { charged: 1, remaining: credits - 1 },
    });
    expect(seen[0]?.runTimeoutMs).toBe(ms);
    expect(await left()).toBe(credits - 1);
  });

  it("is charged for all it had when it runs out of that, and no more", async () => {
    const { g, apiKey, left } = await accountOf(3);
    const late = gateway(answering({ outcome: "timeout", wallMs: 90_040 }));
    const response = await late.run(apiKey, PROGRAM, PATH);
    expect(await response.json()).toMatchObject({
      run_timeout: 90_000,
      credits: { charged: 3, remaining: 0 },
    });
    expect(await left()).toBe(0);
    expect((await g.run(apiKey, PROGRAM, PATH)).status).toBe(402);
  });

  it("leaves alone what is less than a credit", async () => {
    const { g, apiKey, account } = await accountOf(2);
    await account.change({ grant: { id: "grant-odd", amountMicro: CREDIT_MICRO - 1 } });
    const late = gateway(answering({ outcome: "timeout", wallMs: 60_040 }));
    expect(await (await late.run(apiKey, PROGRAM, PATH)).json()).toMatchObject({
      run_timeout: 60_000,
      credits: { charged: 2, remaining: 0 },
    });
    expect((await account.change({}))?.balanceMicro).toBe(CREDIT_MICRO - 1);
    expect((await g.run(apiKey, PROGRAM, PATH)).status).toBe(402);
  });

  it("gets everything back when it could not be run", async () => {
    const { apiKey, left } = await accountOf(4);
    expect((await gateway(failing(503, "busy")).run(apiKey, PROGRAM, PATH)).status).toBe(503);
    expect(await left()).toBe(4);
  });

  it("does not run without a credit", async () => {
    const { g, apiKey, seen } = await accountOf(0);
    const response = await g.run(apiKey, PROGRAM, PATH);
    expect(response.status).toBe(402);
    expect(await errorOf(response)).toMatchObject({
      code: "no_credits",
      message: "No credits are left on this account.",
    });
    expect(seen).toEqual([]);
  });

  it("shares what there is with those that run at the same time", async () => {
    const { g, apiKey, seen, left } = await accountOf(12);
    let release = () => {};
    const isReleased = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = gateway(async (request) => {
      seen.push(await request.json());
      await isReleased;
      return Response.json(REPORT);
    });
    const first = slow.run(apiKey, PROGRAM, PATH);
    await vi.waitFor(() => expect(seen).toHaveLength(1));
    const second = slow.run(apiKey, PROGRAM, PATH);
    await vi.waitFor(() => expect(seen).toHaveLength(2));
    expect((await g.run(apiKey, PROGRAM, PATH)).status).toBe(402);
    release();
    expect(seen.map(({ runTimeoutMs }) => runTimeoutMs)).toEqual([300_000, 60_000]);
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    expect(await left()).toBe(10);
  });
});

describe("an execution that names its run_timeout", () => {
  it("has all of it, or does not run and is told why", async () => {
    const { g, apiKey, seen, left } = await accountOf(3);
    const response = await g.run(apiKey, { ...PROGRAM, run_timeout: 90_001 }, PATH);
    expect(response.status).toBe(402);
    expect(await errorOf(response)).toMatchObject({
      code: "no_credits",
      message: "A run of this length may cost 4 credits, and 3 are left.",
    });
    expect(seen).toEqual([]);
    expect(await left()).toBe(3);
    await g.run(apiKey, { ...PROGRAM, run_timeout: 90_000 }, PATH);
    expect(seen[0]?.runTimeoutMs).toBe(90_000);
  });

  it.each([
    [18, 1],
    [30_000, 1],
    [30_001, 2],
    [200_000, 7],
    [300_020, 10],
  ])("is charged for the %d ms it ran: %d credits", async (wallMs, charged) => {
    const { g, apiKey, left } = await accountOf(50, wallMs);
    const response = await g.run(apiKey, { ...PROGRAM, run_timeout: 300_000 }, PATH);
    expect(await response.json()).toMatchObject({ credits: { charged, remaining: 50 - charged } });
    expect(await left()).toBe(50 - charged);
  });
});

describe("a demo run", () => {
  it("by /v1 may run as long as one by /api", async () => {
    const seen: RunnerExecuteRequest[] = [];
    const g = gateway(answering({}, seen));
    const headers = { "CF-Connecting-IP": anyAddress() };
    await g.post("/api/execute", PROGRAM, headers);
    await g.post(PATH, PROGRAM, headers);
    await g.post(PATH, { ...PROGRAM, run_timeout: 30_000 }, headers);
    expect(seen.map(({ runTimeoutMs }) => runTimeoutMs)).toEqual([30_000, 30_000, 30_000]);
  });

  it("that asks for longer is told to get a key, and is not counted", async () => {
    const g = gateway();
    const headers = { "CF-Connecting-IP": anyAddress() };
    const response = await g.post(PATH, { ...PROGRAM, run_timeout: 30_001 }, headers);
    expect(response.status).toBe(401);
    expect(await errorOf(response)).toMatchObject({
      code: "unauthorized",
      message: "A run without a key lasts at most 30000 ms; get a free key with POST /api/keys.",
    });
    expect(await (await g.post(PATH, PROGRAM, headers)).json()).toMatchObject({
      demo: { remaining: 49 },
    });
  });
});

describe("a hold", () => {
  it.each([
    ["/api/execute", { language: "python", code: "1" }, 77_000],
    ["/api/execute", { language: "python", code: "1", timeout: 1000 }, 48_000],
    ["/api/execute", { language: "c", code: "1", timeout: 1000 }, 108_000],
    ["/api/execute", { language: "c", code: "1", timeout: 1000, compileTimeout: 500 }, 48_500],
    [PATH, { language: "c", code: "1" }, 407_000],
  ])(
    "lasts as long as the answer may take, and a little: %s %j",
    async (path, program, lastsMs) => {
      vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
      const { apiKey, accountId } = await gateway().open();
      const expiriesMs: unknown[] = [];
      const g = gateway(async () => {
        await runInDurableObject(g.account(accountId), (_account, { storage }) => {
          const holds = storage.sql.exec("SELECT expires_at_ms FROM hold").toArray();
          expiriesMs.push(...holds.map((hold) => hold.expires_at_ms));
        });
        return Response.json(REPORT);
      });
      expect((await g.run(apiKey, program, path)).status).toBe(200);
      expect(expiriesMs).toEqual([START_MS + lastsMs]);
    },
  );

  it("that had expired when its program's end was heard of is charged for all the same, once", async () => {
    const startMs = Date.UTC(2100, 0);
    vi.useFakeTimers({ toFake: ["Date"], now: startMs });
    const { apiKey, accountId } = await gateway().open();
    const g = gateway(async () => {
      vi.setSystemTime(startMs + DAY_MS);
      await runDurableObjectAlarm(g.account(accountId));
      return Response.json(REPORT);
    });
    const ran = await (await g.run(apiKey)).json<{ id: string }>();
    expect(ran).toMatchObject({ credits: { charged: 1, remaining: 49 } });
    const headers = { Authorization: `Bearer ${apiKey}` };
    const shown = await g.send(`/api/executions/${ran.id}`, { headers });
    expect(await shown.json()).toMatchObject({ credits: { charged: 1, remaining: 49 } });
    const credits = await g.send("/api/credits", { headers });
    expect(await credits.json()).toMatchObject({ credits: 49, held: 0 });
  });
});
