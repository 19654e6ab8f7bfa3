// The sandboxes of a pool and what each is doing, in the order in which they began to. Counts them, in
// the ways that decide who gets one; what is done about it is the pool's business.

import type { SandboxKind } from "../shared/languages.ts";

/** What a sandbox of the pool is doing, and since when. Who is kept waits for its holder's next job. */
export type Slot = { state: "idle" | "working" | "cleaning" | "kept"; sinceMs: number };

/** How many sandboxes of each kind there are. */
export type Levels = Record<Slot["state"] | "starting" | "leaving", number> & { unowned: number };

type Counted = {
  readonly kind: SandboxKind;
  readonly accountId: string | undefined;
  readonly fault: Error | undefined;
};

export class Slots<S extends Counted> {
  readonly #slots = new Map<S, Slot>();

  get size(): number {
    return this.#slots.size;
  }

  has(sandbox: S): boolean {
    return this.#slots.has(sandbox);
  }

  delete(sandbox: S): void {
    this.#slots.delete(sandbox);
  }

  /** From now on it does this, and is the last of those that do. */
  mark(sandbox: S, state: Slot["state"]): void {
    this.#slots.delete(sandbox);
    this.#slots.set(sandbox, { state, sinceMs: Date.now() });
  }

  entries(): [S, Slot][] {
    return [...this.#slots];
  }

  keys(): S[] {
    return [...this.#slots.keys()];
  }

  /** Those that could be handed out, the longest idle first. */
  idle(): S[] {
    return this.entries()
      .filter(([sandbox, { state }]) => state === "idle" && sandbox.fault === undefined)
      .map(([sandbox]) => sandbox);
  }

  /** How many run something or are made ready to, and would be slowed by whatever else is done. */
  get atWork(): number {
    const isAtWork = ({ state }: Slot) => state === "working" || state === "cleaning";
    return [...this.#slots.values()].filter(isAtWork).length;
  }

  /** How many an account has of a kind, but for those it keeps; for many questions in a row, counted once. */
  census(): (whose: { kind: SandboxKind; accountId: string }) => number {
    const counts = new Map<string, number>();
    for (const [{ accountId, kind }, { state }] of this.#slots) {
      if (state === "kept") continue;
      const key = `${kind} ${accountId}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    return ({ accountId, kind }) => counts.get(`${kind} ${accountId}`) ?? 0;
  }

  /** Those of `kind` by what they are doing, without those that have failed. */
  count(kind: SandboxKind): Record<Slot["state"] | "unowned", number> {
    const levels = { idle: 0, working: 0, cleaning: 0, kept: 0, unowned: 0 };
    for (const [sandbox, { state }] of this.#slots) {
      if (sandbox.kind !== kind || sandbox.fault !== undefined) continue;
      levels[state]++;
      if (state === "idle" && sandbox.accountId === undefined) levels.unowned++;
    }
    return levels;
  }
}
