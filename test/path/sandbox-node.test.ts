// What a JavaScript or TypeScript program meets in a sandbox: Node as anywhere, with both module
// systems, and an end that comes neither before its work is done nor long after.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { run, outputOf } = shareRunner();

describe("a JavaScript program", () => {
  it("is its own main module with its own arguments", async () => {
    const code = `console.log(require.main === module, __filename, process.argv[0], process.argv.length, module.children.length, process.mainModule === module);
console.log(Object.keys(require.cache), typeof require, this === module.exports);`;
    expect(await outputOf("javascript", code)).toBe(
      "true /workspace/main.js /usr/local/bin/node 2 0 true\n[ '/workspace/main.js' ] function true\n",
    );
  });

  it("prints an error as Node does, from its own first frame", async () => {
    const report = await run(
      "javascript",
      "function f() {\n  throw new TypeError('no');\n}\nf();\n",
    );
    expect(report).toMatchObject({ outcome: "error", exitCode: 1, stdout: "" });
    expect(report.stderr).toMatch(
      /^\/workspace\/main.js:2\n {2}throw new TypeError\('no'\);\n {2}\^\n\nTypeError: no\n {4}at f \(\/workspace\/main.js:2:9\)/,
    );
    expect(report.stderr).not.toContain("coderunner");
  });

  const ends: [string, string, number | null, string][] = [
    [
      "an ES module with top-level await",
      "import fs from 'node:fs'; console.log(await Promise.resolve(typeof fs.readFileSync), import.meta.filename)",
      0,
      "function /workspace/main.js\n",
    ],
    ["a promise that never settles", "await new Promise(() => {})", 13, ""],
    ["an unsettled promise nobody awaits", "new Promise(() => {}); console.log(1)", 0, "1\n"],
    ["a rejection nobody handles", "Promise.reject(new Error('x'))", 1, ""],
    [
      "a handled uncaught exception",
      "process.on('uncaughtException', () => console.log('caught')); throw 1",
      0,
      "caught\n",
    ],
    [
      "exit handlers",
      "process.on('beforeExit', () => console.log('before')); process.on('exit', (c) => console.log('exit', c))",
      0,
      "before\nexit 0\n",
    ],
    [
      "an exit code set in an exit handler",
      "process.on('exit', () => { process.exitCode = 4 })",
      4,
      "",
    ],
    [
      "timers",
      "setTimeout(() => console.log('t'), 50); setImmediate(() => console.log('i')); process.nextTick(() => console.log('n'))",
      0,
      "n\ni\nt\n",
    ],
    [
      "an unreferenced timer",
      "setTimeout(() => console.log('never'), 50).unref(); console.log('m')",
      0,
      "m\n",
    ],
    [
      "a chain of immediates",
      "let n = 0; (function f() { if (++n < 50) setImmediate(f); else console.log(n) })()",
      0,
      "50\n",
    ],
    [
      "a worker",
      "const { Worker } = require('node:worker_threads'); new Worker('require(\"worker_threads\").parentPort.postMessage(7)', { eval: true }).on('message', (m) => console.log(m)).on('exit', (c) => console.log('end', c))",
      0,
      "7\nend 0\n",
    ],
    [
      "a forked child",
      "const { fork } = require('node:child_process'); if (process.argv[2]) process.send('hi', () => process.disconnect()); else fork(__filename, ['x']).on('message', (m) => console.log(m)).on('exit', (c) => console.log('end', c))",
      0,
      "hi\nend 0\n",
    ],
    [
      "a child that is waited for",
      "console.log(require('node:child_process').execSync('echo a; echo b >&2', { stdio: ['ignore', 'pipe', 'pipe'] }).toString())",
      0,
      "a\n\n",
    ],
    [
      "a child that inherits",
      "require('node:child_process').spawn('echo', ['c'], { stdio: 'inherit' }).on('exit', () => console.log('d'))",
      0,
      "c\nd\n",
    ],
    [
      "packing in the background",
      "require('node:zlib').gzip(Buffer.alloc(200000), (e, r) => console.log(r.length > 0))",
      0,
      "true\n",
    ],
    [
      "a key derived in the background",
      "require('node:crypto').pbkdf2('a', 'b', 1000, 8, 'sha256', (e, k) => console.log(k.length))",
      0,
      "8\n",
    ],
    [
      "random bytes in the background",
      "require('node:crypto').randomBytes(8, (e, b) => console.log(b.length))",
      0,
      "8\n",
    ],
    [
      "a digest by WebCrypto",
      "crypto.subtle.digest('SHA-256', new Uint8Array(9)).then((d) => console.log(d.byteLength))",
      0,
      "32\n",
    ],
    [
      "a file read in the background",
      "require('node:fs').readFile('main.js', (e, d) => console.log(d.length > 5))",
      0,
      "true\n",
    ],
    [
      "a file read by promise",
      "require('node:fs/promises').readFile('main.js').then((d) => console.log(d.length > 5))",
      0,
      "true\n",
    ],
    [
      "a module loaded later",
      "setTimeout(async () => console.log(typeof (await import('node:http')).get), 10)",
      0,
      "function\n",
    ],
    [
      "a module loaded at once",
      "import('node:http').then((m) => console.log(typeof m.get))",
      0,
      "function\n",
    ],
    [
      "WebAssembly compiled in the background",
      "WebAssembly.compile(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0])).then((m) => console.log(m instanceof WebAssembly.Module))",
      0,
      "true\n",
    ],
    [
      "a name looked up in vain",
      "require('node:dns').lookup('localhost', (e, a) => console.log(e?.code ?? typeof a))",
      0,
      "string\n",
    ],
    [
      "a server that answers itself",
      "const h = require('node:http'); const s = h.createServer((q, r) => r.end('hi')).listen(0, async () => { console.log(await (await fetch('http://127.0.0.1:' + s.address().port)).text()); s.close(); s.closeAllConnections() })",
      0,
      "hi\n",
    ],
    [
      "a message channel",
      "const { port1, port2 } = new MessageChannel(); port2.onmessage = (e) => { console.log(e.data); port2.close() }; port1.postMessage(5)",
      0,
      "5\n",
    ],
    [
      "a stream pipeline",
      "const { pipeline } = require('node:stream/promises'); const { Readable } = require('node:stream'); pipeline(Readable.from(['a', 'b']), process.stdout).then(() => {})",
      0,
      "ab",
    ],
    [
      "reading lines",
      "require('node:readline').createInterface({ input: process.stdin }).on('line', (l) => console.log(l)).on('close', () => console.log('end'))",
      0,
      "end\n",
    ],
    [
      "a megabyte written at once",
      "process.stdout.write('x'.repeat(1 << 20))",
      0,
      "x".repeat(512 * 1024),
    ],
    [
      "a megabyte written synchronously",
      "require('node:fs').writeSync(2, 'err'); let n = 0; const b = Buffer.alloc(1 << 20, 'x'); while (n < b.length) n += require('node:fs').writeSync(1, b, n)",
      0,
      "x".repeat(512 * 1024),
    ],
    ["a closed descriptor", "require('node:fs').closeSync(3); console.log('ok')", 0, "ok\n"],
    [
      "a signal handler",
      "process.on('SIGUSR2', () => { console.log('got'); clearInterval(t) }); const t = setInterval(() => {}, 1000); process.kill(process.pid, 'SIGUSR2')",
      0,
      "got\n",
    ],
    [
      "a type of module set by package.json",
      "console.log(typeof require, import.meta.dirname)",
      0,
      "undefined /workspace\n",
    ],
  ];

  it.each(ends)("ends as anywhere with %s", async (what, code, exitCode, stdout) => {
    const more = what.includes("package.json")
      ? { files: [{ name: "package.json", content: '{ "type": "module" }' }] }
      : {};
    const report = await run("javascript", code, more);
    expect(
      { exitCode: report.exitCode, stdout: report.stdout },
      report.stderr.slice(0, 1000),
    ).toEqual({ exitCode, stdout });
    expect(report.stderr).not.toContain("coderunner");
  });

  it("begins with a clock that has only just started", async () => {
    await new Promise((resolve) => setTimeout(resolve, 3000));
    const code =
      "console.log(Math.abs(Date.now() - performance.timeOrigin - performance.now()) < 50)";
    expect(await outputOf("javascript", code)).toBe("true\n");
  });
});

describe("a TypeScript program", () => {
  it("has enums, namespaces and parameter properties", async () => {
    const code = `
enum Colour { Red = "red", Blue = "blue" }
namespace Shapes { export const sides = 3; }
class Point { constructor(private readonly x: number, public y = 2) {} get sum(): number { return this.x + this.y; } }
abstract class Base<T extends object> { declare kind: T; abstract name(): string; }
function first<T>(list: readonly T[]): T | undefined { return list[0]; }
const value = { a: 1 } satisfies Record<string, number>;
console.log(Colour.Red, Shapes.sides, new Point(1).sum, first([5])!, (value as { a: number }).a);`;
    expect(await outputOf("typescript", code)).toBe("red 3 3 5 1\n");
  });

  it("may be an ES module with top-level await", async () => {
    const code =
      "import { sep } from 'node:path'; const x: string = await Promise.resolve(sep); console.log(x, import.meta.filename)";
    expect(await outputOf("typescript", code)).toBe("/ /workspace/main.ts\n");
  });

  it("prints errors at its own lines and columns", async () => {
    const report = await run(
      "typescript",
      "interface A { x: number }\nconst a: A = { x: 1 };\nthrow new Error(`no ${a.x}`);\n",
    );
    expect(report).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(report.stderr).toContain("/workspace/main.ts:3");
    expect(report.stderr).not.toContain("Warning");
    expect(report.stderr).not.toContain("coderunner");
  });

  it("hears of a syntax error", async () => {
    const report = await run("typescript", "const x: = 5;");
    expect(report).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(report.stderr).toContain("SyntaxError");
  });

  it("ends with Node's own code when it awaits for ever", async () => {
    const code = "export const x: number = 1; await new Promise<void>(() => undefined);";
    expect(await run("typescript", code)).toMatchObject({ outcome: "error", exitCode: 13 });
  });
});
