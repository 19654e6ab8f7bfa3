// Versions: what is learnt from sandboxes, whatever they tell, and which selectors mean it.

import { describe, expect, it } from "vitest";
import { Versions } from "../../runner/versions.ts";
import { Failure } from "../../shared/errors.ts";
import { LANGUAGE_IDS, languageOf, SANDBOX_KINDS } from "../../shared/languages.ts";

describe("a selector", () => {
  const matching: [version: string, selectors: string[]][] = [
    ["3.13.5", ["*", "", " ", "latest", "3", "3.x", "3.X", "3.*", "3.13", "3.13.x", "3.13.5"]],
    ["3.13.5", ["^3", "^3.2", "~3.13", ">=3 <4", ">=3.13.5", "<=3.13.5", "=3.13.5", "v3.13.5"]],
    ["3.13.5", ["3.0 - 3.99", "2 || 3", "<3 || >3.12", "  3.x  ", "x", ">2"]],
    ["5.4.7", ["5.4.7", "5.4", "^5.4", "~5.4.0", "5"]],
    ["5.4", ["5.4", "5.4.0", "^5", ">=5.4", "5.x"]],
    ["5.2.37", ["5.2.37", ">=5.2.15", "~5.2"]],
    ["21.0.9", ["21", ">=21", "21.0.9"]],
    ["6.12.0.199", ["6.12.0.199", "6.12", "6.12.0", "^6.12.0"]],
    ["1.24.4", ["1.24", "~1.24.0", ">=1.18"]],
  ];

  it.each(matching)("is met by %s: %j", (version, selectors) => {
    for (const selector of selectors) expect(chosen(version, selector), selector).toBe(version);
  });

  const missing: [version: string, selectors: string[]][] = [
    ["3.13.5", ["2", "4", "^2", "^4", "~3.12", "3.12.x", "3.13.4", "3.13.6", ">3.13.5", "<3.13.5"]],
    ["3.13.5", ["<3", ">=4", ">=3 <3.13", "3.0 - 3.12", "2 || 4", "3.13.5-rc.1", "3.13.50"]],
    ["5.4.7", ["5.4.6", "5.3", "5.4.70", "^5.5"]],
    ["6.12.0.199", ["6.12.0.198", "6.12.0.1990", "6.12.1", "=6.12.0.199 || 7"]],
    ["21.0.9", ["17", "8", "<21"]],
  ];

  it.each(missing)("is not met by %s: %j", (version, selectors) => {
    for (const selector of selectors) {
      expect(() => chosen(version, selector), selector).toThrow(Failure);
    }
  });

  const garbage = ["nonsense", "3.13.5; rm -rf /", "three", "^^3", "3..", "-", "\0", "3\n4", "é"];

  it.each([...garbage, "1".repeat(128), "(".repeat(128), "||".repeat(64).slice(1, 2), "$(3)"])(
    "that is none is refused, not tripped over: %j",
    (selector) => {
      const failure = failureOf(() => chosen("3.13.5", selector));
      expect(failure).toMatchObject({ code: "unknown_version", field: "version" });
    },
  );

  it("is answered in reasonable time, however it is made", () => {
    const startedAtMs = performance.now();
    for (const part of ["3.x ", "||", ">=", "3-", " - ", "~>", "^", "  ", "1.", ">=1 <2 "]) {
      failureOf(() => chosen("3.13.5", part.repeat(128).slice(0, 128)));
    }
    expect(performance.now() - startedAtMs).toBeLessThan(1000);
  });

  it("that is not met hears what there is", () => {
    const failure = failureOf(() => chosen("3.13.5", "^2"));
    expect(failure?.message).toBe("No Python here is `^2`; available: 3.13.5.");
  });
});

describe("a sandbox of all other languages", () => {
  const others = LANGUAGE_IDS.filter((id) => languageOf(id).isWarm !== true);

  it("tells the versions of each of them", () => {
    const versions = new Versions();
    const told = others.map((id, i) => `${id}=${i}.2.3;`).join("");
    versions.learn("general", told);
    expect(others.map((id) => versions.of(id))).toEqual(others.map((_, i) => `${i}.2.3`));
  });

  it("tells nothing of a language whose own sandboxes tell it", () => {
    const versions = new Versions();
    versions.learn("python", "3.13.5");
    versions.learn("general", "python=2.7;c=14.2.0;");
    expect(versions.of("python")).toBe("3.13.5");
    expect(new Versions().of("python")).toBeUndefined();
  });

  const nonsense = [
    "",
    ";",
    ";;;",
    "=",
    "=1;",
    "c",
    "c;",
    "c=",
    "c=;",
    "cobol=1;",
    "C=1;",
    ":c=1;",
  ];

  it.each([...nonsense, "__proto__=1;constructor=2;", ";".repeat(512)])(
    "that tells nonsense has told nothing: %j",
    (said) => {
      const versions = new Versions();
      versions.learn("general", said);
      for (const id of LANGUAGE_IDS) expect(versions.of(id), id).toBeUndefined();
      versions.learn("general", "c=14.2.0;");
      versions.learn("general", said);
      expect(versions.of("c")).toBe("14.2.0");
    },
  );

  it("that tells a version which is no number has one that only its own words select", () => {
    const versions = new Versions();
    versions.learn("general", "c=trunk;go=;rust=~:-;");
    expect(versions.select("c")).toBe("trunk");
    expect(versions.select("c", "trunk")).toBe("trunk");
    expect(failureOf(() => versions.select("c", ">=0"))?.code).toBe("unknown_version");
    expect(versions.of("go")).toBeUndefined();
    expect(versions.select("rust")).toBe("~:-");
  });

  it("cannot tell a version that would not fit into a report", () => {
    const versions = new Versions();
    versions.learn("general", `c=14.2.0;go=${"1".repeat(65)};rust=${"1".repeat(64)};`);
    versions.learn("python", "3".repeat(65));
    expect([versions.of("c"), versions.of("go")]).toEqual(["14.2.0", undefined]);
    expect(versions.of("rust")).toBe("1".repeat(64));
    expect(versions.of("python")).toBeUndefined();
  });
});

describe("a language of which nothing has been told", () => {
  it("is not ready yet, whatever version is asked for", () => {
    const versions = new Versions();
    for (const id of LANGUAGE_IDS) {
      for (const selector of [undefined, "*", "1", "nonsense"]) {
        expect(failureOf(() => versions.select(id, selector))?.code).toBe("busy");
      }
    }
  });

  it("is known as soon as a sandbox of its kind is there", () => {
    const versions = new Versions();
    for (const kind of SANDBOX_KINDS) {
      versions.learn(kind, kind === "general" ? "c=14.2.0;perl=5.40.1" : "1.2.3");
      if (kind !== "general") expect(versions.select(kind)).toBe("1.2.3");
    }
    expect([versions.select("c"), versions.select("perl")]).toEqual(["14.2.0", "5.40.1"]);
  });
});

function chosen(version: string, selector: string): string {
  const versions = new Versions();
  versions.learn("python", version);
  return versions.select("python", selector);
}

function failureOf(action: () => unknown): Failure | undefined {
  try {
    action();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}
