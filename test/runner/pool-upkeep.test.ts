// What becomes of sandboxes nobody is using, with fake sandboxes and fake time: cleaned, frozen,
// replaced, removed, started again, and all gone in the end.

import { describe, expect, it } from "vitest";
import { FREEZE_AFTER_MS, QUEUE_WAIT_MS_MAX, SANDBOX_IDLE_MS_MAX } from "../../shared/limits.ts";
import type { FakeSandbox } from "./kit/fake-sandbox.ts";
import { ofEach, pass, usePool, watch } from "./kit/use-pool.ts";

const { current, open, openEmpty, takeNow, warm } = usePool();

describe("a returned sandbox", () => {
  it("is cleaned before its account gets it again", async () => {
    await open();
    const sandbox = await takeNow("a");
    current().pool.release(sandbox);
    await pass(1000);
    expect(await takeNow("a")).toBe(sandbox);
    expect(sandbox.recycles).toBe(1);
  });

  it("is removed when it could not be cleaned", async () => {
    await open();
    const sandbox = await takeNow("a");
    sandbox.recycleFails = true;
    current().pool.release(sandbox);
    await pass(1000);
    expect(sandbox.isRemoved).toBe(true);
    expect(await takeNow("a")).not.toBe(sandbox);
  });

  it.each(["worn", "faulted", "spent"])("is removed and not cleaned when it is %s", async (why) => {
    await open();
    const sandbox = await takeNow("a");
    sandbox.isWorn = why === "worn";
    if (why === "faulted") sandbox.fault = new Error("no exit");
    current().pool.release(sandbox, { isSpent: why === "spent" });
    await pass(0);
    expect([sandbox.isRemoved, sandbox.recycles]).toEqual([true, 0]);
  });

  it("is never used again in a strict pool", async () => {
    await open({ strict: true });
    const seen = new Set<FakeSandbox>();
    for (let i = 0; i < 10; i++) {
      const sandbox = await takeNow("a");
      expect(seen.has(sandbox)).toBe(false);
      seen.add(sandbox);
      current().pool.release(sandbox);
      await pass(2000);
      expect(sandbox.isGone).toBe(true);
    }
  });
});

describe("an idle sandbox", () => {
  it("is frozen after a while, owned or not", async () => {
    await open();
    const sandbox = await takeNow("a");
    current().pool.release(sandbox);
    await pass(FREEZE_AFTER_MS - 100);
    expect(sandbox.isFrozen).toBe(false);
    await pass(2000);
    expect(current().made.filter(({ isFrozen }) => !isFrozen)).toEqual([]);
  });

  it("is not frozen while it works", async () => {
    await open();
    const sandbox = await takeNow("a");
    sandbox.isFrozen = false;
    await pass(20_000);
    expect(sandbox.isFrozen).toBe(false);
  });

  it("is removed when its account has gone quiet", async () => {
    await open();
    const sandbox = await takeNow("a");
    current().pool.release(sandbox);
    await pass(SANDBOX_IDLE_MS_MAX - 1000);
    expect(sandbox.isRemoved).toBe(false);
    await pass(3000);
    expect(sandbox.isGone).toBe(true);
    expect(warm()).toEqual(ofEach(1));
  });

  it("is kept for as long as nobody has owned it", async () => {
    await open();
    const before = [...current().made];
    await pass(10 * SANDBOX_IDLE_MS_MAX);
    expect(current().made).toEqual(before);
    expect(before.some(({ isRemoved }) => isRemoved)).toBe(false);
  });

  it("that dies is removed and replaced", async () => {
    await open();
    const [dead] = current().made;
    if (dead !== undefined) dead.fault = new Error("the sandbox ended");
    await pass(3000);
    expect(dead?.isGone).toBe(true);
    expect(warm()).toEqual(ofEach(1));
  });

  it("that has died is not counted as warm", async () => {
    await open();
    for (const sandbox of current().made) sandbox.fault = new Error("the sandbox ended");
    expect(warm()).toEqual(ofEach(0));
  });
});

describe("starts that fail", () => {
  it("are tried again, ever more slowly, and succeed in the end", async () => {
    openEmpty().startsFail.yes = true;
    await pass(60_000);
    const inFirstMinute = current().startCount();
    await pass(60_000);
    const inSecondMinute = current().startCount() - inFirstMinute;
    expect(inFirstMinute).toBeLessThan(30);
    expect(inSecondMinute).toBeGreaterThan(0);
    expect(inSecondMinute).toBeLessThan(14);
    current().startsFail.yes = false;
    await pass(60_000);
    expect(warm()).toEqual(ofEach(1));
  });

  it("count as one failure when they failed together", async () => {
    openEmpty({ startsMax: 8 }).startsFail.yes = true;
    await pass(2000);
    current().startsFail.yes = false;
    await pass(5000);
    expect(warm().every((count) => count > 0)).toBe(true);
  });

  it("leave callers with busy, not with silence", async () => {
    openEmpty().startsFail.yes = true;
    const waiting = watch(current().pool.take("a", "python"));
    await pass(QUEUE_WAIT_MS_MAX);
    expect(waiting.failure).toMatchObject({ code: "busy" });
    expect(current().warnings).toContain("sandbox not started");
  });
});

describe("a draining pool", () => {
  it("removes everything idle, waits for what works, and leaves nothing", async () => {
    await open({ floor: 2 });
    const working = await takeNow("a");
    const drained = watch(current().pool.drain());
    await pass(10_000);
    expect(drained).toEqual({});
    expect(current().alive()).toBe(1);
    current().pool.release(working);
    await pass(1000);
    expect(drained).toHaveProperty("value");
    expect(current().alive()).toBe(0);
  });

  it("hands out nothing any more", async () => {
    await open();
    const drained = watch(current().pool.drain());
    const taken = watch(current().pool.take("a", "python"));
    await pass(3000);
    expect(taken.failure).toMatchObject({ code: "busy" });
    expect(drained).toHaveProperty("value");
  });

  it("removes what was just being started as well", async () => {
    openEmpty();
    await pass(10);
    const drained = watch(current().pool.drain());
    await pass(5000);
    expect(drained).toHaveProperty("value");
    expect([current().alive(), current().starting()]).toEqual([0, 0]);
  });
});
