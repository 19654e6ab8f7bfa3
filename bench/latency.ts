// How long one small program takes, sequentially, one way of running it after the other within one
// run. They take turns in small blocks, so that whatever else the machine does falls on all alike.

import { setTimeout as sleep } from "node:timers/promises";
import type { LanguageId } from "../shared/languages.ts";
import type { Contestant } from "./contestants.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import { type Summary, summarize, timeMs } from "./stats.ts";

export type LatencyRow = { language: LanguageId; contestant: string } & Summary;

/** How often a contestant runs before it is another's turn. */
const BLOCK = 10;
/** The first runs of each block are not counted: they find cold what the others have pushed out. */
const WARM_UPS = 2;
/** Between runs, so that making ready again, half a second for TypeScript, is over before the next. */
const PAUSE_MS = 500;
/** Before the first: the pool goes on filling up for a while after it is first of use. */
const SETTLE_MS = 8_000;

/** Times every contestant `rounds` times per language, interleaved. */
export async function measureLatency(
  contestants: readonly Contestant[],
  options: { rounds: number; report: (text: string) => void; signal: AbortSignal },
): Promise<LatencyRow[]> {
  const { rounds, report, signal } = options;
  const rows: LatencyRow[] = [];
  report("letting the pool fill up");
  await sleep(SETTLE_MS);
  for (const program of PROGRAMS) {
    report(`timing ${program.language}`);
    rows.push(...(await measureProgram(contestants, program, rounds, signal)));
  }
  return rows;
}

async function measureProgram(
  contestants: readonly Contestant[],
  program: BenchProgram,
  rounds: number,
  signal: AbortSignal,
): Promise<LatencyRow[]> {
  const times = new Map<string, number[]>(contestants.map(({ name }) => [name, []]));
  for (let done = 0; done < rounds; done += BLOCK) {
    for (const { name, run } of contestants) {
      for (let round = -WARM_UPS; round < Math.min(BLOCK, rounds - done); round++) {
        signal.throwIfAborted();
        const ms = await timeMs(() => run(program));
        if (round >= 0) times.get(name)?.push(ms);
        await sleep(PAUSE_MS);
      }
    }
  }
  return contestants.map(({ name }) => ({
    language: program.language,
    contestant: name,
    ...summarize(times.get(name) ?? []),
  }));
}
