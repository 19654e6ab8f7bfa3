// What is executed for a program: the commands of its language's row with its own files put in. The
// names are the caller's, so none may pass for an option. Knows nothing of sandboxes.

import { availableParallelism } from "node:os";
import { PROGRAM_NAME } from "../shared/files.ts";
import {
  type LanguageId,
  languageOf,
  MAIN,
  PROCESSORS,
  PROGRAM,
  SOURCES,
} from "../shared/languages.ts";
import { COMPILE_FILE_BYTES_MAX, FILE_BYTES_MAX, PROCESSES_MAX } from "../shared/limits.ts";
import { WORKSPACE } from "./interpreters.ts";

/** A program that keeps every processor busy must have threads left for all else. */
const PROCESSORS_MAX = PROCESSES_MAX / 8;

/** A program's files by name, the main one first. */
export type Names = readonly [main: string, ...rest: string[]];

/** What the waiting process is told to compile, or nothing where there is nothing to compile. */
export function compileArgs(
  language: LanguageId,
  names: Names,
  { optimize }: { optimize: boolean },
): string[] | undefined {
  const { compile } = languageOf(language);
  if (compile === undefined) return undefined;
  const command = [...compile.command, ...(optimize ? (compile.optimize ?? []) : [])];
  return stageArgs("compile", COMPILE_FILE_BYTES_MAX, language, fill(command, language, names));
}

/** What the waiting process is told to run; a waiting interpreter needs only the main file and the arguments. */
export function runArgs(language: LanguageId, names: Names, args: readonly string[]): string[] {
  const { run } = languageOf(language);
  if (run === undefined) return [names[0], ...args];
  return stageArgs("run", FILE_BYTES_MAX, language, [...fill(run, language, names), ...args]);
}

/** The words the launcher understands; image/launcher.c is the other end and must agree. */
function stageArgs(
  stage: "compile" | "run",
  fileBytesMax: number,
  language: LanguageId,
  command: readonly string[],
): string[] {
  const env = Object.entries(languageOf(language).env ?? {}).map(
    ([name, value]) => `${name}=${value === PROCESSORS ? processors() : value}`,
  );
  return [stage, String(fileBytesMax), ...env, "--", ...command];
}

function processors(): number {
  return Math.min(availableParallelism(), PROCESSORS_MAX);
}

function fill(command: readonly string[], language: LanguageId, names: Names): string[] {
  return command.flatMap((word) => {
    if (word === PROGRAM) return `${WORKSPACE}/${PROGRAM_NAME}`;
    if (word === MAIN) return asOperand(names[0]);
    if (word === SOURCES) return sourcesOf(language, names).map(asOperand);
    return word;
  });
}

/** The main file, whatever it is called, and every other with an ending of the language's. */
function sourcesOf(language: LanguageId, [main, ...rest]: Names): string[] {
  const endings = languageOf(language).compile?.sources ?? [];
  return [main, ...rest.filter((name) => endings.some((ending) => name.endsWith(ending)))];
}

function asOperand(name: string): string {
  return name.startsWith("-") || name.startsWith("@") ? `./${name}` : name;
}
