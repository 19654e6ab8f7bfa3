// Exit codes. A program's own code is passed on as it is, a signal as 128 and its number; what goes wrong
// with us has codes of its own that programs hardly ever use. This file owns the numbers and the
// sentence of each, which help and the documentation show.

import { constants } from "node:os";

export const EXITS = {
  usage: {
    code: 120,
    means: "The command was not written right, or a file of yours cannot be used.",
  },
  account: { code: 121, means: "No key, a key that is not valid, or no credits." },
  refused: {
    code: 122,
    means: "The service refused: the request will not do, or what it names is gone.",
  },
  unavailable: { code: 123, means: "The service cannot be reached, is busy, or broke off." },
  limit: { code: 124, means: "The program reached its time limit." },
  bug: { code: 125, means: "A fault of this command itself." },
} as const;

export type Exit = keyof typeof EXITS;

/** Ends the command: a sentence with the remedy, and what kind of failure it is. */
export class Stop extends Error {
  readonly exit: Exit;
  /** What a program that reads our JSON is told. */
  readonly code: string;

  constructor(exit: Exit, message: string, code: string = exit) {
    super(message);
    this.name = "Stop";
    this.exit = exit;
    this.code = code;
  }
}

/** The code a shell would show for a process that a signal has ended. */
export function exitOfSignal(signal: string): number {
  const number = (constants.signals as Record<string, number>)[signal];
  return 128 + (number ?? 0);
}
