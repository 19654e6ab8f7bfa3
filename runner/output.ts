// Keeps what a program wrote to one stream, up to a limit, and turns it into text. The supervisor
// already cuts at the limit; this cuts again, because what comes out of a sandbox is not believed.

import { isUtf8 } from "node:buffer";

/** A stream as text. Without `isUtf8` some of it had to be replaced. */
export type Kept = { text: string; bytes: number; truncated: boolean; isUtf8: boolean };

/** One captured stream. */
export class Output {
  readonly #keepBytes: number;
  /** One buffer that doubles: a program that writes byte by byte must not cost an object for each. */
  #kept = Buffer.alloc(0);
  #keptBytes = 0;

  constructor(keepBytes: number) {
    this.#keepBytes = keepBytes;
  }

  push(data: Buffer): void {
    const room = this.#keepBytes - this.#keptBytes;
    if (room <= 0) return;
    const kept = data.subarray(0, room);
    this.#makeRoom(this.#keptBytes + kept.length);
    kept.copy(this.#kept, this.#keptBytes);
    this.#keptBytes += kept.length;
  }

  #makeRoom(bytes: number): void {
    if (bytes <= this.#kept.length) return;
    const grown = Buffer.alloc(Math.min(this.#keepBytes, Math.max(bytes, 2 * this.#kept.length)));
    this.#kept.copy(grown);
    this.#kept = grown;
  }

  /** What was kept, as text; what is not UTF-8 becomes U+FFFD, and no character is cut in two. */
  finish(writtenBytes: number): Kept {
    const data = this.#kept.subarray(0, this.#keptBytes);
    const bytes = Math.max(writtenBytes, data.length);
    const truncated = bytes > data.length;
    const whole = truncated ? data.subarray(0, lastCharacterEnd(data)) : data;
    return { text: whole.toString("utf8"), bytes, truncated, isUtf8: isUtf8(whole) };
  }
}

/** Where the last whole UTF-8 character of `data` ends. */
function lastCharacterEnd(data: Buffer): number {
  for (let back = 1; back <= Math.min(3, data.length); back++) {
    const byte = data[data.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return length > back ? data.length - back : data.length;
  }
  return data.length;
}
