// What happens when somebody presses Ctrl-C, hangs up, or stops the command: the first time what is under
// way is ended in order, by whoever has asked to be told; the second time everything ends at once.

import { exitOfSignal } from "./exit.ts";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Thrown out of whatever was under way. */
export class Interrupted extends Error {
  readonly exitCode: number;

  constructor(signal: string) {
    super(signal);
    this.name = "Interrupted";
    this.exitCode = exitOfSignal(signal);
  }
}

export type Interrupts = {
  /** Aborted by the first interrupt, unless somebody takes it. */
  signal: AbortSignal;
  /** What it was, once there was one. */
  interrupted: () => Interrupted | undefined;
  /** Has `handler` end things in order instead, until what is returned is called. */
  take: (handler: () => void) => () => void;
  /** As if a signal had come: for a reader that has gone. */
  raise: (signal: string) => void;
};

export function watchInterrupts(beforeExit: () => void): Interrupts {
  const controller = new AbortController();
  let first: Interrupted | undefined;
  let taker: (() => void) | undefined;
  const raise = (signal: string) => {
    if (first !== undefined) {
      beforeExit();
      process.exit(first.exitCode);
    }
    first = new Interrupted(signal);
    if (taker === undefined) controller.abort(first);
    else taker();
  };
  for (const signal of SIGNALS) process.on(signal, () => raise(signal));
  return {
    signal: controller.signal,
    interrupted: () => first,
    take: (handler) => {
      taker = handler;
      return () => {
        taker = undefined;
        if (first !== undefined) controller.abort(first);
      };
    },
    raise,
  };
}
