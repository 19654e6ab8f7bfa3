// What is kept of compiled programs: that only the very same recipe gives the same key, that no
// account ever gets what another's sandbox made, and that it never takes more than it may.

import { describe, expect, it } from "vitest";
import { CompileCache, type Compiled, keyOf, type Recipe } from "../../runner/compile-cache.ts";
import { type Random, randomFrom } from "../kit/random.ts";
import { STAGE } from "./kit/report.ts";

const RECIPE: Recipe = {
  accountId: "acct-a",
  language: "c",
  version: "14.2.0",
  args: ["compile", "1", "--", "/usr/bin/gcc", "main.c"],
  files: [
    { name: "main.c", content: Buffer.from("int main(void) { return 0; }") },
    { name: "b.h", content: Buffer.from("#define B 1") },
  ],
};
const [MAIN, HEADER] = RECIPE.files as [Recipe["files"][0], Recipe["files"][0]];

describe("the key of a recipe", () => {
  it("is the same for the same", () => {
    const copy = { ...RECIPE, files: RECIPE.files.map((file) => ({ ...file })) };
    expect(keyOf(copy)).toBe(keyOf(RECIPE));
    expect(keyOf(RECIPE)).toMatch(/^[\w-]{43}$/);
  });

  const others: [string, Partial<Recipe>][] = [
    ["another account", { accountId: "acct-b" }],
    ["an account in capitals", { accountId: "ACCT-A" }],
    ["another language", { language: "cpp" }],
    ["another version", { version: "14.2.1" }],
    ["another flag", { args: [...RECIPE.args, "-O2"] }],
    ["a flag less", { args: RECIPE.args.slice(0, -1) }],
    ["flags in another order", { args: [...RECIPE.args].reverse() }],
    ["another name", { files: [{ ...MAIN, name: "main2.c" }, HEADER] }],
    ["other contents", { files: [{ ...MAIN, content: Buffer.from("x") }, HEADER] }],
    ["a header's other contents", { files: [MAIN, { ...HEADER, content: Buffer.from("x") }] }],
    ["another byte that looks the same", { files: [MAIN, { ...HEADER, name: "Ь.h" }] }],
    ["a file more", { files: [...RECIPE.files, { name: "c", content: Buffer.alloc(0) }] }],
    ["a file less", { files: [MAIN] }],
    ["files in another order", { files: [HEADER, MAIN] }],
    ["names swapped", { files: swapped(RECIPE.files) }],
  ];

  it.each(others)("is another with %s", (_what, change) => {
    expect(keyOf({ ...RECIPE, ...change })).not.toBe(keyOf(RECIPE));
  });

  it("tells the wish for a faster program apart from the same words in a file's name", () => {
    const flag = { ...RECIPE, args: ["gcc", "-O2"], files: [MAIN] };
    const name = { ...RECIPE, args: ["gcc"], files: [{ ...MAIN, name: "-O2" }] };
    expect(keyOf(flag)).not.toBe(keyOf(name));
  });

  it("is another wherever bytes are moved from one part to the next", () => {
    const random = randomFrom(14);
    for (let round = 0; round < 2000; round++) {
      const recipe = randomRecipe(random);
      const moved = moveByte(recipe, random);
      if (moved === undefined) continue;
      expect(keyOf(moved), JSON.stringify([recipe, moved])).not.toBe(keyOf(recipe));
    }
  });

  it("is the same for two recipes out of many only when they are the same", () => {
    const random = randomFrom(15);
    const seen = new Map<string, string>();
    for (let round = 0; round < 20_000; round++) {
      const recipe = randomRecipe(random);
      const whole = JSON.stringify(recipe);
      const before = seen.get(keyOf(recipe));
      if (before !== undefined) expect(whole).toBe(before);
      seen.set(keyOf(recipe), whole);
    }
    expect(seen.size).toBeGreaterThan(1000);
    expect(seen.size).toBeLessThan(20_000); // some must have come up again, or nothing was compared
  });
});

describe("the cache", () => {
  it("gives back what it was given, and nothing for what it was not", () => {
    const cache = new CompileCache(100_000);
    const compiled = compiledOf(10);
    cache.keep("a", compiled);
    expect(cache.get("a")).toBe(compiled);
    expect(cache.get("b")).toBeUndefined();
  });

  it("drops what has not been used for longest", () => {
    const cache = new CompileCache(3 * 20_000);
    cache.keep("a", compiledOf(15_000));
    cache.keep("b", compiledOf(15_000));
    cache.keep("c", compiledOf(15_000));
    cache.get("a");
    cache.keep("d", compiledOf(15_000));
    expect(["a", "b", "c", "d"].map((key) => cache.get(key) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ]);
  });

  it("does not keep what alone is more than all may be, nor drops anything for it", () => {
    const cache = new CompileCache(20_000);
    cache.keep("a", compiledOf(1000));
    cache.keep("large", compiledOf(20_000));
    expect(cache.get("large")).toBeUndefined();
    expect(cache.get("a")).toBeDefined();
  });

  it("counts what a compiler said as well as what it made", () => {
    const cache = new CompileCache(20_000);
    cache.keep("a", { program: Buffer.alloc(1), report: { ...STAGE, stderr: "w".repeat(9_999) } });
    expect(cache.get("a")).toBeUndefined();
    cache.keep("b", { program: Buffer.alloc(1), report: { ...STAGE, stdout: "w".repeat(9_000) } });
    expect(cache.get("b")).toBeDefined();
  });

  it("never holds more than it may, whatever is put into it", () => {
    const random = randomFrom(16);
    const bytesMax = 200_000;
    const cache = new CompileCache(bytesMax);
    const keys = Array.from({ length: 60 }, (_, i) => `k${i}`);
    for (let round = 0; round < 3000; round++) {
      const length = random.pick([0, 100, 5_000, 50_000, 199_000, 300_000]);
      cache.keep(random.pick(keys), compiledOf(random.below(length + 1)));
      if (round % 20 !== 0) continue;
      const held = keys.reduce((sum, key) => sum + (cache.get(key)?.program.length ?? 0), 0);
      expect(held).toBeLessThanOrEqual(bytesMax);
    }
  });

  it("never gives one account what another's sandbox made", () => {
    const random = randomFrom(17);
    const cache = new CompileCache(50_000_000);
    let found = 0;
    for (let round = 0; round < 10_000; round++) {
      const recipe = randomRecipe(random);
      const owner = `${recipe.accountId}`;
      const known = cache.get(keyOf(recipe));
      if (known === undefined) {
        cache.keep(keyOf(recipe), { program: Buffer.from(owner), report: STAGE });
        continue;
      }
      found++;
      expect(known.program.toString()).toBe(owner);
    }
    expect(found).toBeGreaterThan(100);
  });
});

function compiledOf(bytes: number): Compiled {
  return { program: Buffer.alloc(bytes), report: STAGE };
}

function swapped([a, b]: Recipe["files"]): Recipe["files"] {
  if (a === undefined || b === undefined) throw new Error("two files are needed");
  return [
    { name: a.name, content: b.content },
    { name: b.name, content: a.content },
  ];
}

/** Short parts of few letters, so that whatever can be mistaken for something else will be. */
function randomRecipe(random: Random): Recipe {
  const word = () => Array.from({ length: random.below(3) }, () => random.pick(["a", "1", ":"]));
  const text = () => word().join("");
  const some = <T>(make: () => T) => Array.from({ length: random.below(3) }, make);
  return {
    accountId: text(),
    language: random.pick(["c", "c1"]),
    version: random.pick(["1", "11"]),
    args: some(text),
    files: some(() => ({ name: text(), content: Buffer.from(text()) })),
  };
}

/** The recipe with one byte of a part moved to the end of the part before it; none if there is none. */
function moveByte(recipe: Recipe, random: Random): Recipe | undefined {
  const { accountId, language, version, args, files } = recipe;
  const named = files.flatMap(({ name, content }) => [name, content.toString()]);
  const parts = [accountId, language, version, ...args, ...named];
  const at = 1 + random.below(parts.length - 1);
  const from = parts[at] ?? "";
  if (from === "") return undefined;
  parts[at - 1] += from.slice(0, 1);
  parts[at] = from.slice(1);
  const [movedAccount = "", movedLanguage = "", movedVersion = "", ...rest] = parts;
  const contents = rest.slice(args.length);
  return {
    accountId: movedAccount,
    language: movedLanguage,
    version: movedVersion,
    args: rest.slice(0, args.length),
    files: files.map((_, i) => ({
      name: contents[2 * i] ?? "",
      content: Buffer.from(contents[2 * i + 1] ?? ""),
    })),
  };
}
