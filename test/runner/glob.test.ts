// Patterns of paths: what each means, and that none takes long, whatever it is held against.

import { describe, expect, it } from "vitest";
import { Glob, isPartMatch } from "../../runner/glob.ts";
import { randomFrom } from "../kit/random.ts";

const PLENTY = 1_000_000;

/** Whether `path` is a file that the pattern means. */
function means(pattern: string, path: string, steps = PLENTY): boolean {
  const glob = new Glob([pattern], { steps });
  let progress = glob.begin();
  const parts = path.split("/");
  for (const [index, part] of parts.entries()) {
    if (index > 0 && !glob.mayHold(progress)) return false;
    progress = glob.enter(progress, part);
  }
  return glob.isMatch(progress);
}

describe("a pattern", () => {
  it.each([
    ["a.txt", ["a.txt"], ["b.txt", "a.txt/b", "x/a.txt", "a.tx", "a.txtx"]],
    ["*.txt", ["a.txt", "b c.txt"], ["x/a.txt", ".txt", ".a.txt", "a.txt.gz"]],
    ["a?c", ["abc", "a🎈c", "a?c"], ["ac", "abbc", "a/c"]],
    ["*", ["a", "a.b"], ["a/b", ".a"]],
    [".*", [".a"], ["a"]],
    ["**", ["a", "a/b", "a/b/c"], [".a", "a/.b", ".a/b"]],
    ["**/*.py", ["a.py", "x/a.py", "x/y/a.py"], [".x/a.py", "a.pyc"]],
    ["a/**", ["a/b", "a/b/c"], ["a", "b/a", "a/.b"]],
    ["a/**/b", ["a/b", "a/x/b", "a/x/y/b"], ["a/x/c", "b"]],
    ["**/a/**/b", ["a/b", "x/a/y/b", "a/a/a/b"], ["x/b", "a/x"]],
    ["*/b", ["a/b"], ["b", "a/a/b"]],
    ["a**b", ["ab", "axyb"], ["a/b"]],
    ["[ab]{c,d}!(e)", ["[ab]{c,d}!(e)"], ["ac", "bd"]],
    ["\\*", ["\\x"], ["*"]],
  ])("%s means what it should", (pattern, right, wrong) => {
    expect(right.filter((path) => !means(pattern, path))).toEqual([]);
    expect(wrong.filter((path) => means(pattern, path))).toEqual([]);
  });

  it("says when a directory can hold nothing of it", () => {
    const glob = new Glob(["a/b/*", "c/**"], { steps: PLENTY });
    const at = (...names: string[]) => names.reduce((p, name) => glob.enter(p, name), glob.begin());
    expect([at("a"), at("a", "b"), at("c", "x", "y")].every((p) => glob.mayHold(p))).toBe(true);
    expect([at("b"), at("a", "c"), at("a", "b", "c")].some((p) => glob.mayHold(p))).toBe(false);
  });

  it("of one part is what a regular expression would say", () => {
    const random = randomFrom(5);
    const word = (letters: string, length: number) =>
      Array.from({ length: random.below(length) }, () => random.pick([...letters])).join("");
    let matches = 0;
    for (let i = 0; i < 20_000; i++) {
      const [pattern, name] = [word("ab*?", 8), word("ab", 10)];
      const source = pattern.replaceAll("*", ".*").replaceAll("?", ".");
      const isMatch = new RegExp(`^${source}$`).test(name);
      expect([pattern, name, isPartMatch(pattern, name, { steps: PLENTY })]).toEqual([
        pattern,
        name,
        isMatch,
      ]);
      matches += isMatch ? 1 : 0;
    }
    expect(matches).toBeGreaterThan(1000);
  });

  it("takes a bounded time, and matches nothing when its steps are spent", () => {
    const startedAtMs = performance.now();
    expect(means(`${"*a".repeat(127)}b`, "a".repeat(255))).toBe(false);
    expect(means(`${"**/".repeat(80)}b`, `${"a/".repeat(120)}c`)).toBe(false);
    expect(performance.now() - startedAtMs).toBeLessThan(500);
    const budget = { steps: 10 };
    const glob = new Glob(["*abcdefghijkl"], budget);
    expect(glob.isMatch(glob.enter(glob.begin(), "xabcdefghijkl"))).toBe(false);
    expect(glob.isSpent).toBe(true);
  });
});
