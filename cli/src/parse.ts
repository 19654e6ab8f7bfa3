// Reads a command line by the table of commands. The reading itself is Node's own (util.parseArgs); what
// is wrong is said here, with what was probably meant.

import { parseArgs } from "node:util";
import { Stop } from "./exit.ts";
import { arityOf, type CommandInfo, type Flag, type Flags, type Values } from "./flags.ts";

/** Every command takes these. */
export const COMMON_FLAGS = {
  json: { help: "Print one JSON value, for scripts." },
  url: {
    value: "URL",
    help: "The service's address; CODERUNNER_URL, or as stored by `login`.",
    offer: "nothing",
  },
  help: { short: "h", help: "Show help with examples." },
} as const satisfies Flags;

export type Line<C> = {
  command: C;
  /** The words that are neither flags nor the command's name. */
  words: string[];
  /** What followed `--`. */
  programArgs: string[];
  values: Values;
};

/** Which command a line begins with, and how many of its words are the command's name. */
export function findCommand<C extends CommandInfo>(
  argv: readonly string[],
  commands: readonly C[],
): { command: C; length: number } | undefined {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(" ");
    const command = argv.length >= length && commands.find((each) => each.name === name);
    if (command) return { command, length };
  }
  return undefined;
}

/** Reads what follows a command's name. */
export function parseLine<C extends CommandInfo>(command: C, argv: readonly string[]): Line<C> {
  const flags: Flags = { ...command.flags, ...COMMON_FLAGS };
  const { tokens } = parseArgs({
    args: [...argv],
    options: optionsOf(flags),
    strict: false,
    tokens: true,
    allowPositionals: true,
  });
  const found = new Map<string, string[]>();
  const words: string[] = [];
  const programArgs: string[] = [];
  let isOver = false;
  for (const token of tokens) {
    if (token.kind === "option-terminator") isOver = command.hasProgramArgs === true;
    else if (token.kind === "positional") (isOver ? programArgs : words).push(token.value);
    else addFlag(found, flags, token);
  }
  const values = valuesIn(found);
  if (!values.has("help")) refuseWrongWords(command, words);
  return { command, words, programArgs, values };
}

function optionsOf(flags: Flags) {
  return Object.fromEntries(
    Object.entries(flags).map(([name, { value, short }]) => [
      name,
      {
        type: value === undefined ? ("boolean" as const) : ("string" as const),
        multiple: true,
        ...(short !== undefined && { short }),
      },
    ]),
  );
}

type Written = {
  name: string;
  rawName: string;
  value: string | undefined;
  inlineValue: boolean | undefined;
};

function addFlag(found: Map<string, string[]>, flags: Flags, written: Written): void {
  const { name, rawName, value, inlineValue } = written;
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) throw unknownFlag(rawName, flags);
  if (flag.value === undefined && value !== undefined) throw usage(`${rawName} takes no value.`);
  if (flag.value !== undefined && isMissing(value, inlineValue, flags)) {
    throw usage(`${rawName} needs a value: ${rawName} ${flag.value}.`);
  }
  const before = found.get(name) ?? [];
  if (before.length > 0 && flag.value !== undefined && !flag.isRepeated) {
    throw usage(`${rawName} can be given only once.`);
  }
  found.set(name, [...before, value ?? ""]);
}

/** A value may begin with a dash, but where another flag stands one was forgotten. */
function isMissing(
  value: string | undefined,
  isInline: boolean | undefined,
  flags: Flags,
): boolean {
  if (value === undefined) return true;
  if (isInline || !value.startsWith("-")) return false;
  const isLong = value.startsWith("--") && Object.hasOwn(flags, value.slice(2).split("=")[0] ?? "");
  const isShort = Object.values(flags).some(({ short }) => value === `-${short}`);
  return isLong || isShort;
}

function valuesIn(found: ReadonlyMap<string, string[]>): Values {
  return {
    text: (name) => found.get(name)?.[0],
    texts: (name) => found.get(name) ?? [],
    has: (name) => found.has(name),
  };
}

function refuseWrongWords(command: CommandInfo, words: readonly string[]): void {
  const { least, most } = arityOf(command);
  const form = `coderunner ${command.name}${command.takes ? ` ${command.takes}` : ""}`;
  if (words.length < least) throw usage(`Something is missing: ${form}.`, command);
  const extra = words[most];
  if (extra !== undefined) throw usage(`\`${extra}\` is too much here: ${form}.`, command);
}

function usage(message: string, command?: CommandInfo): Stop {
  return new Stop("usage", command ? `${message} See: coderunner ${command.name} --help` : message);
}

function unknownFlag(rawName: string, flags: Flags): Stop {
  const known = Object.entries(flags).flatMap(([name, { short }]: [string, Flag]) =>
    short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`],
  );
  const near = nearest(rawName, known);
  const longs = known.filter((name) => name.startsWith("--"));
  return usage(
    near === undefined
      ? `There is no flag ${rawName} here; there are ${longs.join(" ")}.`
      : `There is no flag ${rawName} here; did you mean ${near}?`,
  );
}

/** The one of `known` that was most likely meant, if any was. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  const starting = known.filter((each) => word.length > 2 && each.startsWith(word));
  const [shortest] = starting.sort((a, b) => a.length - b.length);
  if (shortest !== undefined && starting.every((each) => each.startsWith(shortest)))
    return shortest;
  const far = known.map((each) => ({ each, steps: distance(word, each) }));
  const best = far.sort((a, b) => a.steps - b.steps)[0];
  return best !== undefined && best.steps <= Math.max(1, Math.floor(word.length / 3))
    ? best.each
    : undefined;
}

/** How many letters must be changed, put in or taken out to make one word the other. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
