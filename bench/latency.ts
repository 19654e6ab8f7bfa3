// How long one small program takes, sequentially, one way of running it after the other within one
// run. They take turns in small blocks, so that whatever else the machine does falls on all alike.

import { setTimeout as sleep } from "node:timers/promises";
import type { RunnerCaller } from "./client.ts";
import type { Contestant } from "./contestants.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import type { LatencyRow } from "./results.ts";
import { untilReady } from "./settle.ts";
import { rounded, summarize, timeMs } from "./stats.ts";

/** How often a contestant runs before it is another's turn. */
const BLOCK = 10;
/** The first runs of each block are not counted: they find cold what the others have pushed out. */
const WARM_UPS = 2;
/** Between runs, after the pool has made ready what the last one used. */
const PAUSE_MS = 50;

type Options = {
  rounds: number;
  runner: RunnerCaller;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Times every contestant `rounds` times per language, or its share of that, interleaved. */
export async function measureLatency(
  contestants: readonly Contestant[],
  options: Options,
): Promise<LatencyRow[]> {
  const rows: LatencyRow[] = [];
  for (const program of PROGRAMS)
    rows.push(...(await measureProgram(contestants, program, options)));
  return rows;
}

async function measureProgram(
  contestants: readonly Contestant[],
  program: BenchProgram,
  { rounds, runner, report, signal }: Options,
): Promise<LatencyRow[]> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let done = 0; done < rounds; done += BLOCK) {
    const size = Math.min(BLOCK, rounds - done);
    report(`${program.language}, rounds ${done + 1} to ${done + size} of ${rounds}`);
    for (const contestant of contestants) {
      const block = await timeBlock(contestant, program, size, { runner, signal });
      times.get(contestant.name)?.push(...block);
    }
  }
  return contestants.map(({ name }) => {
    const { count, p50Ms, p99Ms, minMs } = summarize(times.get(name) ?? []);
    return {
      language: program.language,
      contestant: name,
      count,
      p50Ms: rounded(p50Ms),
      p99Ms: rounded(p99Ms),
      minMs: rounded(minMs),
    };
  });
}

async function timeBlock(
  { share, run }: Contestant,
  program: BenchProgram,
  size: number,
  { runner, signal }: Pick<Options, "runner" | "signal">,
): Promise<number[]> {
  const times: number[] = [];
  for (let round = -Math.ceil(WARM_UPS * share); round < Math.ceil(size * share); round++) {
    signal.throwIfAborted();
    const ms = await timeMs(() => run(program));
    if (round >= 0) times.push(ms);
    await untilReady(runner, signal);
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return times;
}
