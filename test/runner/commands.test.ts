// The commands of every language's row with a program's files put in: nothing is left to fill in,
// and no name of a caller's can pass for an option or for a file of ours.

import { availableParallelism } from "node:os";
import { describe, expect, it } from "vitest";
import { compileArgs, type Names, runArgs } from "../../runner/commands.ts";
import { WORKSPACE } from "../../runner/interpreters.ts";
import { PROGRAM_NAME } from "../../shared/files.ts";
import { LANGUAGE_IDS, type LanguageId, languageOf, PROCESSORS } from "../../shared/languages.ts";
import { COMPILE_FILE_BYTES_MAX, FILE_BYTES_MAX } from "../../shared/limits.ts";

const PROGRAM_PATH = `${WORKSPACE}/${PROGRAM_NAME}`;
const PLAIN = { optimize: false };
const COMPILED = LANGUAGE_IDS.filter((id) => languageOf(id).compile !== undefined);
const STARTED = LANGUAGE_IDS.filter((id) => languageOf(id).run !== undefined);
const WAITING = LANGUAGE_IDS.filter((id) => languageOf(id).run === undefined);

describe("every language's row", () => {
  it("is compiled and run, only run, or run by what waits", () => {
    for (const id of LANGUAGE_IDS) {
      const { compile, run, isWarm } = languageOf(id);
      if (compile !== undefined) expect(run, id).toBeDefined();
      if (run === undefined) expect(isWarm, id).toBe(true);
    }
    for (const some of [COMPILED, STARTED, WAITING]) expect(some).not.toEqual([]);
  });

  it.each(COMPILED)("has everything filled in when %s is compiled", (id) => {
    for (const optimize of [false, true]) {
      const stage = stageOf(compileArgs(id, namesOf(id), { optimize }));
      expect(stage.word).toBe("compile");
      expect(stage.fileBytesMax).toBe(COMPILE_FILE_BYTES_MAX);
      expectFilled(id, stage);
      expect(stage.command.join(" "), "names its main file").toContain(languageOf(id).mainFile);
    }
  });

  it.each(STARTED)("has everything filled in when %s is run", (id) => {
    const stage = stageOf(runArgs(id, namesOf(id), ["one", "", "{main}"]));
    expect(stage.word).toBe("run");
    expect(stage.fileBytesMax).toBe(FILE_BYTES_MAX);
    expect(stage.command.slice(-3), "ends with the caller's arguments").toEqual([
      "one",
      "",
      "{main}",
    ]);
    expectFilled(id, { ...stage, command: stage.command.slice(0, -3) });
  });

  it.each(COMPILED)("has %s built where it is run from, and nowhere else", (id) => {
    const told = [
      ...stageOf(compileArgs(id, namesOf(id), PLAIN)).command,
      ...stageOf(runArgs(id, namesOf(id), [])).command,
    ];
    const places = told.filter((word) => word.includes(PROGRAM_NAME));
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const place of places) expect(place).toContain(PROGRAM_PATH);
  });

  it.each(WAITING)("hands what waits for %s the main file and the caller's arguments", (id) => {
    const names = namesOf(id);
    expect(runArgs(id, names, ["-x", "", "run"])).toEqual([names[0], "-x", "", "run"]);
  });

  it.each(LANGUAGE_IDS)("gives %s its environment in both stages", (id) => {
    const { env = {} } = languageOf(id);
    const known = Object.entries(env).filter(([, value]) => value !== PROCESSORS);
    const wanted = known.map(([name, value]) => `${name}=${value}`);
    const stages = [compileArgs(id, namesOf(id), PLAIN), runArgs(id, namesOf(id), [])];
    for (const args of stages) {
      if (args?.includes("--")) expect(stageOf(args).env).toHaveLength(Object.keys(env).length);
      if (args?.includes("--")) expect(stageOf(args).env).toEqual(expect.arrayContaining(wanted));
    }
  });

  it.each(LANGUAGE_IDS)(
    "says how to ask for %s's version where nothing waits that tells it",
    (id) => {
      const { isWarm, version } = languageOf(id);
      expect(version === undefined).toBe(isWarm === true);
    },
  );

  it("has names in its environment that are names", () => {
    for (const id of LANGUAGE_IDS) {
      for (const name of Object.keys(languageOf(id).env ?? {}))
        expect(name).toMatch(/^[A-Z_0-9]+$/);
    }
  });
});

describe("a name of a caller's", () => {
  const hostile = ["-o", "@file", "-fplugin=x.so", "--help", "@", "-", "-/../x"];

  it.each(hostile)("cannot pass for an option: %s", (name) => {
    for (const id of LANGUAGE_IDS) {
      const { compile } = languageOf(id);
      const names: Names = [name, ...(compile?.sources ?? []).map((ending) => `${name}${ending}`)];
      for (const stage of stagesOf(id, names)) {
        const own = stage.command.filter((word) => word.endsWith(name) || word.startsWith(name));
        for (const word of own) expect(isOfRow(id, word) || /^\.\//.test(word), word).toBe(true);
      }
    }
  });

  it("is otherwise passed as it is", () => {
    const names: Names = ["a b.c", "$(x).c", "é/ü.c", "a;b.c", "x-o.c", "d/-o.c", "d/@f.c", "\n.c"];
    expect(stageOf(compileArgs("c", names, PLAIN)).command).toEqual(
      expect.arrayContaining([...names]),
    );
  });

  it("that is a word of ours stays a file", () => {
    const names: Names = ["--", "compile", "run", "{program}", "{main}"];
    const stage = stageOf(runArgs("perl", names, ["--", "{program}"]));
    expect(stage.command).toEqual(["/usr/bin/perl", "./--", "--", "{program}"]);
    expect(stageOf(runArgs("perl", ["{program}"], [])).command.at(-1)).toBe("{program}");
  });

  it("that looks like an environment does not get into it", () => {
    expect(stageOf(compileArgs("c", ["LD_PRELOAD=x.c"], PLAIN)).env).toEqual([]);
    expect(stageOf(runArgs("c", ["main.c"], ["LD_PRELOAD=x"])).env).toEqual([]);
  });
});

describe("the sources", () => {
  it("are the main file whatever it is called, and every other with an ending of the language's", () => {
    const rest = ["b.c", "c.h", "d/e.c", "f.cpp", "g.C", "h.c.txt", "data.json", ".c", "c"];
    const { command } = stageOf(compileArgs("c", ["main", ...rest], PLAIN));
    const sent = command.filter((word) => ["main", ...rest].includes(word));
    expect(sent).toEqual(["main", "b.c", "d/e.c", ".c"]);
  });

  it("of C++ have several endings", () => {
    const rest = ["b.cc", "c.cxx", "d.hpp", "e.h"];
    const { command } = stageOf(compileArgs("cpp", ["main.cpp", ...rest], PLAIN));
    const sent = command.filter((word) => ["main.cpp", ...rest].includes(word));
    expect(sent).toEqual(["main.cpp", "b.cc", "c.cxx"]);
  });

  it("come once each and in their order", () => {
    for (const id of COMPILED) {
      const [ending] = languageOf(id).compile?.sources ?? [];
      if (ending === undefined) continue;
      const names = ["z", "a", "m"].map((name) => `${name}${ending}`) as unknown as Names;
      const { command } = stageOf(compileArgs(id, names, PLAIN));
      expect(
        command.filter((word) => names.includes(word)),
        id,
      ).toEqual([...names]);
    }
  });

  it("of a language that finds them by itself are the main file alone", () => {
    const { command } = stageOf(compileArgs("rust", ["main.rs", "other.rs"], PLAIN));
    expect(command).toContain("main.rs");
    expect(command).not.toContain("other.rs");
  });
});

describe("the wish for a faster program", () => {
  it.each(COMPILED)("adds what the row of %s says, and nothing where it is not asked", (id) => {
    const more = languageOf(id).compile?.optimize ?? [];
    const plain = stageOf(compileArgs(id, namesOf(id), PLAIN)).command;
    const faster = stageOf(compileArgs(id, namesOf(id), { optimize: true })).command;
    expect(faster.length).toBe(plain.length + more.length);
    expect(faster.filter((word) => !plain.includes(word))).toEqual([...more]);
  });

  it("is granted by the compilers that can", () => {
    expect(COMPILED.filter((id) => languageOf(id).compile?.optimize !== undefined)).toEqual(
      expect.arrayContaining(["c", "cpp", "rust"]),
    );
  });
});

describe("a language with nothing to compile", () => {
  it.each(LANGUAGE_IDS.filter((id) => !COMPILED.includes(id)))("has no such stage: %s", (id) => {
    expect(compileArgs(id, namesOf(id), PLAIN)).toBeUndefined();
    expect(compileArgs(id, namesOf(id), { optimize: true })).toBeUndefined();
  });
});

type StageWords = { word: string; fileBytesMax: number; env: string[]; command: string[] };

/** What image/launcher.c makes of a stage's words. */
function stageOf(args: readonly string[] | undefined): StageWords {
  if (args === undefined) throw new Error("there is no such stage");
  const end = args.indexOf("--");
  expect(end).toBeGreaterThanOrEqual(2);
  const [word = "", fileBytesMax] = args;
  return {
    word,
    fileBytesMax: Number(fileBytesMax),
    env: args.slice(2, end),
    command: args.slice(end + 1),
  };
}

function stagesOf(id: LanguageId, names: Names): StageWords[] {
  const compile = compileArgs(id, names, PLAIN);
  const run = languageOf(id).run === undefined ? undefined : runArgs(id, names, []);
  return [compile, run].filter((args) => args !== undefined).map(stageOf);
}

function namesOf(id: LanguageId): Names {
  return [languageOf(id).mainFile, "data.txt"];
}

/** Whether a word is the row's own rather than the caller's. */
function isOfRow(id: LanguageId, word: string): boolean {
  const { compile, run = [] } = languageOf(id);
  return [...(compile?.command ?? []), ...run].includes(word);
}

function expectFilled(id: LanguageId, { command }: StageWords): void {
  expect(command[0], id).toMatch(/^[\w/]/);
  for (const word of command) {
    expect(word, id).not.toMatch(/\{\w+\}/);
    expect(word, id).not.toContain("\0");
  }
  expect(command, "a file that is no source is no word").not.toContain("data.txt");
}

describe("a program's environment", () => {
  it("reckons with no more processors than it has threads for", () => {
    const processors = Math.min(availableParallelism(), 8);
    expect(runArgs("go", ["main.go"], [])).toContain(`GOMAXPROCS=${processors}`);
  });
});
