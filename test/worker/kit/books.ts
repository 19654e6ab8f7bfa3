// The books of an account, kept a second time from its entries alone: what each says is added up again
// and held against what every ledger promises, entry by entry, as they are made.

import { RATE_PER_MINUTE, RATE_WINDOW_MS } from "../../../shared/limits.ts";
import { must } from "./must.ts";
import { Payments } from "./payments.ts";

type Row = {
  number: number;
  at_ms: number;
  kind: string;
  id: string;
  round: number | null;
  amount_micro: number;
  balance_micro: number;
};

/** A hold as its entries tell of it. */
export type Booked = { heldMicro: number; ending: string | undefined; chargedMicro: number };

const LATE = ":late";

export class Books {
  balanceMicro = 0;
  readonly payments = new Payments();
  readonly holds = new Map<string, Booked>();
  readonly #grants = new Set<string>();
  readonly #admittedAtMs: number[] = [];
  readonly #open = new Set<string>();
  readonly #sql: SqlStorage;
  #last = 0;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** Takes in what was added since the last time. `ratePerMinute` is the limit that it was added under. */
  read(ratePerMinute: number): void {
    const rows = this.#sql
      .exec<Row>("SELECT * FROM entry WHERE number > ? ORDER BY number", this.#last)
      .toArray();
    for (const row of rows) {
      must(row.number === this.#last + 1, "entries are numbered without gaps", row.number);
      this.#last = row.number;
      this.balanceMicro += row.amount_micro;
      const { balance_micro } = row;
      must(balance_micro === this.balanceMicro, "a balance is the sum of all entries", row.id);
      const mayOwe = row.kind === "reversal" || row.amount_micro >= 0;
      must(balance_micro >= 0 || mayOwe, "nothing but a reversal goes below zero", balance_micro);
      if (row.round !== null) this.payments.read(row);
      else if (row.kind === "grant") this.#grant(row);
      else if (row.kind === "reserve") this.#reserve(row, ratePerMinute);
      else this.#resolve(row);
    }
  }

  /** How many executions were let through in the window that ends now. */
  admittedWithin(nowMs: number): number {
    return this.#admittedAtMs.filter((atMs) => atMs > nowMs - RATE_WINDOW_MS).length;
  }

  /** What an execution has cost in all, in time and late. */
  chargedMicro(id: string): number {
    const late = this.holds.get(`${id}${LATE}`)?.chargedMicro ?? 0;
    return (this.holds.get(id)?.chargedMicro ?? 0) + late;
  }

  /** What is held under this id, if that is not resolved. */
  openMicro(id: string): number | undefined {
    return this.#open.has(id) ? this.holds.get(id)?.heldMicro : undefined;
  }

  /** The holds that no entry has resolved. */
  open(): ReadonlySet<string> {
    return this.#open;
  }

  #grant({ id, amount_micro }: Row): void {
    must(!this.#grants.has(id), "a grant is made once", id);
    must(amount_micro >= 0, "a grant adds", amount_micro);
    this.#grants.add(id);
  }

  #reserve({ id, at_ms, amount_micro }: Row, ratePerMinute: number): void {
    must(!this.holds.has(id), "a hold is made once", id);
    must(amount_micro <= 0, "a hold takes away", amount_micro);
    this.holds.set(id, { heldMicro: 0 - amount_micro, ending: undefined, chargedMicro: 0 });
    this.#open.add(id);
    if (id.endsWith(LATE)) return;
    this.#admittedAtMs.push(at_ms);
    const rate = this.admittedWithin(at_ms);
    must(rate <= ratePerMinute, "no window has more than its limit", rate, ratePerMinute);
  }

  #resolve({ id, kind, amount_micro }: Row): void {
    const hold = this.holds.get(id);
    must(hold !== undefined, "what is resolved was reserved", id);
    must(hold.ending === undefined, "a hold is resolved once", id);
    must(amount_micro >= 0 && amount_micro <= hold.heldMicro, "no more comes back than held", id);
    const isWhole = kind === "settle" || amount_micro === hold.heldMicro;
    must(isWhole, "what was not charged comes back whole", id);
    this.#open.delete(id);
    hold.ending = kind;
    hold.chargedMicro = hold.heldMicro - amount_micro;
  }
}

/** The limit that holds now: a change of terms may be done although the telling of it has failed. */
export function ratePerMinuteOf(sql: SqlStorage): number {
  const { plan, rate } = sql
    .exec<{ plan: keyof typeof RATE_PER_MINUTE; rate: number | null }>(
      "SELECT plan, rate_per_minute AS rate FROM account",
    )
    .one();
  return rate ?? RATE_PER_MINUTE[plan];
}
