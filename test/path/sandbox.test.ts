// What every program meets in a sandbox, whatever its language: arguments, input, files, exit codes,
// and limits that stop it without losing what it wrote.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner, run, outputOf } = shareRunner();

describe("every language", () => {
  const hellos = [
    ["python", 'print("héllo")'],
    ["javascript", 'console.log("héllo")'],
    ["typescript", 'const text: string = "héllo"; console.log(text)'],
    ["bash", "echo héllo"],
    ["ruby", 'puts "héllo"'],
  ] as const;

  it.each(hellos)("says hello: %s", async (language, code) => {
    const report = await run(language, code);
    expect(report).toMatchObject({ outcome: "ok", exitCode: 0, signal: null });
    expect([report.stdout, report.stderr, report.stdoutBytes]).toEqual(["héllo\n", "", 7]);
    expect(report.wallMs).toBeGreaterThan(0);
    expect(report.wallMs).toBeLessThan(2000);
    expect(report.memoryPeakBytes).toBeGreaterThan(100_000);
    expect(report.memoryPeakBytes).toBeLessThan(128 * 1024 * 1024);
  });

  it.each([
    ["python", "import sys; print(sys.argv[1:])", "['a b', '', 'ü', '--x']\n"],
    ["javascript", "console.log(JSON.stringify(process.argv.slice(2)))", '["a b","","ü","--x"]\n'],
    ["typescript", "console.log(JSON.stringify(process.argv.slice(2)))", '["a b","","ü","--x"]\n'],
    ["bash", 'printf "[%s]" "$@"; echo $#', "[a b][][ü][--x]4\n"],
    ["ruby", "p ARGV", '["a b", "", "ü", "--x"]\n'],
  ])("gets its arguments: %s", async (language, code, wanted) => {
    expect(await outputOf(language, code, { args: ["a b", "", "ü", "--x"] })).toBe(wanted);
  });

  it.each([
    ["python", "import sys; print(sum(map(len, sys.argv[1:])))"],
    ["javascript", "console.log(process.argv.slice(2).join('').length)"],
    ["bash", 'printf -v all %s "$@"; echo ${#all}'],
    ["ruby", "puts ARGV.join.size"],
  ])("gets long arguments too: %s", async (language, code) => {
    const args = Array.from({ length: 15 }, () => "x".repeat(2000));
    expect(await outputOf(language, code, { args })).toBe("30000\n");
  });

  it("hears of too many long arguments that they are too long, not that we failed", async () => {
    const args = Array.from({ length: 64 }, () => "x".repeat(4096));
    const answer = await runner().send({ accountId: "ordinary", language: "bash", code: "", args });
    expect(answer.status).toBe(400);
  });

  it.each([
    ["python", "import sys; print(input()); print(len(sys.stdin.read()))"],
    [
      "javascript",
      'const [l, ...r] = require("fs").readFileSync(0, "utf8").split("\\n"); console.log(l); console.log(r.join("\\n").length)',
    ],
    [
      "typescript",
      'let t = ""; for await (const c of process.stdin) t += c; const [l, ...r] = t.split("\\n"); console.log(l); console.log(r.join("\\n").length)',
    ],
    ["bash", 'read -r line; echo "$line"; wc -c'],
    ["ruby", "puts gets; puts $stdin.read.size"],
  ])("reads its standard input to its end: %s", async (language, code) => {
    const stdin = `first line\n${"x".repeat(300_000)}`;
    expect(await outputOf(language, code, { stdin })).toBe("first line\n300000\n");
  });

  it.each([
    [
      "python",
      "import utils.a; print(utils.a.x, open('data.bin', 'rb').read())",
      "utils/a.py",
      "x = 5",
      "5 b'\\x00\\x01'\n",
    ],
    [
      "javascript",
      "console.log(require('./utils/a').x, require('fs').readFileSync('data.bin'))",
      "utils/a.js",
      "exports.x = 5",
      "5 <Buffer 00 01>\n",
    ],
    [
      "typescript",
      "import { x } from './utils/a.ts'; import { readFileSync } from 'node:fs'; console.log(x, readFileSync('data.bin').length)",
      "utils/a.ts",
      "export const x: number = 5",
      "5 2\n",
    ],
    [
      "bash",
      "source utils/a.sh; echo $x $(od -An -tx1 data.bin)",
      "utils/a.sh",
      "x=5",
      "5 00 01\n",
    ],
    [
      "ruby",
      "require_relative 'utils/a'; puts \"#{X} #{File.binread('data.bin').bytes}\"",
      "utils/a.rb",
      "X = 5",
      "5 [0, 1]\n",
    ],
  ])("finds the files that came with it: %s", async (language, code, name, content, wanted) => {
    const files = [
      { name, content },
      { name: "data.bin", content: "AAE=", encoding: "base64" as const },
    ];
    expect(await outputOf(language, code, { files })).toBe(wanted);
  });

  it.each([
    ["python", "import sys; sys.exit(3)"],
    ["javascript", "process.exit(3)"],
    ["typescript", "process.exitCode = 3"],
    ["bash", "exit 3"],
    ["ruby", "exit 3"],
  ])("ends with its own exit code: %s", async (language, code) => {
    expect(await run(language, code)).toMatchObject({ outcome: "error", exitCode: 3, stderr: "" });
  });

  it.each([
    ["python", "import os\nos.kill(os.getpid(), 15)"],
    ["javascript", 'process.kill(process.pid, "SIGTERM"); setTimeout(() => {}, 5000)'],
    ["bash", "kill -TERM $$"],
    ["ruby", "Process.kill('TERM', $$); sleep 5"],
  ])("ends by its own signal: %s", async (language, code) => {
    expect(await run(language, code)).toMatchObject({
      outcome: "signal",
      exitCode: null,
      signal: "SIGTERM",
    });
  });

  it.each([
    ["python", "print('start', flush=True)\nwhile True: pass"],
    ["javascript", "console.log('start'); for (;;) {}"],
    ["typescript", "console.log('start'); setInterval(() => {}, 1000)"],
    ["bash", "echo start; sleep 60"],
    ["ruby", "$stdout.sync = true; puts 'start'; loop {}"],
  ])("is stopped at its time limit and keeps what it wrote: %s", async (language, code) => {
    const report = await run(language, code, { runTimeoutMs: 400 });
    expect(report).toMatchObject({ outcome: "timeout", exitCode: null, stdout: "start\n" });
    expect(report.wallMs).toBeGreaterThanOrEqual(400);
    expect(report.wallMs).toBeLessThan(800);
  });

  it.each([
    ["python", "print('start', flush=True)\nx = []\nwhile True: x.append(b'x' * (1 << 20))"],
    ["javascript", "console.log('start'); const x = []; for (;;) x.push(Buffer.alloc(1 << 20, 1))"],
    ["bash", "echo start; x=xxxxxxxx; while :; do x=$x$x; done"],
    ["ruby", "$stdout.sync = true; puts 'start'; x = []; loop { x << 'x' * (1 << 20) }"],
  ])("is stopped at its memory limit and keeps what it wrote: %s", async (language, code) => {
    const report = await run(language, code);
    expect(report).toMatchObject({ outcome: "memory", exitCode: null, stdout: "start\n" });
    expect(report.memoryPeakBytes).toBeGreaterThan(200 * 1024 * 1024);
  });

  it.each([
    ["python", "import sys\nwhile True: sys.stdout.write('y' * 100000)"],
    ["javascript", "const b = 'y'.repeat(65536); (function w() { process.stdout.write(b, w) })()"],
    ["bash", "yes"],
    ["ruby", "loop { print 'y' * 100_000 }"],
  ])("is stopped when it writes for ever and keeps the beginning: %s", async (language, code) => {
    const report = await run(language, code);
    expect(report).toMatchObject({ outcome: "output_limit", stdoutTruncated: true });
    expect(report.stdout.length).toBe(512 * 1024);
    expect(report.stdoutBytes).toBeGreaterThan(64 * 1024 * 1024 - 1);
  });

  it.each([
    [
      "python",
      "import os, tempfile; print(os.getcwd(), os.environ['HOME'], os.path.dirname(tempfile.mkdtemp()))",
    ],
    ["javascript", "console.log(process.cwd(), require('os').homedir(), require('os').tmpdir())"],
    ["bash", "echo $PWD $HOME $(dirname $(mktemp))"],
    ["ruby", "require 'tmpdir'; puts [Dir.pwd, Dir.home, File.dirname(Dir.mktmpdir)].join(' ')"],
  ])("starts in its workspace, which is its home, and has a /tmp: %s", async (language, code) => {
    expect(await outputOf(language, code)).toBe("/workspace /workspace /tmp\n");
  });
});

describe("limits", () => {
  it("stop a file that grows too large, and say so", async () => {
    const report = await run("bash", "echo start; exec head -c 20000000 /dev/zero > big");
    expect(report).toMatchObject({ outcome: "file_limit", signal: "SIGXFSZ", stdout: "start\n" });
  });

  it("let a program answer for itself when it can", async () => {
    const code =
      "try:\n  open('f', 'wb').write(b'x' * (20 << 20))\nexcept OSError as e:\n  print(e.errno)";
    expect(await outputOf("python", code)).toBe("27\n");
  });

  it("cut output at the limit and count all of it", async () => {
    const report = await run(
      "python",
      "import sys; sys.stdout.write('é' * 400_000); sys.stderr.write('x' * 600_000)",
    );
    expect(report).toMatchObject({
      outcome: "ok",
      stdoutBytes: 800_000,
      stderrBytes: 600_000,
      stdoutTruncated: true,
      stderrTruncated: true,
    });
    expect([report.stdout.length, report.stderr.length]).toEqual([262_144, 524_288]);
    expect(report.stdout).toBe("é".repeat(262_144));
  });

  it("may write what is not text, and that is told", async () => {
    const code = "import sys; sys.stdout.buffer.write(b'a\\xff\\xfeb'); sys.stderr.write('\u2603')";
    expect(await run("python", code)).toMatchObject({
      outcome: "ok",
      stdout: "a\ufffd\ufffdb",
      stdoutBytes: 4,
      stdoutIsUtf8: false,
      stderr: "\u2603",
      stderrIsUtf8: true,
    });
  });

  it("take the shortest time there is", async () => {
    const report = await run("bash", "sleep 5", { runTimeoutMs: 1 });
    expect(report.outcome).toBe("timeout");
    expect(report.wallMs).toBeLessThan(300);
  });
});

describe("many at once", () => {
  it("all get their own output", async () => {
    const programs = Array.from({ length: 12 }, (_, i) => ({
      accountId: `crowd-${i % 3}`,
      language: ["python", "javascript", "bash", "ruby"][i % 4] ?? "bash",
      number: i,
    }));
    const code = {
      python: "print(input())",
      javascript: "console.log(require('fs').readFileSync(0, 'utf8').trim())",
      bash: "read -r x; echo $x",
      ruby: "puts gets",
    };
    const answers = await Promise.all(
      programs.map(({ accountId, language, number }) =>
        runner().send({
          accountId,
          language,
          code: code[language as keyof typeof code],
          stdin: `${number}\n`,
        }),
      ),
    );
    for (const [i, { status, body }] of answers.entries()) {
      expect([200, 503]).toContain(status);
      if (status === 200) expect(body.run.stdout).toBe(`${i}\n`);
    }
    expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(5);
  });
});
