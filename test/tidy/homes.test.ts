// Each rule has one home. These tests find a second one.

import { describe, expect, test } from "vitest";
import { withTables } from "../../docs/tables.ts";
import { FROM, PAYLOAD_BYTES_MAX, PROTOCOL_VERSION, TO } from "../../runner/frames.ts";
import { ERRORS } from "../../shared/errors.ts";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { listFiles, readSources, readText } from "./sources.ts";

const CODE = ["shared", "worker", "runner", "launch", "bench", "tools", "mcp", "client", "cli"];
const LINES_MAX = 400;

/** The paths of the sources whose text matches, less those allowed to. */
function filesWith(pattern: RegExp, allowed: readonly string[], ...folders: string[]): string[] {
  return readSources(...folders)
    .filter(({ path, text }) => pattern.test(text) && !allowed.includes(path))
    .map(({ path }) => path);
}

describe("one home for each rule", () => {
  test("the README's tables say what the code says", () => {
    const readme = readText("README.md");
    expect(withTables(readme)).toBe(readme);
  });

  test("a constant is declared in one file only", () => {
    const homes = new Map<string, string[]>();
    for (const { path, text } of readSources(...CODE)) {
      for (const [, name] of text.matchAll(/\bexport const ([A-Z][A-Z0-9_]+)\b/g)) {
        if (name !== undefined) homes.set(name, [...(homes.get(name) ?? []), path]);
      }
    }
    expect([...homes].filter(([, paths]) => paths.length > 1)).toEqual([]);
  });

  test("languages are named in their table, where each one's interpreter is described, and in examples", () => {
    const homes = ["shared/languages.ts", "runner/interpreters.ts", "worker/faces/examples.ts"];
    const named = new RegExp(`["'](${LANGUAGE_IDS.join("|")})["']`);
    expect(filesWith(named, homes, "shared", "worker", "runner")).toEqual([]);
  });

  test("failures get their HTTP status from the error table", () => {
    const statuses = [...new Set(Object.values(ERRORS).map(({ status }) => status))].join("|");
    const literal = new RegExp(`status\\(?:? ?(${statuses})\\b`);
    expect(filesWith(literal, ["shared/errors.ts"], "worker", "runner")).toEqual([]);
  });

  test("the environment is read in one file of the runner", () => {
    const readers = filesWith(/\bprocess\.env\b/, ["runner/index.ts"], "runner").filter(
      (path) => !path.startsWith("runner/host/"),
    );
    expect(readers).toEqual([]);
  });

  test("both ends of the supervisor's protocol number their frames alike", () => {
    const header = readText("runner/image/supervisor/protocol.h");
    const inHeader = Object.fromEntries(
      [...header.matchAll(/FRAME_([A-Z_]+) = (\d+)/g)].map(([, name, n]) => [name, Number(n)]),
    );
    expect(inHeader).toEqual({ ...TO, ...FROM });
    expect(header).toContain(`#define PROTOCOL_VERSION ${PROTOCOL_VERSION}\n`);
    expect(header).toContain("#define PAYLOAD_BYTES_MAX (64 * 1024)");
    expect(PAYLOAD_BYTES_MAX).toBe(64 * 1024);
  });
});

describe("every source file", () => {
  test("opens by saying what it is for", () => {
    const silent = readSources(...CODE, "test", "docs").filter(
      ({ text }) => !text.startsWith("//"),
    );
    expect(silent.map(({ path }) => path)).toEqual([]);
  });

  test(`is shorter than ${LINES_MAX} lines`, () => {
    const long = readSources(...CODE, "test").filter(
      ({ text }) => text.split("\n").length > LINES_MAX,
    );
    expect(long.map(({ path }) => path)).toEqual([]);
  });

  test("names no path of the machine it was written on", () => {
    const texts = listFiles().filter((path) => /\.(ts|mjs|cjs|json|toml|md|sh|c|h|py)$/.test(path));
    const wrong = texts.filter((path) => /\/work\/|\/tmp\/w\//.test(readText(path)));
    expect(wrong.filter((path) => path !== "test/tidy/homes.test.ts")).toEqual([]);
  });
});
