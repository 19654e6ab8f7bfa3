// What the query of every list says alike: how many at most, and where a page begins.

import * as z from "zod";

const cursorRule = { error: "must be the `cursor` of a reply" };

/** How many are told of at most: up to `most`, and `usual` when no number is asked for. */
export function pageLimit({ most, usual }: { most: number; usual: number }) {
  const rule = { error: `must be a whole number from 1 to ${most}` };
  return z.coerce
    .number(rule)
    .int(rule)
    .min(1, rule)
    .max(most, rule)
    .default(usual)
    .describe("How many at most.");
}

/** A cursor that is the number of what came last; 0 is before the first. */
export const numberCursor = z
  .string()
  .regex(/^(0|[1-9]\d{0,14})$/, cursorRule)
  .transform(Number)
  .describe("The `cursor` of the page before.");

/** The same in a list that runs backwards, where nothing comes before number 1. */
export const positiveCursor = z
  .string()
  .regex(/^[1-9]\d{0,14}$/, cursorRule)
  .transform(Number)
  .describe("The `cursor` of the page before.");
