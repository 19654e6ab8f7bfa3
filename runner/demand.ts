// How many unused sandboxes of each kind should wait: what the busiest few seconds of the last
// minutes took, and never less than the floor. Only the taking of unused ones counts; an account that
// goes on using its own asks nothing of the stock.

import type { SandboxKind } from "../shared/languages.ts";

/** About what it takes to start a few anew: the stock must last for this long. */
const SPAN_MS = 5_000;
/** For how many such spans a peak is remembered. */
const SPANS = 36;

export class Demand {
  readonly #floor: number;
  readonly #taken = new Map<SandboxKind, Map<number, number>>();

  constructor(floor: number) {
    this.#floor = floor;
  }

  /** Notes that an unused sandbox of `kind` was wanted at `nowMs`. */
  note(kind: SandboxKind, nowMs: number): void {
    const spans = this.#taken.get(kind) ?? new Map<number, number>();
    const span = Math.floor(nowMs / SPAN_MS);
    spans.set(span, (spans.get(span) ?? 0) + 1);
    for (const old of spans.keys()) if (old <= span - SPANS) spans.delete(old);
    this.#taken.set(kind, spans);
  }

  /** How many should wait at `nowMs`. */
  level(kind: SandboxKind, nowMs: number): number {
    const oldest = Math.floor(nowMs / SPAN_MS) - SPANS;
    let most = this.#floor;
    for (const [span, count] of this.#taken.get(kind) ?? []) {
      if (span > oldest) most = Math.max(most, count);
    }
    return most;
  }
}
