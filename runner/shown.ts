// What a program shows besides its output: one value a line, as JSON. It comes out of a sandbox, so a
// line that is not such a value is dropped, and so is everything past the limits; that there was more
// is told.

import { RESULT_BYTES_MAX, RESULTS_MAX } from "../shared/limits.ts";
import { ShownValue } from "../shared/runner-api.ts";

const LINE_END = 0x0a;

/** What was kept, in order, and whether anything else was shown. */
export type ShownKept = { values: ShownValue[]; truncated: boolean };

export class Shown {
  readonly #values: ShownValue[] = [];
  #line: Buffer[] = [];
  #bytes = 0;
  #isTruncated = false;

  /** Takes what has come; returns the values that are whole now. */
  push(data: Buffer): ShownValue[] {
    this.#bytes += data.length;
    if (this.#bytes > RESULT_BYTES_MAX) {
      this.#isTruncated = true;
      return [];
    }
    const values: ShownValue[] = [];
    let from = 0;
    for (let end = data.indexOf(LINE_END); end >= 0; end = data.indexOf(LINE_END, from)) {
      const value = this.#read(Buffer.concat([...this.#line, data.subarray(from, end)]));
      if (value !== undefined) values.push(value);
      this.#line = [];
      from = end + 1;
    }
    if (from < data.length) this.#line.push(data.subarray(from));
    return values;
  }

  /** All there was. `writtenBytes` is what the supervisor has counted, kept or not. */
  finish(writtenBytes: number): ShownKept {
    const isCut = writtenBytes > this.#bytes || this.#line.length > 0;
    return { values: this.#values, truncated: this.#isTruncated || isCut };
  }

  #read(line: Buffer): ShownValue | undefined {
    const value = ShownValue.safeParse(jsonOf(line.toString("utf8")));
    if (!value.success || this.#values.length >= RESULTS_MAX) {
      this.#isTruncated = true;
      return undefined;
    }
    this.#values.push(value.data);
    return value.data;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
