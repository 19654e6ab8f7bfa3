// The frames about files of a job's workspace, as image/supervisor/protocol.h defines them: wishes out,
// answers in, each under the number of its request. The frames themselves are made and cut in
// frames.ts. A name comes as the bytes it is, because a program may give a file any.

import { encodeFrame, FrameError, PAYLOAD_BYTES_MAX, strings, TO } from "./framing.ts";

/** What may be wished for; `remove` is for files and empty directories, `remove-tree` for all else. */
export type FileDeed = "look" | "read" | "list" | "write" | "remove" | "remove-tree";
const DEEDS: readonly FileDeed[] = ["look", "read", "list", "write", "remove", "remove-tree"];

/** What became of a wish. `cut`: there was more of it than was wished for. */
export type FileResult = (typeof RESULTS)[number];
const RESULTS = [
  "done",
  "missing",
  "other-type",
  "too-large",
  "full",
  "in-the-way",
  "not-empty",
  "cut",
  "stopped",
  "taken-away",
  "failed",
] as const;

export type FileType = "file" | "directory" | "link" | "other";
const TYPES: readonly FileType[] = ["file", "directory", "link", "other"];

/** One wish; `parts` may be sent at first, `max` says how many bytes or entries there may be in all. */
export type FileAsk = { deed: FileDeed; path: string; mode?: number; parts?: number; max?: number };

/** What is told of a file, and of what became of a request. */
export type FileTold = {
  result: FileResult;
  type: FileType;
  mode: number;
  bytes: number;
  modifiedAtMs: number;
};

/** A frame of a request, for whoever has made it. */
export type FileFrame =
  | { type: "found" | "told"; job: number; request: number; told: FileTold }
  | { type: "part"; job: number; request: number; part: Buffer }
  | { type: "taken"; job: number; request: number };

/** An entry of a directory; `name` is as it is there, whether or not that is text. */
export type ListedEntry = { name: Buffer; type: FileType; bytes: number; modifiedAtMs: number };

const REQUEST_BYTES = 4;
const TOLD_BYTES = 32;
const LISTED_BYTES = 24;
const MODE_MAX = 0o7777;

/** Most bytes of a file in one frame. */
export const PART_BYTES_MAX = PAYLOAD_BYTES_MAX - REQUEST_BYTES;

export function encodeAsk(job: number, request: number, ask: FileAsk): Buffer {
  const head = Buffer.alloc(24);
  head.writeUInt32LE(request, 0);
  head.writeUInt32LE(DEEDS.indexOf(ask.deed), 4);
  head.writeUInt32LE(ask.mode ?? 0, 8);
  head.writeUInt32LE(ask.parts ?? 0, 12);
  head.writeBigUInt64LE(BigInt(ask.max ?? 0), 16);
  return encodeFrame(TO.ASK, job, Buffer.concat([head, strings([ask.path])]));
}

/** More of a file that is being written. */
export function encodePart(job: number, request: number, data: Buffer): Buffer {
  const head = Buffer.alloc(REQUEST_BYTES);
  head.writeUInt32LE(request, 0);
  return encodeFrame(TO.ASK_PART, job, Buffer.concat([head, data]));
}

const ON = ["more", "whole", "stop"] as const;

/** How a request goes on: `more` parts may be sent, the `whole` file has been, or nobody wants it now. */
export function encodeOn(
  job: number,
  request: number,
  what: (typeof ON)[number],
  parts = 0,
): Buffer {
  const payload = Buffer.alloc(12);
  payload.writeUInt32LE(request, 0);
  payload.writeUInt32LE(ON.indexOf(what), 4);
  payload.writeUInt32LE(parts, 8);
  return encodeFrame(TO.ASK_ON, job, payload);
}

/** A frame of a request. Throws FrameError when it is not one. */
export function decodeFileFrame(type: FileFrame["type"], job: number, payload: Buffer): FileFrame {
  if (payload.length < REQUEST_BYTES) throw new FrameError(`${type} of no request`);
  const request = payload.readUInt32LE(0);
  switch (type) {
    case "taken":
      if (payload.length !== REQUEST_BYTES) throw new FrameError("taken with something after it");
      return { type, job, request };
    case "part":
      if (payload.length === REQUEST_BYTES) throw new FrameError("an empty part");
      return { type, job, request, part: payload.subarray(REQUEST_BYTES) };
    default:
      return { type, job, request, told: decodeTold(payload) };
  }
}

function decodeTold(payload: Buffer): FileTold {
  if (payload.length !== TOLD_BYTES) throw new FrameError(`told in ${payload.length} bytes`);
  const result = RESULTS[payload.readUInt32LE(4)];
  const type = TYPES[payload.readUInt32LE(8)];
  const mode = payload.readUInt32LE(12);
  if (result === undefined) throw new FrameError("told with an unknown result");
  if (type === undefined) throw new FrameError("told of an unknown type");
  if (mode > MODE_MAX) throw new FrameError("told of a mode that is none");
  return { result, type, mode, bytes: number(payload, 16), modifiedAtMs: number(payload, 24) };
}

/** The entries in one part of a listing. Throws FrameError when it is anything else. */
export function decodeListed(part: Buffer): ListedEntry[] {
  const entries: ListedEntry[] = [];
  for (let at = 0; at < part.length; ) {
    const end = part.indexOf(0, at + LISTED_BYTES);
    if (end <= at + LISTED_BYTES) throw new FrameError("an entry without a name");
    const type = TYPES[part.readUInt32LE(at + 16)];
    if (type === undefined) throw new FrameError("an entry of an unknown type");
    const name = Buffer.from(part.subarray(at + LISTED_BYTES, end));
    entries.push({ name, type, bytes: number(part, at), modifiedAtMs: number(part, at + 8) });
    at = end + 1;
  }
  return entries;
}

function number(payload: Buffer, offset: number): number {
  const value = payload.readBigUInt64LE(offset);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FrameError("number out of range");
  return Number(value);
}
