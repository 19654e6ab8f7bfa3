// The callers that wait for a sandbox: a bounded line, and a bounded time in it. Whoever finds the
// line full, or has waited long enough, hears `busy` and when to come back; nothing has run by then.

import { Failure } from "../shared/errors.ts";
import type { SandboxKind } from "../shared/languages.ts";
import { BUSY_RETRY_AFTER_MS, QUEUE_WAIT_MS_MAX } from "../shared/limits.ts";

/** Callers that may wait at once; the next one hears `busy` immediately. */
const LENGTH_MAX = 256;

/** Somebody who waits, in the order of arrival. */
export type Waiter<S> = {
  readonly accountId: string;
  readonly kind: SandboxKind;
  readonly sinceMs: number;
  /** Ends the wait with a sandbox. */
  readonly hand: (sandbox: S) => void;
};

export class Line<S> {
  readonly #waiters = new Map<Waiter<S>, (failure: Failure) => void>();

  get length(): number {
    return this.#waiters.size;
  }

  get isFull(): boolean {
    return this.#waiters.size >= LENGTH_MAX;
  }

  /** Everybody who waits, first come first. */
  waiters(): Waiter<S>[] {
    return [...this.#waiters.keys()];
  }

  has(waiter: Waiter<S>): boolean {
    return this.#waiters.has(waiter);
  }

  /** Waits for a sandbox; Failure `busy` when the line is full or the wait has been too long. */
  join(accountId: string, kind: SandboxKind): Promise<S> {
    if (this.isFull) return Promise.reject(busy());
    return new Promise((resolve, reject) => {
      const leave = () => {
        clearTimeout(timer);
        this.#waiters.delete(waiter);
      };
      const refuse = (failure: Failure) => {
        leave();
        reject(failure);
      };
      const hand = (sandbox: S) => {
        leave();
        resolve(sandbox);
      };
      const timer = setTimeout(() => refuse(busy()), QUEUE_WAIT_MS_MAX);
      const waiter = { accountId, kind, sinceMs: Date.now(), hand };
      this.#waiters.set(waiter, refuse);
    });
  }

  /** Sends everybody away. */
  close(): void {
    for (const refuse of [...this.#waiters.values()]) refuse(busy());
  }
}

/** What a caller hears for whom there is no sandbox now. */
export function busy(): Failure {
  return new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
}
