// A stage while it runs: what it has said so far, for whoever listens and for its report, and the
// timers that may stop it.

import { OUTPUT_BYTES_MAX } from "../shared/limits.ts";
import type { ShownValue } from "../shared/runner-api.ts";
import type { ExitBody } from "./frames.ts";
import { type Kept, Output } from "./output.ts";
import { Shown, type ShownKept } from "./shown.ts";

/** Hears of a stage what it says, the moment it says it. */
export type StageListener = {
  onOutput: (stream: "stdout" | "stderr", data: Buffer) => void;
  onShown: (value: ShownValue) => void;
};

export type StageResult = {
  exit: ExitBody;
  stdout: Kept;
  stderr: Kept;
  shown: ShownKept;
  /** Who had it interrupted, if anybody had; a cell that is late is interrupted before it is killed. */
  interruptedBy?: "clock" | "caller";
};

/** What a stage says while it runs, and the timers that may stop it. */
export class Running {
  interruptedBy: "clock" | "caller" | undefined;
  readonly #listener: StageListener | undefined;
  readonly #output = { stdout: new Output(OUTPUT_BYTES_MAX), stderr: new Output(OUTPUT_BYTES_MAX) };
  readonly #shown = new Shown();
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #deafMs: number;
  #hearsAtMs = 0;

  /** For the first `deafMs` it may not hear that it is interrupted. */
  constructor(listener: StageListener | undefined, { deafMs = 0 } = {}) {
    this.#listener = listener;
    this.#deafMs = deafMs;
  }

  /** It begins now. */
  begin(): void {
    this.#hearsAtMs = performance.now() + this.#deafMs;
  }

  /** How long it is still to be waited before it is interrupted. */
  get deafForMs(): number {
    return Math.max(0, this.#hearsAtMs - performance.now());
  }

  later(ms: number, act: () => void): void {
    this.#timers.push(setTimeout(act, ms));
  }

  stopTimers(): void {
    for (const timer of this.#timers) clearTimeout(timer);
  }

  hear(type: "stdout" | "stderr" | "shown", data: Buffer): void {
    if (type === "shown") {
      for (const value of this.#shown.push(data)) this.#listener?.onShown(value);
      return;
    }
    this.#output[type].push(data);
    this.#listener?.onOutput(type, data);
  }

  finish(exit: ExitBody): StageResult {
    return {
      exit,
      stdout: this.#output.stdout.finish(exit.stdoutBytes),
      stderr: this.#output.stderr.finish(exit.stderrBytes),
      shown: this.#shown.finish(exit.shownBytes),
      ...(this.interruptedBy && { interruptedBy: this.interruptedBy }),
    };
  }
}
