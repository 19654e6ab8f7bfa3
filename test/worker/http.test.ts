// The manners of the gateway that do not depend on any route: paths, methods, headers, request ids,
// browsers, the log line, and what happens when it is set up wrongly.

import { describe, expect, it, vi } from "vitest";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { answering, errorOf, gateway, PROGRAM } from "./kit/gateway.ts";

describe("a path", () => {
  it.each([
    "/nothing",
    "/api",
    "/api/execute/x",
    "/API/execute",
    "/admin/accounts",
    "/favicon.ico",
  ])("that is not in the table is not found: %s", async (path) => {
    const response = await gateway().send(path);
    expect(response.status).toBe(404);
    expect((await errorOf(response)).code).toBe("not_found");
  });

  it.each([
    "//health",
    "/health//",
    "/%68ealth",
    "/health%00",
    "/health%2f",
    "/health;x",
    "/h\u00e9alth",
    `/${"x".repeat(3000)}`,
  ])("that is written oddly is not found: %s", async (path) => {
    expect((await gateway().send(path)).status).toBe(404);
  });

  it("may have a query and one slash at its end", async () => {
    expect((await gateway().send("/?a=1")).status).toBe(200);
    expect((await gateway().post("/api/execute/?x", {})).status).toBe(400);
  });
});

describe("a method", () => {
  it.each([
    ["GET", "/api/execute", "POST, OPTIONS"],
    ["DELETE", "/api/keys", "POST, GET, HEAD, OPTIONS"],
    ["HEAD", "/api/execute", "POST, OPTIONS"],
    ["POST", "/health", "GET, HEAD, OPTIONS"],
    ["PUT", "/", "GET, HEAD, OPTIONS"],
    ["GET", "/admin/accounts/x", "PATCH, OPTIONS"],
    ["PROPFIND", "/health", "GET, HEAD, OPTIONS"],
  ])("%s on %s is not allowed, and the reply says what is", async (method, path, allow) => {
    const response = await gateway().send(path, { method });
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe(allow);
  });

  it("HEAD is answered as GET is, without the body", async () => {
    const response = await gateway().send("/", { method: "HEAD" });
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.text()).toBe("");
  });
});

describe("every reply", () => {
  it.each([
    ["GET", "/", 200],
    ["GET", "/nothing", 404],
    ["GET", "/api/execute", 405],
    ["OPTIONS", "/api/execute", 204],
    ["POST", "/api/execute", 400],
  ])("is read by any page and kept by nobody: %s %s", async (method, path, status) => {
    const response = await gateway().send(path, { method });
    expect(response.status).toBe(status);
    const { headers } = response;
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("X-Content-Type-Options")).toBe("nosniff");
    expect(headers.get("Referrer-Policy")).toBe("no-referrer");
    expect(headers.get("Content-Security-Policy")).toContain("default-src 'none'");
    expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(headers.has("Access-Control-Allow-Credentials")).toBe(false);
    expect(headers.get("Access-Control-Expose-Headers")).toContain("X-Request-Id");
    expect(headers.get("X-Request-Id")).toMatch(/^req-[0-9a-z]{20}$/);
  });

  it("takes a well-formed request id over and names it in the error", async () => {
    const headers = { "X-Request-Id": "trace.1_a-B" };
    const response = await gateway().send("/nothing", { headers });
    expect(response.headers.get("X-Request-Id")).toBe("trace.1_a-B");
    expect((await errorOf(response)).requestId).toBe("trace.1_a-B");
  });

  it.each(["", "a b", "x".repeat(65), "<script>", "a,b", "\u00e9"])(
    "replaces the request id %j with its own",
    async (id) => {
      const response = await gateway().send("/", { headers: { "X-Request-Id": id } });
      expect(response.headers.get("X-Request-Id")).toMatch(/^req-[0-9a-z]{20}$/);
    },
  );
});

describe("a browser's preflight", () => {
  it("is allowed from any page, with a key", async () => {
    const headers = {
      Origin: "https://page.test",
      "Access-Control-Request-Method": "POST",
      "Access-Control-Request-Headers": "authorization,content-type",
    };
    const response = await gateway().send("/api/execute", { method: "OPTIONS", headers });
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe("POST, OPTIONS");
    const allowed = response.headers.get("Access-Control-Allow-Headers")?.toLowerCase();
    expect(allowed).toContain("authorization");
    expect(allowed).toContain("content-type");
  });

  it("for a path that does not exist is not found", async () => {
    expect((await gateway().send("/nothing", { method: "OPTIONS" })).status).toBe(404);
  });
});

describe("the bare address", () => {
  it("names the public routes from the table", async () => {
    const index = await (await gateway().send("/")).json();
    expect(index).toEqual({
      name: "agent-coderunner",
      languages: LANGUAGE_IDS,
      description: "/openapi.json",
      reference: "/docs",
      guide: "/llms.txt",
      routes: [
        "GET /",
        "GET /health",
        "GET /openapi.json",
        "GET /docs",
        "GET /llms.txt",
        "POST /api/keys",
        "GET /api/keys",
        "PATCH /api/keys/:keyId",
        "DELETE /api/keys/:keyId",
        "POST /api/keys/:keyId/rotate",
        "GET /api/credits",
        "GET /api/credits/ledger",
        "POST /api/credits/topup",
        "GET /api/deposits",
        "POST /api/deposits",
        "GET /api/deposits/:txHash",
        "GET /api/languages",
        "POST /api/execute",
        "POST /api/sessions",
        "GET /api/sessions",
        "GET /api/sessions/:sessionId",
        "DELETE /api/sessions/:sessionId",
        "POST /api/sessions/:sessionId/execute",
        "POST /api/sessions/:sessionId/interrupt",
        "POST /api/sessions/:sessionId/reset",
        "POST /api/sessions/:sessionId/packages",
        "GET /api/sessions/:sessionId/files/*",
        "PUT /api/sessions/:sessionId/files/*",
        "DELETE /api/sessions/:sessionId/files/*",
        "GET /api/executions",
        "DELETE /api/executions",
        "GET /api/executions/:executionId",
        "DELETE /api/executions/:executionId",
        "GET /api/executions/:executionId/deliveries",
        "POST /api/executions/:executionId/interrupt",
        "POST /api/executions/:executionId/cancel",
        "POST /api/executions/:executionId/stdin",
        "POST /v1/execute",
        "GET /v1/execute/runtimes",
        "GET /v1/credits",
        "GET /v1/credits/ledger",
        "POST /v1/credits/topup",
        "GET /v1/deposits",
        "POST /v1/deposits",
        "GET /v1/deposits/:txHash",
        "GET /v1/executions",
        "DELETE /v1/executions",
        "GET /v1/executions/:executionId",
        "DELETE /v1/executions/:executionId",
        "GET /v1/executions/:executionId/deliveries",
        "GET /api/v2/runtimes",
        "POST /api/v2/execute",
        "GET /api/v2/piston/runtimes",
        "POST /api/v2/piston/execute",
        "GET /api/webhook-secret",
        "POST /mcp",
      ],
    });
  });
});

describe("the log", () => {
  async function lineOf(act: () => Promise<unknown>) {
    const log = vi.spyOn(console, "log");
    await act();
    const lines = log.mock.calls.map(([line]) => JSON.parse(String(line)));
    log.mockRestore();
    expect(lines).toHaveLength(1);
    return lines[0];
  }

  it("has one line for an execution, with what it came to and what it cost", async () => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    const line = await lineOf(() => g.run(apiKey, { ...PROGRAM, code: "secret_program" }));
    expect(line).toMatchObject({
      requestId: expect.stringMatching(/^req-/),
      executionId: expect.stringMatching(/^exec-/),
      method: "POST",
      route: "/api/execute",
      account: accountId,
      status: 200,
      outcome: "ok",
      queueMs: 0.5,
      runMs: 18.4,
      chargedMicro: 2000,
    });
    expect(line.ms).toBeGreaterThanOrEqual(0);
    expect(JSON.stringify(line)).not.toContain(apiKey);
    expect(JSON.stringify(line)).not.toContain("secret_program");
  });

  it("has one line for a refusal, with its code", async () => {
    const line = await lineOf(() => gateway().send("/nothing/%00"));
    expect(line).toMatchObject({ route: "none", status: 404, code: "not_found" });
    const other = await lineOf(() => gateway().send("/nothing"));
    expect(other).toMatchObject({ route: "none", status: 404, code: "not_found" });
  });
});

describe("a gateway that is set up wrongly", () => {
  it.each([
    [{ RUNNER_SECRET: null }, "RUNNER_SECRET"],
    [{ RUNNER_SECRET: "short" }, "RUNNER_SECRET"],
    [{ RUNNER_URL: "somewhere" }, "RUNNER_URL"],
    [{ RUNNER_URL: "file:///etc/passwd" }, "RUNNER_URL"],
    [{ DEMO_RUNS_PER_DAY: "many" }, "DEMO_RUNS_PER_DAY"],
    [{ INSTANT_KEYS_PER_DAY: "-1" }, "INSTANT_KEYS_PER_DAY"],
  ])("answers nothing, and its log says why: %j", async (settings, name) => {
    const log = vi.spyOn(console, "log");
    const response = await gateway(answering(), settings).send("/");
    expect(response.status).toBe(500);
    expect(await errorOf(response)).toMatchObject({ code: "internal" });
    expect(String(log.mock.lastCall?.[0])).toContain(`not valid: ${name}`);
    log.mockRestore();
  });
});
