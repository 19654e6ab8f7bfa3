// What a command is given to work with, and what it is.

import type { CodeRunner } from "../../client/src/client.ts";
import type { Access } from "./config.ts";
import type { CommandInfo, Values } from "./flags.ts";
import type { Interrupts } from "./interrupts.ts";
import type { Output } from "./output.ts";

export type Context = {
  words: readonly string[];
  programArgs: readonly string[];
  values: Values;
  access: Access;
  client: CodeRunner;
  output: Output;
  interrupts: Interrupts;
  /** The table, for what is made from it. */
  commands: readonly CommandInfo[];
};

/** A command as the table has it. What it resolves with is the exit code, 0 when nothing. */
export type Command = CommandInfo & { run: (context: Context) => Promise<number> | Promise<void> };

/** A word that the table says must be there. */
export function wordAt({ words }: Context, index: number): string {
  const word = words[index];
  if (word === undefined) throw new Error(`no word ${index}, though the table asks for it`);
  return word;
}
