// Sessions: whose they are, how long they last, what each end is called, and what runs in them when.
// The sandboxes are played, the pool is the real one.

import { describe, expect, it } from "vitest";
import { Execution } from "../../runner/executions.ts";
import type { Session } from "../../runner/session.ts";
import type { Failure } from "../../shared/errors.ts";
import {
  FREEZE_AFTER_MS,
  IMPLICIT_SESSIONS_MAX,
  QUEUE_WAIT_MS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_QUEUE_MAX,
} from "../../shared/limits.ts";
import { cellOf, type FakeSandbox, fakeSessions, ID, idOf } from "./kit/fake-sessions.ts";
import { absence, cell, codeOf, OWN, opened, pass, usePlayedClock } from "./kit/open-session.ts";

usePlayedClock();

describe("a session", () => {
  it("runs cells one after the other in one sandbox, numbered, and says what is kept", async () => {
    const all = await opened();
    expect(await cell(all)).toMatchObject({ session: { isFresh: true, isStateKept: true } });
    expect(await cell(all)).toMatchObject({ session: { isFresh: false, isStateKept: true } });
    expect(all.sandbox.did).toEqual(["cell", "cell"]);
    expect(all.sandbox.stages.map(({ args }) => args)).toEqual([
      ["/cell", "1", "none", ""],
      ["/cell", "2", "none", ""],
    ]);
  });

  it("runs them in the order they came, of which only so many may wait", async () => {
    const { sessions, sandbox } = await opened();
    const running = Array.from({ length: SESSION_QUEUE_MAX + 1 }, (_, n) =>
      sessions.execute(cellOf(String(n))),
    );
    await pass();
    expect(await codeOf(sessions.execute(cellOf("late")))).toBe("session_busy");
    for (const one of running) {
      sandbox.end();
      await one;
      await pass();
    }
    const sources = sandbox.stages.map(({ source }) => String(source));
    expect(sources).toEqual(running.map((_, n) => String(n)));
  });

  it("lets nobody wait for longer than was said", async () => {
    const { sessions } = await opened();
    sessions.execute(cellOf("1")).catch(() => undefined);
    const late = codeOf(sessions.execute(cellOf("2")));
    await pass(QUEUE_WAIT_MS_MAX);
    expect(await late).toBe("session_busy");
  });

  it("makes a new process over the old files when the old one has ended, and says so", async () => {
    const all = await opened();
    const running = all.sessions.execute(cellOf("exit"));
    await pass();
    all.sandbox.end({ exit: { isWaiting: false } });
    expect(await running).toMatchObject({ session: { isFresh: true, isStateKept: false } });
    await pass();
    expect(all.sandbox.did).toEqual(["cell", "renew"]);
    expect(await cell(all)).toMatchObject({ session: { isFresh: true, isStateKept: true } });
  });

  it("runs in a new process what found none, and says that it began anew", async () => {
    const all = await opened();
    await cell(all);
    const running = all.sessions.execute(cellOf("1"));
    await pass();
    all.sandbox.end({ exit: { reason: "gone", isWaiting: false } });
    await pass();
    all.sandbox.end();
    expect(await running).toMatchObject({ session: { isFresh: true, isStateKept: true } });
    expect(all.sandbox.did).toEqual(["cell", "cell", "renew", "cell"]);
  });

  it("runs programs of a language without cells, each in a process of its own", async () => {
    const all = fakeSessions();
    const creating = all.sessions.create({ ...OWN, language: "perl" });
    await pass();
    await creating;
    const [sandbox] = all.sandboxes as [FakeSandbox];
    const request = { language: "perl" as const, files: [{ name: "main.pl", content: "1" }] };
    for (let n = 0; n < 2; n++) {
      const running = all.sessions.execute(cellOf("1", request));
      await pass();
      sandbox.end();
      expect(await running).toMatchObject({ session: { isFresh: true, isStateKept: false } });
      await pass();
    }
    expect(sandbox.did).toEqual(["last", "renew", "last", "renew"]);
  });

  it("keeps what it is given to read until something reads it", async () => {
    const { sessions, sandbox } = await opened();
    const placing = Promise.withResolvers<void>();
    sandbox.files.putAll = () => placing.promise;
    const request = cellOf("input()", { openStdin: true });
    const execution = new Execution(request);
    const running = sessions.execute(request, execution);
    await pass();
    execution.feed(Buffer.from("early"), { isEnd: false });
    placing.resolve();
    await pass();
    execution.feed(Buffer.from("late"), { isEnd: true });
    sandbox.end();
    await running;
    expect(sandbox.did).toEqual(["cell", "feed early", "feed late"]);
  });

  it.each([
    ["its caller", (_session: Session, execution: Execution) => execution.interrupt()],
    ["its session's", (session: Session) => void session.interrupt()],
  ])("is not run at all when %s interrupt comes while its files are placed", async (_by, act) => {
    const { sessions, sandbox } = await opened();
    const placing = Promise.withResolvers<void>();
    sandbox.files.putAll = () => placing.promise;
    const execution = new Execution(cellOf("1"));
    const running = codeOf(sessions.execute(cellOf("1"), execution));
    await pass();
    act(sessions.find(ID, "a"), execution);
    placing.resolve();
    await pass();
    expect(sandbox.did).toEqual([]);
    expect(await running).toBe("conflict");
    expect(sessions.find(ID, "a").interrupt()).toBe(false);
  });

  it("forgets when it is reset, which stops what runs", async () => {
    const all = await opened();
    const running = all.sessions.execute(cellOf("1"));
    await pass();
    const resetting = all.sessions.find(ID, "a").reset();
    await pass();
    await resetting;
    await running;
    expect(all.sandbox.did).toEqual(["cell", "interrupt", "renew"]);
    expect(await cell(all)).toMatchObject({ session: { isFresh: true } });
  });

  it("takes no other language than its own", async () => {
    const { sessions } = await opened();
    const request = sessions.execute(cellOf("1", { language: "ruby" }));
    await expect(request).rejects.toMatchObject({ code: "invalid_request", field: "language" });
  });

  it("freezes its sandbox when it idles, and not while its files are looked at", async () => {
    const { sessions, sandbox } = await opened();
    const { promise, resolve } = Promise.withResolvers<void>();
    const using = sessions.find(ID, "a").use(() => promise);
    await pass(FREEZE_AFTER_MS + 2000);
    expect(sandbox.isFrozen).toBe(false);
    resolve();
    await using;
    await pass(FREEZE_AFTER_MS + 2000);
    expect(sandbox.isFrozen).toBe(true);
  });

  it("is frozen however often it is asked about, and again after each look at its files", async () => {
    const { sessions, sandbox } = await opened();
    for (let ms = 0; ms < FREEZE_AFTER_MS + 2000; ms += 500) {
      sessions.find(ID, "a").describe();
      await pass(500);
    }
    expect(sandbox.isFrozen).toBe(true);
    await sessions.find(ID, "a").use(async () => expect(sandbox.isFrozen).toBe(false));
    await pass();
    expect(sandbox.isFrozen).toBe(true);
  });
});

describe("a session's end", () => {
  it("is not told to another account, which finds nothing", async () => {
    const { sessions } = await opened();
    expect(await absence(sessions, "b")).toBe("unknown_session");
    sessions.end(sessions.find(ID, "a"), "deleted");
    expect(await absence(sessions, "b")).toBe("unknown_session");
    expect(await absence(sessions, "a", idOf(1))).toBe("unknown_session");
  });

  it("by deletion stops what runs and sends away who waits", async () => {
    const { sessions, sandbox } = await opened();
    const running = codeOf(sessions.execute(cellOf("1")));
    const waiting = codeOf(sessions.execute(cellOf("2")));
    await pass();
    sessions.end(sessions.find(ID, "a"), "deleted");
    await pass();
    expect([await running, await waiting]).toEqual(["session_deleted", "session_deleted"]);
    expect(await absence(sessions)).toBe("session_deleted");
    expect(sandbox.did).toContain("remove");
  });

  it("by deletion tells how long what ran has run, and of who waited nothing", async () => {
    const { sessions } = await opened();
    const ran = (thrown: unknown) => (thrown as Failure).ranMs;
    const running = sessions.execute(cellOf("1")).catch(ran);
    const waiting = sessions.execute(cellOf("2")).catch(ran);
    await pass(1500);
    sessions.end(sessions.find(ID, "a"), "deleted");
    await pass();
    expect(await running).toBeGreaterThanOrEqual(1);
    expect(await waiting).toBeUndefined();
  });

  it("comes when it has not been used for so long, and every use counts", async () => {
    const all = await opened();
    await pass(SESSION_IDLE_MS_MAX - 5000);
    await cell(all);
    await pass(SESSION_IDLE_MS_MAX - 5000);
    expect(await absence(all.sessions)).toBe("none");
    await pass(SESSION_IDLE_MS_MAX + 2000);
    expect(await absence(all.sessions)).toBe("session_expired");
    expect(all.sandbox.did).toContain("remove");
  });

  it("does not come while something runs in it", async () => {
    const { sessions, sandbox } = await opened();
    const running = sessions.execute(cellOf("1"));
    await pass(SESSION_IDLE_MS_MAX + 5000);
    sandbox.end();
    expect(await running).toMatchObject({ session: { id: ID } });
  });

  it("comes with the runner's own, as soon as what runs in it is over", async () => {
    const { sessions, sandbox, pool } = await opened();
    const running = sessions.execute(cellOf("1"));
    await pass();
    let isDrained = false;
    const draining = pool.drain().then(() => {
      isDrained = true;
    });
    await pass(1000);
    expect([isDrained, sandbox.did.includes("remove")]).toEqual([false, false]);
    sandbox.end();
    await running;
    await pass(1000);
    expect([isDrained, sandbox.did.includes("remove")]).toEqual([true, true]);
    await draining;
  });

  it("is called lost when the sandbox has failed, whoever notices first", async () => {
    const busy = await opened();
    const running = codeOf(busy.sessions.execute(cellOf("1")));
    await pass();
    busy.sandbox.fail();
    expect(await running).toBe("runner_fault");
    expect(await absence(busy.sessions)).toBe("session_lost");
    const idle = await opened();
    idle.sandbox.fail();
    expect(await absence(idle.sessions)).toBe("session_lost");
    const watched = await opened();
    watched.sandbox.fail();
    await pass(2000);
    expect(watched.sessions.count).toBe(0);
    expect(await absence(watched.sessions)).toBe("session_lost");
  });
});

describe("a session nobody asked for", () => {
  const implicit = (n: number) =>
    cellOf(String(n), { sessionId: idOf(n), opensSession: true, executionId: `exec-${n}` });

  /** Opens one by an execution, and lets that end. */
  async function open({ sessions, sandboxes }: ReturnType<typeof fakeSessions>, n: number) {
    const running = sessions.execute(implicit(n));
    await pass();
    for (const sandbox of sandboxes) if (sandbox.isRunning) sandbox.end();
    return await running;
  }

  it("is there for whoever passes its id back", async () => {
    const all = fakeSessions();
    expect(await open(all, 1)).toMatchObject({ session: { id: idOf(1), isFresh: true } });
    const again = all.sessions.execute(cellOf("2", { sessionId: idOf(1) }));
    await pass();
    all.sandboxes[0]?.end();
    expect(await again).toMatchObject({ session: { id: idOf(1), isFresh: false } });
  });

  it("runs a whole program as one, and cells from then on", async () => {
    const all = fakeSessions();
    const running = all.sessions.execute({ ...implicit(1), isSnippet: false });
    await pass();
    all.sandboxes[0]?.end();
    expect(await running).toMatchObject({ session: { isStateKept: false } });
    await pass();
    const next = all.sessions.execute(cellOf("2", { sessionId: idOf(1), isSnippet: false }));
    await pass();
    all.sandboxes[0]?.end();
    expect(await next).toMatchObject({ session: { isFresh: true, isStateKept: true } });
    expect(all.sandboxes[0]?.stages.map(({ kind }) => kind)).toEqual(["last", "cell"]);
    expect(all.sandboxes[0]?.stages[1]?.args.slice(0, 4)).toEqual([
      "/cell",
      "1",
      "none",
      "main.py",
    ]);
  });

  it("gives its sandbox back to its account when there are newer ones", async () => {
    const all = fakeSessions();
    for (let n = 0; n <= IMPLICIT_SESSIONS_MAX; n++) await open(all, n);
    await pass();
    expect(await absence(all.sessions, "a", idOf(0))).toBe("session_evicted");
    expect(await absence(all.sessions, "a", idOf(1))).toBe("none");
    await open(all, 9);
    expect(all.sandboxes[0]?.did).toEqual(["cell", "recycle", "cell"]);
  });

  it("makes room for anybody who finds none, the longest unused first; one asked for does not", async () => {
    const all = await opened({ ceiling: 3 });
    await open(all, 1);
    await open(all, 2);
    const stranger = all.sessions.create({ sessionId: idOf(3), accountId: "b", language: "ruby" });
    await pass(1000);
    expect(await stranger).toMatchObject({ sessionId: idOf(3) });
    expect(await absence(all.sessions, "a", idOf(1))).toBe("session_evicted");
    const next = all.sessions.create({ sessionId: idOf(4), accountId: "b", language: "ruby" });
    await pass(1000);
    await next;
    expect(await absence(all.sessions, "a", idOf(2))).toBe("session_evicted");
    const refused = codeOf(
      all.sessions.create({ sessionId: idOf(5), accountId: "c", language: "ruby" }),
    );
    await pass(QUEUE_WAIT_MS_MAX + 1000);
    expect(await refused).toBe("busy");
    expect(await absence(all.sessions)).toBe("none");
  });
});
