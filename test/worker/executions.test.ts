// Executions by their id: asked for, interrupted, sent input, and paid for once, however late what came
// of them is heard.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../shared/ids.ts";
import { HISTORY_MS, STDIN_BYTES_MAX } from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import { client, expectRefused } from "./kit/client.ts";
import { errorOf, gateway, PROGRAM, REPORT, STAGE } from "./kit/gateway.ts";
import { linesOf, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const RUNNING = { state: "running" };
const DONE = { state: "done", report: REPORT };
/** A run of two credits. */
const LONG = { state: "done", report: { ...REPORT, run: { ...STAGE, wallMs: 30_001 } } };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** A caller with an execution that nobody has an answer of, because the connection was lost. */
async function lost(credits?: number) {
  clockAt(START_MS);
  const fake = sessionRunner(() => Promise.reject(new Error("connection lost")));
  const own = await client(fake);
  if (credits !== undefined) await spendAllBut(own, credits);
  const program = { ...PROGRAM, detach: true, run_timeout: 60_000 };
  const response = await own.g.run(own.apiKey, program, "/v1/execute");
  expect(response.status).toBe(503);
  const id = fake.executed.at(-1)?.executionId ?? "";
  const show = () => own.call("GET", `/api/executions/${id}`);
  return { ...own, fake, id, show };
}

/** Leaves an account with so many credits. */
async function spendAllBut(
  { accountId, g, credits }: Awaited<ReturnType<typeof client>>,
  left: number,
) {
  const account = g.account(accountId);
  const { keyHash } = await keyOf(account);
  const amountMicro = ((await credits()) - left) * CREDIT_MICRO;
  const hold = { id: newId("exec"), amountMicro, leastMicro: amountMicro, lastsMs: 1000 };
  const intent = { runner: "local", runTimeoutMs: 1, language: "c" as const };
  await account.admit({ keyHash, hold, intent });
  await account.settle(hold.id, amountMicro);
}

describe("GET /api/executions/:id", () => {
  it("says that it runs, and in which session", async () => {
    const { call, openSession, execute, fake } = await client(sessionRunner(() => endless()));
    const sessionId = await openSession();
    const began = await execute(sessionId, { code: "x = 42", detach: true });
    expect(began.status).toBe(202);
    const id = fake.executed[0]?.executionId ?? "";
    fake.executions.set(id, RUNNING);
    const response = await call("GET", `/api/executions/${id}`);
    expect(await response.json()).toEqual({
      id,
      sessionId,
      language: "python",
      state: "running",
      createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
      endedAt: null,
    });
  });

  it("is the plain reply when it is over, without asking the runner, and charges nothing again", async () => {
    const { call, g, apiKey, fake, credits } = await client();
    const reply = await (await g.run(apiKey)).json<{ id: string }>();
    const left = await credits();
    const asked = fake.asked.length;
    for (let count = 0; count < 3; count += 1) {
      const response = await call("GET", `/api/executions/${reply.id}`);
      expect(await response.json()).toEqual({
        ...reply,
        state: "done",
        createdAt: expect.stringMatching(/^\d{4}-.*Z$/),
        endedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      });
    }
    expect(fake.asked).toHaveLength(asked);
    expect(await credits()).toBe(left);
  });

  it.each(["exec-00000000000000000000", "exec-1", "x", newId("exec")])(
    "knows no execution %s",
    async (id) => {
      const { call, fake } = await client();
      await expectRefused(await call("GET", `/api/executions/${id}`), "unknown_execution", 404);
      expect(fake.asked).toEqual([]);
    },
  );

  it("knows nothing of somebody else's", async () => {
    const owner = await client();
    const { id } = await (await owner.g.run(owner.apiKey)).json<{ id: string }>();
    owner.fake.executions.set(id, DONE);
    const stranger = await client(owner.fake);
    await expectRefused(
      await stranger.call("GET", `/api/executions/${id}`),
      "unknown_execution",
      404,
    );
  });

  it("forgets it when it is too old", async () => {
    clockAt(START_MS);
    const { call, g, apiKey, accountId } = await client();
    const { id } = await (await g.run(apiKey)).json<{ id: string }>();
    clockAt(START_MS + HISTORY_MS - 1);
    await runDurableObjectAlarm(g.account(accountId));
    expect((await call("GET", `/api/executions/${id}`)).status).toBe(200);
    clockAt(START_MS + HISTORY_MS);
    await runDurableObjectAlarm(g.account(accountId));
    await expectRefused(await call("GET", `/api/executions/${id}`), "unknown_execution", 404);
  });

  it("says why it could not be run, and gives back what was put aside", async () => {
    const { call, g, apiKey, fake, credits } = await client(sessionRunner(() => endless()));
    const before = await credits();
    const began = await g.run(apiKey, { ...PROGRAM, detach: true });
    const { id } = await began.json<{ id: string }>();
    fake.executions.set(id, { state: "done", error: { code: "busy", message: "no room" } });
    const error = { code: "busy", message: expect.any(String) };
    for (let count = 0; count < 2; count += 1) {
      const response = await call("GET", `/api/executions/${id}`);
      expect(await response.json()).toMatchObject({ id, state: "failed", error });
    }
    expect(await credits()).toBe(before);
  });
});

describe("an execution that is heard of late", () => {
  it("is charged although its hold had been returned, once", async () => {
    const { fake, id, show, credits } = await lost();
    const before = await credits();
    fake.executions.set(id, LONG);
    const charged = { charged: 2, remaining: before - 2 };
    expect(await (await show()).json()).toMatchObject({ id, state: "done", credits: charged });
    expect(await (await show()).json()).toMatchObject({ credits: charged });
    expect(await credits()).toBe(before - 2);
  });

  it("is charged no more than there is", async () => {
    const { fake, id, show, credits, g, apiKey } = await lost(2);
    await gateway().run(apiKey);
    expect(await credits()).toBe(1);
    fake.executions.set(id, LONG);
    expect(await (await show()).json()).toMatchObject({ credits: { charged: 1, remaining: 0 } });
    expect(await credits()).toBe(0);
    const refused = await g.run(apiKey);
    expect((await errorOf(refused)).code).toBe("no_credits");
  });

  it("is charged from its hold while that is open, and what comes later changes nothing", async () => {
    clockAt(START_MS);
    let release = () => {};
    const released = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = sessionRunner(async () => {
      await released;
      const { report } = LONG;
      return linesOf([
        { type: "start", version: "3" },
        { type: "end", report },
      ]);
    });
    const { g, apiKey, call, credits } = await client(fake);
    const before = await credits();
    const running = g.run(apiKey, { ...PROGRAM, detach: true, run_timeout: 60_000 }, "/v1/execute");
    await vi.waitFor(() => expect(fake.executed).toHaveLength(1));
    const id = fake.executed[0]?.executionId ?? "";
    fake.executions.set(id, LONG);
    const response = await call("GET", `/api/executions/${id}`);
    expect(await response.json()).toMatchObject({ credits: { charged: 2 } });
    expect(await credits()).toBe(before - 2);
    release();
    expect((await running).status).toBe(202);
    expect(await credits()).toBe(before - 2);
  });

  it("is charged anew when its hold had expired", async () => {
    const { fake, id, show, credits, g, accountId } = await lost();
    const account = g.account(accountId);
    const hold = { id: newId("exec"), amountMicro: 4000, leastMicro: 4000, lastsMs: 1000 };
    const before = await credits();
    // The same as the lost one, but for a Worker that died before it could return the hold.
    const { keyHash } = await keyOf(account);
    const intent = { runner: "local", runTimeoutMs: 60_000, language: "python" as const };
    await account.admit({ keyHash, hold, intent });
    clockAt(START_MS + 1000);
    expect(await runDurableObjectAlarm(account)).toBe(true);
    expect(await credits()).toBe(before);
    const report = { outcome: "ok", version: "1" };
    const late = await account.settleLate(hold.id, 4000, report);
    expect(late).toEqual({ chargedMicro: 4000, balanceMicro: (before - 2) * 2000 });
    expect(await account.settleLate(hold.id, 4000, report)).toEqual(late);
    expect(await account.visitExecution(keyHash, hold.id)).toMatchObject({
      found: { state: "done" },
    });
    expect(await account.settle(hold.id, 4000)).toBe("already_expired");
    fake.executions.set(id, DONE);
    expect((await show()).status).toBe(200);
    expect(await credits()).toBe(before - 3);
  });
});

describe("an execution that runs", () => {
  async function running() {
    const own = await client();
    const { id } = await (await own.g.run(own.apiKey)).json<{ id: string }>();
    own.fake.executions.set(id, RUNNING);
    return { ...own, id };
  }

  it.each(["interrupt", "cancel"])("is interrupted by /%s", async (what) => {
    const { call, id, fake, accountId } = await running();
    const response = await call("POST", `/api/executions/${id}/${what}`);
    expect(await response.json()).toEqual({ id });
    expect(fake.told).toEqual([{ path: "/interrupt", body: { accountId } }]);
  });

  it.each([
    [{ data: "x\n" }, { data: "x\n" }],
    [
      { data: "AAE=", encoding: "base64" },
      { data: "AAE=", encoding: "base64" },
    ],
    [
      { data: "\ud800", end: true },
      { data: "\ufffd", end: true },
    ],
    [{ end: true, data: null }, { end: true }],
  ])("is sent %j", async (input, passed) => {
    const { call, id, fake, accountId } = await running();
    const response = await call("POST", `/api/executions/${id}/stdin`, input);
    expect(await response.json()).toEqual({ id });
    expect(fake.told).toEqual([{ path: "/stdin", body: { accountId, ...passed } }]);
  });

  it.each([
    [{}, "data", 400],
    [{ end: false }, "data", 400],
    [{ data: 5 }, "data", 400],
    [{ data: "x", encoding: "hex" }, "encoding", 400],
    [{ data: "x", encoding: "base64" }, "data", 400],
    [{ data: "x", end: "yes" }, "end", 400],
    [{ data: "x".repeat(STDIN_BYTES_MAX + 1) }, "data", 413],
  ])("is not sent %j", async (input, field, status) => {
    const { call, id, fake } = await running();
    const response = await call("POST", `/api/executions/${id}/stdin`, input);
    expect(response.status).toBe(status);
    expect((await errorOf(response)).field).toBe(field);
    expect(fake.told).toEqual([]);
  });

  it.each([DONE, undefined])("must run: %j", async (state) => {
    const { call, id, fake } = await running();
    if (state === undefined) fake.executions.clear();
    else fake.executions.set(id, state);
    const body = { data: "x" };
    for (const what of ["interrupt", "stdin"]) {
      const response = await call("POST", `/api/executions/${id}/${what}`, body);
      await expectRefused(response, "not_running", 409);
    }
  });
});

/** An execution that has begun, and of which nothing more is heard. */
function endless(): Response {
  return linesOf([{ type: "start", version: "3.13.5" }]);
}

/** What an account's only key is stored under. */
async function keyOf(account: DurableObjectStub): Promise<{ keyHash: string }> {
  return await runInDurableObject(account, (_account, { storage }) => {
    const { hash } = storage.sql.exec<{ hash: string }>("SELECT hash FROM key").one();
    return { keyHash: hash };
  });
}
