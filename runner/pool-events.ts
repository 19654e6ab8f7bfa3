// What happens in the pool, for whoever counts it. The pool says it and does not know who listens.

import type { LanguageId } from "../shared/languages.ts";

/** How a sandbox was come by: whether it had served the account before, and after what wait. */
export type Taken = { isOwn: boolean; waitedMs: number; when: "at once" | "after a wait" };

export type PoolEvents = {
  taken: (language: LanguageId, taken: Taken) => void;
  /** A caller has heard `busy`. */
  refused: (language: LanguageId) => void;
  started: (language: LanguageId, ms: number) => void;
  startFailed: (language: LanguageId) => void;
  /** A sandbox is on its way out. */
  ended: (language: LanguageId, why: string) => void;
};

/** Nobody listens. */
export const unheard: PoolEvents = {
  taken: () => undefined,
  refused: () => undefined,
  started: () => undefined,
  startFailed: () => undefined,
  ended: () => undefined,
};
