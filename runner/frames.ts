// The runner's end of the protocol that image/supervisor/protocol.h defines: frames out to a
// supervisor, frames in from it. What comes in is hostile input: a frame of an unknown type, too
// long, out of order or with a body of the wrong size is a fault of the sandbox, never an outcome,
// and ends the parser for good. What is said about files of the workspace is in file-frames.ts. Knows
// nothing of jobs, pools or Docker.

import { decodeFileFrame, type FileFrame } from "./file-frames.ts";
import {
  encodeFrame,
  FROM,
  FrameError,
  HEADER_BYTES,
  PAYLOAD_BYTES_MAX,
  strings,
  TO,
} from "./framing.ts";

export {
  encodeFrame,
  FROM,
  FrameError,
  PAYLOAD_BYTES_MAX,
  PROTOCOL_VERSION,
  TO,
} from "./framing.ts";

const VERSION_BYTES_MAX = 512;

/**
 * Why the supervisor ended a job, a stage or a cell. `gone`: nothing has run, because the session's
 * process had ended since its last cell.
 */
export type ExitReason = "ended" | "wall" | "cpu" | "memory" | "output" | "gone";
const EXIT_REASONS: readonly ExitReason[] = ["ended", "wall", "cpu", "memory", "output", "gone"];

/** What the process may do when it is through: `last` end; `stage` and `cell` also wait on. */
export type StartKind = "last" | "stage" | "cell";
const START_KINDS: readonly StartKind[] = ["last", "stage", "cell"];

/** What the supervisor measured when a job was over. `null` where there is no such thing. */
export type ExitBody = {
  reason: ExitReason;
  code: number | null;
  signal: number | null;
  /** Whether the process is there for another START. */
  isWaiting: boolean;
  wallMs: number;
  cpuMs: number;
  memoryPeakBytes: number;
  stdoutBytes: number;
  stderrBytes: number;
  shownBytes: number;
};

/** What became of the wish for a file: all of it came, or why nothing did. */
export type ContentResult = "whole" | "missing" | "no-file" | "too-large";
const CONTENT_RESULTS: readonly ContentResult[] = ["whole", "missing", "no-file", "too-large"];

/** How a file that was asked for ended; `mode` is its permission bits. */
export type ContentEnd = { result: ContentResult; mode: number; bytes: number };

/** A part of what a program writes or shows, or of a file that was asked for. */
export type DataFrame = {
  type: "stdout" | "stderr" | "shown" | "content";
  job: number;
  data: Buffer;
};

/** A frame that has arrived and been checked. */
export type Frame =
  | { type: "hello" | "cleaned" | "pong"; job: number }
  | { type: "ready" | "prepared"; job: number; version: string }
  | DataFrame
  | FileFrame
  | { type: "exit"; job: number; body: ExitBody }
  | { type: "content-end"; job: number; body: ContentEnd }
  | { type: "fault"; job: number; text: string };

/** What a process executes, with what environment, and where. */
export type Command = {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  directory: string;
};

/** Whose a program's process is and what it may use. */
export type SpawnLimits = {
  uid: number;
  processesMax: number;
  descriptorsMax: number;
  fileBytesMax: number;
};

export type StartBody = {
  wallMs: number;
  cpuMs: number;
  memoryBytes: number;
  outputKeepBytes: number;
  outputStopBytes: number;
  shownKeepBytes: number;
  kind: StartKind;
  /** Of a cell: whether it gets a standard input of its own. */
  hasInput: boolean;
  args: readonly string[];
};

/** Starts a program's interpreter. Without arguments it is a fork of the prepared one. */
export function encodeSpawn(job: number, limits: SpawnLimits, command: Command): Buffer {
  const { uid, processesMax, descriptorsMax, fileBytesMax } = limits;
  const env = Object.entries(command.env).map(([name, value]) => `${name}=${value}`);
  const head = Buffer.alloc(32);
  head.writeUInt32LE(uid, 0);
  head.writeUInt32LE(processesMax, 4);
  head.writeUInt32LE(descriptorsMax, 8);
  head.writeUInt32LE(command.argv.length, 12);
  head.writeUInt32LE(env.length, 16);
  head.writeBigUInt64LE(BigInt(fileBytesMax), 24);
  const words = strings([...command.argv, ...env, command.directory]);
  return encodeFrame(TO.SPAWN, job, Buffer.concat([head, words]));
}

const NO_LIMITS: SpawnLimits = { uid: 0, processesMax: 0, descriptorsMax: 0, fileBytesMax: 0 };

/** Starts the interpreter that jobs will be forked from. It has no limits, and runs no program. */
export function encodePrepare(command: Command): Buffer {
  const frame = encodeSpawn(0, NO_LIMITS, command);
  frame.writeUInt32LE(TO.PREPARE, 4);
  return frame;
}

/** Asks for a file of the job's workspace, unless it is larger than `bytesMax`. */
export function encodeRead(job: number, name: string, bytesMax: number): Buffer {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(BigInt(bytesMax), 0);
  return encodeFrame(TO.READ, job, Buffer.concat([head, strings([name])]));
}

/** Has everything of the job killed, and its files removed unless they are to be kept. */
export function encodeEnd(job: number, keepsFiles: boolean): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(keepsFiles ? 1 : 0, 0);
  return encodeFrame(TO.END, job, payload);
}

/** Sends a signal to the job's main process group. */
export function encodeSignal(job: number, signal: number): Buffer {
  const payload = Buffer.alloc(4);
  payload.writeUInt32LE(signal, 0);
  return encodeFrame(TO.SIGNAL, job, payload);
}

const FILE_CREATE = 1;
const FILE_APPEND = 2;
const FILE_SOURCE = 4;

/** The frames that make one file, in as many parts as its size needs. */
export function encodeFile(job: number, name: string, mode: number, content: Buffer): Buffer[] {
  return encodeParts(job, { name, mode, content, flags: 0 });
}

/** The frames that make the text of the next cell. */
export function encodeSource(job: number, content: Buffer): Buffer[] {
  return encodeParts(job, { name: "source", mode: 0, content, flags: FILE_SOURCE });
}

type WholeFile = { name: string; mode: number; content: Buffer; flags: number };

function encodeParts(job: number, { name, mode, content, flags }: WholeFile): Buffer[] {
  const nameBytes = strings([name]);
  const partMax = PAYLOAD_BYTES_MAX - 8 - nameBytes.length;
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < content.length; at += partMax) {
    const head = Buffer.alloc(8);
    head.writeUInt32LE(flags | (at === 0 ? FILE_CREATE : FILE_APPEND), 0);
    head.writeUInt32LE(mode, 4);
    const part = content.subarray(at, at + partMax);
    frames.push(encodeFrame(TO.FILE, job, Buffer.concat([head, nameBytes, part])));
  }
  return frames;
}

export function encodeStart(job: number, body: StartBody): Buffer {
  const head = Buffer.alloc(48);
  head.writeUInt32LE(body.wallMs, 0);
  head.writeUInt32LE(body.cpuMs, 4);
  head.writeBigUInt64LE(BigInt(body.memoryBytes), 8);
  head.writeBigUInt64LE(BigInt(body.outputKeepBytes), 16);
  head.writeBigUInt64LE(BigInt(body.outputStopBytes), 24);
  head.writeBigUInt64LE(BigInt(body.shownKeepBytes), 32);
  head.writeUInt32LE(START_KINDS.indexOf(body.kind), 40);
  head.writeUInt32LE(body.hasInput ? 1 : 0, 44);
  const control = Buffer.concat([Buffer.from(`${body.args.length}\n`), strings(body.args)]);
  return encodeFrame(TO.START, job, Buffer.concat([head, control]));
}

/** The frames that feed `data` to a job's standard input and then, unless it stays open, close it. */
export function encodeStdin(job: number, data: Buffer, staysOpen = false): Buffer[] {
  const frames: Buffer[] = [];
  for (let at = 0; at < data.length; at += PAYLOAD_BYTES_MAX) {
    frames.push(encodeFrame(TO.STDIN, job, data.subarray(at, at + PAYLOAD_BYTES_MAX)));
  }
  if (!staysOpen) frames.push(encodeFrame(TO.STDIN, job));
  return frames;
}

/** Cuts a byte stream into frames and checks each. One parser serves one supervisor's whole life. */
export class FrameParser {
  #pending: Buffer = Buffer.alloc(0);
  #nextSeq = 0;
  #isBroken = false;

  /** The frames completed by `chunk`. Throws FrameError at the first that is not one, and ever after. */
  push(chunk: Buffer): Frame[] {
    if (this.#isBroken) throw new FrameError("frames after a wrong one");
    this.#isBroken = true;
    const frames = this.#cut(chunk);
    this.#isBroken = false;
    return frames;
  }

  #cut(chunk: Buffer): Frame[] {
    const data = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    const frames: Frame[] = [];
    let at = 0;
    while (data.length - at >= HEADER_BYTES) {
      const length = data.readUInt32LE(at);
      if (length > PAYLOAD_BYTES_MAX) throw new FrameError(`frame of ${length} bytes`);
      const end = at + HEADER_BYTES + length;
      if (data.length < end) break;
      this.#checkSeq(data.readUInt32LE(at + 12));
      const payload = data.subarray(at + HEADER_BYTES, end);
      frames.push(decode(data.readUInt32LE(at + 4), data.readUInt32LE(at + 8), payload));
      at = end;
    }
    this.#pending = data.subarray(at);
    return frames;
  }

  #checkSeq(seq: number): void {
    if (seq !== this.#nextSeq) throw new FrameError(`frame ${seq} where ${this.#nextSeq} was due`);
    this.#nextSeq = (this.#nextSeq + 1) >>> 0;
  }
}

function decode(type: number, job: number, payload: Buffer): Frame {
  switch (type) {
    case FROM.HELLO:
      return { type: "hello", job };
    case FROM.READY:
      return { type: "ready", job, version: decodeVersion(payload) };
    case FROM.PREPARED:
      return { type: "prepared", job, version: decodeVersion(payload) };
    case FROM.CONTENT:
      return { type: "content", job, data: payload };
    case FROM.CONTENT_END:
      return { type: "content-end", job, body: decodeContentEnd(payload) };
    case FROM.SHOWN:
      return { type: "shown", job, data: payload };
    case FROM.FOUND:
      return decodeFileFrame("found", job, payload);
    case FROM.PART:
      return decodeFileFrame("part", job, payload);
    case FROM.TAKEN:
      return decodeFileFrame("taken", job, payload);
    case FROM.TOLD:
      return decodeFileFrame("told", job, payload);
    case FROM.CLEANED:
      return { type: "cleaned", job };
    case FROM.PONG:
      return { type: "pong", job };
    case FROM.STDOUT:
      return { type: "stdout", job, data: payload };
    case FROM.STDERR:
      return { type: "stderr", job, data: payload };
    case FROM.EXIT:
      return { type: "exit", job, body: decodeExit(payload) };
    case FROM.FAULT:
      return { type: "fault", job, text: payload.toString("latin1").slice(0, 256) };
    default:
      throw new FrameError(`frame of type ${type}`);
  }
}

function decodeVersion(payload: Buffer): string {
  const version = payload.toString("latin1");
  if (payload.length > VERSION_BYTES_MAX || !/^[\w.+~:=;-]*$/.test(version)) {
    throw new FrameError("a version that is none");
  }
  return version;
}

const EXIT_BYTES = 64;

function decodeExit(payload: Buffer): ExitBody {
  if (payload.length !== EXIT_BYTES) throw new FrameError(`exit frame of ${payload.length} bytes`);
  const reason = EXIT_REASONS[payload.readUInt32LE(0)];
  const code = payload.readInt32LE(4);
  const signal = payload.readInt32LE(8);
  const isWaiting = payload.readUInt32LE(12);
  if (reason === undefined) throw new FrameError("exit frame with an unknown reason");
  if (code < -1 || code > 255 || signal < 0 || signal > 64 || isWaiting > 1)
    throw new FrameError("exit frame out of range");
  return {
    reason,
    code: code === -1 ? null : code,
    signal: signal === 0 ? null : signal,
    isWaiting: isWaiting === 1,
    wallMs: safeNumber(payload, 16) / 1000,
    cpuMs: safeNumber(payload, 24) / 1000,
    memoryPeakBytes: safeNumber(payload, 32),
    stdoutBytes: safeNumber(payload, 40),
    stderrBytes: safeNumber(payload, 48),
    shownBytes: safeNumber(payload, 56),
  };
}

const CONTENT_END_BYTES = 16;

function decodeContentEnd(payload: Buffer): ContentEnd {
  if (payload.length !== CONTENT_END_BYTES) {
    throw new FrameError(`end of a file in ${payload.length} bytes`);
  }
  const result = CONTENT_RESULTS[payload.readUInt32LE(0)];
  const mode = payload.readUInt32LE(4);
  if (result === undefined) throw new FrameError("end of a file with an unknown result");
  if (mode > 0o7777) throw new FrameError("a mode that is none");
  return { result, mode, bytes: safeNumber(payload, 8) };
}

function safeNumber(payload: Buffer, offset: number): number {
  const value = payload.readBigUInt64LE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError("number out of range");
  return Number(value);
}
