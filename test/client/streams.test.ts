// Streams that come in odd pieces, break off, are left and are aborted.

import { describe, expect, test } from "vitest";
import { readEvents } from "../../client/src/events.ts";
import type { ExecutionEvent, ExecutionStream } from "../../client/src/index.ts";
import {
  clientBefore,
  END,
  EXECUTION,
  eventText,
  OUTPUT,
  refusal,
  START,
  streamOf,
} from "./kit.ts";

const PROGRAM = { language: "python", code: "print(42)" } as const;
const CANCELLED = Response.json({ id: "exec-1" });

async function all(stream: ExecutionStream): Promise<ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  for await (const event of stream) events.push(event);
  return events;
}

describe("events", () => {
  test("are read alike in whatever pieces they come", async () => {
    const odd = ["stdout", { stage: "run", text: "ü€😀\r\n\n: x" }] as const;
    const text = `: beat\n\n${[START, odd, END].map((event) => eventText([...event])).join(": beat\n\n")}`;
    const bytes = new TextEncoder().encode(text.replace("\n\n: beat\n\n", "\r\n\r\n: beat\n\n"));
    for (const size of [1, 2, 3, 7, 64, bytes.length]) {
      const body = new ReadableStream<Uint8Array>({
        start(controller) {
          for (let at = 0; at < bytes.length; at += size) {
            controller.enqueue(bytes.slice(at, at + size));
          }
          controller.close();
        },
      });
      const told = [];
      for await (const { name, data } of readEvents(body)) told.push([name, JSON.parse(data)]);
      expect(told).toEqual([START, odd, END]);
    }
  });

  test("come with their names as types, the last with the whole reply", async () => {
    const { client, sent } = clientBefore([streamOf([START, OUTPUT, END], "ends")]);
    const stream = client.stream(PROGRAM);
    expect(await all(stream)).toEqual([
      { type: "start", ...START[1] },
      { type: "stdout", stage: "run", text: "42\n" },
      { type: "end", execution: EXECUTION },
    ]);
    expect(await stream.result()).toEqual(EXECUTION);
    expect(await stream.started).toEqual(START[1]);
    expect(sent[0]?.body).toEqual({ ...PROGRAM, stream: true });
  });

  test("need nobody to read them", async () => {
    const { client } = clientBefore([streamOf([START, OUTPUT, END], "ends")]);
    expect(await client.stream(PROGRAM).result()).toEqual(EXECUTION);
  });
});

describe("a stream that fails", () => {
  test("before it has begun is asked for again like anything else", async () => {
    const { client, sent } = clientBefore([refusal(503, "busy"), streamOf([START, END], "ends")]);
    expect(await client.stream(PROGRAM).result()).toEqual(EXECUTION);
    expect(sent[0]?.headers.get("idempotency-key")).toBe(sent[1]?.headers.get("idempotency-key"));
  });

  test("with an error throws it to whoever iterates, awaits the start or the result", async () => {
    const error = { code: "runner_fault", message: "It failed.", requestId: "req-2" };
    const { client } = clientBefore([streamOf([START, ["error", { error }]], "ends")]);
    const stream = client.stream(PROGRAM);
    await expect(all(stream)).rejects.toMatchObject({
      code: "runner_fault",
      executionId: "exec-1",
    });
    await expect(stream.result()).rejects.toMatchObject({ requestId: "req-2" });
    const refused = clientBefore([refusal(402, "no_credits")]).client.stream(PROGRAM);
    await expect(refused.started).rejects.toMatchObject({ code: "no_credits" });
  });

  test("with nothing in it says so", async () => {
    const { client } = clientBefore([new Response("")]);
    const stream = client.stream(PROGRAM);
    await expect(stream.result()).rejects.toMatchObject({ code: "stream_broken" });
    await expect(stream.started).rejects.toMatchObject({ code: "stream_broken" });
  });

  test.each(["ends", "breaks"] as const)("in the middle says so when it %s", async (how) => {
    const { client } = clientBefore([streamOf([START, OUTPUT], how)]);
    const stream = client.stream(PROGRAM);
    const events: string[] = [];
    const reading = (async () => {
      for await (const { type } of stream) events.push(type);
    })();
    await expect(reading).rejects.toMatchObject({ code: "stream_broken", executionId: "exec-1" });
    expect(events).toEqual(["start", "stdout"]);
  });

  test("in the middle of what goes on by itself is waited for", async () => {
    const running = { id: "exec-1", session_id: null, state: "running" };
    const { client, sent } = clientBefore([
      streamOf([START, OUTPUT], "breaks"),
      Response.json(running),
      Response.json({ ...EXECUTION, state: "done" }),
    ]);
    const events = await all(client.stream({ ...PROGRAM, detach: true }));
    expect(events.at(-1)).toMatchObject({ type: "end", execution: EXECUTION });
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      "/v1/execute",
      "/v1/executions/exec-1",
      "/v1/executions/exec-1",
    ]);
  });
});

describe("whoever leaves", () => {
  test("by breaking out of the loop interrupts the program and hangs up", async () => {
    const { client, sent } = clientBefore([streamOf([START, OUTPUT], "hangs"), CANCELLED]);
    for await (const { type } of client.stream(PROGRAM)) if (type === "stdout") break;
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      "/v1/execute",
      "/api/executions/exec-1/interrupt",
    ]);
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  test("what goes on by itself leaves it going on", async () => {
    const { client, sent } = clientBefore([streamOf([START, OUTPUT], "hangs"), CANCELLED]);
    const stream = client.stream({ ...PROGRAM, detach: true });
    for await (const { type } of stream) if (type === "stdout") break;
    await expect(stream.result()).rejects.toMatchObject({ code: "stream_broken" });
    expect(sent).toHaveLength(1);
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  test("by a signal hears its reason, once the program was interrupted", async () => {
    const { client, sent } = clientBefore([streamOf([START, OUTPUT], "hangs"), CANCELLED]);
    const leaving = new AbortController();
    const executing = client.execute({ ...PROGRAM, signal: leaving.signal });
    setTimeout(() => leaving.abort(new Error("enough")), 20);
    await expect(executing).rejects.toThrow("enough");
    expect(sent.at(-1)?.url).toMatch(/exec-1\/interrupt$/);
    expect(sent[0]?.init.signal?.aborted).toBe(true);
  });

  test("hears nothing of how the program ended for it", async () => {
    const left = Promise.withResolvers<void>();
    const slow = streamOf([START], "hangs");
    const late = (init: RequestInit) => {
      const { body } = slow(init);
      const rest = new TextEncoder().encode(eventText(END));
      const tail = new TransformStream<Uint8Array, Uint8Array>();
      const writer = tail.writable.getWriter();
      body?.pipeTo(new WritableStream({ write: (part) => writer.write(part) })).catch(() => 0);
      left.promise.then(() => writer.write(rest)).then(() => writer.close());
      return new Response(tail.readable);
    };
    const interrupted = async () => {
      left.resolve();
      await new Promise((resolve) => setTimeout(resolve, 50));
      return CANCELLED.clone();
    };
    const { client } = clientBefore([late, interrupted]);
    const signal = AbortSignal.timeout(20);
    await expect(client.execute({ ...PROGRAM, signal })).rejects.toThrow(signal.reason);
  });

  test("before it has begun does so when it begins, and is not kept waiting for long", async () => {
    const begun = Promise.withResolvers<void>();
    const late = async (init: RequestInit) => {
      await begun.promise;
      return streamOf([START], "hangs")(init);
    };
    const { client, sent } = clientBefore([late, CANCELLED]);
    const leaving = new AbortController();
    const startedAt = performance.now();
    const executing = client.execute({ ...PROGRAM, signal: leaving.signal });
    setTimeout(() => leaving.abort(), 20);
    await expect(executing).rejects.toMatchObject({ name: "AbortError" });
    expect(performance.now() - startedAt).toBeLessThan(1500);
    expect(sent).toHaveLength(1);
    begun.resolve();
    await expect.poll(() => sent.length).toBe(2);
    expect(sent[1]?.url).toMatch(/exec-1\/interrupt$/);
    await expect.poll(() => sent[0]?.init.signal?.aborted).toBe(true);
  });

  test("by a signal that was aborted before sends nothing", async () => {
    const { client, sent } = clientBefore([Response.json(EXECUTION)]);
    const signal = AbortSignal.abort(new Error("never mind"));
    await expect(client.execute({ ...PROGRAM, signal })).rejects.toThrow("never mind");
    await expect(client.runtimes({ signal })).rejects.toThrow("never mind");
    await expect(client.sessions.use("s").files.read("a", { signal })).rejects.toThrow(
      "never mind",
    );
    expect(sent).toEqual([]);
  });

  test("while it waits for another try does not wait on", async () => {
    const { client } = clientBefore([refusal(429, "rate_limited", { retryAfterMs: 50_000 })]);
    const signal = AbortSignal.timeout(30);
    const startedAt = performance.now();
    await expect(client.credits({ signal })).rejects.toMatchObject({ name: "TimeoutError" });
    await expect(client.execute({ ...PROGRAM, signal })).rejects.toMatchObject({
      name: "TimeoutError",
    });
    expect(performance.now() - startedAt).toBeLessThan(1500);
  });
});
