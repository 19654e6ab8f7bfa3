// What real programs leave in the history, how they go on by themselves, and what happens to a request
// that is sent again: through the gateway to real sandboxes.

import { beforeAll, describe, expect, inject, test } from "vitest";
import { call, execute, newKey, richKey } from "./client.ts";

let key: string;

beforeAll(async () => {
  key = await richKey();
});

type Body = Record<string, unknown>;

async function detach(code: string, more: object = {}): Promise<string> {
  const body = { language: "python", code, detach: true, ...more };
  const { status, body: told } = await call("POST", "/api/execute", { key, body });
  expect([status, told.state]).toEqual([202, "running"]);
  return String(told.id);
}

async function whenOver(id: string, path = "/api/executions"): Promise<Body> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { body } = await call("GET", `${path}/${id}`, { key });
    if (body.state !== "running") return body;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${id} does not end`);
}

describe("the history", () => {
  test("has what was answered, in both words, and forgets what it is told to", async () => {
    const code = "import sys\nprint('é' * 100_000)\nsys.stderr.write('oh')\nsys.exit(3)";
    const { id, ...answered } = await execute(key, "python", code);
    expect((await whenOver(String(id))) as object).toMatchObject({
      id,
      state: "done",
      ...answered,
    });
    const inV1 = await whenOver(String(id), "/v1/executions");
    const run = { stdout: `${answered.stdout}\n`, stderr: "oh", code: 3 };
    expect(inV1).toMatchObject({ id, state: "done", run });
    const { body } = await call("GET", "/api/executions?limit=1", { key });
    expect(body.executions).toMatchObject([{ id, exitCode: 3, outcome: answered.outcome }]);
    const removed = await fetchNothing("DELETE", `/api/executions/${id}`);
    expect(removed).toBe(204);
    expect((await call("GET", `/api/executions/${id}`, { key })).status).toBe(404);
  });

  test("is its owner's alone", async () => {
    const { id } = await execute(key, "bash", "echo mine");
    const stranger = await newKey();
    const reply = await call("GET", `/api/executions/${id}`, { key: stranger.key });
    expect([reply.status, (reply.body.error as Body).code]).toEqual([404, "unknown_execution"]);
  });
});

describe("a program that goes on by itself", () => {
  test("is asked after until it is over, and paid for once", async () => {
    const id = await detach("import time\nprint('on', flush=True)\ntime.sleep(0.5)\nprint('off')");
    const over = await whenOver(id);
    expect(over).toMatchObject({ stdout: "on\noff", exitCode: 0, credits: { charged: 1 } });
    const { body } = await call("GET", "/api/credits/ledger?limit=100", { key });
    const entries = (body.entries as Body[]).filter(({ executionId }) => executionId === id);
    expect(entries.map(({ kind }) => kind).sort()).toEqual(["reserve", "settle"]);
    const sum = entries.reduce((total, { amountMicroUsdc }) => total + Number(amountMicroUsdc), 0);
    expect(sum).toBe(-2000);
  });

  test("is ended by its owner, and what it had printed is kept", async () => {
    const id = await detach("import time\nprint('so far', flush=True)\ntime.sleep(20)");
    await new Promise((resolve) => setTimeout(resolve, 500));
    const ended = await call("DELETE", `/api/executions/${id}`, { key });
    expect(ended.status).toBe(202);
    const over = await whenOver(id);
    expect(over).toMatchObject({ state: "done", stdout: "so far" });
    expect(over.outcome).not.toBe("ok");
  });
});

describe("a request that is sent again under its Idempotency-Key", () => {
  test("is not run again", async () => {
    const session = await call("POST", "/api/sessions", { key, body: { language: "python" } });
    const path = `/api/sessions/${session.body.sessionId}/execute`;
    const count = { code: "n = globals().get('n', 0) + 1\nprint(n)" };
    const headers = { "Idempotency-Key": "count-once" };
    const ask = async () => await call("POST", path, { key, body: count, headers });
    const replies = await Promise.all(Array.from({ length: 20 }, ask));
    expect(new Set(replies.map(({ body }) => body.id)).size).toBe(1);
    expect(replies.every(({ body }) => body.stdout === "1")).toBe(true);
    expect((await call("POST", path, { key, body: count })).body.stdout).toBe("2");
  });
});

async function fetchNothing(method: string, path: string): Promise<number> {
  const headers = { Authorization: `Bearer ${key}` };
  return (await fetch(`${inject("gateway").url}${path}`, { method, headers })).status;
}
