// The conversation with one supervisor: what is sent, what is waited for, and who hears what comes by
// itself. Whatever comes that is not in the protocol, not waited for, or too late is a SandboxFault,
// and ends the conversation for good. Knows nothing of what jobs are for.

import type { Duplex } from "node:stream";
import type { FileFrame } from "./file-frames.ts";
import { type DataFrame, type Frame, FrameParser } from "./frames.ts";

/** The sandbox failed, not the program in it. The message is for the log. */
export class SandboxFault extends Error {
  override readonly name = "SandboxFault";
}

/** Hears what a job says while it runs, and what of a file is on its way. */
export type Listener = (frame: DataFrame) => void;

/** Has made requests about files, hears what becomes of them, and when nothing more will. */
export type FileListener = {
  hear: (frame: FileFrame) => void;
  fail: (fault: SandboxFault) => void;
};

type Waiter = {
  accepts: (frame: Frame) => boolean;
  resolve: (frame: Frame) => void;
  reject: (fault: SandboxFault) => void;
};

export class Link {
  readonly #parser = new FrameParser();
  #stdin: Duplex | undefined;
  #waiter: Waiter | undefined;
  #fault: SandboxFault | undefined;
  /** The job that everything is about; frames of another are faults. */
  job = 0;
  /** Who hears the data of frames; without one it is dropped, but must still be the job's. */
  listener: Listener | undefined;
  /** Who hears what is said about files; these frames come at any time, besides whatever is waited for. */
  fileListener: FileListener | undefined;

  /** What went wrong, if anything has. */
  get fault(): SandboxFault | undefined {
    return this.#fault;
  }

  /** What is sent goes here from now on. */
  connect(stdin: Duplex): void {
    this.#stdin = stdin;
  }

  /** Hangs up, so that nothing more can be sent. */
  hangUp(): void {
    this.#stdin?.destroy();
  }

  send(frames: readonly Buffer[]): void {
    this.#stdin?.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
  }

  /** The next frame of `type`, within `patienceMs`; a fault otherwise. One wait at a time. */
  next<T extends Frame["type"]>(type: T, patienceMs: number): Promise<Frame & { type: T }> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.fail(`no ${type} within ${patienceMs} ms`), patienceMs);
      this.#waiter = {
        accepts: (frame) => frame.type === type && (type === "hello" || frame.job === this.job),
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame as Frame & { type: T });
        },
        reject: (fault) => {
          clearTimeout(timer);
          reject(fault);
        },
      };
    });
  }

  /** Takes what has come from the supervisor. */
  receive(chunk: Buffer): void {
    if (this.#fault !== undefined) return;
    try {
      for (const frame of this.#parser.push(chunk)) this.#take(frame);
    } catch (thrown) {
      this.fail(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  /** Ends the conversation. Only the first reason counts. */
  fail(reason: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = new SandboxFault(reason);
    this.#waiter?.reject(this.#fault);
    this.#waiter = undefined;
    this.fileListener?.fail(this.#fault);
  }

  #take(frame: Frame): void {
    if (frame.type === "fault") return this.fail(`the supervisor failed: ${frame.text}`);
    if ("request" in frame) {
      if (frame.job !== this.job) return this.fail(`${frame.type} of another job`);
      if (this.fileListener === undefined) return this.fail(`${frame.type} nobody asked for`);
      this.fileListener.hear(frame);
      return;
    }
    if ("data" in frame) {
      if (frame.job !== this.job) return this.fail(`${frame.type} of another job`);
      this.listener?.(frame);
      return;
    }
    const waiter = this.#waiter;
    if (waiter === undefined || !waiter.accepts(frame)) {
      return this.fail(`an unexpected ${frame.type}`);
    }
    this.#waiter = undefined;
    waiter.resolve(frame);
  }
}
