// The encoders: every frame to a supervisor says what protocol.h says it says.

import { describe, expect, it } from "vitest";
import {
  encodeFile,
  encodeFrame,
  encodePrepare,
  encodeRead,
  encodeSignal,
  encodeSpawn,
  encodeStart,
  encodeStdin,
  PAYLOAD_BYTES_MAX,
  TO,
} from "../../runner/frames.ts";

const START = {
  wallMs: 1500,
  cpuMs: 96_000,
  memoryBytes: 268_435_456,
  outputKeepBytes: 524_288,
  shownKeepBytes: 5,
  kind: "last" as const,
  hasInput: false,
  outputStopBytes: 67_108_864,
};

describe("a frame to the supervisor", () => {
  it("is a header of four little-endian words and its payload", () => {
    const frame = encodeFrame(TO.SIGNAL, 7, Buffer.from([15, 0, 0, 0]));
    expect([...frame]).toEqual([4, 0, 0, 0, 5, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 15, 0, 0, 0]);
  });

  it("may not be larger than the protocol allows", () => {
    expect(encodeFrame(TO.STDIN, 1, Buffer.alloc(PAYLOAD_BYTES_MAX)).length).toBe(65_552);
    expect(() => encodeFrame(TO.STDIN, 1, Buffer.alloc(PAYLOAD_BYTES_MAX + 1))).toThrow(RangeError);
  });

  it("spawns with limits, arguments, environment and directory in that order", () => {
    const payload = payloadOf(
      encodeSpawn(
        3,
        { uid: 20_001, processesMax: 64, descriptorsMax: 256, fileBytesMax: 10_485_760 },
        {
          argv: ["/bin/bash", "main.sh"],
          env: { PATH: "/bin", LANG: "C.UTF-8" },
          directory: "/workspace",
        },
      ),
    );
    const words = [0, 4, 8, 12, 16, 20].map((at) => payload.readUInt32LE(at));
    expect(words).toEqual([20_001, 64, 256, 2, 2, 0]);
    expect(payload.readBigUInt64LE(24)).toBe(10_485_760n);
    expect(payload.subarray(32).toString()).toBe(
      "/bin/bash\0main.sh\0PATH=/bin\0LANG=C.UTF-8\0/workspace\0",
    );
  });

  it("prepares with no limits and job 0, and otherwise as it spawns", () => {
    const frame = encodePrepare({ argv: ["/bin/x"], env: { A: "b" }, directory: "/" });
    expect([frame.readUInt32LE(4), frame.readUInt32LE(8)]).toEqual([TO.PREPARE, 0]);
    const payload = payloadOf(frame);
    const words = [0, 4, 8, 12, 16, 20].map((at) => payload.readUInt32LE(at));
    expect(words).toEqual([0, 0, 0, 1, 1, 0]);
    expect(payload.subarray(32).toString()).toBe("/bin/x\0A=b\0/\0");
  });

  it("asks for a file by its name and the most it may hold", () => {
    const frame = encodeRead(3, "a/ü.txt", 10_485_760);
    expect([frame.readUInt32LE(4), frame.readUInt32LE(8)]).toEqual([TO.READ, 3]);
    const payload = payloadOf(frame);
    expect(payload.readBigUInt64LE(0)).toBe(10_485_760n);
    expect(payload.subarray(8).toString()).toBe("a/ü.txt\0");
    expect(() => encodeRead(3, "a\0b", 1)).toThrow(RangeError);
  });

  it("signals by number", () => {
    expect(encodeSignal(7, 2)).toEqual(encodeFrame(TO.SIGNAL, 7, Buffer.from([2, 0, 0, 0])));
  });

  it("starts with limits and the arguments counted, then each ended by NUL", () => {
    const payload = payloadOf(encodeStart(3, { ...START, args: ["a b", "", "ü"] }));
    expect([payload.readUInt32LE(0), payload.readUInt32LE(4)]).toEqual([1500, 96_000]);
    const longs = [8, 16, 24].map((at) => Number(payload.readBigUInt64LE(at)));
    expect(longs).toEqual([268_435_456, 524_288, 67_108_864]);
    expect(Number(payload.readBigUInt64LE(32))).toBe(5);
    expect([payload.readUInt32LE(40), payload.readUInt32LE(44)]).toEqual([0, 0]);
    expect(payload.subarray(48).toString()).toBe("3\na b\0\0ü\0");
  });

  it("starts a stage that another may follow with a mark, and is otherwise the same", () => {
    const last = payloadOf(encodeStart(3, { ...START, args: ["x"] }));
    const stage = payloadOf(encodeStart(3, { ...START, kind: "stage", args: ["x"] }));
    expect([last.readUInt32LE(40), stage.readUInt32LE(40)]).toEqual([0, 1]);
    stage.writeUInt32LE(0, 40);
    expect(stage.equals(last)).toBe(true);
  });

  it("starts a cell with a mark, and with another when it has an input of its own", () => {
    const cell = payloadOf(encodeStart(3, { ...START, kind: "cell", hasInput: true, args: [] }));
    expect([cell.readUInt32LE(40), cell.readUInt32LE(44)]).toEqual([2, 1]);
  });

  it("refuses a NUL in a string, which would make two strings of it", () => {
    expect(() => encodeStart(1, { ...START, args: ["a\0b"] })).toThrow(RangeError);
    expect(() => encodeFile(1, "a\0b", 0o644, Buffer.alloc(0))).toThrow(RangeError);
  });
});

describe("a file", () => {
  it.each([0, 1, 65_000, 65_536, 200_000, 1_000_000])("of %d bytes arrives whole", (length) => {
    const content = Buffer.from(Uint8Array.from({ length }, (_, i) => i % 251));
    const parts = encodeFile(2, "dir/name.txt", 0o644, content).map(payloadOf);
    expect(parts.map((part) => part.readUInt32LE(0))).toEqual(
      parts.map((_, i) => (i === 0 ? 1 : 2)),
    );
    expect(parts.every((part) => part.readUInt32LE(4) === 0o644)).toBe(true);
    expect(parts.every((part) => part.subarray(8, 21).toString() === "dir/name.txt\0")).toBe(true);
    expect(Buffer.concat(parts.map((part) => part.subarray(21))).equals(content)).toBe(true);
  });
});

describe("standard input", () => {
  it.each([0, 1, 65_536, 65_537, 300_000])("of %d bytes arrives whole and is closed", (length) => {
    const data = Buffer.alloc(length, "i");
    const parts = encodeStdin(2, data).map(payloadOf);
    expect(Buffer.concat(parts).equals(data)).toBe(true);
    expect(parts.at(-1)?.length).toBe(0);
    expect(parts.slice(0, -1).every((part) => part.length > 0)).toBe(true);
  });
});

function payloadOf(frame: Buffer): Buffer {
  expect(frame.readUInt32LE(0)).toBe(frame.length - 16);
  return frame.subarray(16);
}
