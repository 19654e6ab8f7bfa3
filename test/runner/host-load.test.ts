// When a host counts as having processor time to spare, with the clock and the counters played.

import { availableParallelism } from "node:os";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type HostLoad, watchHost } from "../../runner/host-load.ts";

const CORES = availableParallelism();
let used = 0;
let load: HostLoad;
let sample = { idleMs: 0, totalMs: 0 };

beforeEach(() => {
  vi.useFakeTimers();
  sample = { idleMs: 0, totalMs: 0 };
  used = 0;
  load = watchHost(() => {
    const totalMs = sample.totalMs + 100 * CORES;
    sample = { totalMs, idleMs: sample.idleMs + 100 * (CORES - used) };
    return sample;
  });
});

afterEach(() => {
  load.stop();
  vi.useRealTimers();
});

describe("a host", () => {
  it("has time to spare while half a processor is idle", () => {
    used = CORES - 0.5;
    vi.advanceTimersByTime(1000);
    expect(load.hasSpareTime()).toBe(true);
  });

  it("has none while all of them work, and soon has some again", () => {
    used = CORES;
    vi.advanceTimersByTime(1000);
    expect(load.hasSpareTime()).toBe(false);
    used = 0;
    vi.advanceTimersByTime(200);
    expect(load.hasSpareTime()).toBe(true);
  });

  it("knows nothing at first, and hopes for the best", () => {
    expect(load.hasSpareTime()).toBe(true);
  });

  it("has memory for a little, and not for more than there is", () => {
    expect([load.hasMemory(1024), load.hasMemory(2 ** 60)]).toEqual([true, false]);
  });
});
