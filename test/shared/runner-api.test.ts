// What gateway and runner both refuse to take for a name, a version or an argument.

import { describe, expect, it } from "vitest";
import {
  ARGS_BYTES_MAX,
  ARGS_MAX,
  FILE_NAME_BYTES_MAX,
  VERSION_SELECTOR_BYTES_MAX,
} from "../../shared/limits.ts";
import { ProgramArgs, VersionSelector, WorkspacePath } from "../../shared/runner-api.ts";

describe("a version selector", () => {
  it.each([
    "*",
    "",
    "latest",
    "3",
    "3.x",
    "3.12",
    "v22.1.0",
    "=3.12.3",
    "^3.12",
    "~> 1.2",
    "> 3",
    ">=3.12 <4",
    "1.2.3 - 2.3.4",
    "3 || ^4.1",
    "3||4",
    " 3 ",
    "22.0.0-rc.1+build",
    "2.5.2.debian",
    "9.9.9",
  ])("may be %j", (text) => {
    expect(VersionSelector.safeParse(text).success).toBe(true);
  });

  it.each([
    "newest",
    "python3",
    "three",
    "3;4",
    "3.12\0",
    "$(id)",
    "../3",
    "3,4",
    ">>3",
    "^^3",
    "<script>",
    "\u0663",
    "1".repeat(VERSION_SELECTOR_BYTES_MAX + 1),
  ])("is not %j", (text) => {
    expect(VersionSelector.safeParse(text).success).toBe(false);
  });

  it("is read in no time, however it is written", () => {
    const startedAtMs = performance.now();
    for (const part of ["<", " ", "|", "~>", "1.", "v", "1-"]) {
      VersionSelector.safeParse(part.repeat(VERSION_SELECTOR_BYTES_MAX / part.length));
    }
    expect(performance.now() - startedAtMs).toBeLessThan(100);
  });
});

describe("a file's name", () => {
  it.each(["a", "a/b.c", "a b", "-o", "\u00e9", "...", ".a", "x".repeat(FILE_NAME_BYTES_MAX)])(
    "may be %j",
    (name) => {
      expect(WorkspacePath.safeParse(name).success).toBe(true);
    },
  );

  it.each([
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "./a",
    "a/./b",
    "a\0",
    "x".repeat(FILE_NAME_BYTES_MAX + 1),
    "\u00e9".repeat(FILE_NAME_BYTES_MAX / 2 + 1),
  ])("is not %j", (name) => {
    expect(WorkspacePath.safeParse(name).success).toBe(false);
  });
});

describe("arguments", () => {
  it("are as many and as long as allowed", () => {
    expect(ProgramArgs.safeParse(Array(ARGS_MAX).fill("")).success).toBe(true);
    expect(ProgramArgs.safeParse(["x".repeat(ARGS_BYTES_MAX)]).success).toBe(true);
  });

  it.each([[Array(ARGS_MAX + 1).fill("")], [["x".repeat(ARGS_BYTES_MAX), "x"]], [["a\0b"]]])(
    "are not more (%#)",
    (args) => {
      expect(ProgramArgs.safeParse(args).success).toBe(false);
    },
  );
});
