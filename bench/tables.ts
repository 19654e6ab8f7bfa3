// The tables of a run, as rows of text: printed aligned on a terminal by bench/report.ts and as
// Markdown in the README by docs/tables.ts. Every part that was not measured has no table.

import { LANGUAGES, type LanguageId } from "../shared/languages.ts";
import type { LatencyRow, Measured } from "./results.ts";
import { median } from "./stats.ts";
import {
  burstFigures,
  edgeAddedMs,
  idlePercent,
  keptPercent,
  latencyRatio,
  sustainedFigures,
  type Verdict,
  verdictsOf,
} from "./verdicts.ts";

export type Table = { title: string; head: string[]; rows: string[][] };

/** Every table of what was measured, in the order of the parts. */
export function tablesOf(results: Measured): Table[] {
  return [
    latencyTable(results.latency),
    firstTable(results.first),
    burstTable(results.burst),
    sustainedTable(results.sustained),
    compiledTable(results.compiled),
    cellTable(results.sessions),
    fileTable(results.sessions),
    idleTable(results.idle),
    keptTable(results.kept),
    memoryTable(results.memory),
    edgeTable(results.edge),
  ].filter((table) => table !== undefined);
}

function latencyTable(rows: Measured["latency"]): Table | undefined {
  if (rows === undefined) return undefined;
  const contestants = unique(rows.map(({ contestant }) => contestant));
  const ratios = [
    ["edge", "docker exec"],
    ["runner", "docker exec"],
    ["runner", "bare host"],
  ] as const;
  return {
    title: "One small program, from request to output: p50 / p99 in ms",
    head: ["", ...contestants, ...ratios.map(([of, to]) => `${of} : ${to}`)],
    rows: unique(rows.map(({ language }) => language)).map((language) => [
      nameOf(language),
      ...contestants.map((contestant) => latencyCell(rows, language, contestant)),
      ...ratios.map(([of, to]) => inverse(latencyRatio(rows, language, of, to))),
    ]),
  };
}

/** The medians alone, of every language and contestant. */
export function medianTable(rows: readonly LatencyRow[]): Table {
  const contestants = unique(rows.map(({ contestant }) => contestant));
  const median = (language: LanguageId, contestant: string) =>
    rows.find((row) => row.language === language && row.contestant === contestant)?.p50Ms;
  return {
    title: "One small program, from request to output: medians in ms",
    head: ["", ...contestants],
    rows: unique(rows.map(({ language }) => language)).map((language) => [
      nameOf(language),
      ...contestants.map((contestant) => optional(median(language, contestant))),
    ]),
  };
}

function latencyCell(rows: readonly LatencyRow[], language: LanguageId, contestant: string) {
  const row = rows.find((one) => one.language === language && one.contestant === contestant);
  return row === undefined ? "" : `${ms(row.p50Ms)} / ${ms(row.p99Ms)} (${row.count})`;
}

function firstTable(rows: Measured["first"]): Table | undefined {
  if (rows === undefined) return undefined;
  return {
    title: "The first execution after a minute of idleness, at the runner, in ms",
    head: ["", "warm p50", "first p50", "first max", "samples", "first : warm"],
    rows: rows.map(({ language, warmMs, firstMs }) => [
      nameOf(language),
      ms(warmMs),
      ms(median(firstMs)),
      ms(Math.max(...firstMs)),
      String(firstMs.length),
      `${(median(firstMs) / warmMs).toFixed(1)}×`,
    ]),
  };
}

function burstTable(burst: Measured["burst"]): Table | undefined {
  if (burst === undefined) return undefined;
  const figures = burstFigures(burst);
  const scaled = burst.dockerRuns < burst.size ? `, scaled from ${burst.dockerRuns}` : "";
  return {
    title: `${burst.size} executions at once from one account, at the runner`,
    head: ["", "succeeded", "last done", `${burst.size} docker run in a row${scaled}`, "ratio"],
    rows: [
      [
        nameOf(burst.language),
        burst.bursts.map(({ succeeded }) => `${succeeded}`).join(", "),
        burst.bursts.map((one) => seconds(one.ms)).join(", "),
        seconds(figures.containersMs),
        inverse(figures.ratio),
      ],
    ],
  };
}

function sustainedTable(rows: Measured["sustained"]): Table | undefined {
  const [first] = rows ?? [];
  if (rows === undefined || first === undefined) return undefined;
  const rate = ({ perSecond, failed }: { perSecond: number; failed: number }) =>
    failed === 0 ? perSecond.toFixed(1) : `${perSecond.toFixed(1)} (${failed} failed)`;
  return {
    title: "Executions a second from one account, at the runner, by how many are under way",
    head: [
      "",
      ...first.runner.map(({ concurrency }) => `runner, ${concurrency}`),
      ...first.containers.map(({ concurrency }) => `docker run, ${concurrency}`),
      "best : docker run, 1",
    ],
    rows: rows.map((row) => [
      nameOf(row.language),
      ...row.runner.map(rate),
      ...row.containers.map(rate),
      `${sustainedFigures(row).factor.toFixed(1)}×`,
    ]),
  };
}

/** Compiled programs, first and again, beside the bare toolchain. */
export function compiledTable(rows: Measured["compiled"]): Table | undefined {
  if (rows === undefined || rows.length === 0) return undefined;
  return {
    title: "Hello in a compiled language, in ms (medians)",
    head: [
      "",
      "compiled and run",
      "the same on the bare host",
      "ratio",
      "run again",
      "the same on the bare host",
    ],
    rows: rows.map(({ language, freshMs, bareFreshMs, againMs, bareAgainMs }) => [
      nameOf(language),
      ms(freshMs),
      ms(bareFreshMs),
      `${(freshMs / bareFreshMs).toFixed(1)}×`,
      ms(againMs),
      ms(bareAgainMs),
    ]),
  };
}

/** Cells in sessions. */
export function cellTable(sessions: Measured["sessions"]): Table | undefined {
  if (sessions === undefined) return undefined;
  const contestants = unique(sessions.cells.map(({ contestant }) => contestant));
  const cellOf = (language: LanguageId, contestant: string) => {
    const row = sessions.cells.find((r) => r.language === language && r.contestant === contestant);
    return row === undefined ? "" : `${ms(row.p50Ms)} / ${ms(row.p99Ms)} (${row.count})`;
  };
  return {
    title: "One small cell in a session, from request to output: p50 / p99 in ms",
    head: ["", ...contestants],
    rows: unique(sessions.cells.map(({ language }) => language)).map((language) => [
      nameOf(language),
      ...contestants.map((contestant) => cellOf(language, contestant)),
    ]),
  };
}

/** Files into sessions and out of them. */
export function fileTable(sessions: Measured["sessions"]): Table | undefined {
  if (sessions === undefined) return undefined;
  return {
    title: "A file of a session, through the edge, in ms (median)",
    head: ["", "size in MB", "time", "samples"],
    rows: sessions.files.map(({ direction, bytes, p50Ms, count }) => [
      direction,
      mib(bytes),
      ms(p50Ms),
      String(count),
    ]),
  };
}

/** Sessions that nobody uses. */
export function keptTable(kept: Measured["kept"]): Table | undefined {
  if (kept === undefined) return undefined;
  return {
    title: `${kept.sessions} idle sessions`,
    head: ["", "processor time of 100, of one core", "the runner's own", "memory of each in MB"],
    rows: [
      [
        nameOf(kept.language),
        `${keptPercent(kept).toFixed(2)} %`,
        `${(kept.idle.runnerCpuMs / kept.idle.seconds / 10).toFixed(2)} %`,
        mib(kept.bytesEach),
      ],
    ],
  };
}

function idleTable(idle: Measured["idle"]): Table | undefined {
  if (idle === undefined) return undefined;
  const kinds = Object.entries(idle.cpuMs);
  return {
    title: `Processor time of ${idle.sandboxes} idle sandboxes in ${idle.seconds.toFixed(0)} s, in ms`,
    head: ["", ...kinds.map(([kind]) => kind), "the runner itself", "20 sandboxes, of one core"],
    rows: [
      [
        "all",
        ...kinds.map(([, value]) => ms(value)),
        ms(idle.runnerCpuMs),
        `${idlePercent(idle).toFixed(2)} %`,
      ],
    ],
  };
}

/** What each process of one idle sandbox takes. */
export function memoryTable(rows: Measured["memory"]): Table | undefined {
  const [first] = rows ?? [];
  if (rows === undefined || first === undefined) return undefined;
  const kinds = Object.keys(first.partBytes) as (keyof typeof first.partBytes)[];
  return {
    title: "Memory of one idle sandbox (PSS, medians), in MB",
    head: ["", ...kinds, "in all"],
    rows: rows.map(({ sandboxKind, partBytes, totalBytes }) => [
      sandboxKind === "general" ? "any other" : nameOf(sandboxKind),
      ...kinds.map((kind) => mib(partBytes[kind])),
      mib(totalBytes),
    ]),
  };
}

/** The gateway alone: one at a time, all at once, and half of that. */
export function edgeTable(edge: Measured["edge"]): Table | undefined {
  if (edge === undefined) return undefined;
  const { full, half } = edge;
  return {
    title: "The gateway alone, before a runner that answers at once",
    head: [
      "",
      "p50 / p99 in ms, one at a time",
      "a runner alone",
      "added",
      `a second, ${full.atOnce} at a time`,
      "a second of one core",
      `p50 / p99 at ${half.perSecond.toFixed(0)} a second`,
    ],
    rows: [
      [
        "gateway",
        `${ms(edge.edge.p50Ms)} / ${ms(edge.edge.p99Ms)}`,
        `${ms(edge.stub.p50Ms)} / ${ms(edge.stub.p99Ms)}`,
        ms(edgeAddedMs(edge)),
        full.perSecond.toFixed(0),
        full.perCoreSecond.toFixed(0),
        `${ms(half.p50Ms)} / ${ms(half.p99Ms)}`,
      ],
    ],
  };
}

/** What was to be reached and whether it was. */
export function targetTable(results: Measured): Table {
  return {
    title: "Against the targets",
    head: ["What", "Of", "Measured", "Target", ""],
    rows: verdictsOf(results)
      .filter(({ target }) => target !== "")
      .map(({ what, of, measured, target, reached }) => [
        what,
        of,
        measured,
        target,
        markOf(reached),
      ]),
  };
}

/** The same in few rows: what has one target in common stands together. */
export function targetSummary(results: Measured): Table {
  const verdicts = verdictsOf(results).filter(({ target }) => target !== "");
  const keyOf = ({ what, target }: Verdict) => `${what}\n${target}`;
  return {
    title: "Against the targets",
    head: ["What", "Target", "Measured"],
    rows: unique(verdicts.map(keyOf)).map((key) => {
      const figures = verdicts.filter((verdict) => keyOf(verdict) === key);
      const cells = figures.map(
        ({ of, measured, reached }) => `${of} ${measured} ${markOf(reached).charAt(0)}`,
      );
      const [what = "", target = ""] = key.split("\n");
      return [what, target, cells.join(", ")];
    }),
  };
}

function markOf(reached: Verdict["reached"]): string {
  return reached ? "✓ reached" : "✗ missed";
}

/** Several values of a list, each once, in the order of their first appearance. */
function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)];
}

function nameOf(language: LanguageId): string {
  return LANGUAGES[language].name;
}

/** Milliseconds with the digits that mean something at their size. */
export function ms(value: number): string {
  return value.toFixed(value < 100 ? 1 : 0);
}

function optional(value: number | undefined): string {
  return value === undefined ? "" : ms(value);
}

function seconds(valueMs: number): string {
  return `${(valueMs / 1000).toFixed(2)} s`;
}

function mib(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function inverse(ratio: number | undefined): string {
  return ratio === undefined ? "" : `1/${(1 / ratio).toFixed(1)}`;
}
