// The one kind of error a person at a terminal is meant to read: a sentence saying what is wrong
// and what to do about it. It is printed without a stack. Anything else that reaches the terminal
// is a bug and keeps its stack.

/** Something the launcher will not or cannot do, in one sentence with its remedy. */
export class Refusal extends Error {
  constructor(sentence: string) {
    super(sentence);
    this.name = "Refusal";
  }
}

/** How a slow step tells what it is doing, a short line at a time. */
export type Report = (line: string) => void;
