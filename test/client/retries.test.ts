// What is sent again, when, and as what: never anything that could be done twice.

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CodeRunner, CodeRunnerError } from "../../client/src/index.ts";
import { ERRORS } from "../../shared/errors.ts";
import { clientBefore, EXECUTION, noConnection, refusal } from "./kit.ts";

const PROGRAM = { language: "python", code: "print(42)" } as const;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What a call comes to, with all its waiting done at once; and how long that was. */
async function settled<Value>(call: Promise<Value>) {
  const startedAt = Date.now();
  const outcome = call.then(
    (value) => ({ value, error: undefined, ms: Date.now() - startedAt }),
    (error: CodeRunnerError) => ({ value: undefined, error, ms: Date.now() - startedAt }),
  );
  await vi.runAllTimersAsync();
  return await outcome;
}

describe("an execution with a key", () => {
  test("is sent again under the same Idempotency-Key until it is answered", async () => {
    const answers = [noConnection(), refusal(503, "no_runner"), Response.json(EXECUTION)];
    const { client, sent } = clientBefore(answers);
    const { value, ms } = await settled(client.execute(PROGRAM));
    expect(value).toEqual(EXECUTION);
    const keys = sent.map(({ headers }) => headers.get("idempotency-key"));
    expect(keys[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(keys).size).toBe(1);
    expect(new Set(sent.map(({ init }) => init.body)).size).toBe(1);
    // 200 to 400 ms, then twice that.
    expect(ms).toBeGreaterThanOrEqual(600);
    expect(ms).toBeLessThanOrEqual(1200);
  });

  test("has another key than any other execution", async () => {
    const { client, sent } = clientBefore([Response.json(EXECUTION)]);
    await client.execute(PROGRAM);
    await client.execute(PROGRAM);
    const keys = sent.map(({ headers }) => headers.get("idempotency-key"));
    expect(new Set(keys).size).toBe(2);
  });

  test("takes a key of the caller's own", async () => {
    const { client, sent } = clientBefore([Response.json(EXECUTION)]);
    await client.execute({ ...PROGRAM, idempotencyKey: "mine" });
    expect(sent[0]?.headers.get("idempotency-key")).toBe("mine");
    expect(sent[0]?.body).toEqual(PROGRAM);
  });

  test("is sent again when its answer breaks off half-way", async () => {
    const half = new Response(
      new ReadableStream({
        start(controller) {
          controller.enqueue(new TextEncoder().encode('{"id":'));
          controller.error(new TypeError("terminated"));
        },
      }),
    );
    const { client, sent } = clientBefore([() => half, Response.json(EXECUTION)]);
    expect((await settled(client.execute(PROGRAM))).value).toEqual(EXECUTION);
    expect(sent).toHaveLength(2);
  });

  test("gives up after as many tries as it was given", async () => {
    const { client, sent } = clientBefore([noConnection()], { retries: 2 });
    const { error } = await settled(client.execute(PROGRAM));
    expect(error).toMatchObject({ code: "connection_failed", status: 0 });
    expect(error?.message).toBe("http://service.test could not be reached: ECONNREFUSED");
    expect(sent).toHaveLength(3);
  });

  test("waits for as long as somebody works on it already", async () => {
    const working = refusal(409, "idempotency_in_progress", { retryAfterMs: 2000 });
    const answers = [...Array.from({ length: 20 }, () => working), Response.json(EXECUTION)];
    const { client, sent } = clientBefore(answers);
    expect((await settled(client.execute(PROGRAM))).value).toEqual(EXECUTION);
    expect(sent).toHaveLength(21);
    const { error, ms } = await settled(clientBefore([working]).client.execute(PROGRAM));
    expect(error?.code).toBe("idempotency_in_progress");
    expect(ms).toBeGreaterThan(600_000);
  });
});

describe("the service's word on when to come back", () => {
  test("is kept, whether it is in the reply or in its header", async () => {
    for (const [answer, leastMs] of [
      [refusal(429, "rate_limited", { retryAfterMs: 7300 }), 7300],
      [new Response("slow down", { status: 503, headers: { "Retry-After": "9" } }), 9000],
      [() => dated(11_000), 10_000],
    ] as const) {
      const { client } = clientBefore([answer, Response.json(EXECUTION)]);
      const { value, ms } = await settled(client.execute(PROGRAM));
      expect(value).toEqual(EXECUTION);
      expect(ms).toBeGreaterThanOrEqual(leastMs);
      expect(ms).toBeLessThanOrEqual(leastMs * 1.3);
    }
  });

  test("is passed on where it is longer than anybody would wait", async () => {
    const answer = refusal(429, "rate_limited", { retryAfterMs: 3_600_000 });
    const { client, sent } = clientBefore([answer]);
    const { error } = await settled(client.execute(PROGRAM));
    expect(error).toMatchObject({ code: "rate_limited", status: 429, retryAfterMs: 3_600_000 });
    expect(sent).toHaveLength(1);
  });
});

function dated(inMs: number): Response {
  const headers = { "Retry-After": new Date(Date.now() + inMs).toUTCString() };
  return new Response("later", { status: 502, headers });
}

describe("what must not be done twice", () => {
  test("an execution without a key is sent again only when nothing was done", async () => {
    const keyless = { apiKey: "" };
    const lost = clientBefore([noConnection(), Response.json(EXECUTION)], keyless);
    const { error } = await settled(lost.client.execute(PROGRAM));
    expect(error?.code).toBe("connection_failed");
    expect(lost.sent).toHaveLength(1);
    expect(lost.sent[0]?.headers.has("idempotency-key")).toBe(false);
    expect(lost.sent[0]?.headers.has("authorization")).toBe(false);
    const busy = clientBefore([refusal(503, "busy"), Response.json(EXECUTION)], keyless);
    expect((await settled(busy.client.execute(PROGRAM))).value).toEqual(EXECUTION);
  });

  test("input is not sent again when it may have arrived", async () => {
    const { client, sent } = clientBefore([noConnection(), Response.json({ id: "exec-1" })]);
    const { error } = await settled(client.executions.input("exec-1", { data: "1\n" }));
    expect(error?.code).toBe("connection_failed");
    expect(sent).toHaveLength(1);
  });

  test("a file that is a stream is not sent again at all, one that is not is", async () => {
    const written = Response.json({ name: "a", bytes: 1, sha256: "" }, { status: 201 });
    const one = clientBefore([refusal(503, "busy"), written]);
    const stream = new Response("x").body ?? "";
    const { error } = await settled(one.client.sessions.use("s").files.write("a", stream));
    expect(error?.code).toBe("busy");
    const two = clientBefore([noConnection(), written]);
    const { value } = await settled(two.client.sessions.use("s").files.write("a", "x"));
    expect(value).toMatchObject({ bytes: 1 });
    expect(two.sent.map(({ init }) => init.body)).toEqual(["x", "x"]);
  });

  test("a removal that was lost and then finds nothing has been done", async () => {
    const gone = refusal(410, "session_deleted");
    const lost = clientBefore([noConnection(), gone]);
    expect((await settled(lost.client.sessions.delete("s"))).error).toBeUndefined();
    const { client } = clientBefore([gone]);
    expect((await settled(client.sessions.delete("s"))).error?.code).toBe("session_deleted");
  });
});

describe("errors", () => {
  const known = Object.entries(ERRORS).filter(([code]) => code !== "idempotency_in_progress");
  test.each(known)("%s is told as the table has it", async (code, entry) => {
    const answer = refusal(entry.status, code, { field: "code", ranMs: 5 });
    const { client, sent } = clientBefore([answer], { retries: 1 });
    const { error } = await settled(client.credits());
    expect(error).toBeInstanceOf(CodeRunnerError);
    const told = { code, status: entry.status, requestId: "req-1", field: "code", ranMs: 5 };
    expect(error).toMatchObject({ ...told, retryable: entry.retryable });
    expect(sent).toHaveLength(entry.retryable ? 2 : 1);
  });

  test("what is not the service's word is not taken for it", async () => {
    const html = new Response("<html>", { status: 200 });
    const page = new Response("<html>not here</html>", { status: 404 });
    for (const answer of [html, page, Response.json({ error: "no" }, { status: 400 })]) {
      const { client } = clientBefore([answer]);
      const { error } = await settled(client.credits());
      expect(error).toMatchObject({ code: "unexpected_reply", status: answer.status });
    }
  });

  test("what could never be sent is refused when the client is made", () => {
    expect(() => new CodeRunner({ baseUrl: "nowhere" })).toThrow(TypeError);
    expect(() => new CodeRunner({ apiKey: "two\nlines" })).toThrow(TypeError);
  });

  test("a lost wish to end an execution is not repeated, which would forget it", async () => {
    const { client, sent } = clientBefore([noConnection(), Response.json({})]);
    const { error } = await settled(client.executions.remove("exec-1"));
    expect(error?.code).toBe("connection_failed");
    expect(sent).toHaveLength(1);
  });

  test("no id and no path can lead anywhere else", async () => {
    const { client, sent } = clientBefore([Response.json({})]);
    const { files } = client.sessions.use("sess-1");
    for (const path of ["..", "../x", "a/../../b", "a//b", ".", "", "/", "/etc"]) {
      await expect(files.remove(path)).rejects.toMatchObject({ code: "invalid_request" });
    }
    for (const id of ["", ".", ".."]) {
      await expect(client.executions.remove(id)).rejects.toMatchObject({ code: "invalid_request" });
      expect(() => client.sessions.use(id)).toThrow(CodeRunnerError);
    }
    await client.executions.remove("a/b?c#d");
    await files.remove("a b/%2e%2e/ü");
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      "/v1/executions/a%2Fb%3Fc%23d",
      "/api/sessions/sess-1/files/a%20b/%252e%252e/%C3%BC",
    ]);
  });
});
