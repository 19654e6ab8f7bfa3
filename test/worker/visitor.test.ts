// Callers without a key: demo runs, instant keys, and how one caller is told from another.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { groupOf, visitorIdOf } from "../../worker/client-address.ts";
import { answering, anyAddress, errorOf, failing, gateway, PROGRAM } from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

function visitor(settings = {}, runner = answering()) {
  const g = gateway(runner, settings);
  const headers = { "CF-Connecting-IP": anyAddress() };
  const run = async () => await g.post("/api/execute", PROGRAM, headers);
  const takeKey = async () => await g.post("/api/keys", {}, headers);
  return { g, headers, run, takeKey };
}

describe("a demo run", () => {
  it("needs no key, and says how many are left", async () => {
    const response = await visitor().run();
    expect(response.status).toBe(200);
    const body = await response.json();
    expect(body).toMatchObject({ exitCode: 0, stdout: "499500", demo: { remaining: 49 } });
    expect(body).not.toHaveProperty("credits");
  });

  it("is in a sandbox named for nobody's account and not for the address", async () => {
    const seen: RunnerExecuteRequest[] = [];
    const { run, headers } = visitor({}, answering({}, seen));
    await run();
    expect(seen[0]?.accountId).toMatch(/^visitor-[0-9a-f]{32}$/);
    expect(seen[0]?.singleUse).toBe(true);
    expect(JSON.stringify(seen)).not.toContain(headers["CF-Connecting-IP"]);
  });

  it("is limited to ten a minute", async () => {
    clockAt(1_000_000);
    const { run } = visitor();
    for (let count = 0; count < 10; count += 1) expect((await run()).status).toBe(200);
    const response = await run();
    expect(response.status).toBe(429);
    expect(response.headers.get("Retry-After")).toBe("60");
    clockAt(1_000_000 + MINUTE_MS);
    expect((await run()).status).toBe(200);
  });

  it("is limited by the day, and says where to get a key", async () => {
    clockAt(1_000_000);
    const { run } = visitor({ DEMO_RUNS_PER_DAY: "3" });
    for (let count = 0; count < 3; count += 1) expect((await run()).status).toBe(200);
    clockAt(1_000_000 + MINUTE_MS);
    const response = await run();
    expect(response.status).toBe(429);
    expect((await errorOf(response)).message).toContain("POST /api/keys");
    expect(response.headers.get("Retry-After")).toBe(String((DAY_MS - MINUTE_MS) / 1000));
    clockAt(1_000_000 + DAY_MS);
    expect((await run()).status).toBe(200);
  });

  it("is given back when it could not be run", async () => {
    const { g, headers, run } = visitor({ DEMO_RUNS_PER_DAY: "1" });
    const broken = gateway(failing(502, "runner_fault"), g.env);
    expect((await broken.post("/api/execute", PROGRAM, headers)).status).toBe(502);
    expect((await run()).status).toBe(200);
    expect((await run()).status).toBe(429);
  });

  it("is refused as unauthorized where demo runs are switched off", async () => {
    const response = await visitor({ DEMO_RUNS_PER_DAY: "0" }).run();
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe("unauthorized");
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
  });

  it("of one caller does not count for another", async () => {
    const settings = { DEMO_RUNS_PER_DAY: "1" };
    expect((await visitor(settings).run()).status).toBe(200);
    expect((await visitor(settings).run()).status).toBe(200);
  });
});

describe("an instant key", () => {
  it("is limited by the day", async () => {
    clockAt(1_000_000);
    const { takeKey } = visitor();
    for (let count = 0; count < 20; count += 1) expect((await takeKey()).status).toBe(201);
    const response = await takeKey();
    expect(response.status).toBe(429);
    expect((await errorOf(response)).code).toBe("rate_limited");
    clockAt(1_000_000 + DAY_MS);
    expect((await takeKey()).status).toBe(201);
  });

  it("is refused where instant keys are switched off", async () => {
    const response = await visitor({ INSTANT_KEYS_PER_DAY: "0" }).takeKey();
    expect(response.status).toBe(401);
  });
});

describe("a visitor", () => {
  it("is forgotten a day after the last use", async () => {
    clockAt(1_000_000);
    const { g, headers, run } = visitor();
    await run();
    const request = new Request("https://gateway.test/", { headers });
    const stub = env.VISITORS.getByName(await visitorIdOf(request, g.env));
    clockAt(1_000_000 + 1000);
    await run();
    clockAt(1_000_000 + DAY_MS);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    clockAt(1_000_000 + DAY_MS + 1000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    await runInDurableObject(stub, (_visitor, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master").toArray();
      expect(tables.filter(({ name }) => !String(name).startsWith("_cf_"))).toEqual([]);
    });
    expect(await (await run()).json()).toMatchObject({ demo: { remaining: 49 } });
  });
});

describe("a caller's address", () => {
  it.each([
    ["203.0.113.7", "203.0.113.7"],
    [" 203.0.113.7 ", "203.0.113.7"],
    ["198.51.100.1, 203.0.113.7", "203.0.113.7"],
    ["::ffff:203.0.113.7", "203.0.113.7"],
    ["2001:db8:1:2:3:4:5:6", "8193:3512:1:2"],
    ["2001:DB8:1:2::", "8193:3512:1:2"],
    ["2001:db8::1", "8193:3512:0:0"],
    ["::1", "0:0:0:0"],
    ["somebody", "unknown"],
    ["", "unknown"],
    ["]/", "unknown"],
    ["::1]:80/", "unknown"],
  ])("of %j counts as %s", (header, group) => {
    expect(groupOf(header)).toBe(group);
  });

  it("is the same visitor anywhere in one /64, and another outside", async () => {
    const id = (address: string) => {
      const headers = { "CF-Connecting-IP": address };
      return visitorIdOf(new Request("https://gateway.test/", { headers }), env);
    };
    expect(await id("2001:db8::1")).toBe(await id("2001:db8::ffff:1"));
    expect(await id("2001:db8::1")).not.toBe(await id("2001:db8:0:1::1"));
  });

  it("is taken from the header the operator trusts and from no other", async () => {
    const id = (header: string, trusted: string) => {
      const request = new Request("https://gateway.test/", { headers: { [header]: "192.0.2.1" } });
      return visitorIdOf(request, { ...env, CLIENT_ADDRESS_HEADER: trusted });
    };
    const local = await id("X-Nothing", "none");
    expect(await id("CF-Connecting-IP", "none")).toBe(local);
    expect(await id("CF-Connecting-IP", "X-Real-IP")).toBe(local);
    expect(await id("X-Real-IP", "X-Real-IP")).not.toBe(local);
  });
});
