// What is kept of a stream: never more than the limit, never half a character, always valid text.

import { describe, expect, it } from "vitest";
import { Output } from "../../runner/output.ts";
import { randomFrom } from "../kit/random.ts";

describe("kept output", () => {
  it("is everything when there is room for it", () => {
    const output = filled(100, ["héllo ", "☃\n"]);
    expect(output.finish(11)).toEqual({
      text: "héllo ☃\n",
      bytes: 11,
      truncated: false,
      isUtf8: true,
    });
  });

  it("is nothing when nothing was written", () => {
    expect(new Output(10).finish(0)).toEqual({
      text: "",
      bytes: 0,
      truncated: false,
      isUtf8: true,
    });
  });

  it("is cut at the limit and says so", () => {
    const output = filled(4, ["abcdef", "ghi"]);
    expect(output.finish(9)).toEqual({ text: "abcd", bytes: 9, truncated: true, isUtf8: true });
  });

  it("is not called cut when it fits exactly", () => {
    expect(filled(3, ["abc"]).finish(3)).toEqual({
      text: "abc",
      bytes: 3,
      truncated: false,
      isUtf8: true,
    });
  });

  it("counts what the supervisor had already dropped", () => {
    expect(filled(10, ["abc"]).finish(70)).toEqual({
      text: "abc",
      bytes: 70,
      truncated: true,
      isUtf8: true,
    });
  });

  it("does not believe a supervisor that reports less than it sent", () => {
    expect(filled(10, ["abc"]).finish(1)).toEqual({
      text: "abc",
      bytes: 3,
      truncated: false,
      isUtf8: true,
    });
  });

  it("says so when it was not UTF-8 and had to be replaced in part", () => {
    const output = new Output(100);
    output.push(Buffer.from([0x61, 0xff, 0x62]));
    const kept = { text: "a\ufffdb", bytes: 3, truncated: false, isUtf8: false };
    expect(output.finish(3)).toEqual(kept);
  });

  it("is UTF-8 though a character came in two parts or was cut off at the limit", () => {
    const snowman = Buffer.from("☃");
    for (const room of [3, 2]) {
      const output = new Output(room);
      output.push(snowman.subarray(0, 1));
      output.push(snowman.subarray(1));
      expect(output.finish(3).isUtf8).toBe(true);
    }
  });

  it.each(["é", "☃", "🜁"])("never ends in half of %s", (character) => {
    const whole = character.repeat(5);
    const size = Buffer.byteLength(character);
    for (let limit = 0; limit <= size * 5; limit++) {
      const { text } = filled(limit, [whole]).finish(size * 5);
      expect(text).toBe(character.repeat(Math.floor(limit / size)));
    }
  });

  it("gives the same text however the stream was cut into chunks", () => {
    const random = randomFrom(3);
    const data = Buffer.from("aé☃🜁".repeat(50));
    for (let round = 0; round < 200; round++) {
      const output = new Output(300);
      for (let at = 0; at < data.length; ) {
        const end = at + 1 + random.below(9);
        output.push(data.subarray(at, end));
        at = end;
      }
      expect(output.finish(data.length)).toEqual(filled(300, [data]).finish(data.length));
    }
  });

  it("turns bytes that are no text into replacement characters", () => {
    const bytes = Buffer.from([0x61, 0xff, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x62]);
    const { text } = filled(100, [bytes]).finish(bytes.length);
    expect(text.startsWith("a\ufffd\ufffd(")).toBe(true);
    expect(text.endsWith("b")).toBe(true);
    expect(text.isWellFormed()).toBe(true);
  });

  it("keeps the program's own broken last character, for it was not us who broke it", () => {
    const bytes = Buffer.from([0x61, 0xe2, 0x98]);
    expect(filled(100, [bytes]).finish(3)).toEqual({
      text: "a\ufffd",
      bytes: 3,
      truncated: false,
      isUtf8: false,
    });
  });

  it("is valid text whatever bytes are cut wherever", () => {
    const random = randomFrom(4);
    for (let round = 0; round < 2000; round++) {
      const data = random.bytes(random.below(40));
      const limit = random.below(40);
      const { text, bytes, truncated } = filled(limit, [data]).finish(data.length);
      expect(text.isWellFormed()).toBe(true);
      expect(bytes).toBe(data.length);
      expect(truncated).toBe(data.length > limit);
    }
  });
});

function filled(keepBytes: number, parts: readonly (string | Buffer)[]): Output {
  const output = new Output(keepBytes);
  for (const part of parts) output.push(Buffer.from(part));
  return output;
}
