// How a command line is read: by the table of commands, with whatever may be written in several ways, and
// with what was probably meant where something is wrong.

import { describe, expect, test } from "vitest";
import { EXITS, Stop } from "../../cli/src/exit.ts";
import { findCommand, nearest, parseLine } from "../../cli/src/parse.ts";
import { COMMANDS } from "../../cli/src/table.ts";
import { readText } from "../tidy/sources.ts";

function parse(...argv: string[]) {
  const found = findCommand(argv, COMMANDS);
  if (found === undefined) throw new Error(`no command ${argv}`);
  return parseLine(found.command, argv.slice(found.length));
}

function problemOf(...argv: string[]): string {
  try {
    parse(...argv);
  } catch (thrown) {
    if (thrown instanceof Stop) return thrown.message;
    throw thrown;
  }
  return "none";
}

/** The words of a line's command as a shell would have them, as far as the examples go. */
function wordsOf(line: string): string[] {
  const [, own = ""] = /coderunner ((?:'[^']*'|"[^"]*"|[^|<>)])*)/.exec(line) ?? [];
  return [...own.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(([, a, b, c]) => a ?? b ?? c ?? "");
}

describe("a command line", () => {
  test("is of the command with the longest name", () => {
    expect(findCommand(["execute", "runtimes"], COMMANDS)?.command.name).toBe("execute runtimes");
    expect(findCommand(["execute", "--lang", "c"], COMMANDS)?.command.name).toBe("execute");
    expect(findCommand(["runtimes"], COMMANDS)).toBeUndefined();
  });

  test("says its flags in any of their forms and anywhere", () => {
    for (const argv of [
      ["-l", "python", "-f", "a", "--file", "b", "-q"],
      ["--lang=python", "--quiet", "--file=a", "--file=b"],
      ["-lpython", "-qfa", "-fb"],
    ]) {
      const { values } = parse("execute", ...argv);
      expect([
        values.text("lang"),
        values.texts("file"),
        values.has("quiet"),
        values.has("json"),
      ]).toEqual(["python", ["a", "b"], true, false]);
    }
  });

  test("may have values that begin with a dash, but not another flag in a value's place", () => {
    expect(parse("execute", "-c", "-1", "--stdin", "--x").values.text("stdin")).toBe("--x");
    expect(parse("execute", "--code=--lang").values.text("code")).toBe("--lang");
    expect(problemOf("execute", "--code", "--lang", "c")).toMatch(/--code needs a value/);
    expect(problemOf("execute", "--code")).toMatch(/--code needs a value/);
  });

  test("leaves what follows -- to the program, where there is one", () => {
    const { words, programArgs } = parse("run", "a.py", "b.py", "--", "--json", "c");
    expect([words, programArgs]).toEqual([
      ["a.py", "b.py"],
      ["--json", "c"],
    ]);
    expect(parse("files", "rm", "s", "--", "-odd").words).toEqual(["s", "-odd"]);
  });

  test("is refused with what was probably meant", () => {
    expect(problemOf("execute", "--sesion", "s")).toMatch(/did you mean --session\?$/);
    expect(problemOf("execute", "--completely-else")).toMatch(/there are --code/);
    expect(problemOf("execute", "--__proto__", "1")).toMatch(/no flag/);
    expect(problemOf("files", "get", "s", "p", "f", "x")).toMatch(/`x` is too much/);
    expect(nearest("exec", ["execute", "execute runtimes"])).toBe("execute");
    expect(nearest("zzz", ["execute"])).toBeUndefined();
  });
});

describe("the table of commands", () => {
  test("has examples that it reads as they stand", () => {
    for (const { name, examples } of COMMANDS) {
      expect(examples.length, name).toBeGreaterThan(0);
      for (const { line } of examples) expect(problemOf(...wordsOf(line)), line).toBe("none");
    }
  });

  test("names each short flag once in a command", () => {
    for (const { name, flags } of COMMANDS) {
      const shorts = ["h", ...Object.values(flags).flatMap(({ short }) => short ?? [])];
      expect(new Set(shorts).size, name).toBe(shorts.length);
    }
  });

  test("and the exit codes are what the documentation says", () => {
    const chapter = readText("docs/clients/cli.md");
    for (const { code, means } of Object.values(EXITS))
      expect(chapter).toContain(`| ${code} | ${means} |`);
    for (const { name } of COMMANDS)
      expect(chapter).toMatch(new RegExp(`${name.split(" ").join(".*")}`, "s"));
  });
});
