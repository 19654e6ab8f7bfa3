// GET /health: whether a sandbox could be had now.

import { afterEach, describe, expect, it, vi } from "vitest";
import { errorOf, failing, gateway, type Runner } from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const HEALTH = {
  ready: true,
  runnerId: "local",
  languages: { python: { version: "3.12.3" } },
  sandboxes: { python: { warm: 2, busy: 0 } },
};

describe("GET /health", () => {
  it("is 200 when the runner has a sandbox to give, with the languages' versions", async () => {
    const asked: string[] = [];
    const g = gateway((request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      expect(request.headers.has("signature")).toBe(true);
      return Response.json(HEALTH);
    });
    const response = await g.send("/health");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", languages: { python: "3.12.3" } });
    expect(asked).toEqual(["GET /v1/health"]);
  });

  const lost = new Error("connection refused");
  it.each<[string, Runner, number, string]>([
    ["is not ready", () => Response.json({ ...HEALTH, ready: false }), 503, "busy"],
    [
      "is not ready and says so in its status",
      () => Response.json({ ...HEALTH, ready: false }, { status: 503 }),
      503,
      "busy",
    ],
    ["cannot be reached", () => Promise.reject(lost), 503, "no_runner"],
    ["talks nonsense", () => new Response("fine, thanks"), 502, "runner_fault"],
    ["fails", failing(500, "internal"), 502, "runner_fault"],
  ])("is not 200 when the runner %s", async (_name, runner, status, code) => {
    const response = await gateway(runner).send("/health");
    expect(response.status).toBe(status);
    expect((await errorOf(response)).code).toBe(code);
  });

  it("asks the runner at most once in five seconds", async () => {
    let asked = 0;
    const g = gateway(() => {
      asked += 1;
      return Response.json({ ...HEALTH, ready: asked < 2 });
    });
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
    expect((await g.send("/health")).status).toBe(200);
    vi.setSystemTime(1_004_999);
    expect((await g.send("/health", { method: "HEAD" })).status).toBe(200);
    expect(asked).toBe(1);
    vi.setSystemTime(1_005_000);
    expect((await g.send("/health")).status).toBe(503);
    expect((await g.send("/health")).status).toBe(503);
    expect(asked).toBe(2);
  });
});
