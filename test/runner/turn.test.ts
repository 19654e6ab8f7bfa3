// Turns: one at a time, in order, with a bounded line and a bounded time in it.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Turns } from "../../runner/turn.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe("turns", () => {
  it("are had at once when nobody has one, and one after the other else", async () => {
    const turns = new Turns(2);
    expect(await turns.take(100)).toBe("yours");
    const order: string[] = [];
    const second = turns.take(100).then((turn) => order.push(`second ${turn}`));
    const third = turns.take(100).then((turn) => order.push(`third ${turn}`));
    await vi.advanceTimersByTimeAsync(50);
    expect(order).toEqual([]);
    turns.end();
    await second;
    expect(order).toEqual(["second yours"]);
    turns.end();
    await third;
    expect(order).toEqual(["second yours", "third yours"]);
    expect(turns.isTaken).toBe(true);
    turns.end();
    expect(turns.isTaken).toBe(false);
  });

  it("are refused to who finds the line full", async () => {
    const turns = new Turns(1);
    await turns.take(100);
    const waiting = turns.take(100);
    expect(await turns.take(100)).toBe("full");
    turns.end();
    expect(await waiting).toBe("yours");
  });

  it("are given up by who has waited long enough, and nobody after it is passed over", async () => {
    const turns = new Turns(2);
    await turns.take(100);
    const short = turns.take(10);
    const long = turns.take(100);
    await vi.advanceTimersByTimeAsync(10);
    expect(await short).toBe("late");
    turns.end();
    expect(await long).toBe("yours");
  });

  it("are over for who waits when there are to be none any more, but not for who has one", async () => {
    const turns = new Turns(2);
    await turns.take(100);
    const waiting = [turns.take(100), turns.take(100)];
    turns.close();
    expect(await Promise.all(waiting)).toEqual(["closed", "closed"]);
    expect(await turns.take(100)).toBe("closed");
    expect(turns.isTaken).toBe(true);
    turns.end();
    expect(await turns.take(100)).toBe("closed");
  });
});
