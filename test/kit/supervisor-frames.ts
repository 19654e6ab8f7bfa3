// Frames as a supervisor would write them, for the tests of the runner's end of the protocol.

import { encodeFrame, FROM, PROTOCOL_VERSION } from "../../runner/frames.ts";

export type ExitFields = {
  reason?: number;
  code?: number;
  signal?: number;
  wallUs?: number;
  cpuUs?: number;
  memoryPeakBytes?: number;
  stdoutBytes?: number;
  stderrBytes?: number;
  isWaiting?: number;
};

/** One frame with its place in the supervisor's sequence. */
export function supervisorFrame(seq: number, type: number, job = 0, payload?: Buffer): Buffer {
  const frame = encodeFrame(type, job, payload);
  frame.writeUInt32LE(seq, 12);
  return frame;
}

export function exitPayload(fields: ExitFields = {}): Buffer {
  const payload = Buffer.alloc(64);
  payload.writeUInt32LE(fields.reason ?? 0, 0);
  payload.writeInt32LE(fields.code ?? 0, 4);
  payload.writeInt32LE(fields.signal ?? 0, 8);
  payload.writeUInt32LE(fields.isWaiting ?? 0, 12);
  payload.writeBigUInt64LE(BigInt(fields.wallUs ?? 0), 16);
  payload.writeBigUInt64LE(BigInt(fields.cpuUs ?? 0), 24);
  payload.writeBigUInt64LE(BigInt(fields.memoryPeakBytes ?? 0), 32);
  payload.writeBigUInt64LE(BigInt(fields.stdoutBytes ?? 0), 40);
  payload.writeBigUInt64LE(BigInt(fields.stderrBytes ?? 0), 48);
  return payload;
}

export function contentEndPayload(result = 0, mode = 0o644, bytes = 0): Buffer {
  const payload = Buffer.alloc(16);
  payload.writeUInt32LE(result, 0);
  payload.writeUInt32LE(mode, 4);
  payload.writeBigUInt64LE(BigInt(bytes), 8);
  return payload;
}

export type ToldFields = { result?: number; type?: number; mode?: number; bytes?: number };

/** What is told of a file, under the number of a request. */
export function toldPayload(request: number, fields: ToldFields = {}): Buffer {
  const payload = Buffer.alloc(32);
  payload.writeUInt32LE(request, 0);
  payload.writeUInt32LE(fields.result ?? 0, 4);
  payload.writeUInt32LE(fields.type ?? 0, 8);
  payload.writeUInt32LE(fields.mode ?? 0o644, 12);
  payload.writeBigUInt64LE(BigInt(fields.bytes ?? 0), 16);
  payload.writeBigUInt64LE(1_790_000_000_000n, 24);
  return payload;
}

/** A part of what a request is about, or nothing but its number. */
export function partPayload(request: number, data: Buffer = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32LE(request, 0);
  return Buffer.concat([head, data]);
}

/** An entry of a directory, as a listing has it. */
export function listedEntry(name: Buffer | string, type = 0, bytes = 0): Buffer {
  const head = Buffer.alloc(24);
  head.writeBigUInt64LE(BigInt(bytes), 0);
  head.writeUInt32LE(type, 16);
  return Buffer.concat([head, Buffer.from(name), Buffer.alloc(1)]);
}

/** A whole life of a sandbox with one job: every type of frame, in the order a supervisor has. */
export function supervisorStream(): Buffer {
  const frames = [
    [FROM.HELLO, PROTOCOL_VERSION, undefined],
    [FROM.PREPARED, 0, Buffer.from("3.13.5")],
    [FROM.READY, 7, Buffer.from("3.13.5")],
    [FROM.PONG, 0, undefined],
    [FROM.STDOUT, 7, Buffer.from("out\n")],
    [FROM.STDERR, 7, Buffer.from("err\n")],
    [FROM.STDOUT, 7, Buffer.alloc(0)],
    [FROM.EXIT, 7, exitPayload({ code: 3, wallUs: 1500, stdoutBytes: 4, stderrBytes: 4 })],
    [FROM.SHOWN, 7, Buffer.from("{}\n")],
    [FROM.CONTENT, 7, Buffer.from("file")],
    [FROM.CONTENT_END, 7, contentEndPayload(0, 0o600, 4)],
    [FROM.FOUND, 7, toldPayload(1, { bytes: 4 })],
    [FROM.PART, 7, partPayload(1, Buffer.from("file"))],
    [FROM.TAKEN, 7, partPayload(2)],
    [FROM.TOLD, 7, toldPayload(1, { bytes: 4 })],
    [FROM.CLEANED, 7, undefined],
    [FROM.FAULT, 7, Buffer.from("pipes: Too many open files")],
  ] as const;
  return Buffer.concat(
    frames.map(([type, job, payload], seq) => supervisorFrame(seq, type, job, payload)),
  );
}
