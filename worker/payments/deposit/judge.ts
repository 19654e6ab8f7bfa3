// What becomes of a deposit, given what it was and what the chain says now. It asks nobody and writes
// nothing; what is due to the account is told as a list, in the order in which it must be booked.

import { DEPOSIT_MICRO_MIN } from "../../../shared/limits.ts";
import type { Block, Evidence } from "../transfers.ts";

/**
 * `pending`: not deep enough; `review`: so much that an operator has to let it in; then `credited`, `safe`
 * and `final`, as deep as it is; `reversed`: it was credited and is gone; `dropped`: it was not, and is.
 */
export const DEPOSIT_STATES = [
  "pending",
  "review",
  "credited",
  "safe",
  "final",
  "reversed",
  "dropped",
] as const;
export type State = (typeof DEPOSIT_STATES)[number];

export type Standing = {
  state: State;
  /** How often it was credited. */
  round: number;
  amountMicro: number;
  block: Block;
  confirmations: number;
};

/** What is to be booked at the account. */
export type Due = { kind: "deposit" | "reversal"; round: number; amountMicro: number };

export type Rules = {
  confirmations: number;
  /** More than this needs an operator's word. */
  amountMicroMax: number;
  /** Whether all was asked that has to be, for so much. */
  isAssured: boolean;
  depths: { safe: number; finalized: number } | undefined;
};

/** Whether the account has the money. */
export function isIn({ state }: Pick<Standing, "state">): boolean {
  return state === "credited" || state === "safe" || state === "final";
}

/** What it is now, and what is due; `undefined` when nothing was learned. */
export function judge(
  before: Standing | undefined,
  evidence: Evidence,
  rules: Rules,
): { after: Standing; due: Due[] } | undefined {
  if (evidence.kind === "unknown" || evidence.kind === "waiting") return undefined;
  if (evidence.kind !== "found") return before && gone(before);
  if (before === undefined || !isIn(before)) return enter(before, evidence, rules);
  if (before.amountMicro === evidence.amountMicro) {
    return {
      after: { ...before, ...placeOf(evidence), state: depthOf(before, evidence, rules) },
      due: [],
    };
  }
  // The same transaction may come to something else in another block.
  const { after: left, due } = gone(before);
  const entered = enter(left, evidence, rules);
  return { after: entered.after, due: [...due, ...entered.due] };
}

type Found = Extract<Evidence, { kind: "found" }>;

function gone(before: Standing): { after: Standing; due: Due[] } {
  const { round, amountMicro } = before;
  if (!isIn(before)) {
    const state = before.state === "reversed" ? "reversed" : "dropped";
    return { after: { ...before, confirmations: 0, state }, due: [] };
  }
  const due: Due[] = [{ kind: "reversal", round, amountMicro }];
  return { after: { ...before, confirmations: 0, state: "reversed" }, due };
}

function enter(
  before: Standing | undefined,
  evidence: Found,
  rules: Rules,
): { after: Standing; due: Due[] } {
  const { amountMicro, confirmations } = evidence;
  const round = before?.round ?? 0;
  const now = { round, amountMicro, ...placeOf(evidence) };
  if (amountMicro < DEPOSIT_MICRO_MIN) return { after: { ...now, state: "dropped" }, due: [] };
  if (confirmations < rules.confirmations || !rules.isAssured) {
    return { after: { ...now, state: "pending" }, due: [] };
  }
  if (amountMicro > rules.amountMicroMax) return { after: { ...now, state: "review" }, due: [] };
  const due: Due = { kind: "deposit", round: round + 1, amountMicro };
  return { after: { ...now, round: round + 1, state: "credited" }, due: [due] };
}

function placeOf({ block, confirmations }: Found): Pick<Standing, "block" | "confirmations"> {
  return { block, confirmations };
}

/** It only gets deeper: a node that is behind takes nothing back. */
function depthOf(before: Standing, { block }: Found, { depths }: Rules): State {
  if (depths === undefined || before.state === "final") return before.state;
  if (block.number <= depths.finalized) return "final";
  return block.number <= depths.safe ? "safe" : before.state;
}
