// What `npm run bench` can be told. A value that does not parse is refused, never replaced.

import { parseArgs } from "node:util";
import { Refusal } from "../runner/host/refusal.ts";
import { PART_NAMES, type PartName } from "./results.ts";

export type BenchOptions = { help: boolean; rounds: number; parts: readonly PartName[] };

/** At this many rounds everything is measured at its full size; below, it shrinks with them. */
export const ROUNDS_FULL = 50;

export const BENCH_HELP = `npm run bench -- [--rounds N] [--only PART,...]

  --rounds N      how often each contestant runs (${ROUNDS_FULL}); the other parts shrink below that
  --only PART,... measure these parts alone, and leave the kept figures as they are

  latency     one small program: edge, runner, bare host, docker exec, docker run
  first       the first execution after a minute of idleness
  burst       fifty executions at once from one account
  sustained   executions a second from one account
  compiled    hello in every compiled language, first and again, beside its bare toolchain
  sessions    one small cell in a session, awake and frozen, at the runner and the edge; files
  idle        processor time of twenty idle sandboxes
  kept        processor time and memory of a hundred idle sessions
  memory      memory of one idle sandbox
  edge        the gateway alone, before a runner that answers at once; needs no engine

A whole run takes about half an hour. It writes bench/results/latest.json and its pictures, and
brings the README's tables into step with them.
`;

/** Reads the flags of `npm run bench`. */
export function parseBenchOptions(args: readonly string[]): BenchOptions {
  const { values } = parse(args);
  const rounds = Number(values.rounds);
  if (!/^\d+$/.test(values.rounds) || rounds < 1 || rounds > 10_000) {
    throw new Refusal(`--rounds takes a whole number from 1 to 10000, not "${values.rounds}".`);
  }
  return { help: values.help, rounds, parts: parseParts(values.only) };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        help: { type: "boolean", short: "h", default: false },
        rounds: { type: "string", default: String(ROUNDS_FULL) },
        only: { type: "string" },
      },
    });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(`${why}\n\n${BENCH_HELP}`);
  }
}

function parseParts(text: string | undefined): readonly PartName[] {
  if (text === undefined) return PART_NAMES;
  const wanted = text.split(",").map((name) => name.trim());
  const unknown = wanted.find((name) => !PART_NAMES.some((part) => part === name));
  if (unknown !== undefined) {
    throw new Refusal(`--only knows ${PART_NAMES.join(", ")}, but not "${unknown}".`);
  }
  return PART_NAMES.filter((part) => wanted.includes(part));
}

/** How much each part measures, for a number of rounds. */
export function sizesFor(rounds: number) {
  const share = Math.min(1, rounds / ROUNDS_FULL);
  return {
    idleWaits: Math.ceil(5 * share),
    bursts: Math.ceil(3 * share),
    dockerRuns: Math.max(5, Math.ceil(50 * share)),
    compiledRounds: Math.max(5, Math.ceil(20 * share)),
    freezes: Math.max(3, Math.ceil(10 * share)),
    keptSessions: Math.max(20, Math.ceil(100 * share)),
    sustainedMs: Math.max(1_000, 10_000 * share),
    edgeSingle: Math.max(200, 2_000 * share),
    edgeLoadMs: Math.max(1_000, 15_000 * share),
  };
}
