// A soak: many programs of every kind, for many accounts, through one runner, while everything that
// could leak is measured. Every answer must be the wanted one and nothing may grow. Used by the short
// form among the tests and by the long form that `npm run soak` starts.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { EnginePaths } from "../../runner/host/paths.ts";
import { ExecutionReport } from "../../shared/runner-api.ts";
import { randomFrom } from "../kit/random.ts";
import { containersOf, type RunnerProcess, startRunner } from "../kit/runner-process.ts";
import { SOAK_PROGRAMS, type SoakProgram } from "./programs.ts";
import { trendOf } from "./trend.ts";
import { type Sample, VITAL_NAMES, VITALS, type VitalName, Vitals } from "./vitals.ts";

export type SoakOptions = {
  engine: EnginePaths;
  executions: number;
  say: (line: string) => void;
};

export type Row = {
  vital: VitalName;
  first: number;
  last: number;
  per1000: number;
  grows: boolean;
};

export type SoakResult = {
  executions: number;
  seconds: number;
  /** Times a caller had to ask again because every sandbox was in use. */
  busy: number;
  outcomes: Record<string, number>;
  samples: number;
  rows: Row[];
  /** Everything that was not as it should be, a sentence each. */
  problems: string[];
};

const SEED = 20_261_122;
const CONCURRENCY = 4;
/** Accounts at work at one time, and after how many executions others take their place. */
const ACCOUNTS = 4;
const ACCOUNT_EXECUTIONS = 100;
/** Low, so that what is in use is as much at the beginning as at the end. */
const SETTINGS = { POOL_FLOOR: "1", POOL_CEILING: "12", LOG_LEVEL: "warn" };
const BUSY_TRIES_MAX = 40;
const BUSY_WAIT_MS = 250;
const SAMPLES_MIN = 24;
const SAMPLE_EVERY_EXECUTIONS_MAX = 50;
/** The part that comes before anything is held against it. */
const WARM_UP = 0.2;
/** Fewer executions than this tell nothing about a rise per 1,000. */
const SLOPE_EXECUTIONS_MIN = 1_000;
const PROGRESS_LINES = 20;
const PROBLEMS_MAX = 20;

/** Runs the whole of it. Resolves with what was found; nothing but set-up makes it reject. */
export async function soak(options: SoakOptions): Promise<SoakResult> {
  const dir = mkdtempSync(join(tmpdir(), "soak-"));
  const temporaryDir = join(dir, "tmp");
  mkdirSync(temporaryDir);
  const reporting = `--report-on-signal --report-exclude-network --report-directory=${dir} --report-filename=report.json`;
  const settings = { ...SETTINGS, TMPDIR: temporaryDir, NODE_OPTIONS: reporting };
  const runner = await startRunner({ settings });
  try {
    const vitals = new Vitals({
      runnerId: runner.runnerId,
      runnerPid: runner.child.pid ?? 0,
      temporaryDir,
      reportFile: join(dir, "report.json"),
      engine: options.engine,
    });
    return await new Soak(options, runner, vitals).run();
  } finally {
    await runner.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

class Soak {
  readonly #options: SoakOptions;
  readonly #runner: RunnerProcess;
  readonly #vitals: Vitals;
  readonly #random = randomFrom(SEED);
  readonly #deck = SOAK_PROGRAMS.flatMap((one) => Array.from({ length: one.weight }, () => one));
  readonly #problems: string[] = [];
  readonly #outcomes: Record<string, number> = {};
  readonly #samples: { executions: number; sample: Sample }[] = [];
  #begun = 0;
  #done = 0;
  #busy = 0;
  #sampling: Promise<void> | undefined;
  #startedAt = 0;

  constructor(options: SoakOptions, runner: RunnerProcess, vitals: Vitals) {
    this.#options = options;
    this.#runner = runner;
    this.#vitals = vitals;
  }

  async run(): Promise<SoakResult> {
    this.#startedAt = performance.now();
    await Promise.all(Array.from({ length: CONCURRENCY }, () => this.#work()));
    await this.#sampling;
    const seconds = (performance.now() - this.#startedAt) / 1000;
    const rows = VITAL_NAMES.map((vital) => this.#row(vital));
    for (const { vital, first, last, per1000, grows } of rows) {
      const figures = `from ${round(first)} to ${round(last)}, ${round(per1000)} per 1,000`;
      if (grows) this.#problem(`${vital} grows: ${figures}`);
    }
    await this.#end();
    return {
      executions: this.#done,
      seconds,
      busy: this.#busy,
      outcomes: this.#outcomes,
      samples: this.#samples.length,
      rows,
      problems: this.#problems,
    };
  }

  async #work(): Promise<void> {
    while (this.#begun < this.#options.executions) {
      const index = this.#begun++;
      await this.#execute(index, this.#choose(index));
      this.#done++;
      this.#measure();
    }
  }

  /** Every program once to begin with, then by their weights. */
  #choose(index: number): SoakProgram {
    return SOAK_PROGRAMS[index] ?? this.#random.pick(this.#deck);
  }

  async #execute(index: number, { name, program, problems }: SoakProgram): Promise<void> {
    const generation = Math.floor(index / ACCOUNT_EXECUTIONS);
    const accountId = `soak-${generation}-${this.#random.below(ACCOUNTS)}`;
    for (let tries = 1; ; tries++) {
      const answer = await this.#runner.send({ accountId, ...program });
      const code = answer.body?.error?.code;
      if (code === "busy" && tries < BUSY_TRIES_MAX) {
        this.#busy++;
        await sleep(BUSY_WAIT_MS);
        continue;
      }
      const report = ExecutionReport.safeParse(answer.body).data?.run;
      const outcome = report?.outcome ?? `${answer.status} ${code}`;
      this.#outcomes[outcome] = (this.#outcomes[outcome] ?? 0) + 1;
      const found = report === undefined ? [answer.text.slice(0, 300)] : problems(report);
      for (const problem of found) this.#problem(`${name} (${index}): ${problem}`);
      return;
    }
  }

  /** Measures now and then, beside the work and never twice at once; and tells how far it is. */
  #measure(): void {
    const { executions, say } = this.#options;
    const every = Math.min(SAMPLE_EVERY_EXECUTIONS_MAX, Math.ceil(executions / SAMPLES_MIN / 1.5));
    if (this.#done % every === 0) this.#sampling ??= this.#sample();
    if (this.#done % Math.ceil(executions / PROGRESS_LINES) !== 0) return;
    const rate = this.#done / ((performance.now() - this.#startedAt) / 1000);
    const latest = this.#samples.at(-1)?.sample;
    const memory = latest === undefined ? "" : `, runner ${round(latest.runnerMemoryMib)} MiB`;
    say(
      `${this.#done} of ${executions}, ${rate.toFixed(1)} a second${memory}, ${this.#problems.length} problems`,
    );
  }

  async #sample(): Promise<void> {
    const executions = this.#done;
    try {
      this.#samples.push({ executions, sample: await this.#vitals.sample() });
    } catch (thrown) {
      this.#problem(`could not measure: ${thrown}`);
    }
    this.#sampling = undefined;
  }

  #row(vital: VitalName): Row {
    const warm = this.#samples.filter(({ executions }) => executions >= this.#done * WARM_UP);
    const points = warm.map(({ executions, sample }) => ({ executions, value: sample[vital] }));
    const trend = trendOf(points);
    const { rise, risePer1000 } = VITALS[vital];
    const climbs = this.#done >= SLOPE_EXECUTIONS_MIN && trend.per1000 > risePer1000;
    // Written so that a figure that could not be had counts as one that grows.
    const isLevel = trend.last - trend.first <= rise && !climbs;
    return { vital, ...trend, grows: !isLevel };
  }

  /** The runner must end as it should and take everything of its own with it. */
  async #end(): Promise<void> {
    const code = await this.#runner.stop("SIGTERM");
    if (code !== 0) this.#problem(`the runner ended with ${code}`);
    const left = await containersOf(this.#runner.runnerId);
    if (left.length > 0) this.#problem(`${left.length} containers are left`);
    const warnings = this.#runner.log.split("\n").filter((line) => line.includes('"level":50'));
    for (const line of warnings) this.#problem(`the runner logged ${line.slice(0, 300)}`);
  }

  #problem(text: string): void {
    if (this.#problems.length < PROBLEMS_MAX) this.#problems.push(text);
  }
}

/** The figures as a table for a terminal. */
export function soakTable({ rows }: SoakResult): string {
  const cells = rows.map(({ vital, first, last, per1000, grows }) => [
    vital,
    round(first),
    round(last),
    round(per1000),
    `${VITALS[vital].rise} / ${VITALS[vital].risePer1000}`,
    grows ? "GROWS" : "level",
  ]);
  const lines = [["", "first", "last", "per 1,000", "allowed", ""], ...cells];
  const widths =
    lines[0]?.map((_, i) => Math.max(...lines.map((line) => line[i]?.length ?? 0))) ?? [];
  return lines
    .map((line) =>
      line
        .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
        .join("  "),
    )
    .join("\n");
}

function round(value: number): string {
  return value.toFixed(1);
}
