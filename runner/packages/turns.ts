// Lets so many do something at a time and the others wait, up to so many, until they give up.

import { Failure } from "../../shared/errors.ts";
import { late } from "./chooser.ts";

export class Turns {
  readonly #atOnce: number;
  readonly #waitingMax: number;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;

  constructor(atOnce: number, waitingMax: number) {
    this.#atOnce = atOnce;
    this.#waitingMax = waitingMax;
  }

  /** Does `work` when it has its turn; throws what a caller may hear when it has none in time. */
  async take<T>(until: AbortSignal, work: () => Promise<T>): Promise<T> {
    if (this.#busy >= this.#atOnce) await this.#wait(until);
    else this.#busy += 1;
    try {
      if (until.aborted) throw late();
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#busy -= 1;
      else next();
    }
  }

  async #wait(until: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#waitingMax) {
      throw new Failure("packages_unreachable", { message: "Too many wait for packages." });
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const giveUp = () => {
      const at = this.#waiting.indexOf(resolve);
      if (at < 0) return; // it has its turn already
      this.#waiting.splice(at, 1);
      reject(late());
    };
    until.addEventListener("abort", giveUp, { once: true });
    if (until.aborted) giveUp();
    await promise;
    until.removeEventListener("abort", giveUp);
  }
}
