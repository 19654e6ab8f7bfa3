// Where the command begins and ends: finds what was asked for, has it done, and turns whatever comes of it
// into one exit code and, where something went wrong, one line on stderr.

import { clientFor } from "./client.ts";
import type { Command } from "./command.ts";
import { type Access, accessOf, accessWithoutKey } from "./config.ts";
import { EXITS, exitOfSignal, Stop } from "./exit.ts";
import { explain } from "./explain.ts";
import { arityOf } from "./flags.ts";
import { helpFor, helpForAll } from "./help.ts";
import { Interrupted, type Interrupts, watchInterrupts } from "./interrupts.ts";
import { Output } from "./output.ts";
import { findCommand, type Line, nearest, parseLine } from "./parse.ts";
import { COMMANDS } from "./table.ts";
import { clearSpinner } from "./terminal.ts";

const output = new Output();
const interrupts = watchInterrupts(clearSpinner);

async function main(argv: readonly string[]): Promise<number> {
  let access: Access | undefined;
  let isJson = argv.includes("--json");
  try {
    const asked = lineOf(argv);
    if (typeof asked === "string") return told(asked);
    const { command, words, programArgs, values } = asked;
    isJson = values.has("json");
    if (values.has("help")) return told(helpFor(command, output.style));
    access = (command.needsNoSettings ? accessWithoutKey : accessOf)(values.text("url"));
    output.onProblem(() => interrupts.raise("SIGPIPE"));
    const client = clientFor(access);
    const context = {
      words,
      programArgs,
      values,
      access,
      client,
      output,
      interrupts,
      commands: COMMANDS,
    };
    const came = await unlessInterrupted<unknown>(command.run(context), interrupts);
    return typeof came === "number" ? came : 0;
  } catch (thrown) {
    const interrupted = thrown instanceof Interrupted ? thrown : interrupts.interrupted();
    if (interrupted !== undefined) return interrupted.exitCode;
    const { exitCode, line, error } = explain(thrown, access);
    if (isJson) output.json({ error });
    output.failure(line);
    return exitCode;
  }
}

/** What was asked for: a command, or only to be told something. */
function lineOf(argv: readonly string[]): Line<Command> | string {
  const [first = "--help", ...rest] = argv;
  if (first === "--version" || first === "-V") return CODERUNNER_VERSION;
  if (first === "--help" || first === "-h") return helpForAll(COMMANDS, output.style);
  const isHelp = first === "help";
  const words = isHelp ? rest : argv;
  if (words.length === 0) return helpForAll(COMMANDS, output.style);
  const found = findCommand(words, COMMANDS);
  if (found === undefined) return groupOf(words) ?? unknownCommand(words);
  const { command, length } = found;
  if (isHelp) return helpFor(command, output.style);
  const next = words[length] ?? "-";
  const takesNone = arityOf(command).most === 0;
  if (takesNone && !next.startsWith("-") && isGroup(words[0])) return unknownCommand(words);
  return parseLine(command, words.slice(length));
}

/** The commands of a group that is no command itself, such as `files`. */
function groupOf([first = "", ...rest]: readonly string[]): string | undefined {
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  const isAsked = rest.length === 0 || rest[0] === "--help" || rest[0] === "-h";
  return group.length > 0 && isAsked ? helpForAll(group, output.style) : undefined;
}

function isGroup(first = ""): boolean {
  return COMMANDS.some(({ name }) => name.startsWith(`${first} `));
}

function unknownCommand([first = "", second = ""]: readonly string[]): never {
  const written = isGroup(first) ? `${first} ${second}` : first;
  const names = COMMANDS.flatMap(({ name }) => [name, name.split(" ")[0] ?? ""]);
  const near = nearest(written, [...new Set(names)]);
  const remedy =
    near === undefined ? "See: coderunner --help" : `Did you mean \`coderunner ${near}\`?`;
  throw new Stop("usage", `There is no command \`${written}\`. ${remedy}`);
}

function told(text: string): number {
  output.line(text);
  return 0;
}

/** An interrupt ends whatever does not look after it itself. */
async function unlessInterrupted<Value>(
  work: Promise<Value>,
  { signal }: Interrupts,
): Promise<Value> {
  return await new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    work.then(resolve, reject);
  });
}

/** Prints what is left and ends; a reader that has gone is what ended it then. */
async function leave(exitCode: number): Promise<never> {
  await unlessInterrupted(output.flush(), interrupts).catch(() => undefined);
  const { problem } = output;
  if (problem === undefined) process.exit(interrupts.interrupted()?.exitCode ?? exitCode);
  if (problem.code === "EPIPE") process.exit(exitOfSignal("SIGPIPE"));
  output.failure(`The output cannot be written (${problem.code}); is the disk full?`);
  process.exit(EXITS.usage.code);
}

main(process.argv.slice(2)).then(leave, (thrown) => {
  const { exitCode, line } = explain(thrown, undefined);
  output.failure(line);
  return leave(exitCode);
});
