// Payments as a ledger's entries tell of them, kept a second time, and what telling an account of one
// must come to.

import type { Booked, Booking } from "../../../worker/account/money-in.ts";
import { must } from "./must.ts";

type Row = { id: string; kind: string; round: number | null; amount_micro: number };
type Round = { kind: string; amountMicro: number; isReversed: boolean };

export class Payments {
  readonly #rounds = new Map<string, Round>();

  /** Takes in an entry, which must be one that may be. */
  read({ id, kind, round, amount_micro }: Row): void {
    const name = `${id} ${round}`;
    const known = this.#rounds.get(name);
    if (kind === "reversal") {
      must(known !== undefined, "what is taken back was brought", name);
      must(!known.isReversed, "it is taken back once", name);
      must(amount_micro === 0 - known.amountMicro, "it is taken back whole", amount_micro);
      known.isReversed = true;
      return;
    }
    must(known === undefined, "a round of a payment is booked once", name);
    must(amount_micro > 0, "a payment adds", amount_micro);
    const before = this.#rounds.get(`${id} ${(round ?? 1) - 1}`);
    must(round === 1 || before?.isReversed === true, "one round of a payment stands", name);
    this.#rounds.set(name, { kind, amountMicro: amount_micro, isReversed: false });
  }

  /** What all payments have brought that were not taken back. */
  netMicro(): number {
    const standing = [...this.#rounds.values()].filter(({ isReversed }) => !isReversed);
    return standing.reduce((sum, { amountMicro }) => sum + amountMicro, 0);
  }

  /** What telling of a payment must come to. */
  outcomeOf(booking: Booking): Booked["result"] {
    const { ref, round = 1 } = booking;
    const known = this.#rounds.get(`${ref} ${round}`);
    if (booking.kind === "reversal") {
      if (known === undefined) return "out_of_turn";
      return known.isReversed ? "exists" : "booked";
    }
    if (known !== undefined) {
      const { kind, amountMicro } = known;
      const isSame = kind === booking.kind && amountMicro === booking.amountMicro;
      return isSame ? "exists" : "out_of_turn";
    }
    const before = this.#rounds.get(`${ref} ${round - 1}`);
    return round === 1 || before?.isReversed === true ? "booked" : "out_of_turn";
  }
}
