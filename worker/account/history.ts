// What the programs of an account have put out, as it came from the gateway: packed, in pieces that
// fit in a row, no more of one execution and no more of all together than is allowed. The oldest
// outputs go first; their executions stay, and say so. The caller holds the transaction.

import {
  HISTORY_BYTES_MAX,
  HISTORY_FORGOTTEN_AT_ONCE,
  HISTORY_OUTPUT_BYTES_MAX,
  HISTORY_PIECE_BYTES,
} from "../../shared/limits.ts";

/** How outputs are packed. */
export type Packing = "json" | "gzip";

/** Outputs as they are kept. */
export type Packed = { kind: Packing; bytes: Uint8Array };

/** What is kept of an execution that has a report. */
export type Kept = {
  /** The report without its outputs, as JSON. */
  summary: string;
  /** What is left on the account when it is charged. */
  leftMicro?: number;
  /** Absent where there are none; a number where there are too many bytes to keep. */
  outputs?: Packed | number;
};

/** Where outputs are kept: `to` is the bytes of all that were kept up to their end. */
export type Place = { bytes: number; kind?: Packing; to?: number };

/** Where these outputs would be kept; nowhere, if there are too many bytes. */
export function placeFor(sql: SqlStorage, outputs: Packed | number): Place {
  if (typeof outputs === "number") return { bytes: outputs };
  const bytes = outputs.bytes.length;
  if (bytes > HISTORY_OUTPUT_BYTES_MAX) return { bytes };
  return { bytes, kind: outputs.kind, to: keptTo(sql) + bytes };
}

/** Keeps outputs in their place, which the execution's row has; it may cost the oldest of others theirs. */
export function keepOutputs(
  sql: SqlStorage,
  id: string,
  outputs: Packed | number,
  { bytes, to }: Place,
): void {
  if (typeof outputs === "number" || to === undefined) return;
  for (let number = 0; number * HISTORY_PIECE_BYTES < bytes; number += 1) {
    const from = number * HISTORY_PIECE_BYTES;
    const piece = outputs.bytes.slice(from, from + HISTORY_PIECE_BYTES);
    sql.exec("INSERT INTO output_piece VALUES (?, ?, ?)", id, number, piece.buffer);
  }
  // The last of those that stay may have begun this much earlier.
  dropOutputs(sql, to - HISTORY_BYTES_MAX + HISTORY_OUTPUT_BYTES_MAX);
}

/** An execution's outputs, if there are any and they are kept. */
export function findOutputs(sql: SqlStorage, id: string): Packed | undefined {
  const [kept] = sql
    .exec<{ kind: Packing; bytes: number }>(
      `SELECT outputs_kind AS kind, outputs_bytes AS bytes FROM execution
       WHERE id = ? AND outputs_to IS NOT NULL`,
      id,
    )
    .toArray();
  if (kept === undefined) return undefined;
  const bytes = new Uint8Array(kept.bytes);
  const pieces = sql.exec<{ number: number; bytes: ArrayBuffer }>(
    "SELECT number, bytes FROM output_piece WHERE execution_id = ? ORDER BY number",
    id,
  );
  for (const piece of pieces) {
    bytes.set(new Uint8Array(piece.bytes), piece.number * HISTORY_PIECE_BYTES);
  }
  return { kind: kept.kind, bytes };
}

function keptTo(sql: SqlStorage): number {
  const last = sql
    .exec<{ at: number | null }>(
      "SELECT max(outputs_to) AS at FROM execution WHERE outputs_to IS NOT NULL",
    )
    .one();
  return last.at ?? 0;
}

function dropOutputs(sql: SqlStorage, upTo: number): void {
  if (upTo <= 0) return;
  const ids = sql
    .exec<{ id: string }>(
      `SELECT id FROM execution WHERE outputs_to <= ? ORDER BY outputs_to
       LIMIT ${HISTORY_FORGOTTEN_AT_ONCE}`,
      upTo,
    )
    .toArray();
  for (const { id } of ids) {
    sql.exec("DELETE FROM output_piece WHERE execution_id = ?", id);
    sql.exec("UPDATE execution SET outputs_to = NULL WHERE id = ?", id);
  }
}
