// What the engine is to reach, as data: the only place that knows these numbers. A measurement is
// held against its target by bench/verdicts.ts; a language without a row here has none.

import { type LanguageId, languageOf, WARM_LANGUAGE_IDS } from "../shared/languages.ts";

/** The languages of the latency's programs: those whose interpreters wait. */
export const INTERPRETED = WARM_LANGUAGE_IDS.filter((id) => languageOf(id).compile === undefined);

/** A figure that should not be above `atMost`, or not be below `atLeast`. */
export type Target = { atMost: number } | { atLeast: number };

type ByLanguage = Partial<Record<LanguageId, Target>>;

/** Median time of one execution, in parts of what a peer takes. */
export const LATENCY_TARGETS: readonly { of: string; to: string; targets: ByLanguage }[] = [
  {
    of: "edge",
    to: "docker exec",
    targets: ofEach({ atMost: 1 / 8 }),
  },
  {
    of: "runner",
    to: "docker exec",
    targets: {
      bash: { atMost: 1 / 28 },
      python: { atMost: 1 / 20 },
      javascript: { atMost: 1 / 60 },
      typescript: { atMost: 1 / 30 },
    },
  },
  {
    of: "runner",
    to: "bare host",
    targets: {
      python: { atMost: 1 / 2.5 },
      javascript: { atMost: 1 / 7 },
      typescript: { atMost: 1 / 4 },
    },
  },
];

/** The slowest of a hundred executions at the runner, in multiples of the median. */
export const TAIL_TARGET: Target = { atMost: 3 };

/** The first execution after a minute of idleness, in multiples of a warm one. */
export const FIRST_TARGET: Target = { atMost: 2 };

/** All executions of a burst, in parts of as many containers one after another. */
export const BURST_TARGET: Target = { atMost: 1 / 10 };

/** Executions a second, in multiples of one container per execution. */
export const SUSTAINED_TARGETS: ByLanguage = {
  python: { atLeast: 12 },
  bash: { atLeast: 25 },
  javascript: { atLeast: 4 },
};

/** Compiling and running hello, in multiples of the same toolchain on the bare host. */
export const COMPILED_TARGET: Target = { atMost: 3 };

/** Running it again, in milliseconds, or where the language itself is slow to start, in multiples of that. */
export const AGAIN_MS_TARGETS: ByLanguage = {
  c: { atMost: 15 },
  cpp: { atMost: 15 },
  go: { atMost: 15 },
  rust: { atMost: 15 },
};
export const AGAIN_TARGETS: ByLanguage = { java: { atMost: 2 } };

/** Processor time of twenty idle sandboxes together, in hundredths of one core. */
export const IDLE_PERCENT_TARGET: Target = { atMost: 2 };

/** The median of one small cell in a session, in milliseconds: awake, and frozen before. */
export const CELL_MS_TARGETS: readonly { contestant: string; targets: ByLanguage }[] = [
  { contestant: "runner", targets: cellsAtMost(3) },
  { contestant: "runner, frozen before", targets: cellsAtMost(5) },
];
/** What the way through the edge adds to it, in milliseconds. */
export const CELL_EDGE_MS_TARGET: Target = { atMost: 4 };

/** A file of a megabyte into a session or out of it, through the edge, in milliseconds. */
export const FILE_MS_TARGET: Target = { atMost: 30 };

/** Processor time of a hundred idle sessions together, in hundredths of one core. */
export const KEPT_PERCENT_TARGET: Target = { atMost: 3 };

/** What the gateway adds to one execution, in milliseconds; */
export const EDGE_MS_TARGET: Target = { atMost: 3 };

/** executions a second for one core's worth of it; */
export const EDGE_RATE_TARGET: Target = { atLeast: 700 };

/** and the slowest of a hundred at half of what it can do, in milliseconds. */
export const EDGE_TAIL_TARGET: Target = { atMost: 25 };

function cellsAtMost(atMost: number): ByLanguage {
  return { python: { atMost }, bash: { atMost }, javascript: { atMost } };
}
function ofEach(target: Target): ByLanguage {
  return Object.fromEntries(INTERPRETED.map((id) => [id, target]));
}
