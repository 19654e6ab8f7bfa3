// What no stream may do to the parser, whatever is in it: throw anything but FrameError, hand out a
// frame out of order or of a wrong size, or make it keep more than one frame's worth of bytes.

import { describe, expect, it } from "vitest";
import { type Frame, FrameError, FrameParser, PAYLOAD_BYTES_MAX } from "../../runner/frames.ts";
import { type Random, randomFrom } from "../kit/random.ts";
import { supervisorFrame, supervisorStream } from "../kit/supervisor-frames.ts";

const ROUNDS = 25_000;
const TYPES = [
  0, 1, 5, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 115, 116,
  0xffffffff,
];

describe("the parser", () => {
  it(`stands ${ROUNDS} random and mutated streams`, () => {
    const random = randomFrom(20_260);
    let frames = 0;
    let refused = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const stream = random.pick([randomStream, mutatedStream, almostRightStream])(random);
      const result = feed(stream, random);
      frames += result.frames.length;
      refused += result.isRefused ? 1 : 0;
      for (const frame of result.frames) expectSane(frame);
      expect(result.consumed).toBeLessThanOrEqual(stream.length);
    }
    // Both kinds must have come up often, or the streams were not worth feeding.
    expect(frames).toBeGreaterThan(ROUNDS / 2);
    expect(refused).toBeGreaterThan(ROUNDS / 4);
  });

  it("is left with less than one frame after each chunk, however long the stream goes on", () => {
    const parser = new FrameParser();
    const frame = (seq: number) => supervisorFrame(seq, 103, 1, Buffer.alloc(60_000));
    let pendingBytes = 0;
    let seq = 0;
    let stream = Buffer.alloc(0);
    for (let round = 0; round < 3000; round++) {
      stream = Buffer.concat([stream, frame(seq++)]);
      const chunk = stream.subarray(0, 40_000 + (round % 7) * 4_000);
      stream = stream.subarray(chunk.length);
      const taken = parser.push(chunk).length * 60_016;
      pendingBytes += chunk.length - taken;
      expect(pendingBytes).toBeLessThan(60_016);
      while (stream.length > 120_000) {
        const [more, rest] = [stream.subarray(0, 60_000), stream.subarray(60_000)];
        pendingBytes += more.length - parser.push(more).length * 60_016;
        stream = rest;
      }
    }
  });

  it("takes a large frame in small pieces in reasonable time", () => {
    const frame = supervisorFrame(0, 103, 1, Buffer.alloc(PAYLOAD_BYTES_MAX));
    const startedAtMs = performance.now();
    const parser = new FrameParser();
    const frames: Frame[] = [];
    for (let at = 0; at < frame.length; at += 16)
      frames.push(...parser.push(frame.subarray(at, at + 16)));
    expect(frames.length).toBe(1);
    expect(performance.now() - startedAtMs).toBeLessThan(3000);
  });
});

function feed(stream: Buffer, random: Random) {
  const parser = new FrameParser();
  const frames: Frame[] = [];
  let at = 0;
  try {
    while (at < stream.length) {
      const end = at + 1 + random.below(random.pick([1, 20, 4000]));
      frames.push(...parser.push(stream.subarray(at, end)));
      at = end;
    }
  } catch (thrown) {
    if (!(thrown instanceof FrameError)) throw thrown;
    return { frames, isRefused: true, consumed: Math.min(at, stream.length) };
  }
  return { frames, isRefused: false, consumed: stream.length };
}

function expectSane(frame: Frame): void {
  if (!Number.isInteger(frame.job) || frame.job < 0) throw new Error("a job that is no number");
  if (frame.type === "stdout" || frame.type === "stderr" || frame.type === "content") {
    if (frame.data.length > PAYLOAD_BYTES_MAX) throw new Error("more data than a frame holds");
  }
  if (frame.type === "found" || frame.type === "told") {
    const { mode, bytes, modifiedAtMs } = frame.told;
    const isRight = mode <= 0o7777 && [bytes, modifiedAtMs].every(Number.isSafeInteger);
    if (!isRight) throw new Error("a file that cannot be");
  }
  if (frame.type === "part" && (frame.part.length === 0 || frame.part.length > PAYLOAD_BYTES_MAX)) {
    throw new Error("a part that cannot be");
  }
  if (frame.type === "fault" && frame.text.length > 256) throw new Error("a fault too long to log");
  if (frame.type === "content-end") {
    const { mode, bytes } = frame.body;
    if (mode > 0o7777 || !Number.isSafeInteger(bytes)) throw new Error("a file that cannot be");
  }
  if (
    (frame.type === "ready" || frame.type === "prepared") &&
    !/^[\w.+~:=;-]{0,512}$/.test(frame.version)
  ) {
    throw new Error("a version that is none");
  }
  if (frame.type !== "exit") return;
  const { code, signal, reason, isWaiting, ...numbers } = frame.body;
  const isRight =
    typeof isWaiting === "boolean" &&
    Object.values(numbers).every((value) => Number.isFinite(value) && value >= 0) &&
    (code === null || (code >= 0 && code <= 255)) &&
    (signal === null || (signal >= 1 && signal <= 64)) &&
    ["ended", "wall", "cpu", "memory", "output"].includes(reason);
  if (!isRight) throw new Error(`an end that cannot be: ${JSON.stringify(frame.body)}`);
}

function randomStream(random: Random): Buffer {
  return random.bytes(random.below(200));
}

function mutatedStream(random: Random): Buffer {
  const stream = Buffer.from(supervisorStream());
  const mutate = random.pick([flipBytes, dropBytes, repeatBytes, setLength]);
  return mutate(stream, random);
}

function flipBytes(stream: Buffer, random: Random): Buffer {
  for (let i = 0; i <= random.below(4); i++)
    stream[random.below(stream.length)] = random.below(256);
  return stream;
}

function dropBytes(stream: Buffer, random: Random): Buffer {
  const at = random.below(stream.length);
  return Buffer.concat([stream.subarray(0, at), stream.subarray(at + 1 + random.below(20))]);
}

function repeatBytes(stream: Buffer, random: Random): Buffer {
  const at = random.below(stream.length);
  return Buffer.concat([
    stream.subarray(0, at),
    stream.subarray(Math.max(0, at - random.below(40))),
  ]);
}

function setLength(stream: Buffer, random: Random): Buffer {
  stream.writeUInt32LE(random.pick([0, 1, 55, 57, 65_536, 65_537, 0x7fffffff, 0xffffffff]), 0);
  return stream;
}

/** Frames in order, of right and wrong types, with payloads of any content. */
function almostRightStream(random: Random): Buffer {
  const length = 1 + random.below(12);
  const frames = Array.from({ length }, (_, seq) => {
    const size = random.pick([0, 0, 4, 16, 56, random.below(300)]);
    const isLost = random.below(20) === 0;
    return supervisorFrame(
      isLost ? seq + 1 : seq,
      random.pick(TYPES),
      random.below(5),
      random.bytes(size),
    );
  });
  return Buffer.concat(frames);
}
