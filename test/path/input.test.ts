// Bad input, through the whole path: a clear refusal that names the field, and nothing is reserved.

import { beforeAll, describe, expect, test } from "vitest";
import { CODE_BYTES_MAX, FREE_CREDITS, RATE_PER_MINUTE } from "../../shared/limits.ts";
import { call, change, execute, newKey } from "./client.ts";

const HELLO = { language: "bash", code: "echo hello" };

const BAD: { name: string; body: unknown; code: string; field?: string }[] = [
  { name: "what is not JSON", body: "{nonsense", code: "invalid_request" },
  { name: "an array", body: [], code: "invalid_request" },
  { name: "no language", body: { code: "1" }, code: "invalid_request", field: "language" },
  {
    name: "a language of the wrong type",
    body: { ...HELLO, language: 7 },
    code: "invalid_request",
    field: "language",
  },
  {
    name: "an unknown language",
    body: { ...HELLO, language: "cobol" },
    code: "unknown_language",
    field: "language",
  },
  { name: "no code", body: { language: "bash" }, code: "invalid_request", field: "code" },
  { name: "empty code", body: { ...HELLO, code: "" }, code: "invalid_request", field: "code" },
  {
    name: "oversized code",
    body: { ...HELLO, code: "x".repeat(CODE_BYTES_MAX + 1) },
    code: "payload_too_large",
    field: "code",
  },
  {
    name: "a timeout of 0",
    body: { ...HELLO, timeout: 0 },
    code: "invalid_request",
    field: "timeout",
  },
  {
    name: "a timeout of -1",
    body: { ...HELLO, timeout: -1 },
    code: "invalid_request",
    field: "timeout",
  },
  {
    name: "a timeout of 31,000",
    body: { ...HELLO, timeout: 31_000 },
    code: "invalid_request",
    field: "timeout",
  },
  {
    name: "a timeout that is a word",
    body: { ...HELLO, timeout: "soon" },
    code: "invalid_request",
    field: "timeout",
  },
];

describe("bad input", () => {
  let key: string;
  let accountId: string;

  beforeAll(async () => {
    ({ key, accountId } = await newKey());
    await change(accountId, { ratePerMinute: 1000 });
  });

  test.each(BAD)("refuses $name", async ({ body, code, field }) => {
    const reply = await call("POST", "/api/execute", { key, body });
    const error = reply.body.error as Record<string, unknown>;
    expect(reply.status).toBeGreaterThanOrEqual(400);
    expect(reply.status).toBeLessThan(500);
    expect(error).toMatchObject({ code, ...(field === undefined ? {} : { field }) });
    if (field !== undefined) expect(error.message).toContain(field);
    expect(JSON.stringify(reply.body)).not.toMatch(/\n\s+at |node_modules|\.ts\b|Zod/);
  });

  test("has reserved nothing by then", async () => {
    const { credits } = await execute(key, "bash", "echo hello");
    expect(credits).toEqual({ charged: 1, remaining: FREE_CREDITS - 1 });
  });

  test.each(["nonsense", "cr_live_x_y_z", `cr_live_${"a".repeat(60)}`])(
    "refuses the key %s",
    async (bad) => {
      const reply = await call("POST", "/api/execute", { key: bad, body: HELLO });
      expect(reply.status).toBe(401);
      expect(reply.body).toMatchObject({ error: { code: "invalid_key" } });
    },
  );
});

describe("limits of an account", () => {
  test("the free plan's rate answers 429 with Retry-After, and reserves nothing", async () => {
    const { key } = await newKey();
    for (let i = 0; i < RATE_PER_MINUTE.free; i++) await execute(key, "bash", "echo hello");
    const reply = await call("POST", "/api/execute", { key, body: HELLO });
    expect(reply.status).toBe(429);
    expect(Number(reply.headers.get("Retry-After"))).toBeGreaterThan(0);
  });

  test("an account without credits answers 402, and runs again after a grant", async () => {
    const { key, accountId } = await newKey();
    await change(accountId, { ratePerMinute: 1000 });
    for (let i = 0; i < FREE_CREDITS; i++) await execute(key, "bash", "echo hello");
    const broke = await call("POST", "/api/execute", { key, body: HELLO });
    expect(broke.status).toBe(402);
    expect(broke.body).toMatchObject({ error: { code: "no_credits" } });

    await change(accountId, { grantCredits: 1 });
    expect(await execute(key, "bash", "echo again")).toMatchObject({
      stdout: "again",
      credits: { charged: 1, remaining: 0 },
    });
  });
});
