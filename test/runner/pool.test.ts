// Who gets which sandbox and when, with fake sandboxes and fake time: filling up, choosing, waiting
// and making room.

import { describe, expect, it } from "vitest";
import { Failure } from "../../shared/errors.ts";
import { QUEUE_WAIT_MS_MAX } from "../../shared/limits.ts";
import { KIND_COUNT, ofEach, pass, usePool, watch } from "./kit/use-pool.ts";

const { current, open, openEmpty, takeNow, takeAll, warm } = usePool();

describe("an open pool", () => {
  it("keeps the floor of every kind warm", async () => {
    await open({ floor: 2, ceiling: 2 * KIND_COUNT });
    expect(warm()).toEqual(ofEach(2));
    expect(current().made.length).toBe(2 * KIND_COUNT);
  });

  it("starts no more than it may at once", async () => {
    openEmpty({ floor: 3, startsMax: 2, ceiling: 3 * KIND_COUNT });
    for (let ms = 0; ms < 12_000; ms += 100) {
      expect(current().starting()).toBeLessThanOrEqual(2);
      await pass(100);
    }
    expect(warm()).toEqual(ofEach(3));
  });

  it("replaces an unowned sandbox as soon as it is taken", async () => {
    await open();
    await takeNow("a");
    await pass(1000);
    expect(current().pool.levels("python")).toEqual({ warm: 1, busy: 1 });
  });

  it("says how many are warm and how many are busy", async () => {
    await open();
    const sandbox = await takeNow("a");
    expect(current().pool.levels("python").busy).toBe(1);
    current().pool.release(sandbox);
    await pass(0);
    expect(current().pool.levels("python").busy).toBe(1);
    await pass(5000);
    expect(current().pool.levels("python")).toEqual({ warm: 2, busy: 0 });
  });
});

describe("a caller", () => {
  it("gets the sandbox of its own account before a fresh one", async () => {
    await open({ floor: 2 });
    const first = await takeNow("a");
    current().pool.release(first);
    await pass(1000);
    expect(await takeNow("a")).toBe(first);
  });

  it("gets the oldest fresh one when it has none", async () => {
    await open({ floor: 3, ceiling: 20 });
    const fresh = current().made.filter(({ kind }) => kind === "python");
    expect(await takeNow("a")).toBe(fresh[0]);
    expect(await takeNow("b")).toBe(fresh[1]);
  });

  it("never gets another account's, however long that has been idle", async () => {
    await open();
    const first = await takeNow("a");
    current().pool.release(first);
    await pass(5000);
    expect(await takeNow("b")).not.toBe(first);
  });

  it("gets a sandbox of its own kind only", async () => {
    await open();
    const python = await takeNow("a", "python");
    current().pool.release(python);
    await pass(1000);
    expect((await takeNow("a", "bash")).kind).toBe("bash");
  });

  it("is never handed one that has failed", async () => {
    await open({ floor: 2 });
    const idle = current().made.filter(({ kind }) => kind === "python");
    for (const sandbox of idle) sandbox.fault = new Error("the sandbox ended");
    const taken = watch(current().pool.take("a", "python"));
    await pass(0);
    expect(taken.value).toBeUndefined();
    await pass(3000);
    expect(idle).not.toContain(taken.value);
    expect(taken.value?.fault).toBeUndefined();
  });
});

describe("callers that find none", () => {
  it("wait in line and are served in their order", async () => {
    await open();
    await takeNow("x");
    const line = ["a", "b", "c"].map((account) => watch(current().pool.take(account, "python")));
    const served = () => line.map(({ value }) => value !== undefined);
    const orders = new Set<string>();
    for (let i = 0; i < 40; i++) {
      orders.add(served().map(Number).join(""));
      await pass(100);
    }
    expect(served()).toEqual([true, true, true]);
    for (const order of orders) expect(["000", "100", "110", "111"]).toContain(order);
  });

  it("hear busy after the stated time, and when to come back", async () => {
    await open({ ceiling: KIND_COUNT });
    await takeAll();
    const waiting = watch(current().pool.take("a", "python"));
    await pass(QUEUE_WAIT_MS_MAX - 1);
    expect(waiting).toEqual({});
    await pass(1);
    expect(waiting.failure).toBeInstanceOf(Failure);
    expect(waiting.failure).toMatchObject({ code: "busy", retryAfterMs: expect.any(Number) });
  });

  it("hear busy at once when the line is full", async () => {
    await open({ ceiling: KIND_COUNT });
    await takeAll();
    const line = Array.from({ length: 256 }, () => watch(current().pool.take("a", "python")));
    const oneMore = watch(current().pool.take("b", "python"));
    await pass(0);
    expect(oneMore.failure).toMatchObject({ code: "busy" });
    expect(line.every(({ failure }) => failure === undefined)).toBe(true);
    await pass(QUEUE_WAIT_MS_MAX);
  });

  it("that gave up are not handed anything any more", async () => {
    await open({ ceiling: KIND_COUNT });
    const sandbox = await takeAll();
    const gaveUp = watch(current().pool.take("x", "python"));
    await pass(QUEUE_WAIT_MS_MAX);
    expect(gaveUp.failure).toBeDefined();
    current().pool.release(sandbox);
    await pass(1000);
    expect(gaveUp.value).toBeUndefined();
    expect(await takeNow("x")).toBe(sandbox);
  });

  it("get their own account's sandbox the moment it is clean", async () => {
    await open({ ceiling: KIND_COUNT });
    const sandbox = await takeNow("a");
    const waiting = watch(current().pool.take("a", "python"));
    current().pool.release(sandbox);
    await pass(100);
    expect(waiting.value).toBe(sandbox);
    expect(sandbox.recycles).toBe(1);
  });

  it("are told at once that it is no use when the pool closes", async () => {
    await open({ ceiling: KIND_COUNT });
    const sandbox = await takeNow("x");
    const waiting = watch(current().pool.take("a", "python"));
    const drained = watch(current().pool.drain());
    current().pool.release(sandbox);
    await pass(1500);
    expect(drained).toHaveProperty("value");
    expect(waiting.failure).toMatchObject({ code: "busy" });
  });
});

describe("a full pool", () => {
  it("removes, for each that waits, the one that has been idle longest for an account", async () => {
    await open({ ceiling: KIND_COUNT + 2 });
    const older = await takeNow("a");
    await pass(2000);
    const younger = await takeNow("b");
    await pass(2000);
    current().pool.release(older);
    await pass(1000);
    current().pool.release(younger);
    await pass(1000);
    await takeNow("c");
    const waiting = watch(current().pool.take("d", "python"));
    await pass(2000);
    expect(waiting.value).toBeDefined();
    expect([older.isRemoved, younger.isRemoved]).toEqual([true, false]);
  });

  it("leaves what others own alone while nobody waits", async () => {
    await open({ ceiling: KIND_COUNT + 1 });
    const owned = await takeNow("a");
    await pass(1000);
    current().pool.release(owned);
    await pass(20_000);
    expect(owned.isRemoved).toBe(false);
  });

  it("makes room for the kind somebody waits for, not for another's floor", async () => {
    await open({ ceiling: KIND_COUNT + 1 });
    const python = await takeNow("a", "python");
    await pass(2000); // its replacement is the last there is room for
    await takeNow("b", "python");
    await takeNow("c", "bash");
    current().pool.release(python);
    await pass(1000); // now the account's idle python is all that could make room
    const waiting = watch(current().pool.take("d", "bash"));
    await pass(QUEUE_WAIT_MS_MAX);
    expect(waiting.value?.kind).toBe("bash");
  });

  it("never has more sandboxes than its ceiling, those on their way out included", async () => {
    await open({ ceiling: KIND_COUNT });
    let most = 0;
    for (let i = 0; i < 20; i++) {
      const taken = watch(current().pool.take(`account${i}`, "python"));
      for (let ms = 0; ms < 2000 && taken.value === undefined; ms += 10) {
        await pass(10);
        most = Math.max(most, current().alive() + current().starting());
      }
      if (taken.value !== undefined) current().pool.release(taken.value, { isSpent: true });
    }
    expect(most).toBe(KIND_COUNT);
  });
});
