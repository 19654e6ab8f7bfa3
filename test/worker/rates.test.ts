// What a reply says of limits: the RateLimit fields in the form of draft-ietf-httpapi-ratelimit-headers-11
// and in the older one, and Retry-After wherever it pays to wait and nowhere else.

import { afterEach, describe, expect, it, vi } from "vitest";
import { rateOf } from "../../worker/rate.ts";
import {
  anyAddress,
  errorOf,
  failing,
  type Gateway,
  gateway,
  PROGRAM,
  type Runner,
} from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = 1_000_000_000;

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** The limits a reply tells of, once their two forms agree and say what the draft asks for. */
function limitsIn({ headers }: Response) {
  const policy = /^"([a-z-]+)";q=(\d+);w=(\d+)$/.exec(headers.get("RateLimit-Policy") ?? "");
  const limit = /^"([a-z-]+)";r=(\d+);t=(\d+)$/.exec(headers.get("RateLimit") ?? "");
  const [, name, quota, windowSeconds] = policy ?? [];
  const [, limited, remaining, seconds] = limit ?? [];
  expect(limited).toBe(name);
  expect(headers.get("RateLimit-Limit")).toBe(quota);
  expect(headers.get("RateLimit-Remaining")).toBe(remaining);
  expect(headers.get("RateLimit-Reset")).toBe(seconds);
  expect(Number(seconds)).toBeGreaterThan(0);
  expect(Number(seconds)).toBeLessThanOrEqual(Number(windowSeconds));
  const retryAfter = headers.get("Retry-After");
  // Nobody is told to come back before the time in which there is no more to be had is over.
  if (retryAfter !== null && remaining === "0") {
    expect(Number(retryAfter)).toBeGreaterThanOrEqual(Number(seconds));
  }
  return { name, quota: Number(quota), remaining: Number(remaining), seconds: Number(seconds) };
}

async function accountOn(runner?: Runner) {
  clockAt(START_MS);
  const g = gateway(runner);
  return { g, ...(await g.open()) };
}

describe("an execution's reply", () => {
  it("tells what remains in the time in which no more can be had", async () => {
    const { g, apiKey } = await accountOn();
    expect(limitsIn(await g.run(apiKey))).toEqual({
      name: "executions",
      quota: 10,
      remaining: 9,
      seconds: 60,
    });
    clockAt(START_MS + 45_500);
    expect(limitsIn(await g.run(apiKey))).toMatchObject({ remaining: 8, seconds: 15 });
    clockAt(START_MS + 61_000);
    expect(limitsIn(await g.run(apiKey))).toMatchObject({ remaining: 8, seconds: 45 });
  });

  it("names the time at which a place comes free where there are more than may be now", async () => {
    const { g, apiKey, accountId } = await accountOn();
    await g.change(accountId, { plan: "pro" });
    for (let count = 0; count < 20; count += 1) {
      clockAt(START_MS + count * 1000);
      expect((await g.run(apiKey)).status).toBe(200);
    }
    await g.change(accountId, { plan: "free" });
    const response = await g.run(apiKey);
    expect(response.status).toBe(429);
    expect(limitsIn(response)).toMatchObject({ quota: 10, remaining: 0, seconds: 51 });
    expect(response.headers.get("Retry-After")).toBe("51");
    clockAt(START_MS + 69_999);
    expect((await g.run(apiKey)).status).toBe(429);
    clockAt(START_MS + 70_000);
    expect((await g.run(apiKey)).status).toBe(200);
  });

  it("of which nothing was ever counted gives the whole window for the whole quota", () => {
    expect(rateOf([], 10, 60_000, 5)).toEqual({
      limit: 10,
      remaining: 10,
      windowMs: 60_000,
      resetMs: 60_000,
    });
  });
});

describe("a refusal", () => {
  /** What of its caller's a gateway has used up before it refuses. */
  const cases: [string, number, string, (g: Gateway) => Promise<Response>][] = [
    [
      "for too many executions",
      429,
      "executions",
      async (g) => {
        const { apiKey } = await g.open();
        for (let count = 0; count < 10; count += 1) await g.run(apiKey);
        return await g.run(apiKey);
      },
    ],
    [
      "for too many demo runs in a minute",
      429,
      "executions",
      async (g) => {
        const headers = { "CF-Connecting-IP": anyAddress() };
        const run = async () => await g.post("/api/execute", PROGRAM, headers);
        for (let count = 0; count < 10; count += 1) await run();
        return await run();
      },
    ],
    [
      "for too many demo runs in a day",
      429,
      "executions-a-day",
      async (g) => {
        const few = gateway(undefined, { ...g.env, DEMO_RUNS_PER_DAY: "2" });
        const headers = { "CF-Connecting-IP": anyAddress() };
        const run = async () => await few.post("/api/execute", PROGRAM, headers);
        await run();
        await run();
        return await run();
      },
    ],
    [
      "for too many instant keys",
      429,
      "keys-a-day",
      async (g) => {
        const headers = { "CF-Connecting-IP": anyAddress() };
        for (let count = 0; count < 20; count += 1) {
          expect(limitsIn(await g.post("/api/keys", {}, headers)).remaining).toBe(19 - count);
        }
        return await g.post("/api/keys", {}, headers);
      },
    ],
    [
      "for too many other calls",
      429,
      "calls",
      async (g) => {
        const { apiKey } = await g.open();
        const init = { headers: { Authorization: `Bearer ${apiKey}` } };
        for (let count = 0; count < 600; count += 1) await g.send("/api/credits", init);
        return await g.send("/api/credits", init);
      },
    ],
  ];

  it.each(cases)("%s says when to come back, and for what", async (_why, status, name, refuse) => {
    clockAt(START_MS);
    const response = await refuse(gateway());
    expect(response.status).toBe(status);
    expect(limitsIn(response)).toMatchObject({ name, remaining: 0 });
    const retryAfter = Number(response.headers.get("Retry-After"));
    expect(retryAfter).toBeGreaterThan(0);
    const { retryAfterMs = 0 } = await errorOf(response);
    expect(Math.ceil(retryAfterMs / 1000)).toBe(retryAfter);
  });

  it("for want of credits names no time, because none is long enough", async () => {
    const { g, apiKey } = await accountOn();
    const path = "/v1/execute";
    await g.run(apiKey, { ...PROGRAM, run_timeout: 300_000 }, path);
    for (let count = 0; count < 60; count += 1) {
      clockAt(START_MS + count * 10_000);
      await g.run(apiKey);
    }
    const response = await g.run(apiKey);
    expect(response.status).toBe(402);
    expect(limitsIn(response)).toMatchObject({ name: "executions", quota: 10 });
    expect(response.headers.has("Retry-After")).toBe(false);
    expect(await errorOf(response)).not.toHaveProperty("retryAfterMs");
  });

  const lost: Runner = () => Promise.reject(new Error("connect ECONNREFUSED"));
  it.each<[string, Runner, string]>([
    ["a runner that is busy", failing(503, "busy"), "busy"],
    ["a runner that has none behind it", failing(503, "no_runner"), "no_runner"],
    ["no runner at all", lost, "no_runner"],
  ])("for %s says when to come back, and that the rate was used", async (_why, runner, code) => {
    const { g, apiKey } = await accountOn(runner);
    const response = await g.run(apiKey);
    expect(response.status).toBe(503);
    expect(limitsIn(response)).toMatchObject({ remaining: 9 });
    expect(response.headers.get("Retry-After")).toBe("1");
    expect(await errorOf(response)).toMatchObject({ code, retryAfterMs: 1000 });
  });

  it("of the health check, or of an object with too much to do, says when to come back", async () => {
    const unwell = gateway(() => Promise.reject(new Error("connect ECONNREFUSED")));
    const health = await unwell.send("/health");
    expect(health.status).toBe(503);
    expect(health.headers.get("Retry-After")).toBe("1");
    const overloaded = Object.assign(new Error("overloaded"), { overloaded: true });
    const account = { showCredits: () => Promise.reject(overloaded) };
    const { apiKey } = await gateway().open();
    const busy = gateway(undefined, {
      ACCOUNTS: { idFromString: (id: string) => id, get: () => account } as never,
    });
    const headers = { Authorization: `Bearer ${apiKey}` };
    const response = await busy.send("/api/credits", { headers });
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("1");
  });
});
