// How a session's id is written: a bare UUID between the parts of the service and by `/v1`, and as
// `sess-` with the UUID's digits by `/api`. Both faces read both.

import { isSessionId } from "../../shared/ids.ts";

const PREFIX = "sess-";
const DIGITS = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** A session's id as `/api` writes it. */
export function toSessionWord(id: string): string {
  return PREFIX + id.replaceAll("-", "");
}

/**
 * The id that a caller has written, or one that no session has: whoever makes ids up is told the same
 * whatever they look like.
 */
export function fromSessionWord(word: string): string {
  const parts = word.startsWith(PREFIX) ? DIGITS.exec(word.slice(PREFIX.length)) : null;
  const id = parts === null ? word : parts.slice(1).join("-");
  return isSessionId(id) ? id : "";
}
