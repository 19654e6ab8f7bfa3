// How many unused sandboxes of each language should wait: what the busiest few seconds of the last
// minutes took, and never less than the floor. Only the taking of unused ones counts; an account that
// goes on using its own asks nothing of the stock.

import type { LanguageId } from "../shared/languages.ts";

/** About what it takes to start a few anew: the stock must last for this long. */
const SPAN_MS = 5_000;
/** For how many such spans a peak is remembered. */
const SPANS = 36;

export class Demand {
  readonly #floor: number;
  readonly #taken = new Map<LanguageId, Map<number, number>>();

  constructor(floor: number) {
    this.#floor = floor;
  }

  /** Notes that an unused sandbox of `language` was wanted at `nowMs`. */
  note(language: LanguageId, nowMs: number): void {
    const spans = this.#taken.get(language) ?? new Map<number, number>();
    const span = Math.floor(nowMs / SPAN_MS);
    spans.set(span, (spans.get(span) ?? 0) + 1);
    for (const old of spans.keys()) if (old <= span - SPANS) spans.delete(old);
    this.#taken.set(language, spans);
  }

  /** How many should wait at `nowMs`. */
  level(language: LanguageId, nowMs: number): number {
    const oldest = Math.floor(nowMs / SPAN_MS) - SPANS;
    let most = this.#floor;
    for (const [span, count] of this.#taken.get(language) ?? []) {
      if (span > oldest) most = Math.max(most, count);
    }
    return most;
  }
}
