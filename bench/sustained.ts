// How many executions a second one account gets for as long as it goes on asking, beside how many
// containers of their own the machine starts and ends in the same while. Each is measured at several
// concurrencies, in turns; every execution is a program of its own in a fresh interpreter.

import { setTimeout as sleep } from "node:timers/promises";
import type { RunnerCaller } from "./client.ts";
import { atTheRunner, type Contestant } from "./contestants.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import type { Rate, SustainedRow } from "./results.ts";
import { untilQuiet } from "./settle.ts";
import { rounded } from "./stats.ts";

/** A client that waits for each answer, and clients with a few executions under way. */
const RUNNER_CONCURRENCIES = [1, 2, 4];
const CONTAINER_CONCURRENCIES = [1, 2];
const TURNS = 2;
/** Before each turn, uncounted: the pool grows to what the concurrency asks for. */
const WARM_UP_MS = 2_000;
/** After so many failures in one turn, the figure would be of failures. */
const FAILURES_MAX = 20;

type Options = {
  /** How long each way is measured per language, all turns together. */
  durationMs: number;
  dockerRun: Contestant["run"];
  /** Resolves when the runner's pool is as it is when nobody asks for anything. */
  rest: () => Promise<void>;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Measures the rates of every language at the runner and of containers of their own. */
export async function measureSustained(
  runner: RunnerCaller,
  options: Options,
): Promise<SustainedRow[]> {
  const rows: SustainedRow[] = [];
  options.report("waiting for the pool to be at rest");
  await options.rest();
  for (const program of PROGRAMS) {
    await untilQuiet(runner, options.signal);
    rows.push(await measureLanguage(runner, program, options));
  }
  return rows;
}

async function measureLanguage(
  runner: RunnerCaller,
  program: BenchProgram,
  { durationMs, dockerRun, report, signal }: Options,
): Promise<SustainedRow> {
  const ours = RUNNER_CONCURRENCIES.map((concurrency) => newTally(concurrency));
  const containers = CONTAINER_CONCURRENCIES.map((concurrency) => newTally(concurrency));
  const execute = atTheRunner(runner, `sustained-${program.language}`);
  const turnMs = durationMs / TURNS;
  for (let turn = 1; turn <= TURNS; turn++) {
    for (const tally of ours) {
      report(`${program.language}, ${tally.concurrency} at a time, turn ${turn} of ${TURNS}`);
      await keepAsking(() => execute(program), newTally(tally.concurrency), WARM_UP_MS, signal);
      await keepAsking(() => execute(program), tally, turnMs, signal);
    }
    // What the pool makes ready after the last turn is not the containers' to pay for.
    await untilQuiet(runner, signal);
    for (const tally of containers) {
      report(`${program.language}, ${tally.concurrency} containers, turn ${turn} of ${TURNS}`);
      await keepAsking(() => dockerRun(program), tally, turnMs, signal);
    }
  }
  return {
    language: program.language,
    runner: ours.map(rateOf),
    containers: containers.map(rateOf),
  };
}

type Tally = { concurrency: number; done: number; failed: number; ms: number };

function newTally(concurrency: number): Tally {
  return { concurrency, done: 0, failed: 0, ms: 0 };
}

/**
 * Begins executions for `durationMs`, `tally.concurrency` at a time, and adds what came of them and
 * the time until the last had ended, so that no execution is counted by halves.
 */
export async function keepAsking(
  execute: () => Promise<void>,
  tally: Tally,
  durationMs: number,
  signal: AbortSignal,
): Promise<void> {
  const startedAt = performance.now();
  let failures = 0;
  const client = async () => {
    while (performance.now() - startedAt < durationMs) {
      signal.throwIfAborted();
      try {
        await execute();
        tally.done++;
      } catch (thrown) {
        tally.failed++;
        if (++failures >= FAILURES_MAX) throw thrown;
        await sleep(0);
      }
    }
  };
  const clients = await Promise.allSettled(Array.from({ length: tally.concurrency }, client));
  for (const ended of clients) if (ended.status === "rejected") throw ended.reason;
  tally.ms += performance.now() - startedAt;
}

function rateOf(tally: Tally): Rate {
  const perSecond = rounded((tally.done * 1000) / tally.ms);
  return { ...tally, ms: rounded(tally.ms), perSecond };
}
