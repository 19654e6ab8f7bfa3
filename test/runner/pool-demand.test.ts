// How many sandboxes there are and whose: the stock follows what is asked for, one account's hurry
// costs nobody else anything, and nothing is started at a moment when it would slow what runs.

import { describe, expect, it } from "vitest";
import { Demand } from "../../runner/demand.ts";
import { SANDBOX_IDLE_MS_MAX } from "../../shared/limits.ts";
import { pass, usePool, watch } from "./kit/use-pool.ts";

const { current, open, takeNow, warm } = usePool();

const FORGOTTEN_MS = 200_000;
const unowned = () => current().pool.count("python").unowned;

describe("the demand for a kind", () => {
  it("is the floor while nobody asks", () => {
    expect(new Demand(2).level("python", 1_000_000)).toBe(2);
  });

  it("is what the busiest few seconds took, for some minutes", () => {
    const demand = new Demand(1);
    for (let i = 0; i < 4; i++) demand.note("python", 10_000 + i);
    for (let i = 0; i < 2; i++) demand.note("python", 20_000 + i);
    expect(demand.level("python", 20_002)).toBe(4);
    expect(demand.level("bash", 20_002)).toBe(1);
    expect(demand.level("python", 100_000)).toBe(4);
    expect(demand.level("python", 20_002 + FORGOTTEN_MS)).toBe(1);
  });
});

describe("the stock of unused sandboxes", () => {
  it("grows with the number of accounts that come", async () => {
    await open({ floor: 1, ceiling: 30 });
    for (const account of ["a", "b", "c", "d"]) watch(current().pool.take(account, "python"));
    await pass(10_000);
    expect(unowned()).toBe(4);
  });

  it("shrinks to the floor again, and no further", async () => {
    await open({ floor: 1, ceiling: 30 });
    for (const account of ["a", "b", "c", "d"]) watch(current().pool.take(account, "python"));
    await pass(10_000);
    await pass(FORGOTTEN_MS + SANDBOX_IDLE_MS_MAX);
    expect(unowned()).toBe(1);
  });

  it("does not grow for an account that goes on using its own", async () => {
    await open({ floor: 1, ceiling: 30 });
    for (let i = 0; i < 50; i++) {
      const sandbox = await takeNow("a");
      current().pool.release(sandbox);
      await pass(100);
    }
    await pass(10_000);
    expect(unowned()).toBe(1);
    expect(current().made.filter(({ accountId }) => accountId === "a").length).toBeLessThan(3);
  });
});

describe("an account in a hurry", () => {
  it("gets two at once and waits for its own then, while the processors are busy", async () => {
    await open({ floor: 4, ceiling: 40, hasSpareTime: () => false });
    const taken = Array.from({ length: 10 }, () => watch(current().pool.take("a", "python")));
    await pass(3000);
    expect(taken.filter(({ value }) => value !== undefined).length).toBe(2);
    expect(unowned()).toBeGreaterThanOrEqual(2);
  });

  it("gets more after a moment when there is processor time to spare", async () => {
    await open({ floor: 4, ceiling: 40 });
    const taken = Array.from({ length: 6 }, () => watch(current().pool.take("a", "python")));
    await pass(90);
    expect(taken.filter(({ value }) => value !== undefined).length).toBe(2);
    await pass(3000);
    expect(taken.filter(({ value }) => value !== undefined).length).toBe(6);
  });

  it("is served by its own two, one after the other", async () => {
    await open({ floor: 2, ceiling: 40, hasSpareTime: () => false });
    let done = 0;
    const runOne = async () => {
      const sandbox = await current().pool.take("a", "python");
      await pass(0);
      setTimeout(() => current().pool.release(sandbox), 10);
      done++;
    };
    for (let i = 0; i < 20; i++) runOne();
    await pass(1500);
    expect(done).toBe(20);
    const own = current().made.filter(({ accountId }) => accountId === "a");
    expect(own.length).toBe(2);
  });

  it("does not keep a full pool from everybody else", async () => {
    await open({ floor: 1, ceiling: 6 });
    const hogs = Array.from({ length: 30 }, () => watch(current().pool.take("hog", "python")));
    const hand = setInterval(() => {
      for (const hog of hogs) {
        if (hog.value === undefined || hog.value.isRemoved) continue;
        current().pool.release(hog.value);
        hog.value = undefined as never;
        hogs.push(watch(current().pool.take("hog", "python")));
      }
    }, 50);
    await pass(4000);
    const other = watch(current().pool.take("other", "bash"));
    await pass(4000);
    clearInterval(hand);
    expect(other.value?.kind).toBe("bash");
    await pass(10_000);
  });
});

describe("what nobody waits for", () => {
  it("is not started while the processors are busy, but now and then all the same", async () => {
    await open({ floor: 2, ceiling: 40, hasSpareTime: () => false });
    const startsBefore = current().startCount();
    for (const account of ["a", "b"]) await takeNow(account);
    await pass(1900);
    expect(current().startCount() - startsBefore).toBeLessThanOrEqual(1);
    await pass(8000);
    expect(warm()[0]).toBe(2);
  });

  it("makes way for an account that has nothing when the host lacks memory", async () => {
    let isShort = false;
    await open({ floor: 1, ceiling: 40, hasMemory: () => !isShort });
    const idle = await takeNow("a");
    current().pool.release(idle);
    await pass(1000);
    isShort = true;
    await takeNow("b");
    const waiting = watch(current().pool.take("c", "python"));
    await pass(1000);
    expect(idle.isRemoved).toBe(true);
    isShort = false; // which its going has brought about
    await pass(2000);
    expect(waiting.value).toBeDefined();
  });

  it("is not started, nor anything else, while the host lacks memory", async () => {
    let isShort = false;
    await open({ floor: 1, ceiling: 40, hasMemory: () => !isShort });
    isShort = true;
    const startsBefore = current().startCount();
    const first = watch(current().pool.take("a", "python"));
    const second = watch(current().pool.take("b", "python"));
    await pass(10_000);
    expect(first.value).toBeDefined();
    expect(second.failure).toMatchObject({ code: "busy" });
    expect(current().startCount()).toBe(startsBefore);
  });
});

describe("a pool that drains", () => {
  it("does not wait for a sandbox that is being cleaned or started", async () => {
    await open();
    const cleaning = await takeNow("a");
    cleaning.recycle = () => new Promise(() => undefined); // one that has hung up
    current().pool.release(cleaning);
    await pass(10);
    const drained = watch(current().pool.drain());
    await pass(300);
    expect(cleaning.isGone).toBe(true);
    await pass(1000);
    expect(drained).toEqual({});
  });
});
