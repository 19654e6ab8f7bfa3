// What a program shows besides its output: whole values are taken, whatever pieces they come in, and
// nothing else that comes out of a sandbox is.

import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { Shown } from "../../runner/shown.ts";
import { RESULT_BYTES_MAX, RESULTS_MAX } from "../../shared/limits.ts";
import { SHOWN_TYPES } from "../../shared/runner-api.ts";

const value = (text: string) => ({ kind: "value", data: { "text/plain": text } });
const line = (what: unknown) => Buffer.from(`${JSON.stringify(what)}\n`);

describe("what a program shows", () => {
  it("is told as soon as it is whole, and all of it at the end", () => {
    const shown = new Shown();
    const bytes = Buffer.concat([line(value("ü")), line(value("2"))]);
    const told = [...bytes].flatMap((byte) => shown.push(Buffer.from([byte])));
    expect(told).toEqual([value("ü"), value("2")]);
    expect(shown.finish(bytes.length)).toEqual({ values: told, truncated: false });
  });

  it.each([
    ["no JSON", Buffer.from("{\n")],
    ["JSON of another shape", line({ kind: "other", data: {} })],
    ["a type that is none", line({ kind: "value", data: { "text/evil": "x" } })],
    ["a value that is no text", line({ kind: "value", data: { "text/plain": 1 } })],
    ["an empty line", Buffer.from("\n")],
    ["no UTF-8", Buffer.from('{"kind":"value","data":{"text/plain":"\xff"}}\n', "latin1")],
  ])("is dropped, and said to be, when it is %s", (_what, bytes) => {
    const shown = new Shown();
    expect(shown.push(Buffer.concat([bytes, line(value("1"))]))).toEqual([value("1")]);
    expect(shown.finish(0)).toEqual({ values: [value("1")], truncated: true });
  });

  it("may hold whatever a string can", () => {
    const texts = ["\\", '"', '\\"', '\\\\"{}[],:', "\n", '"'.repeat(5000), "{}".repeat(5000)];
    const shown = new Shown();
    for (const text of texts) expect(shown.push(line(value(text)))).toEqual([value(text)]);
    expect(shown.finish(0).truncated).toBe(false);
  });

  it("is cut where a line has no end, or more was written than came", () => {
    const open = new Shown();
    open.push(Buffer.from('{"kind":"value"'));
    expect(open.finish(15)).toEqual({ values: [], truncated: true });
    expect(new Shown().finish(1)).toEqual({ values: [], truncated: true });
  });

  it("is limited in number and in bytes", () => {
    const many = new Shown();
    for (let n = 0; n <= RESULTS_MAX; n++) many.push(line(value(String(n))));
    expect(many.finish(0)).toMatchObject({ truncated: true });
    expect(many.finish(0).values).toHaveLength(RESULTS_MAX);
    const large = new Shown();
    expect(large.push(line(value("x".repeat(RESULT_BYTES_MAX))))).toEqual([]);
    expect(large.push(line(value("1")))).toEqual([]);
    expect(large.finish(0)).toEqual({ values: [], truncated: true });
  });

  // Programs write these far faster than they can be read, and everybody's runner reads them.
  it.each([
    ["lines that are empty", Buffer.alloc(RESULT_BYTES_MAX, "\n")],
    ["lines that are nothing", Buffer.from("{}\n".repeat(RESULT_BYTES_MAX / 3))],
    [
      "one value of very many forms",
      line({ kind: "value", data: Object.fromEntries(manyKeys().map((key) => [key, 1])) }),
    ],
    ["one value of very many parts", Buffer.from(`[${"{},".repeat(RESULT_BYTES_MAX / 4)}{}]\n`)],
  ])("costs the runner little when it is %s", (_what, bytes) => {
    const shown = new Shown();
    const startedAtMs = performance.now();
    for (let at = 0; at < bytes.length; at += 65536) shown.push(bytes.subarray(at, at + 65536));
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
    expect(shown.finish(bytes.length)).toEqual({ values: [], truncated: true });
  });
});

function manyKeys(): string[] {
  return Array.from({ length: 500_000 }, (_, n) => `k${n}`);
}

describe("the forms a value may have", () => {
  const LANGUAGES = new URL("../../runner/image/languages/", import.meta.url);

  it.each(["shown.py", "node/shown.cjs"])(
    "are the same in %s, which cannot import them",
    (name) => {
      const text = readFileSync(new URL(name, LANGUAGES), "utf8");
      const named = text.match(/"(?:text|image|application)\/[\w+.-]+"/g) ?? [];
      const forms = new Set(named.map((quoted) => quoted.slice(1, -1)));
      expect([...forms].sort()).toEqual([...SHOWN_TYPES].sort());
    },
  );
});
