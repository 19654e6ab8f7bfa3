// How long one small program takes, each way of running it in turn within one run, so that whatever
// else the machine does falls on all of them alike.

import { setTimeout as sleep } from "node:timers/promises";
import type { LanguageId } from "../shared/languages.ts";
import type { Contestant } from "./contestants.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import { type Summary, summarize, timeMs } from "./stats.ts";

export type LatencyRow = { language: LanguageId; contestant: string } & Summary;

const WARM_UPS = 3;
/** A moment between runs, so that one contestant's tidying up is not charged to the next. */
const PAUSE_MS = 300;
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
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const { name, run } of contestants) {
      signal.throwIfAborted();
      const ms = await timeMs(() => run(program));
      if (round >= 0) times.get(name)?.push(ms);
      await sleep(PAUSE_MS);
    }
  }
  return contestants.map(({ name }) => ({
    language: program.language,
    contestant: name,
    ...summarize(times.get(name) ?? []),
  }));
}
