// The log files of what the launcher starts. A part writes its file itself, so that it can go on
// logging when the launcher is killed; the launcher reads along and shows warnings and errors.

import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
} from "node:fs";
import { dirname } from "node:path";
import { lastLines } from "../runner/host/spawn.ts";

const LOG_BYTES_MAX = 32 * 1024 * 1024;
const TAIL_POLL_MS = 300;
const PINO_WARN = 40;

/** Opens a log file for a part to append to. One that has grown large becomes `<file>.1`. */
export function openLog(file: string): number {
  mkdirSync(dirname(file), { recursive: true });
  if (existsSync(file) && statSync(file).size > LOG_BYTES_MAX) renameSync(file, `${file}.1`);
  return openSync(file, "a", 0o640);
}

/** The last lines of a log file, for a message about what has ended. */
export function endOfLog(file: string, count = 10): string {
  return existsSync(file) ? lastLines(readFileSync(file, "utf8"), count) : "(no log)";
}

/**
 * Calls `onTrouble` with each warning or error appended to `file` from now on, until told to stop.
 * A file that has grown large meanwhile is set aside as `<file>.1`.
 */
export function watchLog(file: string, onTrouble: (line: string) => void): () => void {
  let offset = existsSync(file) ? statSync(file).size : 0;
  let rest = "";
  const look = () => {
    if (offset > LOG_BYTES_MAX) {
      // The part goes on appending to the same file, so it is emptied rather than replaced.
      setAside(file);
      offset = 0;
    }
    const added = readFrom(file, offset);
    offset += added.length;
    const lines = (rest + added.toString("utf8")).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const trouble = troubleIn(line);
      if (trouble !== undefined) onTrouble(trouble);
    }
  };
  const timer = setInterval(look, TAIL_POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    look();
  };
}

/**
 * The warning or error a log line is, short enough for a terminal, or `undefined` when it is neither.
 * Lines are pino's JSON, the gateway's own JSON, or workerd's and Node's plain text.
 */
export function troubleIn(line: string): string | undefined {
  const entry = parseJson(line);
  if (entry === undefined) {
    return /\b(error|warning|fatal|exception)\b/i.test(line) ? line.slice(0, 500) : undefined;
  }
  if (typeof entry.level === "number") {
    if (entry.level < PINO_WARN) return undefined;
    const cause = entry.err as { message?: unknown } | undefined;
    const parts = [entry.msg, cause?.message, entry.code, entry.detail];
    return parts.filter((part) => typeof part === "string").join(": ");
  }
  return entry.detail === undefined ? undefined : String(entry.detail).split("\n")[0];
}

function parseJson(line: string): Record<string, unknown> | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

function readFrom(file: string, offset: number): Buffer {
  if (!existsSync(file)) return Buffer.alloc(0);
  const handle = openSync(file, "r");
  try {
    const buffer = Buffer.alloc(Math.max(0, Math.min(statSync(file).size - offset, 1024 * 1024)));
    return buffer.subarray(0, readSync(handle, buffer, 0, buffer.length, offset));
  } finally {
    closeSync(handle);
  }
}

/** A full disk is no reason to end: the copy is what can be done without. */
function setAside(file: string): void {
  try {
    copyFileSync(file, `${file}.1`);
  } catch {
    rmSync(`${file}.1`, { force: true });
  }
  truncateSync(file);
}
