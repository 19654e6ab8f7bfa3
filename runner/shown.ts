// What a program shows besides its output: one value a line, as JSON. It comes out of a sandbox, so a
// line that is not such a value is dropped, and so is everything past the limits; that there was more
// is told. To read a line that is none costs more than to write it, so only so many are looked at.

import { RESULT_BYTES_MAX, RESULTS_MAX } from "../shared/limits.ts";
import { ShownValue } from "../shared/runner-api.ts";

const LINE_END = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** What of a value's line is in no string: a few braces, colons and commas, and room between them. */
const PUNCTUATION_BYTES_MAX = 256;
/** Lines that are no values, after which nothing more is looked at. */
const WRONG_LINES_MAX = RESULTS_MAX;

/** What was kept, in order, and whether anything else was shown. */
export type ShownKept = { values: ShownValue[]; truncated: boolean };

export class Shown {
  readonly #values: ShownValue[] = [];
  #line: Buffer[] = [];
  #bytes = 0;
  #wrongLines = 0;
  #isTruncated = false;

  /** Takes what has come; returns the values that are whole now. */
  push(data: Buffer): ShownValue[] {
    this.#bytes += data.length;
    const values: ShownValue[] = [];
    let from = 0;
    for (let end = data.indexOf(LINE_END); end >= 0; end = data.indexOf(LINE_END, from)) {
      if (this.#isFull) break;
      const value = this.#read(Buffer.concat([...this.#line, data.subarray(from, end)]));
      if (value !== undefined) values.push(value);
      this.#line = [];
      from = end + 1;
    }
    if (from < data.length) this.#hold(data.subarray(from));
    return values;
  }

  /** Whether what comes is not looked at any more. */
  get #isFull(): boolean {
    return (
      this.#bytes > RESULT_BYTES_MAX ||
      this.#values.length >= RESULTS_MAX ||
      this.#wrongLines >= WRONG_LINES_MAX
    );
  }

  #hold(part: Buffer): void {
    if (this.#isFull) this.#isTruncated = true;
    else this.#line.push(part);
  }

  /** All there was. `writtenBytes` is what the supervisor has counted, kept or not. */
  finish(writtenBytes: number): ShownKept {
    const isCut = writtenBytes > this.#bytes || this.#line.length > 0;
    return { values: this.#values, truncated: this.#isTruncated || isCut };
  }

  #read(line: Buffer): ShownValue | undefined {
    const json = isPlain(line) ? jsonOf(line) : undefined;
    const value = ShownValue.safeParse(json).data;
    if (value === undefined) {
      this.#wrongLines++;
      this.#isTruncated = true;
      return undefined;
    }
    this.#values.push(value);
    return value;
  }
}

/** What is not UTF-8 is no JSON; made readable, it would be longer than what was counted. */
function jsonOf(line: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(line));
  } catch {
    return undefined;
  }
}

/** Whether there is little but text in it: to read very many small things would keep us from others. */
function isPlain(line: Buffer): boolean {
  let bytes = 0;
  for (let at = 0; bytes <= PUNCTUATION_BYTES_MAX; ) {
    const quote = line.indexOf(QUOTE, at);
    if (quote < 0) return bytes + line.length - at <= PUNCTUATION_BYTES_MAX;
    bytes += quote - at;
    at = endOfText(line, quote + 1);
  }
  return false;
}

/** Where the string that begins at `from` is over; behind the line, if it never is. */
function endOfText(line: Buffer, from: number): number {
  for (let at = from; ; ) {
    const quote = line.indexOf(QUOTE, at);
    if (quote < 0) return line.length;
    let before = quote;
    while (before > from && line[before - 1] === BACKSLASH) before--;
    if ((quote - before) % 2 === 0) return quote + 1;
    at = quote + 1;
  }
}
