// How long a session lasts: told of, interrupted, reset, deleted, expired, evicted or lost, and what is
// said of it afterwards.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import {
  SESSION_CALLS_PER_MINUTE,
  SESSION_IDLE_MS_MAX,
  SESSION_MEMORY_MS,
} from "../../shared/limits.ts";
import { client, expectRefused, uuidOf } from "./kit/client.ts";
import { gateway, PROGRAM } from "./kit/gateway.ts";
import { refusal, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

describe("a session", () => {
  it("is told of as its runner sees it, under either way to write its id", async () => {
    const { call, openSession, execute } = await client();
    const id = await openSession();
    await execute(id);
    for (const word of [id, uuidOf(id)]) {
      const response = await call("GET", `/api/sessions/${word}`);
      expect(await response.json()).toMatchObject({
        sessionId: id,
        language: "Python 3.13.5",
        state: "idle",
        executions: 1,
        kept: true,
      });
    }
  });

  it.each([
    ["interrupt", { interrupted: true }],
    ["reset", {}],
  ])("is told to %s", async (what, more) => {
    const { call, openSession, fake, accountId } = await client();
    const id = await openSession();
    const response = await call("POST", `/api/sessions/${id}/${what}`);
    expect(await response.json()).toEqual({ sessionId: id, ...more });
    expect(fake.told).toEqual([{ path: `/${what}`, body: { accountId } }]);
  });

  it("is deleted once, at the runner too, and remembered as deleted", async () => {
    const { call, openSession, execute, fake } = await client();
    const id = await openSession();
    const responses = await Promise.all([
      call("DELETE", `/api/sessions/${id}`),
      call("DELETE", `/api/sessions/${id}`),
    ]);
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 410]);
    expect(fake.sessions.size).toBe(0);
    await expectRefused(await execute(id), "session_deleted", 410);
    await expectRefused(await call("DELETE", `/api/sessions/${id}`), "session_deleted", 410);
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_deleted", 410);
    expect(fake.asked.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  it("is deleted although its runner cannot be reached", async () => {
    const { call, openSession, apiKey } = await client();
    const id = await openSession();
    const alone = gateway(() => Promise.reject(new Error("connect ECONNREFUSED")));
    const trouble = vi.spyOn(console, "error");
    const headers = { Authorization: `Bearer ${apiKey}` };
    const response = await alone.send(`/api/sessions/${id}`, { method: "DELETE", headers });
    expect(response.status).toBe(204);
    expect(String(trouble.mock.lastCall?.[0])).toContain("was left to its runner");
    trouble.mockRestore();
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_deleted", 410);
  });

  it("that is deleted while it runs a program ends that, and pays for as long as it ran", async () => {
    let release = () => {};
    const deleted = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = sessionRunner(async () => {
      await deleted;
      return refusal("session_deleted", { ranMs: 30_001 });
    });
    const { g, apiKey, call, openSession, credits } = await client(fake);
    const before = await credits();
    const id = await openSession();
    const repeat = { "Idempotency-Key": "once" };
    const run = async () => {
      const headers = { Authorization: `Bearer ${apiKey}`, ...repeat };
      return await g.post("/v1/execute", { ...PROGRAM, session_id: id }, headers);
    };
    const running = run();
    await vi.waitFor(() => expect(fake.executed).toHaveLength(1));
    expect((await call("DELETE", `/api/sessions/${id}`)).status).toBe(204);
    release();
    await expectRefused(await running, "session_deleted", 410);
    expect(await credits()).toBe(before - 2);
    await expectRefused(await run(), "session_deleted", 410);
    expect(fake.executed).toHaveLength(1);
    const listed = await (await call("GET", "/api/executions")).json<{
      executions: { id: string }[];
    }>();
    const told = { state: "done", outcome: "signal", credits: { charged: 2 } };
    const wanted = { ...told, error: { code: "session_deleted" } };
    expect(listed.executions).toMatchObject([wanted]);
    const one = await call("GET", `/api/executions/${listed.executions[0]?.id}`);
    expect(await one.json()).toMatchObject(wanted);
    expect(await credits()).toBe(before - 2);
  });

  it("that is deleted before a program's turn has come costs nothing", async () => {
    const { openSession, execute, credits } = await client(
      sessionRunner(() => refusal("session_deleted")),
    );
    const before = await credits();
    await expectRefused(await execute(await openSession()), "session_deleted", 410);
    expect(await credits()).toBe(before);
  });

  it("expires when it was not used for long enough, and is forgotten a day later", async () => {
    clockAt(START_MS);
    const { openSession, execute, fake } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await execute(id)).status).toBe(200);
    clockAt(START_MS + 2 * SESSION_IDLE_MS_MAX - 2);
    expect((await execute(id)).status).toBe(200);
    const expiresMs = START_MS + 3 * SESSION_IDLE_MS_MAX - 2;
    clockAt(expiresMs);
    const asked = fake.executed.length;
    await expectRefused(await execute(id), "session_expired", 410);
    clockAt(expiresMs + SESSION_MEMORY_MS - 1);
    await expectRefused(await execute(id), "session_expired", 410);
    clockAt(expiresMs + SESSION_MEMORY_MS);
    await expectRefused(await execute(id), "unknown_session", 404);
    expect(fake.executed).toHaveLength(asked);
  });

  it("is not kept alive by being looked at", async () => {
    clockAt(START_MS);
    const { call, openSession } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await call("GET", `/api/sessions/${id}`)).status).toBe(200);
    clockAt(START_MS + SESSION_IDLE_MS_MAX);
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_expired", 410);
  });

  it("is kept alive by its files", async () => {
    clockAt(START_MS);
    const { call, openSession } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await call("GET", `/api/sessions/${id}/files`)).status).toBe(200);
    clockAt(START_MS + SESSION_IDLE_MS_MAX);
    expect((await call("GET", `/api/sessions/${id}`)).status).toBe(200);
  });

  it.each<[ErrorCode | undefined, ErrorCode]>([
    ["session_expired", "session_expired"],
    ["session_evicted", "session_evicted"],
    ["session_lost", "session_lost"],
    [undefined, "session_lost"],
  ])("whose runner says %s of it is %s, from then on without asking", async (said, code) => {
    for (const ask of ["execute", "files/a", ""]) {
      const { call, openSession, execute, fake, credits } = await client();
      const before = await credits();
      const id = await openSession();
      fake.forget(said);
      const first =
        ask === "execute" ? await execute(id) : await call("GET", `/api/sessions/${id}/${ask}`);
      await expectRefused(first, code, 410);
      const asked = fake.asked.length;
      await expectRefused(await execute(id), code, 410);
      await expectRefused(await call("DELETE", `/api/sessions/${id}`), code, 410);
      expect(fake.asked).toHaveLength(asked);
      expect(await credits()).toBe(before);
    }
  });
});

describe("the calls an account may make besides executions", () => {
  it("are limited by a rate of their own", async () => {
    clockAt(START_MS);
    const { call, execute, openSession } = await client();
    const id = await openSession();
    for (let count = 1; count < SESSION_CALLS_PER_MINUTE; count += 1) {
      await call("GET", "/api/sessions?limit=1");
    }
    const response = await call("GET", `/api/sessions/${id}`);
    expect(response.headers.get("RateLimit")).toBe('"calls";r=0;t=60');
    await expectRefused(response, "rate_limited", 429);
    expect((await execute(id)).status).toBe(200);
  });
});
