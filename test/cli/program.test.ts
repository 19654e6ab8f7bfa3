// What is guessed of a file, where files may be put, and which address a key belongs to.

import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { accessOf, configFile, forget, normalUrl, store } from "../../cli/src/config.ts";
import { exitOf } from "../../cli/src/execution.ts";
import { languageOfFile, readProgram } from "../../cli/src/program.ts";
import { placeIn } from "../../cli/src/save.ts";
import { harmless } from "../../cli/src/terminal.ts";
import type { Stage } from "../../client/src/types.ts";
import { LANGUAGE_IDS, languageOf } from "../../shared/languages.ts";

let dir: string;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "cli-unit-"));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe("the language of a file", () => {
  test("is that of its ending, for every language", () => {
    for (const id of LANGUAGE_IDS) expect(languageOfFile(languageOf(id).mainFile, "")).toBe(id);
    const others = {
      "a.mjs": "javascript",
      "a.cts": "typescript",
      "a.CC": "cpp",
      "a.bash": "bash",
      "a.txt": undefined,
    };
    for (const [name, id] of Object.entries(others)) expect(languageOfFile(name, "")).toBe(id);
  });

  test("is that of its first line, where it has no ending", () => {
    const lines = {
      "#!/bin/sh": "bash",
      "#!/usr/bin/env python3": "python",
      "#! /usr/bin/env -S node --x": "javascript",
      "#!/usr/bin/lua5.4": "lua",
      echo: undefined,
      "#!": undefined,
    };
    for (const [line, id] of Object.entries(lines))
      expect(languageOfFile("tool", `${line}\nx`), line).toBe(id);
  });
});

describe("the files of a program", () => {
  test("keep their paths below the first one's folder, and only their names elsewhere", () => {
    mkdirSync(join(dir, "p/lib"), { recursive: true });
    for (const name of ["p/main.c", "p/lib/add.h", "other.h"]) writeFileSync(join(dir, name), "x");
    writeFileSync(join(dir, "p/pic"), Buffer.from([255, 0]));
    const named = (...paths: string[]) =>
      readProgram(paths.map((path) => join(dir, path))).map(({ name }) => name);
    expect(named("p/main.c", "p/lib/add.h")).toEqual(["main.c", "lib/add.h"]);
    expect(named("p/main.c", "other.h")).toEqual(["main.c", "other.h"]);
    expect(readProgram([join(dir, "p/pic")])).toEqual([
      { name: "pic", content: "/wA=", encoding: "base64" },
    ]);
  });

  test("that come back lie in their folder and nowhere else", () => {
    expect(placeIn("/a", "b/c")).toBe("/a/b/c");
    for (const name of ["../x", "/etc/x", "b/../../x", "."])
      expect(() => placeIn("/a", name)).toThrow(/outside/);
  });
});

describe("a stored key", () => {
  test("is its owner's alone, also where an old file was not, and goes to its own address only", () => {
    const env = { XDG_CONFIG_HOME: dir };
    const file = configFile(env);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "{}");
    chmodSync(file, 0o644);
    expect(() => accessOf(undefined, env)).toThrow(/login/);
    store({ url: "https://one.example", apiKey: "k1" }, file);
    expect([statSync(file).mode & 0o777, JSON.parse(readFileSync(file, "utf8"))]).toEqual([
      0o600,
      { url: "https://one.example", apiKey: "k1" },
    ]);
    expect(accessOf(undefined, env)).toMatchObject({ url: "https://one.example", key: "k1" });
    expect(accessOf("https://two.example", env)).toMatchObject({
      url: "https://two.example",
      key: undefined,
    });
    expect(
      accessOf(undefined, { ...env, CODERUNNER_URL: "https://two.example/" }).key,
    ).toBeUndefined();
    expect(accessOf(undefined, { ...env, CODERUNNER_API_KEY: " k2\n" })).toMatchObject({
      url: "https://one.example",
      key: "k2",
    });
    expect([forget(file), forget(file)]).toEqual([true, false]);
  });

  test("is not for what is no address", () => {
    for (const text of ["", "example.com", "file:///x", "https://me:pw@x"])
      expect(() => normalUrl(text)).toThrow();
  });
});

test("an exit code is the program's, a signal's, or the compiler's", () => {
  const stage = (code: number | null, signal: string | null, outcome = "error") =>
    ({ code, signal, outcome }) as Stage;
  expect(exitOf({ run: stage(255, null) })).toBe(255);
  expect(exitOf({ run: stage(null, "SIGKILL", "memory") })).toBe(137);
  expect(exitOf({ run: stage(null, "SIGINT", "timeout") })).toBe(124);
  expect(exitOf({ compile: { ...stage(2, null), cached: false } })).toBe(2);
});

test("names that come from elsewhere cannot steer a terminal", () => {
  expect(harmless("a\u001b[2J\r\nb\u009b1m\u202ec")).toBe("a [2J b 1m c");
});
