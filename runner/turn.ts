// Whose turn it is: one at a time, in the order of asking, with a bounded line and a bounded time in
// it. What a turn is for is nobody's business here.

/** Why somebody was sent away before its turn came. */
export type NoTurn = "full" | "late" | "closed";

type Waiter = { take: () => void; leave: (why: NoTurn) => void };

export class Turns {
  readonly #waiters: Waiter[] = [];
  readonly #most: number;
  #isTaken = false;
  #isClosed = false;

  /** At most `most` wait at once. */
  constructor(most: number) {
    this.#most = most;
  }

  get isTaken(): boolean {
    return this.#isTaken;
  }

  /** Resolves when it is the caller's turn, or with why it will not be. Whose turn it is must `end` it. */
  take(msMax: number): Promise<"yours" | NoTurn> {
    if (this.#isClosed) return Promise.resolve("closed");
    if (!this.#isTaken) {
      this.#isTaken = true;
      return Promise.resolve("yours");
    }
    if (this.#waiters.length >= this.#most) return Promise.resolve("full");
    return new Promise((resolve) => {
      const gone = () => {
        clearTimeout(timer);
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      };
      const waiter: Waiter = {
        take: () => {
          gone();
          resolve("yours");
        },
        leave: (why) => {
          gone();
          resolve(why);
        },
      };
      const timer = setTimeout(() => waiter.leave("late"), msMax);
      this.#waiters.push(waiter);
    });
  }

  /** Ends the turn; the next in line has it at once. */
  end(): void {
    const next = this.#waiters[0];
    if (next === undefined) this.#isTaken = false;
    else next.take();
  }

  /** Sends everybody who waits away, now and from now on. Whose turn it is has it still. */
  close(): void {
    this.#isClosed = true;
    for (const waiter of [...this.#waiters]) waiter.leave("closed");
  }
}
