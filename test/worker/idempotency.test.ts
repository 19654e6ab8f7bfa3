// Requests that are sent again under the same Idempotency-Key: they run once, cost once and are
// answered alike, however many come at once, whatever dies in between.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { IDEMPOTENCY_MS, SESSION_IDLE_MS_MAX } from "../../shared/limits.ts";
import { client, expectRefused } from "./kit/client.ts";
import { counted } from "./kit/counted.ts";
import {
  anyAddress,
  errorOf,
  failing,
  gateway,
  PROGRAM,
  REPORT,
  type Runner,
} from "./kit/gateway.ts";
import { linesOf, reportOf, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const KEY = "8e03978e-40d5-43dd-bc93-6894a57f9324";
const FACES = ["/api/execute", "/v1/execute"];

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** An account whose requests carry a key. */
async function caller(fake = sessionRunner()) {
  const own = await client(fake);
  const send = async (path: string, body: object, key = KEY, g = own.g) =>
    await g.post(path, body, { Authorization: `Bearer ${own.apiKey}`, "Idempotency-Key": key });
  return { ...own, send };
}

function replayed(response: Response): string | null {
  return response.headers.get("Idempotency-Replayed");
}

describe("an execution that is asked for again under its key", () => {
  it.each(FACES)(
    "by %s is answered as it was, and neither run nor paid for again",
    async (path) => {
      const { send, fake, credits } = await caller();
      const first = await send(path, PROGRAM);
      const left = await credits();
      for (let count = 0; count < 3; count += 1) {
        const again = await send(path, PROGRAM);
        expect(again.status).toBe(200);
        expect(replayed(again)).toBe("true");
        expect(await again.clone().text()).toBe(await first.clone().text());
      }
      expect(replayed(first)).toBeNull();
      expect(fake.executed).toHaveLength(1);
      expect(await credits()).toBe(left);
    },
  );

  it("in a session is part of that once", async () => {
    const { send, openSession, fake } = await caller();
    const path = `/api/sessions/${await openSession()}/execute`;
    const [first, again] = [
      await send(path, { code: "x = 1" }),
      await send(path, { code: "x = 1" }),
    ];
    expect(await again?.json()).toEqual(await first?.json());
    expect(fake.executed).toHaveLength(1);
  });

  it("needs one call of an object, and no place within the rate", async () => {
    const { send, g, accountId } = await caller();
    const { settings, calls } = counted();
    const own = gateway(sessionRunner().runner, settings);
    await send("/api/execute", PROGRAM, KEY, own);
    expect(calls).toEqual(["account.admit", "account.settle"]);
    await g.change(accountId, { ratePerMinute: 1 });
    calls.length = 0;
    expect((await send("/api/execute", PROGRAM, KEY, own)).status).toBe(200);
    expect(calls).toEqual(["account.admit"]);
    expect((await send("/api/execute", PROGRAM, "another-key", own)).status).toBe(429);
  });

  it("as a stream is told as a stream", async () => {
    const events = [
      { type: "start" as const, version: "3.13.5" },
      { type: "stdout" as const, stage: "run" as const, text: "499500\n" },
    ];
    const fake = sessionRunner((request) =>
      linesOf([...events, { type: "end", report: reportOf(request) }]),
    );
    const { send } = await caller(fake);
    const body = { ...PROGRAM, stream: true };
    const first = await (await send("/api/execute", body)).text();
    const again = await send("/api/execute", body);
    expect(again.headers.get("Content-Type")).toMatch(/^text\/event-stream/);
    expect(replayed(again)).toBe("true");
    const [start, end] = (await again.text()).trim().split("\n\n");
    expect(first.startsWith(`${start}\n\n`)).toBe(true);
    expect(first.trim().endsWith(end ?? "none")).toBe(true);
    expect(fake.executed).toHaveLength(1);
  });

  it("as a stream that goes on by itself is not told of twice while it runs", async () => {
    const { send } = await caller(sessionRunner(() => linesOf([{ type: "start", version: "3" }])));
    const body = { ...PROGRAM, stream: true, detach: true };
    await (await send("/api/execute", body)).text();
    const again = await send("/api/execute", body);
    expect(again.headers.get("Retry-After")).toBe("2");
    expect(replayed(again)).toBeNull();
    await expectRefused(again, "idempotency_in_progress", 409);
  });

  it("is the same however its fields are ordered, and another if they differ, or the route does", async () => {
    const { send, fake } = await caller();
    await send("/api/execute", { language: "python", code: "print(1)", extra: 1 });
    expect((await send("/api/execute", { code: "print(1)", language: "py" })).status).toBe(200);
    expect((await send("/api/execute/", { ...PROGRAM, stdin: null })).status).toBe(200);
    const others: [string, object][] = [
      ["/api/execute", { ...PROGRAM, code: "print(2)" }],
      ["/api/execute", { ...PROGRAM, stdin: "x" }],
      ["/v1/execute", PROGRAM],
      ["/api/sessions", { language: "python" }],
    ];
    for (const [path, body] of others) {
      await expectRefused(await send(path, body), "idempotency_mismatch", 409);
    }
    expect(fake.executed).toHaveLength(1);
  });

  it("is run again when nothing had come of it", async () => {
    let answer: Runner = failing(503, "busy");
    const { send, credits, fake } = await caller(
      sessionRunner(() => answer(new Request("https://x"))),
    );
    const before = await credits();
    for (const [status, code] of [
      [503, "busy"],
      [502, "runner_fault"],
    ] as const) {
      answer = failing(status, code);
      await expectRefused(await send("/api/execute", PROGRAM), code, status);
    }
    answer = () => Response.json(REPORT);
    const response = await send("/api/execute", PROGRAM);
    expect(response.status).toBe(200);
    expect(replayed(response)).toBeNull();
    expect(fake.executed).toHaveLength(3);
    expect(await credits()).toBe(before - 1);
  });

  it("is judged anew when it was refused before anything was reserved", async () => {
    const { send, g, accountId } = await caller();
    expect((await send("/api/execute", { language: "python" })).status).toBe(400);
    expect((await send("/api/execute", PROGRAM)).status).toBe(200);
    await g.change(accountId, { ratePerMinute: 1 });
    expect((await send("/api/execute", PROGRAM, "second")).status).toBe(429);
    await g.change(accountId, { ratePerMinute: 100 });
    expect((await send("/api/execute", { ...PROGRAM, code: "2" }, "second")).status).toBe(200);
  });

  it("is another account's own affair", async () => {
    const fake = sessionRunner();
    const [one, other] = [await caller(fake), await caller(fake)];
    await one?.send("/api/execute", PROGRAM);
    expect(replayed((await other?.send("/api/execute", PROGRAM)) as Response)).toBeNull();
    expect(fake.executed).toHaveLength(2);
  });

  it("is forgotten after a day", async () => {
    clockAt(START_MS);
    const { send, fake } = await caller();
    await send("/api/execute", PROGRAM);
    clockAt(START_MS + IDEMPOTENCY_MS - 1);
    await send("/api/execute", PROGRAM);
    expect(fake.executed).toHaveLength(1);
    clockAt(START_MS + IDEMPOTENCY_MS);
    expect(replayed(await send("/api/execute", PROGRAM))).toBeNull();
    expect(fake.executed).toHaveLength(2);
  });

  it("is not run again when its owner has removed it", async () => {
    const { send, call, fake } = await caller();
    await send("/api/execute", PROGRAM);
    await call("DELETE", "/api/executions");
    await expectRefused(await send("/api/execute", PROGRAM), "conflict", 409);
    expect(fake.executed).toHaveLength(1);
  });
});

describe("an execution that is asked for again while it runs", () => {
  it("a thousand times at once runs once and costs once", async () => {
    const fake = sessionRunner(async (request) => {
      await scheduler.wait(300);
      return Response.json(reportOf(request));
    });
    const { send, credits } = await caller(fake);
    const before = await credits();
    const responses = await Promise.all(
      Array.from({ length: 1000 }, async () => await send("/api/execute", PROGRAM)),
    );
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(texts).size).toBe(1);
    expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([200]));
    expect(responses.filter((response) => replayed(response) === null)).toHaveLength(1);
    expect(fake.executed).toHaveLength(1);
    expect(await credits()).toBe(before - 1);
  }, 60_000);

  it("for too long is told to come again, and may run when the first was lost", async () => {
    clockAt(START_MS);
    const { settings } = counted("account.settle");
    const { send, g, accountId, credits, fake } = await caller();
    const before = await credits();
    // A Worker that died with the answer in its hand, before the account heard of it.
    const dying = gateway(fake.runner, settings);
    void send("/api/execute", PROGRAM, KEY, dying);
    await vi.waitFor(() => expect(fake.executed).toHaveLength(1));
    const response = await send("/api/execute", PROGRAM);
    expect(response.headers.get("Retry-After")).toBe("2");
    await expectRefused(response, "idempotency_in_progress", 409);
    clockAt(START_MS + 200_000);
    await runDurableObjectAlarm(g.account(accountId));
    expect(await credits()).toBe(before);
    const retried = await send("/api/execute", PROGRAM);
    expect(retried.status).toBe(200);
    expect(replayed(retried)).toBeNull();
    expect(await credits()).toBe(before - 1);
  }, 30_000);
});

describe("an Idempotency-Key", () => {
  it.each([
    ['"quoted"', "quoted"],
    ['"a \\"b\\" \\\\"', 'a "b" \\'],
    [" spaced ", "spaced"],
  ])("written %j is %j", async (one, other) => {
    const { send } = await caller();
    await send("/api/execute", PROGRAM, one);
    expect(replayed(await send("/api/execute", PROGRAM, other))).toBe("true");
  });

  it.each(["", '""', "x".repeat(256), "é"])("is not %j", async (key) => {
    const { send, fake } = await caller();
    const response = await send("/api/execute", PROGRAM, key);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("Idempotency-Key");
    expect(fake.executed).toEqual([]);
  });

  it("needs an account, because strangers may hide behind one address", async () => {
    const g = gateway();
    const headers = { "CF-Connecting-IP": anyAddress(), "Idempotency-Key": KEY };
    await expectRefused(await g.post("/api/execute", PROGRAM, headers), "unauthorized", 401);
  });
});

describe("a session that is asked for again under its key", () => {
  it.each([{ language: "python" }, { language: "python", packages: { pip: ["humanize"] } }])(
    "is opened once, and told of as it was then, whatever has become of it: %j",
    async (wish) => {
      clockAt(START_MS);
      const { send, execute, call, fake, g, accountId } = await caller();
      const ask = async () => await send("/api/sessions", wish);
      const first = await ask();
      const body = await first.json<{ sessionId: string }>();
      expect("packages" in body).toBe("packages" in wish);
      const expectSame = async () => {
        const again = await ask();
        expect(again.status).toBe(201);
        expect(replayed(again)).toBe("true");
        expect(await again.json()).toEqual(body);
      };
      await expectSame();
      clockAt(START_MS + 1000);
      await execute(body.sessionId);
      await expectSame();
      await call("DELETE", `/api/sessions/${body.sessionId}`);
      clockAt(START_MS + 2 * SESSION_IDLE_MS_MAX);
      await runDurableObjectAlarm(g.account(accountId));
      await expectSame();
      expect(fake.asked.filter(({ path }) => path === "/v1/sessions")).toHaveLength(1);
    },
  );

  it("many times at once is opened once", async () => {
    const { send, fake } = await caller();
    const responses = await Promise.all(
      Array.from({ length: 50 }, async () => await send("/api/sessions", { language: "python" })),
    );
    const ids = responses.map(
      async (response) => (await response.json<{ sessionId: string }>()).sessionId,
    );
    expect(new Set(await Promise.all(ids)).size).toBe(1);
    expect(fake.sessions.size).toBe(1);
  });

  it("is opened at the second go where the first failed", async () => {
    const fake = sessionRunner();
    const { send } = await caller(fake);
    const broken = gateway(failing(503, "busy"));
    const body = { language: "python" };
    await expectRefused(await send("/api/sessions", body, KEY, broken), "busy", 503);
    expect((await send("/api/sessions", body)).status).toBe(201);
    expect(fake.sessions.size).toBe(1);
  });
});

describe("an API key that is asked for again under the same Idempotency-Key", () => {
  function newcomer() {
    const g = gateway();
    const address = anyAddress();
    const ask = async (body: object = {}, key = KEY, from = address) =>
      await g.post("/api/keys", body, { "CF-Connecting-IP": from, "Idempotency-Key": key });
    return { g, ask };
  }

  it("is the same key of the same account, and opens it once", async () => {
    const { g, ask } = newcomer();
    const responses = await Promise.all(Array.from({ length: 20 }, async () => await ask()));
    const texts = await Promise.all(responses.map((response) => response.text()));
    expect(new Set(texts).size).toBe(1);
    expect(responses.filter((response) => replayed(response) === null)).toHaveLength(1);
    const { apiKey, credits } = JSON.parse(texts[0] ?? "");
    expect(credits).toBe(50);
    expect((await g.run(apiKey)).status).toBe(200);
    expect((await (await ask()).json<{ apiKey: string }>()).apiKey).toBe(apiKey);
  });

  it("is another for another address, another key, and after a day", async () => {
    clockAt(START_MS);
    const { ask } = newcomer();
    const keyOf = async (response: Response) => (await response.json<{ apiKey: string }>()).apiKey;
    const keys = [await keyOf(await ask()), await keyOf(await ask({}, `${KEY}-2`))];
    keys.push(await keyOf(await ask({}, KEY, anyAddress())));
    clockAt(START_MS + IDEMPOTENCY_MS);
    keys.push(await keyOf(await ask()));
    expect(new Set(keys).size).toBe(4);
    await expectRefused(await ask({ name: "other" }), "idempotency_mismatch", 409);
  });

  it("is not told to who guesses", async () => {
    const { ask } = newcomer();
    const response = await ask({}, "1");
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("Idempotency-Key");
  });
});
