// The benchmark's arithmetic: what a series is summed up by, how figures are held against targets,
// and what is read out of the kernel's texts.

import { describe, expect, test } from "vitest";
import { parseRunscName } from "../../bench/machine.ts";
import { kindOf, parsePss, parseSchedstat } from "../../bench/processes.ts";
import { attemptInto, type RunResult } from "../../bench/run.ts";
import { median, percentile, summarize, timeMs } from "../../bench/stats.ts";
import { keepAsking } from "../../bench/sustained.ts";
import {
  burstFigures,
  idlePercent,
  keptPercent,
  latencyRatio,
  verdictsOf,
} from "../../bench/verdicts.ts";
import { someResults } from "./kit.ts";

describe("a series", () => {
  test("has a median, whatever its order and however even its length", () => {
    expect(median([3])).toBe(3);
    expect(median([10, 1, 4])).toBe(4);
    expect(median([10, 1, 4, 2])).toBe(3);
  });

  test("has its 99th percentile by nearest rank, which of a short one is the longest", () => {
    const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
    expect(percentile(hundred, 0.99)).toBe(99);
    expect(percentile([5, 9, 1], 0.99)).toBe(9);
    expect(percentile([5, 9, 1], 0)).toBe(1);
  });

  test("is summed up without being changed, and keeps every value", () => {
    const series = [4, 1, 100];
    expect(summarize(series)).toEqual({ count: 3, p50Ms: 4, p99Ms: 100, minMs: 1 });
    expect(series).toEqual([4, 1, 100]);
  });

  test("without a value has no figures", () => {
    expect(() => median([])).toThrow("without a value");
    expect(() => summarize([])).toThrow("without a value");
  });

  test("is timed to the end of what is timed, and a failure stays one", async () => {
    const pause = () => new Promise((resolve) => setTimeout(resolve, 30));
    expect(await timeMs(pause)).toBeGreaterThan(25);
    await expect(timeMs(() => Promise.reject(new Error("no")))).rejects.toThrow("no");
  });
});

describe("a run", () => {
  const said: string[] = [];
  const ending = new AbortController();
  const options = {
    engine: { socket: "", image: "", runtime: "" },
    parts: ["burst", "idle"] as const,
    rounds: 1,
    say: (line: string) => void said.push(line),
    signal: ending.signal,
  };
  const result: RunResult = { measured: {}, failed: [] };
  const attempt = attemptInto(result, options);
  const { burst, idle } = someResults();

  test("says when a part fails, and goes on with the rest", async () => {
    await attempt("burst", async () => {
      throw new Error("the pool is gone");
    });
    await attempt("idle", async () => (idle === undefined ? {} : { idle }));
    expect(said).toEqual(["burst (1 of 2), 0 s: failed: the pool is gone"]);
    expect(result.failed.map(({ part }) => part)).toEqual(["burst"]);
    expect(result.measured).toEqual({ idle });
  });

  test("leaves out what is not wanted", async () => {
    await attempt("memory", () => Promise.reject(new Error("never called")));
    expect(result.failed).toHaveLength(1);
  });

  test("does not take a request to end for a failure", async () => {
    const ended = attempt("burst", async () => {
      ending.abort(new Error("asked to end"));
      throw new Error("something broke on the way");
    });
    await expect(ended).rejects.toThrow("asked to end");
    await expect(attempt("idle", async () => ({ burst }) as object)).rejects.toThrow("asked");
    expect(result.failed).toHaveLength(1);
  });
});

describe("asking all the time", () => {
  const never = new AbortController().signal;
  const work = () => new Promise<void>((resolve) => setTimeout(resolve, 10));

  test("keeps as many under way as it should and waits for the last", async () => {
    const tally = { concurrency: 3, done: 0, failed: 0, ms: 0 };
    let running = 0;
    let most = 0;
    const counted = async () => {
      most = Math.max(most, ++running);
      await work();
      running--;
    };
    await keepAsking(counted, tally, 100, never);
    expect(most).toBe(3);
    expect(running).toBe(0);
    expect(tally.done).toBeGreaterThanOrEqual(6);
    expect(tally.ms).toBeGreaterThanOrEqual(100);
  });

  test("counts failures apart, and gives up when there is little else", async () => {
    const tally = { concurrency: 1, done: 0, failed: 0, ms: 0 };
    let calls = 0;
    const everyOther = async () => {
      await work();
      if (++calls % 2 === 0) throw new Error("busy");
    };
    await keepAsking(everyOther, tally, 100, never);
    expect(tally.done + tally.failed).toBe(calls);
    expect(tally.failed).toBe(Math.floor(calls / 2));
    const failing = () => Promise.reject(new Error("busy"));
    await expect(keepAsking(failing, tally, 10_000, never)).rejects.toThrow("busy");
  });

  test("stops when told to end", async () => {
    const ending = new AbortController();
    setTimeout(() => ending.abort(new Error("ended")), 30);
    const tally = { concurrency: 2, done: 0, failed: 0, ms: 0 };
    await expect(keepAsking(work, tally, 10_000, ending.signal)).rejects.toThrow("ended");
  });
});

describe("verdicts", () => {
  const results = someResults();
  const verdicts = verdictsOf(results);
  const find = (what: string, of: string) =>
    verdicts.find((verdict) => verdict.what.startsWith(what) && verdict.of === of);

  test("hold medians of contestants against each other", () => {
    expect(latencyRatio(results.latency ?? [], "python", "edge", "docker exec")).toBe(0.25);
    expect(latencyRatio(results.latency ?? [], "python", "edge", "nobody")).toBeUndefined();
    expect(find("edge, in parts of docker exec", "Bash")).toMatchObject({
      ...{ measured: "1/8", target: "at most 1/8", reached: true },
    });
    expect(find("edge, in parts of docker exec", "Python")).toMatchObject({
      ...{ measured: "1/4", reached: false },
    });
    expect(find("runner, in parts of bare host", "Bash")).toMatchObject({
      ...{ measured: "1.3×", target: "", reached: undefined },
    });
    expect(find("runner, in parts of docker exec", "Bash")?.target).toBe("at most 1/28");
  });

  test("judge the first execution by the median of its samples", () => {
    const what = "first execution";
    expect(find(what, "Bash")).toMatchObject({ measured: "1.8×", reached: true });
    expect(find(what, "Python")).toMatchObject({ measured: "2.2×", reached: false });
  });

  test("scale containers up to the burst, and let no failed execution pass", () => {
    const { burst } = results;
    if (burst === undefined) throw new Error("there is a burst");
    expect(burstFigures(burst)).toEqual({ ms: 2_400, containersMs: 30_000, ratio: 0.08 });
    expect(find("50 at once", "Python")).toMatchObject({ measured: "1/12.5", reached: true });
    const lossy = { ...burst, bursts: [{ ms: 100, succeeded: 49 }] };
    expect(verdictsOf({ burst: lossy })).toMatchObject([
      { measured: "1/300, but 1 failed", reached: false },
    ]);
  });

  test("take the best concurrency and name it, against containers one by one", () => {
    expect(find("executions a second", "Python")).toMatchObject({
      ...{ measured: "13× (2 at a time)", target: "at least 12×", reached: true },
    });
  });

  test("count every process of an idle sandbox, and scale to twenty", () => {
    const { idle } = results;
    if (idle === undefined) throw new Error("there is an idle pool");
    expect(idlePercent(idle)).toBeCloseTo(2);
    expect(find("processor time", "all languages")?.measured).toBe("2.00 %");
  });

  test("hold cells to milliseconds, awake, frozen and beyond what the edge adds", () => {
    expect(find("a cell in a session, runner (", "Python")).toMatchObject({
      ...{ measured: "2.5 ms", target: "at most 3 ms", reached: true },
    });
    expect(find("a cell in a session, runner, frozen", "Python")?.reached).toBe(false);
    expect(find("a cell in a session, runner (", "Ruby")?.target).toBe("");
    expect(find("what the edge adds", "Python")).toMatchObject({
      ...{ measured: "3.5 ms", target: "at most 4 ms", reached: true },
    });
    expect(find("a file of 1 MB", "down")?.reached).toBe(false);
  });

  test("count every process of an idle session, and scale to a hundred", () => {
    const { kept } = results;
    if (kept === undefined) throw new Error("there are sessions");
    expect(keptPercent(kept)).toBeCloseTo(1);
    expect(find("processor time of 100", "Python")?.measured).toBe("1.00 %");
  });

  test("say nothing of what was not measured", () => {
    expect(verdictsOf({})).toEqual([]);
  });
});

describe("what the kernel tells", () => {
  const id = "0123456789abcdef".repeat(4);
  const group = `4:memory:/docker/${id}\n1:cpu:/docker/${id}\n`;

  test("which processes belong to a container, and as what", () => {
    const shim = ["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", id].join("\0");
    expect(kindOf(id, group, `runsc-sandbox\0--root=/run\0boot\0${id}\0`)).toBe("sandbox");
    expect(kindOf(id, group, `runsc-gofer\0gofer\0--bundle\0/run/${id}\0`)).toBe("gofer");
    expect(kindOf(id, group, "")).toBe("programs");
    expect(kindOf(id, "1:cpu:/\n", shim)).toBe("shim");
    expect(kindOf(id, "1:cpu:/\n", `grep\0${id}\0`)).toBeUndefined();
    expect(kindOf("f".repeat(64), group, "")).toBeUndefined();
  });

  test("time on a processor and memory, or nothing at all", () => {
    expect(parseSchedstat("31277751 54243169 631\n")).toBeCloseTo(31.277751);
    expect(() => parseSchedstat("")).toThrow("unreadable");
    expect(parsePss("00400000-7ffd [rollup]\nRss:  100 kB\nPss:   12 kB\nPss_Dirty: 3 kB\n")).toBe(
      12 * 1024,
    );
    expect(() => parsePss("Rss: 1 kB\n")).toThrow("names no PSS");
  });

  test("which gVisor runs", () => {
    expect(parseRunscName("runsc version release-20260105.0\nspec: 1.1.0\n")).toBe("20260105.0");
    expect(parseRunscName("runsc version 0.0~20240729.0\n")).toBe("20240729.0");
    expect(parseRunscName("what?")).toBe("unknown");
  });
});
