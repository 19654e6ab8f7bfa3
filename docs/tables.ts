// The tables of the README, made from the code's own tables and from the figures that are kept.
// `npm run docs` writes them between their markers and draws the benchmark's pictures; a test fails
// when what stands there is not what the code says.

import { readFile, writeFile } from "node:fs/promises";
import { drawPicture } from "../bench/picture.ts";
import { machineLine } from "../bench/report.ts";
import { LATEST, readLatest } from "../bench/results.ts";
import {
  cellTable,
  compiledTable,
  fileTable,
  keptTable,
  medianTable,
  memoryTable,
  type Table,
  targetSummary,
} from "../bench/tables.ts";
import { ERRORS } from "../shared/errors.ts";
import { LANGUAGE_IDS, languageOf } from "../shared/languages.ts";
import * as limits from "../shared/limits.ts";
import { CREDITS_PER_USDC } from "../shared/money.ts";
import { COMPILE_ERROR, OUTCOMES } from "../shared/outcomes.ts";

const README = new URL("../README.md", import.meta.url);

/** Markdown of every table, by the name in its marker. */
export const TABLES: Readonly<Record<string, () => string>> = {
  limits: limitsTable,
  languages: languagesTable,
  libraries: librariesTable,
  outcomes: outcomesTable,
  errors: errorsTable,
  prices: pricesTable,
  bench: benchTable,
  targets: targetsTable,
  compiled: benchCompiledTable,
  sessions: benchSessionsTable,
  memory: benchMemoryTable,
};

/** `text` with the content of every marked table replaced by what the code says now. */
export function withTables(text: string): string {
  let result = text;
  for (const [name, render] of Object.entries(TABLES)) {
    const marked = new RegExp(`(<!-- table:${name} -->\n)[\\s\\S]*?(<!-- /table:${name} -->)`);
    if (!marked.test(result)) throw new Error(`the text has no table named ${name}`);
    result = result.replace(marked, (_all, open: string, close: string) => open + render() + close);
  }
  return result;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return [head, head.map(() => "---"), ...rows].map(line).join("");
}

function limitsTable(): string {
  return table(
    ["What", "Limit"],
    [
      ["Running time of one execution", duration(limits.RUN_TIMEOUT_MS_MAX)],
      ["The same by `/v1`", duration(limits.LONG_RUN_TIMEOUT_MS_MAX)],
      ["Compiling, not counted in it", duration(limits.COMPILE_TIMEOUT_MS_MAX)],
      ["Memory of a program and all it starts", size(limits.MEMORY_BYTES_MAX)],
      ["Memory of a compiler", size(limits.COMPILE_MEMORY_BYTES_MAX)],
      ["Kept of each of stdout and stderr", size(limits.OUTPUT_BYTES_MAX)],
      ["Written in all before a program is stopped", size(limits.OUTPUT_STOP_BYTES)],
      ["`code`", size(limits.CODE_BYTES_MAX)],
      ["Files of one request", String(limits.FILES_MAX)],
      ["The same, together", size(limits.FILES_BYTES_MAX)],
      ["Name of a file", `${limits.FILE_NAME_BYTES_MAX} bytes`],
      ["Arguments", `${limits.ARGS_MAX}, ${size(limits.ARGS_BYTES_MAX)} together`],
      ["Standard input", size(limits.STDIN_BYTES_MAX)],
      ["One file", size(limits.FILE_BYTES_MAX)],
      ["All files a program has and writes", size(limits.WORKSPACE_BYTES_MAX)],
      ["Processes and threads", String(limits.PROCESSES_MAX)],
      ["Open files of one process", String(limits.DESCRIPTORS_MAX)],
      ["Network", "none"],
      ["Sessions of an account that were asked for", String(limits.SESSIONS_MAX)],
      [
        "Those `/v1` opens by itself, kept while there is room",
        String(limits.IMPLICIT_SESSIONS_MAX),
      ],
      ["Unused time after which a session is gone", duration(limits.SESSION_IDLE_MS_MAX)],
      ["Executions that wait in one session", String(limits.SESSION_QUEUE_MAX)],
      [
        "Values and pictures one execution shows",
        `${limits.RESULTS_MAX}, ${size(limits.RESULT_BYTES_MAX)} together`,
      ],
      ["What came of a detached execution is kept for", duration(limits.DETACHED_REPORT_MS)],
      [
        "Calls a minute to sessions, files and what runs, besides executions",
        String(limits.SESSION_CALLS_PER_MINUTE),
      ],
    ],
  );
}

function languagesTable(): string {
  return table(
    ["Language", "`language`", "Also written", "The program's file", "Compiled"],
    LANGUAGE_IDS.map((id) => {
      const { name, aliases, mainFile, compile } = languageOf(id);
      const words = aliases.map((word) => `\`${word}\``).join(", ");
      return [name, `\`${id}\``, words, `\`${mainFile}\``, compile === undefined ? "" : "yes"];
    }),
  );
}

function librariesTable(): string {
  const rows = LANGUAGE_IDS.map((id) => languageOf(id)).filter(({ libraries }) => libraries);
  return table(
    ["Language", "Libraries a program can import"],
    rows.map(({ name, libraries = [] }) => [name, libraries.map((l) => `\`${l}\``).join(", ")]),
  );
}

function outcomesTable(): string {
  return table(
    ["`outcome`", "What became of the program"],
    [
      ...Object.entries(OUTCOMES).map(([name, text]) => [`\`${name}\``, text]),
      [`\`${COMPILE_ERROR}\``, "The program was not run, because it could not be compiled."],
    ],
  );
}

function errorsTable(): string {
  return table(
    ["HTTP", "`code`", "Try again?", "Meaning"],
    Object.entries(ERRORS).map(([code, { status, retryable, message }]) => [
      String(status),
      `\`${code}\``,
      retryable ? "yes" : "no",
      message,
    ]),
  );
}

function pricesTable(): string {
  const rate = limits.RATE_PER_MINUTE;
  return table(
    ["Plan", "Executions", "A minute"],
    [
      ["Free", `${limits.FREE_CREDITS} included with every key`, String(rate.free)],
      ["Pro", `${CREDITS_PER_USDC} per USDC`, String(rate.pro)],
    ],
  );
}

/** What a small program takes, in whose hands, and where and when that was measured. */
function benchTable(): string {
  const { latency = [], machine, rounds, takenAt } = readLatest();
  const caption = `Measured on ${machineLine(machine)}; ${rounds} rounds, ${takenAt.slice(0, 10)}.`;
  return `${captioned(medianTable(latency))}\n${caption}\n`;
}

function targetsTable(): string {
  const { head, rows } = targetSummary(readLatest());
  return table(head, rows);
}

function benchCompiledTable(): string {
  const measured = compiledTable(readLatest().compiled);
  return measured === undefined ? "" : captioned(measured);
}

function benchSessionsTable(): string {
  const { sessions, kept } = readLatest();
  const measured = [cellTable(sessions), fileTable(sessions), keptTable(kept)];
  return measured
    .filter((one) => one !== undefined)
    .map(captioned)
    .join("\n");
}

function benchMemoryTable(): string {
  const measured = memoryTable(readLatest().memory);
  return measured === undefined ? "" : captioned(measured);
}

function captioned({ title, head, rows }: Table): string {
  return `${title}.\n\n${table(head, rows)}`;
}

function size(bytes: number): string {
  const [unit, divisor] = bytes >= 1024 * 1024 ? ["MB", 1024 * 1024] : ["KB", 1024];
  return `${bytes / (divisor as number)} ${unit}`;
}

function duration(ms: number): string {
  return `${ms / 1000} s`;
}

/** Brings the README's tables and the benchmark's pictures into step with the code and the figures. */
export async function writeDocs(): Promise<void> {
  await writeFile(README, withTables(await readFile(README, "utf8")));
  const results = readLatest();
  await writeFile(LATEST.light, drawPicture(results, "light"));
  await writeFile(LATEST.dark, drawPicture(results, "dark"));
}

if (import.meta.main) await writeDocs();
