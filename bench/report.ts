// What a benchmark run shows on a terminal: the tables of what was measured, each figure beside its
// target, and on what machine.

import type { Machine, Measured } from "./results.ts";
import { type Table, tablesOf, targetTable } from "./tables.ts";

/** Everything a run has to say, ready to be printed. */
export function reportOf(results: Measured & { machine: Machine; rounds: number }): string {
  const targets = targetTable(results);
  const tables = [...tablesOf(results), ...(targets.rows.length > 0 ? [targets] : [])];
  return [...tables.map(print), `${machineLine(results.machine)}; ${results.rounds} rounds`].join(
    "\n\n",
  );
}

/** The machine in one line. */
export function machineLine(machine: Machine): string {
  const gib = Math.round(machine.memoryBytes / 1024 ** 3);
  return [
    `${machine.processors} cores (${machine.model})`,
    `${gib} GB`,
    `Linux ${machine.kernel}`,
    ...(machine.docker === undefined ? [] : [`Docker ${machine.docker}`]),
    ...(machine.runsc === undefined ? [] : [`runsc ${machine.runsc}`]),
    `Node ${machine.node}`,
  ].join(", ");
}

function print({ title, head, rows }: Table): string {
  return `${title}\n${aligned([head, ...rows])}`;
}

/** Lines of cells in columns: the first flush left, as are all that hold words, the rest right. */
export function aligned(lines: readonly (readonly string[])[]): string {
  const columns = Math.max(...lines.map((line) => line.length));
  const indexes = Array.from({ length: columns }, (_, column) => column);
  const cells = (column: number) => lines.map((line) => line[column] ?? "");
  const widths = indexes.map((column) => Math.max(...cells(column).map((cell) => cell.length)));
  const isWords = indexes.map((column) =>
    cells(column)
      .slice(1)
      .some((cell) => /^\p{L}/u.test(cell)),
  );
  const pad = (text: string, column: number) =>
    isWords[column] ? text.padEnd(widths[column] ?? 0) : text.padStart(widths[column] ?? 0);
  return lines
    .map((line) => indexes.map((column) => pad(line[column] ?? "", column)).join("   "))
    .map((line) => `  ${line.trimEnd()}`)
    .join("\n");
}
