// Help, made from the table of commands: what there is, and for each command what it does, its flags and
// lines that can be pasted.

import { EXITS } from "./exit.ts";
import type { CommandInfo, Flags } from "./flags.ts";
import { COMMON_FLAGS } from "./parse.ts";
import type { Style } from "./terminal.ts";

const WIDTH_MIN = 26;

/** What `coderunner --help` prints. */
export function helpForAll(commands: readonly CommandInfo[], { bold, dim }: Style): string {
  const rows = commands.map(({ name, takes, summary }): [string, string] => [
    `${name}${takes ? ` ${takes}` : ""}`,
    summary,
  ]);
  return [
    "Runs code in sandboxes, from a terminal or a script.",
    "",
    bold("Begin with"),
    `  coderunner login --new                                ${dim("takes a free key and stores it")}`,
    `  coderunner execute --lang python --code 'print(42)'   ${dim("runs a line")}`,
    `  coderunner run script.py data.csv -- --fast           ${dim("runs a file, with another and arguments")}`,
    `  echo 'hello' | coderunner run upper.rb                ${dim("gives it input")}`,
    "",
    bold("Commands"),
    ...columns(rows),
    "",
    bold("Every command"),
    ...columns(flagRows(COMMON_FLAGS)),
    "",
    bold("Exit codes"),
    "  The program's own; 128 and the signal's number if a signal ended it; and ours:",
    ...columns(exitRows()),
    "",
    bold("Settings"),
    ...columns([
      ["CODERUNNER_API_KEY", "The key to use, before the stored one."],
      ["CODERUNNER_URL", "The service's address, before the stored one."],
      ["NO_COLOR", "No colours."],
    ]),
    "",
    "`coderunner COMMAND --help` shows more, with examples.",
  ].join("\n");
}

/** What `coderunner COMMAND --help` prints. */
export function helpFor(command: CommandInfo, { bold, dim }: Style): string {
  const { name, takes, summary, flags, examples, hasProgramArgs } = command;
  const form = [name, takes, "[FLAGS]", hasProgramArgs && "[-- ARGS…]"].filter(Boolean).join(" ");
  const widest = Math.max(...examples.map(({ line }) => line.length), 0);
  const pasted = examples.map(({ line, does }) =>
    widest > 72 ? `  ${dim(`# ${does}`)}\n  ${line}` : `  ${line.padEnd(widest)}   ${dim(does)}`,
  );
  const own = flagRows(flags);
  return [
    summary,
    "",
    `  coderunner ${form}`,
    "",
    bold("Examples"),
    ...pasted,
    ...(own.length === 0 ? [] : ["", bold("Flags"), ...columns(own)]),
    "",
    bold("Every command"),
    ...columns(flagRows(COMMON_FLAGS)),
  ].join("\n");
}

/** The exit codes of ours and what they mean. */
export function exitRows(): [string, string][] {
  return Object.values(EXITS).map(({ code, means }) => [String(code), means]);
}

function flagRows(flags: Flags): [string, string][] {
  return Object.entries(flags).map(([name, { short, value, help, isRepeated }]) => [
    `${short === undefined ? "    " : `-${short}, `}--${name}${value ? ` ${value}` : ""}`,
    isRepeated ? `${help} Can be repeated.` : help,
  ]);
}

function columns(rows: readonly [string, string][]): string[] {
  const width = Math.max(WIDTH_MIN, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`);
}
