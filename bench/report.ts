// What a benchmark run prints and keeps: a table for people, JSON for programs.

import { cpus, totalmem } from "node:os";
import type { LatencyRow } from "./latency.ts";

export type Results = {
  takenAt: string;
  machine: { processors: number; model: string; memoryBytes: number };
  latency: LatencyRow[];
};

export function resultsOf(latency: LatencyRow[], now: Date): Results {
  const processors = cpus();
  const machine = {
    processors: processors.length,
    model: processors[0]?.model ?? "unknown",
    memoryBytes: totalmem(),
  };
  return { takenAt: now.toISOString(), machine, latency };
}

/** One line a language: p50 / p99 of each contestant, then how the edge and the runner compare. */
export function latencyTable(rows: readonly LatencyRow[]): string {
  const contestants = [...new Set(rows.map(({ contestant }) => contestant))];
  const languages = [...new Set(rows.map(({ language }) => language))];
  const find = (language: string, contestant: string) =>
    rows.find((row) => row.language === language && row.contestant === contestant);
  const times = (language: string, contestant: string) => {
    const row = find(language, contestant);
    return row === undefined ? "" : `${row.p50Ms.toFixed(1)} / ${row.p99Ms.toFixed(1)}`;
  };
  const ratio = (language: string, of: string, to: string) => {
    const [a, b] = [find(language, of), find(language, to)];
    return a === undefined || b === undefined ? "" : `1/${(b.p50Ms / a.p50Ms).toFixed(1)}`;
  };
  const head = ["p50 / p99 in ms", ...contestants, "edge : exec", "runner : exec", "runner : bare"];
  const lines = languages.map((language) => [
    language,
    ...contestants.map((contestant) => times(language, contestant)),
    ratio(language, "edge", "docker exec"),
    ratio(language, "runner", "docker exec"),
    ratio(language, "runner", "bare host"),
  ]);
  return aligned([head, ...lines]);
}

function aligned(lines: readonly (readonly string[])[]): string {
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => (line[column] ?? "").length)),
  );
  const pad = (text: string, column: number) =>
    column === 0 ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines.map((line) => line.map(pad).join("   ")).join("\n");
}
