// What can happen to an account, as data that chance makes and that shrinks: the calls of a gateway in
// any order, with results that come late, twice or never; the operator's; time and alarms; and a fault
// at any statement of any of them.

import * as fc from "fast-check";
import type { SessionEnding } from "../../../shared/errors.ts";
import { SESSION_IDLE_MS_MAX } from "../../../shared/limits.ts";
import type { Booking } from "../../../worker/account/money-in.ts";

const ENDINGS: SessionEnding[] = ["deleted", "expired", "evicted", "lost"];

/** One thing that happens. Numbers named `which` pick one of what there is. */
export type Deed =
  | {
      do: "admit";
      credits: number;
      leastCredits: number;
      lastsMs: number;
      key: number;
      /** Runs in this session, or one of its own, or none. */
      session: number | "new" | "none";
    }
  /** The same call as an earlier one, as where its answer was lost. */
  | { do: "admitAgain"; which: number }
  | { do: "settle"; which: number; parts: number; reports: boolean }
  | { do: "void"; which: number; ending: SessionEnding | undefined }
  | { do: "settleLate"; which: number; parts: number }
  | { do: "grant"; id: number; micro: number }
  /** A payment is told of, or told of again, or taken back, in turn or out of it. */
  | { do: "book"; booking: Booking }
  | { do: "terms"; plan: "free" | "pro"; ratePerMinute: number | null }
  | { do: "openSession" }
  | { do: "deleteSession"; which: number }
  | { do: "rotateKey"; which: number; graceMs: number }
  | { do: "revokeKey"; which: number }
  /** Time goes by; alarms that are due come, or are late. */
  | { do: "wait"; ms: number; rings: boolean }
  /** An alarm that was not asked for, or comes twice. */
  | { do: "ring" }
  /** The object is evicted, with all it has in memory. */
  | { do: "restart" };

/**
 * What goes wrong at the `at`th statement: the process dies, and with it all that the call has written;
 * or the statement throws, and the object lives on.
 */
export type Fault = { at: number; kind: "crash" | "throw" };

export type Step = { deed: Deed; fault: Fault | undefined };

/** Parts of a hold, of which there are so many. */
export const PARTS = 4;

const which = fc.nat(40);
const session = fc.oneof(
  { weight: 3, arbitrary: fc.constant("none" as const) },
  { weight: 1, arbitrary: fc.constant("new" as const) },
  { weight: 2, arbitrary: fc.nat(10) },
);
/** Now and then all there is. */
const credits = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 10 }) },
  { weight: 2, arbitrary: fc.constant(500) },
);
const waitMs = fc.oneof(
  { weight: 6, arbitrary: fc.nat(5000) },
  { weight: 3, arbitrary: fc.nat(70_000) },
  { weight: 1, arbitrary: fc.nat(2 * SESSION_IDLE_MS_MAX) },
);

const payment = { ref: fc.constantFrom("a", "b"), round: fc.constantFrom(1, 1, 1, 2, 3) };
const booking: fc.Arbitrary<Booking> = fc.oneof(
  fc.record({
    ...payment,
    kind: fc.constantFrom("deposit" as const, "deposit" as const, "purchase" as const),
    amountMicro: fc.constantFrom(200_001, 200_001, 7),
    transaction: fc.constant("0x01"),
  }),
  fc.record({ ...payment, kind: fc.constant("reversal" as const) }),
);

const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 30,
    arbitrary: fc.record({
      do: fc.constant("admit" as const),
      credits,
      leastCredits: fc.integer({ min: 0, max: 10 }),
      lastsMs: fc.integer({ min: 1, max: 120_000 }),
      key: fc.nat(5),
      session,
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("admitAgain" as const), which }) },
  {
    weight: 20,
    arbitrary: fc.record({
      do: fc.constant("settle" as const),
      which,
      parts: fc.nat(PARTS),
      reports: fc.boolean(),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("void" as const),
      which,
      ending: fc.option(fc.constantFrom(...ENDINGS), { nil: undefined }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("settleLate" as const),
      which,
      parts: fc.nat(PARTS),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("grant" as const),
      id: fc.nat(20),
      micro: fc.nat(50_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("terms" as const),
      plan: fc.constantFrom("free" as const, "pro" as const),
      ratePerMinute: fc.option(fc.integer({ min: 1, max: 30 })),
    }),
  },
  { weight: 20, arbitrary: fc.record({ do: fc.constant("book" as const), booking }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("openSession" as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("deleteSession" as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("rotateKey" as const),
      which,
      graceMs: fc.oneof(fc.constant(0), fc.nat(100_000)),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("revokeKey" as const), which }) },
  {
    weight: 20,
    arbitrary: fc.record({ do: fc.constant("wait" as const), ms: waitMs, rings: fc.boolean() }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("ring" as const) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("restart" as const) }) },
);

const fault: fc.Arbitrary<Fault> = fc.record({
  at: fc.integer({ min: 1, max: 16 }),
  kind: fc.constantFrom("crash" as const, "throw" as const),
});

const mostlyNone = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fault },
);

/** A life of an account, of any length up to `most` steps; every sixth or so has a fault in it. */
export function lives(most: number): fc.Arbitrary<Step[]> {
  const step = fc.record({ deed, fault: mostlyNone });
  return fc.array(step, { minLength: 1, maxLength: most, size: "max" });
}
