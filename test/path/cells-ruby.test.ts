// A session's Ruby in one real sandbox: cell after cell in one process that remembers.

import { describe, expect, it } from "vitest";
import { freshCells } from "../kit/cells.ts";

const { of, interrupted } = freshCells("ruby");
const OK = { code: 0, signal: null, out: "", err: "", kept: true };

describe("a Ruby session", () => {
  it("remembers locals, methods, constants, what was required, and the directory", async () => {
    await of("x = 42; A = 1; @i = 2; $g = 3\ndef sq(n) = n * n\nclass Foo; def a = 7; end");
    await of("require 'set'; Dir.mkdir('d'); Dir.chdir('d'); ENV['A'] = 'b'");
    const value = '[1764, 1, 2, 3, 7, "/workspace/d", "b\\n"]';
    expect(await of("puts x * 2\n[sq(x), A, @i, $g, Foo.new.a, Dir.pwd, `echo $A`]")).toEqual({
      ...OK,
      out: "84\n",
      value,
    });
    expect(await of("_.size")).toEqual({ ...OK, value: "7" });
    expect(await of("nil")).toEqual(OK);
    expect(await of('"é\\u0001\\"q\\\\"')).toEqual({ ...OK, value: '"é\\u0001\\"q\\\\"' });
  });

  it("is the main program in every cell", async () => {
    expect(await of("[__FILE__ == $0, __LINE__, self, __method__]")).toMatchObject({
      value: "[true, 1, main, nil]",
    });
    const code = "raise 'no' if __FILE__ == $0";
    const files = [{ name: "main.rb", content: Buffer.from(code) }];
    const { err } = await of(code, { name: "main.rb", files });
    expect(err).toBe("/workspace/main.rb:1:in `<main>': no (RuntimeError)\n");
  });

  it("has fresh input in every cell that has any", async () => {
    expect(await of("gets", { stdin: "a\nb\n" })).toMatchObject({ value: '"a\\n"' });
    expect(await of("gets")).toEqual(OK);
    expect(await of("[gets, STDIN.read]", { stdin: "c\nd" })).toMatchObject({
      value: '["c\\n", "d"]',
    });
  });

  it("loads files of the workspace anew when they have changed", async () => {
    await of("File.write('m.rb', 'def mm = 1'); require_relative 'm'");
    expect(await of("[mm, require_relative('m')]")).toMatchObject({ value: "[1, false]" });
    await of("File.write('m.rb', 'def mm = 22')");
    expect(await of("require './m'; mm")).toMatchObject({ value: "22" });
  });
});

describe("what goes wrong in a Ruby cell", () => {
  it("is told with the lines of cells, and nothing else", async () => {
    await of("def f(n)\n  1 / n\nend");
    expect(await of("x = 1\nf(0)")).toEqual({
      ...OK,
      code: 1,
      err: "<cell 1>:2:in `/': divided by 0 (ZeroDivisionError)\n\tfrom <cell 1>:2:in `f'\n\tfrom <cell 2>:2:in `<main>'\n",
    });
    expect(await of("[x].frist")).toEqual({
      ...OK,
      code: 1,
      err: "<cell 3>:1:in `<main>': undefined method `frist' for an instance of Array (NoMethodError)\n\n[x].frist\n   ^^^^^^\nDid you mean?  first\n",
    });
    expect((await of("def broken(")).err).toMatch(/^<cell 4>:1: syntax error/);
    const bad = await of("class Bad; def inspect = raise('no'); end\nBad.new");
    expect(bad.err).toBe("<cell 5>:1:in `inspect': no (RuntimeError)\n");
  });

  it.each([
    ["exit", "exit 3", 3, ""],
    ["abort", "abort 'oops'", 1, "oops\n"],
    ["return", "return 5", 0, ""],
  ])("ends the cell and no more by %s", async (_what, code, exitCode, err) => {
    await of("x = 5");
    expect(await of(code)).toEqual({ ...OK, code: exitCode, err });
    expect(await of("x")).toEqual({ ...OK, value: "5" });
  });

  it.each([
    ["exit!", "exit! 4", { code: 4, signal: null, kept: false }],
    ["exec", "exec 'exit 6'", { code: 6, kept: false }],
    ["a kill", "Process.kill :KILL, $$; sleep", { code: null, signal: 9, kept: false }],
    ["a closed control socket", "IO.for_fd(15).close", { code: 0, kept: false }],
  ])("ends the session by %s, and is told", async (_what, code, expected) => {
    expect(await of(code)).toMatchObject(expected);
  });
});

describe("an interrupt of a Ruby cell", () => {
  it.each([
    ["a busy loop", "loop {}"],
    ["a sleep", "sleep 9"],
    ["a wait for a child", "system 'sleep 9'"],
    ["a rescue", "begin; raise 'x'; rescue; sleep 9; end"],
  ])("ends %s and keeps the variables", async (_what, code) => {
    await of("x = 5; trap('INT', 'IGNORE')");
    const { err, ...rest } = await interrupted(code);
    expect(rest).toEqual({ code: null, signal: 2, out: "", kept: true });
    expect(err).toContain("Interrupt");
    expect(err).not.toContain("eval");
    expect(await of("x")).toEqual({ ...OK, value: "5" });
  });
});

it("has children of a Ruby cell end as a program's, and threads live on", async () => {
  const code = "pid = fork\nif pid then Process.wait pid end\nputs pid ? 'parent' : 'child'\n7";
  expect(await of(code)).toEqual({ ...OK, out: "child\nparent\n", value: "7" });
  await of("Thread.new { sleep 0.05; @late = 1 }; nil");
  expect(await of("sleep 0.2; @late")).toEqual({ ...OK, value: "1" });
});
