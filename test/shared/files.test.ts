// Which files may be one program: names that clash, sizes, and how many.

import { describe, expect, it } from "vitest";
import { Failure } from "../../shared/errors.ts";
import { bytesOf, refuseBadFiles, type SizedFile } from "../../shared/files.ts";
import { FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX } from "../../shared/limits.ts";

function named(...names: string[]): SizedFile[] {
  return names.map((name) => ({ name, bytes: 1 }));
}

/** The failure that refuses `files`, or `undefined`. */
function failureOf(...args: Parameters<typeof refuseBadFiles>): Failure | undefined {
  try {
    refuseBadFiles(...args);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}

describe("files of one program", () => {
  it.each<[string, string[], number, string]>([
    ["a name twice", ["a.c", "b.c", "a.c"], 2, "`a.c` is used twice"],
    ["a file that is a directory already", ["lib/a.c", "lib"], 1, "`lib` is also a directory"],
    ["a file inside of a file", ["lib", "lib/a.c"], 1, "`lib/a.c` is inside of what is a file"],
    ["a file deep inside of a file", ["a/b", "a/b/c/d"], 1, "is inside of what is a file"],
    ["the built program", ["a.c", ".program"], 1, "`.program` is kept for the built program"],
    ["a directory in its place", [".program/a.c"], 0, "is kept for the built program"],
  ])("are refused for %s", (_what, names, index, message) => {
    const failure = failureOf(named(...names));
    expect(failure?.code).toBe("invalid_request");
    expect(failure?.field).toBe(`files[${index}].name`);
    expect(failure?.message).toContain(message);
  });

  it.each([
    [["a", "a.c", "ab/a"]],
    [["a/b", "a/c", "a/d/b"]],
    [["A.c", "a.c"]],
    [[".programs", "a/.program", "program"]],
    [["__proto__", "constructor", "__proto__.c"]],
  ])("may be called %j", (names) => {
    expect(failureOf(named(...names))).toBeUndefined();
  });

  it("are as many as allowed, and not one more", () => {
    const names = Array.from({ length: FILES_MAX }, (_, index) => `${index}`);
    expect(failureOf(named(...names))).toBeUndefined();
    const failure = failureOf(named(...names, "one more"));
    expect(failure).toMatchObject({ code: "invalid_request", field: "files" });
  });

  it("are as large as allowed, alone and together, and not a byte larger", () => {
    const largest = { name: "a", bytes: FILE_BYTES_MAX };
    const rest = { name: "b", bytes: FILES_BYTES_MAX - FILE_BYTES_MAX };
    expect(failureOf([largest, rest])).toBeUndefined();
    expect(failureOf([rest, { ...largest, bytes: FILE_BYTES_MAX + 1 }])).toMatchObject({
      code: "payload_too_large",
      field: "files[1].content",
      message: expect.stringContaining("`a`"),
    });
    expect(failureOf([largest, { ...rest, bytes: rest.bytes + 1 }])).toMatchObject({
      code: "payload_too_large",
      field: "files",
    });
  });

  it("are called what whoever sent them called them", () => {
    const fieldAt = (index: number) => (index === 0 ? "code" : `files[${index - 1}]`);
    expect(failureOf(named("main.c", "main.c"), fieldAt)?.field).toBe("files[0].name");
  });
});

describe("a file's size", () => {
  it.each(["", "a", "ab", "abc", "\u00e9\u{1f600}"])("of %j is that of its bytes", (content) => {
    const bytes = Buffer.from(content);
    expect(bytesOf({ name: "a", content })).toBe(bytes.length);
    const encoded = bytes.toString("base64");
    expect(bytesOf({ name: "a", content: encoded, encoding: "base64" })).toBe(bytes.length);
  });
});
