// What must be true of a ledger at rest: every balance is the sum so far and not below zero, and
// every hold was resolved, once, with no more than it held.

export type Entry = {
  number: number;
  kind: string;
  id: string;
  amount_micro: number;
  balance_micro: number;
};

/** What is wrong with a ledger, and what it has charged in all. */
export function checkEntries(entries: readonly Entry[]): {
  problems: string[];
  chargedMicro: number;
} {
  const problems: string[] = [];
  const held = new Map<string, number>();
  let sumMicro = 0;
  let chargedMicro = 0;
  for (const { number, kind, id, amount_micro, balance_micro } of entries) {
    sumMicro += amount_micro;
    if (balance_micro !== sumMicro) problems.push(`entry ${number} has a wrong balance`);
    if (sumMicro < 0) problems.push(`entry ${number} goes below zero`);
    if (kind !== "grant") chargedMicro -= amount_micro;
    if (kind === "reserve") held.set(id, -amount_micro);
    else if (kind !== "grant") {
      const most = held.get(id);
      if (most === undefined) problems.push(`entry ${number} resolves what was not held: ${id}`);
      else if (amount_micro > most) problems.push(`entry ${number} returns more than was held`);
      held.delete(id);
    }
  }
  for (const id of held.keys()) problems.push(`the hold ${id} was never resolved`);
  return { problems, chargedMicro };
}
