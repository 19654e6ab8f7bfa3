// What a session of JavaScript keeps from cell to cell, what it shows, and what ends a cell of it.

import { afterEach, describe, expect, it } from "vitest";
import { shareCells } from "../kit/cells.ts";

const { cell, textOf, reset } = shareCells("javascript");

afterEach(reset);

describe("a session of JavaScript", () => {
  it("keeps what was declared, and lets it be declared anew", async () => {
    await textOf("const a = 1; let b = 2; var c = 3; class K { n = 4 } function f() { return 5 }");
    expect(await textOf("[a, b, c, new K().n, f()]")).toBe("[ 1, 2, 3, 4, 5 ]");
    await textOf("const a = 'x'; class K { n = 'y' } function f() { return 'z' }");
    expect(await textOf("[a, new K().n, f()]")).toBe("[ 'x', 'y', 'z' ]");
    await textOf("const f = () => 6; function a() { return 7 } const K = 8; const c = 9");
    expect(await textOf("[f(), a(), K, c]")).toBe("[ 6, 7, 8, 9 ]");
    await textOf("let f = 1, a = 2; f++; let K = 3\nconst text = `\nconst c = 4`");
    expect(await textOf("[f, a, K, c, text]")).toBe("[ 2, 2, 3, 9, '\\nconst c = 4' ]");
  });

  it("has both kinds of modules, and loads those anew that have changed", async () => {
    await textOf(
      "import fs, { readFileSync as read } from 'node:fs'; import * as path from 'path'",
    );
    expect(await textOf("[typeof fs.statSync, typeof read, path.sep]")).toBe(
      "[ 'function', 'function', '/' ]",
    );
    const write = (b: number) =>
      textOf(`fs.writeFileSync('b.mjs', 'export const b = ${b}');
fs.writeFileSync('a.mjs', 'export * from "./b.mjs"'); fs.writeFileSync('c.cjs', 'exports.c = ${b}'); 0`);
    const read = "const { c } = require('./c.cjs'); import { b } from './a.mjs'; [b, c]";
    await write(1);
    expect(await textOf(read)).toBe("[ 1, 1 ]");
    await write(22);
    expect(await textOf(read)).toBe("[ 22, 22 ]");
    expect(await textOf("(await import('./b.mjs')).b")).toBe("22");
  });

  it("is a main module", async () => {
    expect(await textOf("[require.main === module, __filename, process.argv.length]")).toBe(
      "[ true, '/workspace/main.js', 2 ]",
    );
    const file = "export const x = 1; export default function g() {} ; import.meta.filename";
    expect(await textOf(file, { name: "lib/app.mjs" })).toBe("'/workspace/lib/app.mjs'");
  });

  it("keeps what a cell has set of the process", async () => {
    await textOf("process.env.A = 'b'; process.chdir('/tmp'); process.argv.push('x'); 0");
    expect(await textOf("[process.env.A, process.cwd(), process.argv[2]]")).toBe(
      "[ 'b', '/tmp', 'x' ]",
    );
  });

  it("outlives what a program does to its own tools", async () => {
    const spoil =
      "console.log = 0; JSON.stringify = JSON.parse = null; require('fs').readFileSync = null; Object.prototype.more = 1; delete globalThis.Buffer; delete globalThis.setTimeout; for (const fd of [0, 1, 2]) require('fs').closeSync(fd); 1";
    expect(await textOf(spoil)).toBe("1");
    expect(await textOf("process.stdout.write('out\\n'); 2")).toBe("out\n2");
  });
});

describe("the value of a cell", () => {
  it.each([
    ["1 + 1", "2"],
    ["'a'", "'a'"],
    ["null", "null"],
    ["const q = 1", undefined],
    ["undefined", undefined],
    ["'use strict'; const s = 1", undefined],
    ["{ a: 1, b: 2 }", "{ a: 1, b: 2 }"],
    ["const k = 3;\n{ k, z: 4 }", "{ k: 3, z: 4 }"],
    ["await Promise.resolve(7)", "7"],
    ["async function main() { await 1; return 8 }\nmain()", "8"],
    ["(async () => {})()", undefined],
    ["new Promise(() => {})", "Promise { <pending> }"],
    ["new Map([[1, 2]])", "Map(1) { 1 => 2 }"],
    ["12n ** 3n", "1728n"],
  ])("%s", async (source, value) => {
    expect(await cell(source)).toMatchObject({ code: 0, stderr: "" });
    expect((await cell(source)).value).toBe(value);
  });

  it("has other forms if it says so, and a cell may show more", async () => {
    const { result } = await cell(
      "display({ a: 1 }, 2); ({ [Symbol.for('coderunner.display')]: () => ({ 'text/html': '<b>', 'x/y': 'no' }) })",
    );
    expect(result.shown.values.map(({ kind, data }) => [kind, Object.keys(data)])).toEqual([
      ["display", ["text/plain"]],
      ["display", ["text/plain"]],
      ["value", ["text/plain", "text/html"]],
    ]);
  });
});

describe("an error", () => {
  it.each([
    [
      "function f() {\n  throw new TypeError('no')\n}\nf()",
      "<cell-1>:2\n  throw new TypeError('no')\n        ^\n\nTypeError: no\n    at f (<cell-1>:2:9)\n    at <cell-1>:4:1\n",
    ],
    ["const = 1", "<cell-1>:1\nconst = 1\n      ^\n\nSyntaxError: Unexpected token '='\n"],
    ["throw 5", "Uncaught:\n5\n"],
    [
      "Promise.reject(new Error('r'))",
      "<cell-1>:1\nPromise.reject(new Error('r'))\n               ^\n\nError: r\n    at <cell-1>:1:16\n",
    ],
  ])("is told with the cell's lines and none of ours: %j", async (source, stderr) => {
    expect(await cell(source)).toMatchObject({ code: 1, stderr, isWaiting: true });
  });

  it("in a timer ends the cell, and what else waits goes on in the background", async () => {
    const { code, stderr } = await cell(
      "let n = 0; setInterval(() => n++, 5); setTimeout(() => { throw new Error('late') }, 20)",
    );
    expect([code, stderr.includes("coderunner")]).toEqual([1, false]);
    expect(stderr).toContain("Error: late\n    at Timeout._onTimeout (<cell-1>:1:");
    expect(
      await textOf("const was = n; await new Promise((r) => setTimeout(r, 60)); n > was"),
    ).toBe("true");
  });

  it("is told of a file by its name, and of an import that is not there", async () => {
    expect((await cell("\nnope()", { name: "a b.js" })).stderr).toContain("/workspace/a%20b.js:2");
    const { stderr } = await cell("import { nothing } from 'node:fs'");
    expect(stderr).toContain("does not provide an export named 'nothing'");
    expect(stderr).not.toContain("coderunner");
  });
});

describe("the end of a cell", () => {
  it.each([
    ["process.exit(3)", 3, ""],
    ["try { process.exit(4) } finally { console.log('never') }", 4, ""],
    ["process.exitCode = 5; undefined", 5, ""],
    ["process.on('exit', (c) => console.log('exit', c)); process.exit(6)", 6, "exit 6\n"],
    ["setTimeout(() => process.exit(7), 5); setInterval(() => {}, 5)", 7, ""],
    ["await new Promise(() => {})", 13, ""],
    ["setTimeout(() => console.log('t'), 30); console.log('m')", 0, "m\nt\n"],
  ])("%s", async (source, code, stdout) => {
    await textOf("const kept = 1");
    expect(await cell(source)).toMatchObject({ code, stdout, isWaiting: true });
    expect(await textOf("kept")).toBe("1");
    expect(await textOf("await new Promise((r) => setTimeout(r, 5)); 'on'")).toBe("'on'");
  });

  it.each([
    "for (;;) {}",
    "await 1; for (;;) {}",
    "setTimeout(() => { for (;;) {} }, 1); setInterval(() => {}, 10)",
    "setImmediate(() => { for (;;) {} })",
    "process.nextTick(() => { for (;;) {} })",
    "for (;;) { try { for (;;) {} } catch {} finally { console.log('never') } }",
    "(function f() { return Promise.resolve().then(f) })()",
    "setInterval(() => {}, 10)",
    "await new Promise((r) => setTimeout(r, 60_000))",
    "require('child_process').execSync('sleep 60')",
    "require('child_process').spawn('sleep', ['60'], { stdio: 'inherit' })",
    "Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)",
    "/^(a+)+$/.test('a'.repeat(40) + 'b')",
    "require('http').createServer(() => {}).listen(3000)",
  ])("by an interrupt: %s", async (source) => {
    await textOf("const kept = 1");
    const interrupted = await cell(source, { interruptAfterMs: 150 });
    expect(interrupted).toMatchObject({ code: null, signal: 2, stdout: "", isWaiting: true });
    expect(interrupted.stderr).toBe("");
    expect(await textOf("await new Promise((r) => setTimeout(r, 5)); kept")).toBe("1");
  });

  it("by an interrupt that the program listens for is one all the same", async () => {
    const listen = "process.on('SIGINT', () => console.log('mine')); setInterval(() => {}, 9)";
    expect(await cell(listen, { interruptAfterMs: 100 })).toMatchObject({
      signal: 2,
      stdout: "mine\n",
    });
    expect(await cell("for (;;) {}", { interruptAfterMs: 100 })).toMatchObject({ signal: 2 });
  });

  it("by a signal that ends the process is the session's", async () => {
    expect(await cell("process.kill(process.pid, 'SIGKILL'); for (;;) {}")).toMatchObject({
      signal: 9,
      isWaiting: false,
    });
  });

  it("is not waited for by a server's own requests", async () => {
    const serve =
      "require('http').createServer((q, r) => r.end('hi')).listen(3000); await new Promise(() => {})";
    await cell(serve, { interruptAfterMs: 150 });
    expect(await textOf("await (await fetch('http://localhost:3000')).text()")).toBe("'hi'");
  });
});

describe("a cell's input", () => {
  it("is its own, however it is read", async () => {
    const lines =
      "const rl = require('readline').createInterface({ input: process.stdin }); for await (const l of rl) console.log(l)";
    expect(await textOf(lines, { stdin: "a\nb" })).toBe("a\nb\n");
    const sync = "require('fs').readFileSync(0, 'utf8')";
    expect(await textOf(sync, { stdin: "sync" })).toBe("'sync'");
    expect(await textOf("1", { stdin: "left" })).toBe("1");
    expect(await textOf(sync)).toBe("''");
    const once = "String(await new Promise((r) => process.stdin.once('data', r)))";
    expect(await textOf(once, { stdin: "once" })).toBe("'once'");
    const end = "process.stdin.on('data', () => {}).on('end', () => console.log('end')); 0";
    expect(await textOf(end)).toBe("end\n0");
  });
});
