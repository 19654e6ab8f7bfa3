// Holds what was measured against bench/targets.ts, figure by figure. Nothing is averaged away: each
// language stands for itself, and what was not measured has no verdict.

import { LANGUAGES, type LanguageId } from "../shared/languages.ts";
import type {
  Burst,
  CellRow,
  CompiledRow,
  Edge,
  FirstRow,
  Idle,
  Kept,
  LatencyRow,
  Measured,
  SessionFigures,
  SustainedRow,
} from "./results.ts";
import { median } from "./stats.ts";
import {
  AGAIN_MS_TARGETS,
  AGAIN_TARGETS,
  BURST_TARGET,
  CELL_EDGE_MS_TARGET,
  CELL_MS_TARGETS,
  COMPILED_TARGET,
  EDGE_MS_TARGET,
  EDGE_RATE_TARGET,
  EDGE_TAIL_TARGET,
  FILE_MS_TARGET,
  FIRST_TARGET,
  IDLE_PERCENT_TARGET,
  KEPT_PERCENT_TARGET,
  LATENCY_TARGETS,
  SUSTAINED_TARGETS,
  TAIL_TARGET,
  type Target,
} from "./targets.ts";

/** One figure beside its target. */
export type Verdict = {
  what: string;
  /** The language's name, or what else the figure is of. */
  of: string;
  measured: string;
  /** Empty where there is no target. */
  target: string;
  reached: boolean | undefined;
};

/** Sandboxes that the idle target is about; other numbers are scaled to it. */
const IDLE_SANDBOXES = 20;
/** The same for sessions. */
const KEPT_SESSIONS = 100;
const GATEWAY = "gateway";

/** Every verdict on what was measured, part by part. */
export function verdictsOf(results: Measured): Verdict[] {
  return [
    ...latencyVerdicts(results.latency ?? []),
    ...(results.first ?? []).map(firstVerdict),
    ...(results.burst === undefined ? [] : [burstVerdict(results.burst)]),
    ...(results.sustained ?? []).map(sustainedVerdict),
    ...(results.compiled ?? []).flatMap(compiledVerdicts),
    ...(results.sessions === undefined ? [] : sessionVerdicts(results.sessions)),
    ...(results.idle === undefined ? [] : [idleVerdict(results.idle)]),
    ...(results.kept === undefined ? [] : [keptVerdict(results.kept)]),
    ...(results.edge === undefined ? [] : edgeVerdicts(results.edge)),
  ];
}

function latencyVerdicts(rows: readonly LatencyRow[]): Verdict[] {
  const languages = [...new Set(rows.map(({ language }) => language))];
  const medians = LATENCY_TARGETS.flatMap(({ of, to, targets }) =>
    languages.flatMap((language) => {
      const ratio = latencyRatio(rows, language, of, to);
      if (ratio === undefined) return [];
      const what = `${of}, in parts of ${to} (median)`;
      return [verdict(what, nameOf(language), part(ratio), ratio, targets[language], part)];
    }),
  );
  const tails = rows.filter(({ contestant }) => contestant === "runner").map(tailVerdict);
  return [...medians, ...tails];
}

function tailVerdict({ language, p50Ms, p99Ms }: LatencyRow): Verdict {
  const ratio = p99Ms / p50Ms;
  const what = "runner, the slowest of a hundred, in multiples of the median";
  return verdict(what, nameOf(language), times(ratio), ratio, TAIL_TARGET, times);
}

/** The median of one contestant in parts of another's, or `undefined` where one was not measured. */
export function latencyRatio(
  rows: readonly LatencyRow[],
  language: LanguageId,
  of: string,
  to: string,
): number | undefined {
  const find = (contestant: string) =>
    rows.find((row) => row.language === language && row.contestant === contestant)?.p50Ms;
  const [ours, theirs] = [find(of), find(to)];
  return ours === undefined || theirs === undefined ? undefined : ours / theirs;
}

function firstVerdict({ language, warmMs, firstMs }: FirstRow): Verdict {
  const ratio = median(firstMs) / warmMs;
  const what = "first execution after a minute of idleness, in multiples of a warm one";
  return verdict(what, nameOf(language), times(ratio), ratio, FIRST_TARGET, times);
}

function burstVerdict(burst: Burst): Verdict {
  const failed = burst.bursts.reduce((sum, { succeeded }) => sum + burst.size - succeeded, 0);
  const what = `${burst.size} at once from one account, in parts of as many containers in a row`;
  const name = nameOf(burst.language);
  const { ratio } = burstFigures(burst);
  const shown = failed === 0 ? part(ratio) : `${part(ratio)}, but ${failed} failed`;
  const found = verdict(what, name, shown, ratio, BURST_TARGET, part);
  return { ...found, reached: found.reached === true && failed === 0 };
}

/** The median burst, what as many containers take, and the one in parts of the other. */
export function burstFigures(burst: Burst): { ms: number; containersMs: number; ratio: number } {
  const ms = median(burst.bursts.map((one) => one.ms));
  const containersMs = (burst.dockerRunsMs / burst.dockerRuns) * burst.size;
  return { ms, containersMs, ratio: ms / containersMs };
}

function sustainedVerdict(row: SustainedRow): Verdict {
  const { best, factor } = sustainedFigures(row);
  const target = SUSTAINED_TARGETS[row.language];
  const shown = `${times(factor)} (${best.concurrency} at a time)`;
  const what = "executions a second, in multiples of one container per execution";
  return verdict(what, nameOf(row.language), shown, factor, target, times);
}

/** The concurrency that gave most, and how that compares with containers one after another. */
export function sustainedFigures({ runner, containers }: SustainedRow) {
  const [best] = [...runner].sort((a, b) => b.perSecond - a.perSecond);
  const oneByOne = containers.find(({ concurrency }) => concurrency === 1);
  if (best === undefined || oneByOne === undefined) throw new Error("a rate is missing");
  return { best, oneByOne, factor: best.perSecond / oneByOne.perSecond };
}

function compiledVerdicts({ language, ...ms }: CompiledRow): Verdict[] {
  const name = nameOf(language);
  const ratio = ms.freshMs / ms.bareFreshMs;
  const fresh = "hello compiled and run, in multiples of the bare toolchain";
  const found = [verdict(fresh, name, times(ratio), ratio, COMPILED_TARGET, times)];
  const inMs = (value: number) => `${trimmed(value)} ms`;
  const again = "hello that had been compiled before";
  const againMs = AGAIN_MS_TARGETS[language];
  if (againMs !== undefined) {
    found.push(verdict(again, name, inMs(ms.againMs), ms.againMs, againMs, inMs));
  }
  const againTarget = AGAIN_TARGETS[language];
  const againRatio = ms.againMs / ms.bareAgainMs;
  if (againTarget !== undefined) {
    const what = `${again}, in multiples of running it on the bare host`;
    found.push(verdict(what, name, times(againRatio), againRatio, againTarget, times));
  }
  return found;
}

function idleVerdict(idle: Idle): Verdict {
  const percent = idlePercent(idle);
  const what = `processor time of ${IDLE_SANDBOXES} idle sandboxes together, of one core`;
  const show = (value: number) => `${value.toFixed(2)} %`;
  return verdict(what, "all languages", show(percent), percent, IDLE_PERCENT_TARGET, show);
}

function edgeVerdicts(edge: Edge): Verdict[] {
  const inMs = (value: number) => `${trimmed(value)} ms`;
  const rate = (value: number) => value.toFixed(0);
  const addedMs = edgeAddedMs(edge);
  const { perCoreSecond } = edge.full;
  const { p99Ms } = edge.half;
  const [added, through, tail] = [
    "what the gateway adds to one execution (median)",
    "executions a second of one core's worth of gateway",
    "the slowest of a hundred at half the load the gateway can carry",
  ];
  return [
    verdict(added, GATEWAY, inMs(addedMs), addedMs, EDGE_MS_TARGET, inMs),
    verdict(through, GATEWAY, rate(perCoreSecond), perCoreSecond, EDGE_RATE_TARGET, rate),
    verdict(tail, GATEWAY, inMs(p99Ms), p99Ms, EDGE_TAIL_TARGET, inMs),
  ];
}

/** What an execution takes through the gateway and not at the stub. */
export function edgeAddedMs({ edge, stub }: Edge): number {
  return Math.max(0, edge.p50Ms - stub.p50Ms);
}

/** What twenty idle sandboxes use together, in hundredths of one core. */
export function idlePercent(idle: Idle): number {
  return percentOf(idle, IDLE_SANDBOXES);
}

function keptVerdict(kept: Kept): Verdict {
  const percent = keptPercent(kept);
  const what = `processor time of ${KEPT_SESSIONS} idle sessions together, of one core`;
  const show = (value: number) => `${value.toFixed(2)} %`;
  return verdict(what, nameOf(kept.language), show(percent), percent, KEPT_PERCENT_TARGET, show);
}

/** What a hundred idle sessions use together, in hundredths of one core. */
export function keptPercent({ idle }: Kept): number {
  return percentOf(idle, KEPT_SESSIONS);
}

function percentOf({ sandboxes, seconds, cpuMs }: Idle, count: number): number {
  const sum = Object.values(cpuMs).reduce((total, ms) => total + ms, 0);
  return ((sum / (seconds * 1000)) * 100 * count) / sandboxes;
}

function sessionVerdicts({ cells, files }: SessionFigures): Verdict[] {
  const atRunner = CELL_MS_TARGETS.flatMap(({ contestant, targets }) =>
    cells
      .filter((row) => row.contestant === contestant)
      .map(({ language, p50Ms }) => {
        const what = `a cell in a session, ${contestant} (median)`;
        return verdict(what, nameOf(language), millis(p50Ms), p50Ms, targets[language], millis);
      }),
  );
  const transfers = files.map(({ direction, p50Ms }) =>
    verdict(
      "a file of 1 MB, edge (median)",
      direction,
      millis(p50Ms),
      p50Ms,
      FILE_MS_TARGET,
      millis,
    ),
  );
  return [...atRunner, ...cellEdgeVerdicts(cells), ...transfers];
}

/** What the way through the edge adds to a cell. */
function cellEdgeVerdicts(cells: readonly CellRow[]): Verdict[] {
  const find = (language: LanguageId, contestant: string) =>
    cells.find((row) => row.language === language && row.contestant === contestant)?.p50Ms;
  return [...new Set(cells.map(({ language }) => language))].flatMap((language) => {
    const [edge, runner] = [find(language, "edge"), find(language, "runner")];
    if (edge === undefined || runner === undefined) return [];
    const more = edge - runner;
    const what = "what the edge adds to a cell (median)";
    return [verdict(what, nameOf(language), millis(more), more, CELL_EDGE_MS_TARGET, millis)];
  });
}

function millis(value: number): string {
  return `${trimmed(value)} ms`;
}

function verdict(
  what: string,
  of: string,
  measured: string,
  value: number,
  target: Target | undefined,
  show: (value: number) => string,
): Verdict {
  if (target === undefined) return { what, of, measured, target: "", reached: undefined };
  if ("atMost" in target) {
    const { atMost } = target;
    return { what, of, measured, target: `at most ${show(atMost)}`, reached: value <= atMost };
  }
  const { atLeast } = target;
  return { what, of, measured, target: `at least ${show(atLeast)}`, reached: value >= atLeast };
}

function nameOf(language: LanguageId): string {
  return LANGUAGES[language].name;
}

/** A ratio as people say it: 1/8.2 where it is small, 1.3× where it is not. */
function part(ratio: number): string {
  return ratio < 1 ? `1/${trimmed(1 / ratio)}` : times(ratio);
}

function times(factor: number): string {
  return `${trimmed(factor)}×`;
}

/** One digit after the point, and none where it is a zero. */
function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
