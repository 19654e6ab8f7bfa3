// The parser of what a supervisor sends: what it makes of a right stream, however it is cut, and of
// each kind of wrong one.

import { describe, expect, it } from "vitest";
import type { FileTold } from "../../runner/file-frames.ts";
import {
  FROM,
  type Frame,
  FrameError,
  FrameParser,
  PAYLOAD_BYTES_MAX,
  PROTOCOL_VERSION,
} from "../../runner/frames.ts";
import { randomFrom } from "../kit/random.ts";
import {
  contentEndPayload,
  exitPayload,
  partPayload,
  supervisorFrame,
  supervisorStream,
  toldPayload,
} from "../kit/supervisor-frames.ts";

const TOLD: FileTold = {
  result: "done",
  type: "file",
  mode: 0o644,
  bytes: 4,
  modifiedAtMs: 1_790_000_000_000,
};

const WANTED: Frame[] = [
  { type: "hello", job: PROTOCOL_VERSION },
  { type: "prepared", job: 0, version: "3.13.5" },
  { type: "ready", job: 7, version: "3.13.5" },
  { type: "pong", job: 0 },
  { type: "stdout", job: 7, data: Buffer.from("out\n") },
  { type: "stderr", job: 7, data: Buffer.from("err\n") },
  { type: "stdout", job: 7, data: Buffer.alloc(0) },
  {
    type: "exit",
    job: 7,
    body: {
      reason: "ended",
      code: 3,
      signal: null,
      isWaiting: false,
      wallMs: 1.5,
      cpuMs: 0,
      memoryPeakBytes: 0,
      stdoutBytes: 4,
      stderrBytes: 4,
      shownBytes: 0,
    },
  },
  { type: "shown", job: 7, data: Buffer.from("{}\n") },
  { type: "content", job: 7, data: Buffer.from("file") },
  { type: "content-end", job: 7, body: { result: "whole", mode: 0o600, bytes: 4 } },
  { type: "found", job: 7, request: 1, told: TOLD },
  { type: "part", job: 7, request: 1, part: Buffer.from("file") },
  { type: "taken", job: 7, request: 2 },
  { type: "told", job: 7, request: 1, told: TOLD },
  { type: "cleaned", job: 7 },
  { type: "fault", job: 7, text: "pipes: Too many open files" },
];

describe("a supervisor's stream", () => {
  it("is cut into its frames when it comes in one piece", () => {
    expect(parse([supervisorStream()])).toEqual(WANTED);
  });

  it("gives the same frames when it comes byte by byte", () => {
    const bytes = [...supervisorStream()].map((byte) => Buffer.from([byte]));
    expect(parse(bytes)).toEqual(WANTED);
  });

  it("gives the same frames wherever it is cut", () => {
    const random = randomFrom(1);
    for (let round = 0; round < 500; round++) {
      expect(parse(cut(supervisorStream(), random.below))).toEqual(WANTED);
    }
  });

  it("may carry a payload of the largest size, but not of one byte more", () => {
    const data = Buffer.alloc(PAYLOAD_BYTES_MAX, "x");
    expect(parse([supervisorFrame(0, FROM.STDOUT, 1, data)])).toEqual([
      { type: "stdout", job: 1, data },
    ]);
    const header = supervisorFrame(0, FROM.STDOUT, 1);
    header.writeUInt32LE(PAYLOAD_BYTES_MAX + 1, 0);
    expect(() => parse([header])).toThrow(FrameError);
  });

  it("may name the versions of many tools at once, up to the longest that are allowed", () => {
    const said = "c=14.2.0;java=21.0.9+10-1;php=8.4.16;r=4.5.0~rc:1;";
    const whole = said.padEnd(512, "lua=5.4.7;");
    for (const version of [said, whole, ""]) {
      expect(parse([supervisorFrame(0, FROM.READY, 1, Buffer.from(version))])).toEqual([
        { type: "ready", job: 1, version },
      ]);
    }
  });

  it("tells apart every reason, code and signal of an end", () => {
    const reasons = [0, 1, 2, 3, 4].map((reason) => endOf({ reason }).reason);
    expect(reasons).toEqual(["ended", "wall", "cpu", "memory", "output"]);
    expect(endOf({ code: -1, signal: 9 })).toMatchObject({ code: null, signal: 9 });
    expect(endOf({ code: 255 })).toMatchObject({ code: 255, signal: null });
  });
});

describe("a stream that is none of a supervisor's", () => {
  const wrong: [string, Buffer][] = [
    ["a frame of an unknown type", supervisorFrame(0, 117)],
    ["a frame of the runner's own", supervisorFrame(0, 3)],
    ["a first frame that is not the first", supervisorFrame(1, FROM.HELLO)],
    ["a repeated frame", Buffer.concat([0, 0].map((seq) => supervisorFrame(seq, FROM.PONG)))],
    ["a missing frame", Buffer.concat([0, 2].map((seq) => supervisorFrame(seq, FROM.PONG)))],
    ["an end that is too short", supervisorFrame(0, FROM.EXIT, 1, exitPayload().subarray(1))],
    ["an end that is too long", supervisorFrame(0, FROM.EXIT, 1, Buffer.alloc(57))],
    ["an end for an unknown reason", supervisorFrame(0, FROM.EXIT, 1, exitPayload({ reason: 6 }))],
    ["an exit code out of range", supervisorFrame(0, FROM.EXIT, 1, exitPayload({ code: 256 }))],
    ["a negative exit code", supervisorFrame(0, FROM.EXIT, 1, exitPayload({ code: -2 }))],
    ["a signal out of range", supervisorFrame(0, FROM.EXIT, 1, exitPayload({ signal: 65 }))],
    ["a version that is too long", supervisorFrame(0, FROM.READY, 1, Buffer.alloc(513, "1"))],
    ["a version that is no version", supervisorFrame(0, FROM.READY, 1, Buffer.from("<b>1</b>"))],
    ["a version in two lines", supervisorFrame(0, FROM.READY, 1, Buffer.from("c=14;\nr=4;"))],
    ["a version with a space", supervisorFrame(0, FROM.PREPARED, 0, Buffer.from("3.13 rc"))],
    ["a version with a NUL", supervisorFrame(0, FROM.READY, 1, Buffer.from("3.13\0"))],
    [
      "an end of a file that is too short",
      supervisorFrame(0, FROM.CONTENT_END, 1, Buffer.alloc(15)),
    ],
    [
      "an end of a file for an unknown reason",
      supervisorFrame(0, FROM.CONTENT_END, 1, contentEndPayload(4)),
    ],
    [
      "a file with a mode that is none",
      supervisorFrame(0, FROM.CONTENT_END, 1, contentEndPayload(0, 0o10000)),
    ],
    ["an answer of no request", supervisorFrame(0, FROM.TOLD, 1, Buffer.alloc(3))],
    ["an answer that is too short", supervisorFrame(0, FROM.TOLD, 1, Buffer.alloc(31))],
    ["an answer of no kind", supervisorFrame(0, FROM.TOLD, 1, toldPayload(1, { result: 11 }))],
    ["an answer of no type", supervisorFrame(0, FROM.FOUND, 1, toldPayload(1, { type: 4 }))],
    ["an answer of no mode", supervisorFrame(0, FROM.FOUND, 1, toldPayload(1, { mode: 0o10000 }))],
    ["an empty part of a file", supervisorFrame(0, FROM.PART, 1, partPayload(1))],
    ["more than was taken", supervisorFrame(0, FROM.TAKEN, 1, partPayload(1, Buffer.from("x")))],
    ["a number too large to count with", supervisorFrame(0, FROM.EXIT, 1, hugeWall())],
  ];

  it.each(wrong)("is refused: %s", (_what, stream) => {
    expect(() => parse([stream])).toThrow(FrameError);
  });

  it("is believed no more after its first wrong frame", () => {
    const parser = new FrameParser();
    expect(() => parser.push(supervisorFrame(5, FROM.HELLO))).toThrow(FrameError);
    expect(() => parser.push(supervisorFrame(0, FROM.HELLO))).toThrow(FrameError);
  });
});

function parse(chunks: readonly Buffer[]): Frame[] {
  const parser = new FrameParser();
  return chunks.flatMap((chunk) => parser.push(chunk));
}

function cut(stream: Buffer, below: (limit: number) => number): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at < stream.length; ) {
    const end = at + 1 + below(below(2) === 0 ? 4 : 60);
    chunks.push(stream.subarray(at, end));
    at = end;
  }
  return chunks;
}

function endOf(fields: Parameters<typeof exitPayload>[0]) {
  const [frame] = parse([supervisorFrame(0, FROM.EXIT, 1, exitPayload(fields))]);
  if (frame?.type !== "exit") throw new Error("not an end");
  return frame.body;
}

function hugeWall(): Buffer {
  const payload = exitPayload();
  payload.writeBigUInt64LE(2n ** 60n, 16);
  return payload;
}
