// What an execution may cost an account: its rate, its credits, and nothing when we fail.

import { evictDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  answering,
  errorOf,
  failing,
  type Gateway,
  gateway,
  PROGRAM,
  REPORT,
  type Runner,
  STAGE,
} from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

async function creditsLeft(g: Gateway, accountId: string): Promise<number> {
  const response = await g.change(accountId, { plan: "pro" });
  const { credits } = await response.json<{ credits: number }>();
  return credits;
}

describe("the rate limit", () => {
  it("lets ten executions through in a minute and tells the eleventh when to come back", async () => {
    clockAt(1_000_000);
    const g = gateway();
    const { apiKey } = await g.open();
    for (let count = 1; count <= 10; count += 1) {
      clockAt(1_000_000 + count * 1000);
      const response = await g.run(apiKey);
      expect(response.status).toBe(200);
      expect(response.headers.get("RateLimit-Remaining")).toBe(String(10 - count));
    }
    clockAt(1_020_500);
    const response = await g.run(apiKey);
    expect(response.status).toBe(429);
    expect(response.headers.get("Retry-After")).toBe("41");
    expect(response.headers.get("RateLimit-Policy")).toBe('"executions";q=10;w=60');
    expect(response.headers.get("RateLimit")).toBe('"executions";r=0;t=41');
    expect(response.headers.get("RateLimit-Limit")).toBe("10");
    expect(response.headers.get("RateLimit-Remaining")).toBe("0");
    expect(response.headers.get("RateLimit-Reset")).toBe("41");
    expect(await errorOf(response)).toMatchObject({ code: "rate_limited", retryAfterMs: 40_500 });
  });

  it("frees a place exactly when it said, and one place only", async () => {
    clockAt(2_000_000);
    const g = gateway();
    const { apiKey } = await g.open();
    for (let count = 0; count < 10; count += 1) {
      clockAt(2_000_000 + count * 1000);
      await g.run(apiKey);
    }
    clockAt(2_059_999);
    expect((await g.run(apiKey)).status).toBe(429);
    clockAt(2_060_000);
    expect((await g.run(apiKey)).status).toBe(200);
    expect((await g.run(apiKey)).status).toBe(429);
  });

  it("does not charge or count what it refuses", async () => {
    clockAt(3_000_000);
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    for (let count = 0; count < 15; count += 1) await g.run(apiKey);
    expect(await creditsLeft(g, accountId)).toBe(40);
  });

  it("is remembered when the object is evicted", async () => {
    clockAt(4_000_000);
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    for (let count = 0; count < 10; count += 1) await g.run(apiKey);
    await evictDurableObject(g.account(accountId));
    expect((await g.run(apiKey)).status).toBe(429);
  });

  it("does not lock an account out when the clock is set back", async () => {
    clockAt(5_000_000_000);
    const g = gateway();
    const { apiKey } = await g.open();
    for (let count = 0; count < 10; count += 1) await g.run(apiKey);
    clockAt(4_000_000_000);
    expect((await g.run(apiKey)).status).toBe(200);
  });
});

describe("credits", () => {
  it("run out after fifty executions, and then nothing runs", async () => {
    const seen: never[] = [];
    const g = gateway(answering({}, seen));
    const { apiKey, accountId } = await g.open();
    await g.change(accountId, { ratePerMinute: 1000 });
    for (let left = 49; left >= 0; left -= 1) {
      const response = await g.run(apiKey);
      expect(await response.json()).toMatchObject({ credits: { charged: 1, remaining: left } });
    }
    const response = await g.run(apiKey);
    expect(response.status).toBe(402);
    expect((await errorOf(response)).code).toBe("no_credits");
    expect(response.headers.get("RateLimit-Remaining")).toBe("950");
    expect(seen).toHaveLength(50);
  });

  it("cannot be spent twice by asking many times at once", async () => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    await g.change(accountId, { ratePerMinute: 1000 });
    const replies = await Promise.all(Array.from({ length: 80 }, () => g.run(apiKey)));
    const statuses = replies.map((reply) => reply.status);
    expect(statuses.filter((status) => status === 200)).toHaveLength(50);
    expect(statuses.filter((status) => status === 402)).toHaveLength(30);
    expect(await creditsLeft(g, accountId)).toBe(0);
  });
});

describe("a runner's failure", () => {
  const long = "x".repeat(2000);
  const lost = new Error("connect ECONNREFUSED 10.0.0.9:8788");
  const late = Object.assign(new Error("too late"), { name: "TimeoutError" });
  const report = (change: object) => () =>
    Response.json({ ...REPORT, run: { ...STAGE, ...change } });

  it.each<[string, Runner, number, string]>([
    ["refuses the connection", () => Promise.reject(lost), 503, "no_runner"],
    ["does not answer in time", () => Promise.reject(late), 502, "runner_fault"],
    ["is busy", failing(503, "busy", { retryAfterMs: 2500 }), 503, "busy"],
    ["says it has a fault", failing(502, "runner_fault"), 502, "runner_fault"],
    ["has a bug", failing(500, "internal"), 502, "runner_fault"],
    ["does not believe our signature", failing(401, "unauthorized"), 502, "runner_fault"],
    ["finds our request wrong", failing(400, "invalid_request"), 502, "runner_fault"],
    ["fails with a code nobody knows", failing(500, "exploded"), 502, "runner_fault"],
    ["answers with nothing", () => new Response(""), 502, "runner_fault"],
    ["answers with a page", () => new Response(`<html>${long}`), 502, "runner_fault"],
    [
      "answers with a status and no body",
      () => new Response(null, { status: 204 }),
      502,
      "runner_fault",
    ],
    [
      "answers with a redirect",
      () => Response.redirect("https://elsewhere.test/", 302),
      502,
      "runner_fault",
    ],
    ["answers with half a report", () => Response.json({ outcome: "ok" }), 502, "runner_fault"],
    [
      "reports of a program that neither ran nor was compiled",
      () => Response.json({ version: "1", queueMs: 0 }),
      502,
      "runner_fault",
    ],
    ["reports an outcome nobody knows", report({ outcome: "fine" }), 502, "runner_fault"],
    ["reports an impossible exit code", report({ exitCode: 256 }), 502, "runner_fault"],
    ["reports a negative time", report({ wallMs: -1 }), 502, "runner_fault"],
    ["reports output that is no text", report({ stdout: 5 }), 502, "runner_fault"],
    ["answers without end", () => new Response("x".repeat(17 * 1024 * 1024)), 502, "runner_fault"],
  ])("costs nothing: it %s", async (_name, runner, status, code) => {
    const own = gateway();
    const { apiKey, accountId } = await own.open();
    const log = vi.spyOn(console, "log");
    const response = await gateway(runner).run(apiKey);
    expect(response.status).toBe(status);
    const error = await errorOf(response);
    expect(error.code).toBe(code);
    expect(error.message).not.toMatch(/from the runner|ECONN|html|10\.0\.0\.9/);
    expect(log.mock.calls.flat().join("\n")).toMatch(/"detail":"the runner/);
    expect(await creditsLeft(own, accountId)).toBe(50);
    log.mockRestore();
  });

  it("tells how long the runner said to wait", async () => {
    const { apiKey } = await gateway().open();
    const response = await gateway(failing(503, "busy", { retryAfterMs: 2500 })).run(apiKey);
    expect(response.headers.get("Retry-After")).toBe("3");
    expect((await errorOf(response)).retryAfterMs).toBe(2500);
  });

  it("of ours, a bug, is answered without its text", async () => {
    const broken = gateway(answering(), { VISITORS: null as never });
    const response = await broken.post("/api/execute", PROGRAM);
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toMatchObject({
      code: "internal",
      message: "Something went wrong on our side.",
    });
  });
});
