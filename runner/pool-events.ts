// What happens in the pool, for whoever counts it. The pool says it and does not know who listens.

import type { SandboxKind } from "../shared/languages.ts";

/** How a sandbox was come by: whether it had served the account before, and after what wait. */
export type Taken = { isOwn: boolean; waitedMs: number; when: "at once" | "after a wait" };

export type PoolEvents = {
  taken: (kind: SandboxKind, taken: Taken) => void;
  /** A caller has heard `busy`. */
  refused: (kind: SandboxKind) => void;
  started: (kind: SandboxKind, ms: number) => void;
  startFailed: (kind: SandboxKind) => void;
  /** A sandbox is on its way out. */
  ended: (kind: SandboxKind, why: string) => void;
};

/** Nobody listens. */
export const unheard: PoolEvents = {
  taken: () => undefined,
  refused: () => undefined,
  started: () => undefined,
  startFailed: () => undefined,
  ended: () => undefined,
};
