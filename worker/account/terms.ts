// What an account may do: its plan, and how often it may run something.

import { RATE_PER_MINUTE } from "../../shared/limits.ts";
import type { Plan } from "./told.ts";

type Row = { plan: Plan; rate_per_minute: number | null };

/** The plan, and the rate: the account's own, if it was given one, or the plan's. */
export function termsOf(sql: SqlStorage): { plan: Plan; ratePerMinute: number } {
  const { plan, rate_per_minute } = sql
    .exec<Row>("SELECT plan, rate_per_minute FROM account")
    .one();
  return { plan, ratePerMinute: rate_per_minute ?? RATE_PER_MINUTE[plan] };
}
