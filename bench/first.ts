// The first execution after a minute in which nobody asked for anything, when the whole pool is
// frozen and the account's own sandboxes have gone, beside a warm one. One sample a language and
// wait; the languages take turns at being the very first.

import { setTimeout as sleep } from "node:timers/promises";
import { SANDBOX_IDLE_MS_MAX } from "../shared/limits.ts";
import { check, type RunnerCaller } from "./client.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import type { FirstRow } from "./results.ts";
import { untilQuiet } from "./settle.ts";
import { median, rounded, timeMs } from "./stats.ts";

const ACCOUNT = "first";
/** A little more than a minute: by then what the account used has been removed, and all is still. */
const IDLE_MS = SANDBOX_IDLE_MS_MAX + 6_000;
/** Between the languages of one wait: the pool starts a new sandbox for the one just taken. */
const BETWEEN_MS = 6_000;
const WARM_UPS = 2;
const WARM_ROUNDS = 10;
const WARM_PAUSE_MS = 500;

type Options = { waits: number; report: (text: string) => void; signal: AbortSignal };

/** Times the first execution of every language after each of `waits` idle minutes. */
export async function measureFirst(runner: RunnerCaller, options: Options): Promise<FirstRow[]> {
  const { waits, report, signal } = options;
  const warm = new Map<BenchProgram, number[]>();
  const first = new Map<BenchProgram, number[]>(PROGRAMS.map((program) => [program, []]));
  for (const program of PROGRAMS) {
    report(`${program.language}, warm`);
    warm.set(program, await timeWarm(runner, program, signal));
  }
  for (let wait = 0; wait < waits; wait++) {
    await untilQuiet(runner, signal);
    report(`idle for ${IDLE_MS / 1000} s, ${wait + 1} of ${waits}`);
    await sleep(IDLE_MS, undefined, { signal });
    for (let turn = 0; turn < PROGRAMS.length; turn++) {
      if (turn > 0) await sleep(BETWEEN_MS, undefined, { signal });
      const program = PROGRAMS[(wait + turn) % PROGRAMS.length] as BenchProgram;
      first.get(program)?.push(rounded(await timeOne(runner, program)));
    }
  }
  return PROGRAMS.map((program) => ({
    language: program.language,
    idleMs: IDLE_MS,
    warmMs: rounded(median(warm.get(program) ?? [])),
    warmCount: warm.get(program)?.length ?? 0,
    firstMs: first.get(program) ?? [],
  }));
}

async function timeWarm(
  runner: RunnerCaller,
  program: BenchProgram,
  signal: AbortSignal,
): Promise<number[]> {
  const times: number[] = [];
  for (let round = -WARM_UPS; round < WARM_ROUNDS; round++) {
    const ms = await timeOne(runner, program);
    if (round >= 0) times.push(ms);
    await sleep(WARM_PAUSE_MS, undefined, { signal });
  }
  return times;
}

function timeOne(runner: RunnerCaller, program: BenchProgram): Promise<number> {
  return timeMs(async () => {
    const reply = await runner.execute(program, ACCOUNT);
    check(reply.stdout, program.expected, reply);
  });
}
