// Identifiers and languages: what is accepted as one, and what is not.

import { describe, expect, it } from "vitest";
import { isId, isRequestId, newId, randomText } from "../../shared/ids.ts";
import { findLanguage, LANGUAGE_IDS, LANGUAGES } from "../../shared/languages.ts";

describe("an id", () => {
  it("is recognised by its prefix and shape", () => {
    expect(isId("exec", newId("exec"))).toBe(true);
    expect(isId("req", newId("exec"))).toBe(false);
    expect(isId("exec", "exec-short")).toBe(false);
    expect(isId("exec", `exec-${"A".repeat(20)}`)).toBe(false);
  });

  it("is never the same twice and uses every letter", () => {
    const ids = new Set(Array.from({ length: 1000 }, () => newId("job")));
    expect(ids.size).toBe(1000);
    expect(new Set(randomText(5000)).size).toBe(32);
  });
});

describe("a request id", () => {
  it.each(["a", "trace.1_a-B", "x".repeat(64)])("may be %s", (text) => {
    expect(isRequestId(text)).toBe(true);
  });

  it.each(["", " ", "a b", "x".repeat(65), "a\n", "<b>", "\u00e9"])("may not be %j", (text) => {
    expect(isRequestId(text)).toBe(false);
  });
});

describe("a language", () => {
  it("is found by its id and its aliases, in any case", () => {
    for (const id of LANGUAGE_IDS) {
      for (const word of [id, id.toUpperCase(), ...LANGUAGES[id].aliases]) {
        expect(findLanguage(word)).toBe(id);
      }
    }
  });

  it.each(["", "cobol", "__proto__", "constructor", "python "])("is not %j", (word) => {
    expect(findLanguage(word)).toBeUndefined();
  });
});
