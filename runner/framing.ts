// What every frame between the runner and a supervisor has, whatever it is about: its header, its type,
// and how strings are put into it. image/supervisor/protocol.h says the same.

export const PROTOCOL_VERSION = 4;
export const PAYLOAD_BYTES_MAX = 64 * 1024;
export const HEADER_BYTES = 16;

/** Frame types towards the supervisor. */
export const TO = {
  SPAWN: 1,
  FILE: 2,
  START: 3,
  STDIN: 4,
  SIGNAL: 5,
  END: 6,
  PING: 7,
  PREPARE: 8,
  READ: 9,
  ASK: 10,
  ASK_PART: 11,
  ASK_ON: 12,
} as const;

/** Frame types from the supervisor. */
export const FROM = {
  HELLO: 101,
  READY: 102,
  STDOUT: 103,
  STDERR: 104,
  EXIT: 105,
  CLEANED: 106,
  PONG: 107,
  FAULT: 108,
  PREPARED: 109,
  CONTENT: 110,
  CONTENT_END: 111,
  SHOWN: 112,
  FOUND: 113,
  PART: 114,
  TAKEN: 115,
  TOLD: 116,
} as const;

/** Thrown by the parser: this supervisor can no longer be believed. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** One frame to the supervisor. Throws when the payload is larger than the protocol allows. */
export function encodeFrame(type: number, job: number, payload: Buffer = Buffer.alloc(0)): Buffer {
  if (payload.length > PAYLOAD_BYTES_MAX) throw new RangeError("frame payload too long");
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt32LE(payload.length, 0);
  frame.writeUInt32LE(type, 4);
  frame.writeUInt32LE(job, 8);
  frame.writeUInt32LE(0, 12);
  payload.copy(frame, HEADER_BYTES);
  return frame;
}

/** C strings, one after the other. A NUL inside one would make two of it, so it is refused. */
export function strings(texts: readonly string[]): Buffer {
  if (texts.some((text) => text.includes("\0"))) throw new RangeError("NUL in a string");
  return Buffer.from(texts.map((text) => `${text}\0`).join(""));
}
