// POST /api/execute with a key: the promise of the product page, to the letter.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { importSigningKey, verify } from "../../shared/signature.ts";
import type { ApiExecution } from "../../worker/faces/api.ts";
import worker from "../../worker/index.ts";
import { answering, gateway, PROGRAM, REPORT, RUNNER_SECRET } from "./kit/gateway.ts";

async function execute(report: Parameters<typeof answering>[0], program: object = PROGRAM) {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(answering(report, seen));
  const { apiKey, accountId } = await g.open();
  const response = await g.run(apiKey, program);
  const body = await response.json<ApiExecution & { credits: { remaining: number } }>();
  return { status: response.status, body, asked: seen[0], accountId };
}

describe("an execution", () => {
  it("answers with every field the product page shows", async () => {
    const { status, body } = await execute({});
    expect(status).toBe(200);
    expect(body).toMatchObject({ exitCode: 0, stdout: "499500", duration: 18, timedOut: false });
    expect(body.id).toMatch(/^exec-[0-9a-z]{20}$/);
  });

  it("adds how the program ended, what it used and what it cost", async () => {
    const { body } = await execute({ stderr: "warning\n", stderrBytes: 8 });
    expect(body).toMatchObject({
      language: "python",
      version: "3.13.5",
      stderr: "warning",
      outcome: "ok",
      signal: null,
      memoryKb: 8790,
      stdoutBytes: 7,
      stderrBytes: 8,
      stdoutTruncated: false,
      stderrTruncated: false,
      stdoutIsUtf8: true,
      stderrIsUtf8: true,
      credits: { charged: 1, remaining: 49 },
    });
  });

  it.each([
    ["", ""],
    ["a", "a"],
    ["a\n", "a"],
    ["a\n\n", "a\n"],
    ["\n", ""],
    ["a\r\n", "a\r"],
    ["a\n ", "a\n "],
  ])("leaves out exactly one final newline of %j", async (written, read) => {
    const { body } = await execute({ stdout: written, stderr: written });
    expect(body.stdout).toBe(read);
    expect(body.stderr).toBe(read);
  });

  it.each([
    [0, 0],
    [0.4, 0],
    [0.5, 1],
    [30_004.2, 30_004],
  ])("reports %d ms as a duration of %d", async (wallMs, duration) => {
    const { body } = await execute({ wallMs });
    expect(body.duration).toBe(duration);
  });

  it("answers 200 for a program that failed, and charges it", async () => {
    const { status, body } = await execute({ outcome: "error", exitCode: 1, stderr: "boom\n" });
    expect(status).toBe(200);
    expect(body).toMatchObject({ exitCode: 1, outcome: "error", timedOut: false });
    expect(body.credits.remaining).toBe(49);
  });

  it("says that a program ran out of time, and charges no more than was held", async () => {
    const killed = { exitCode: null, signal: "SIGKILL", wallMs: 30_012 };
    const { status, body } = await execute({ outcome: "timeout", ...killed });
    expect(status).toBe(200);
    expect(body).toMatchObject({ exitCode: null, signal: "SIGKILL", timedOut: true });
    expect(body.credits.remaining).toBe(49);
  });

  it("passes the program on as it is, under the account's own name", async () => {
    const program = {
      language: "JS",
      code: "  let x = '\u00e9\u{1f600}'\n",
      stdin: "in\n",
      timeout: 5000,
    };
    const { asked, body, accountId } = await execute({}, program);
    expect(asked).toEqual({
      executionId: body.id,
      accountId,
      language: "javascript",
      files: [{ name: "main.js", content: program.code }],
      stdin: "in\n",
      singleUse: false,
      runTimeoutMs: 5000,
      compileTimeoutMs: 60_000,
    });
  });

  it("gives a program that asks for no time the most there is, and no stdin", async () => {
    const { asked } = await execute({}, { ...PROGRAM, timeout: null, stdin: null });
    expect(asked?.runTimeoutMs).toBe(30_000);
    expect(asked && "stdin" in asked).toBe(false);
  });

  it("replaces half a surrogate pair, which no program can contain", async () => {
    const g = gateway(answering({}));
    const { apiKey } = await g.open();
    const seen: RunnerExecuteRequest[] = [];
    const body = '{"language":"python","code":"print(\'\\ud800\')","stdin":"\\udc00"}';
    const own = gateway(answering({}, seen));
    const response = await own.post("/api/execute", body, { Authorization: `Bearer ${apiKey}` });
    expect(response.status).toBe(200);
    expect(seen[0]?.files[0]?.content).toBe("print('\ufffd')");
    expect(seen[0]?.stdin).toBe("\ufffd");
  });

  it("sends output on that is not well-formed text", async () => {
    const { status, body } = await execute({ stdout: "\ud800\u0000\ufffd\n" });
    expect(status).toBe(200);
    expect(body.stdout).toBe("\ud800\u0000\ufffd");
  });

  it("ignores fields it does not know, for callers newer than itself", async () => {
    const { status } = await execute({}, { ...PROGRAM, priority: "high", __proto__: null });
    expect(status).toBe(200);
  });
});

describe("the request to the runner", () => {
  it("is signed, and carries the request id", async () => {
    const key = await importSigningKey(RUNNER_SECRET);
    const seen: string[] = [];
    const g = gateway(async (request) => {
      const header = (name: string) => request.headers.get(name) ?? "";
      const body = new Uint8Array(await request.arrayBuffer());
      await verify(
        key,
        "local",
        { method: request.method, url: request.url, body },
        {
          "content-digest": header("content-digest"),
          signature: header("signature"),
          "signature-input": header("signature-input"),
        },
        Date.now(),
      );
      seen.push(`${request.method} ${new URL(request.url).pathname} ${header("x-request-id")}`);
      return Response.json(REPORT);
    });
    const { apiKey } = await g.open();
    const headers = { Authorization: `Bearer ${apiKey}`, "X-Request-Id": "my-own.id_1" };
    const response = await g.post("/api/execute", PROGRAM, headers);
    expect(response.status).toBe(200);
    expect(seen).toEqual(["POST /v1/execute my-own.id_1"]);
  });
});

describe("an execution's calls to its account", () => {
  it("are exactly two, and only the first is before the reply", async () => {
    const g = gateway();
    const { apiKey } = await g.open();
    const calls: string[] = [];
    let settle = () => {};
    const mayBeSettled = new Promise<void>((resolve) => {
      settle = resolve;
    });
    const ACCOUNTS = counting(g.env.ACCOUNTS, async (name) => {
      calls.push(name);
      if (name === "settle") await mayBeSettled;
    });
    const ctx = createExecutionContext();
    const request = new Request("https://gateway.test/api/execute", {
      method: "POST",
      body: JSON.stringify(PROGRAM),
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
    });
    const env = { ...g.env, ACCOUNTS };
    const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, ctx);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ credits: { charged: 1, remaining: 49 } });
    settle();
    await waitOnExecutionContext(ctx);
    expect(calls).toEqual(["admit", "settle"]);
  });

  it("are repeated once when the platform says they may be", async () => {
    const calls: string[] = [];
    const { response } = await runWith(async (name) => {
      calls.push(name);
      if (calls.length === 1) throw Object.assign(new Error("moved"), { retryable: true });
    });
    expect(await response.json()).toMatchObject({ credits: { charged: 1, remaining: 49 } });
    expect(calls).toEqual(["admit", "admit", "settle"]);
  });

  it("are not repeated when the object has too much to do, and nothing runs", async () => {
    const calls: string[] = [];
    const { response, seen } = await runWith(async (name) => {
      calls.push(name);
      throw Object.assign(new Error("too much"), { retryable: true, overloaded: true });
    });
    expect(response.status).toBe(503);
    expect(response.headers.get("Retry-After")).toBe("1");
    expect(calls).toEqual(["admit"]);
    expect(seen).toEqual([]);
  });

  it("may fail after the reply: the caller does not notice and the log does", async () => {
    const trouble = vi.spyOn(console, "error");
    const { response } = await runWith(async (name) => {
      if (name === "settle") throw new Error("storage is gone");
    });
    expect(response.status).toBe(200);
    expect(String(trouble.mock.lastCall?.[0])).toMatch(/left to expire: Error: storage is gone/);
    trouble.mockRestore();
  });

  async function runWith(tell: (method: string) => Promise<void>) {
    const seen: RunnerExecuteRequest[] = [];
    const g = gateway(answering({}, seen));
    const { apiKey } = await g.open();
    const ACCOUNTS = counting(g.env.ACCOUNTS, tell);
    const response = await gateway(answering({}, seen), { ACCOUNTS }).run(apiKey);
    return { response, seen };
  }
});

describe("the gateway as it is deployed", () => {
  it("runs a program through its own bindings", async () => {
    const fetch = exports.default.fetch.bind(exports.default);
    const opened = await fetch("https://gateway.test/api/keys", { method: "POST" });
    const { apiKey } = await opened.json<{ apiKey: string }>();
    const response = await fetch("https://gateway.test/api/execute", {
      method: "POST",
      headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(PROGRAM),
    });
    expect(await response.json()).toMatchObject({ exitCode: 0, stdout: "print(1)", duration: 18 });
  });
});

/** The same objects, with every method called on one of them told to `tell` first. */
function counting<Namespace extends object>(
  namespace: Namespace,
  tell: (method: string) => Promise<void>,
): Namespace {
  const wrap = (stub: object) =>
    new Proxy(stub, {
      get:
        (target, name) =>
        async (...args: unknown[]) => {
          await tell(String(name));
          const method: (...args: unknown[]) => unknown = Reflect.get(target, name);
          return await method(...args);
        },
    });
  return new Proxy(namespace, {
    get: (target, name) => {
      const bound = (Reflect.get(target, name) as (...args: unknown[]) => object).bind(target);
      return name === "get" ? (...args: unknown[]) => wrap(bound(...args)) : bound;
    },
  });
}
