// The mix of programs a soak runs: every language, every outcome, files, arguments, input and some of
// the attacks, each with what a right answer looks like.

import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { FILE_BYTES_MAX } from "../../shared/limits.ts";
import type { Outcome } from "../../shared/outcomes.ts";
import type { StageReport } from "../../shared/runner-api.ts";
import { readWants } from "../attacks/wants.ts";
import type { Program } from "../kit/runner-process.ts";

export type SoakProgram = {
  name: string;
  program: Omit<Program, "accountId">;
  /** What is wrong with an answer; empty when it is the wanted one. */
  problems: (report: StageReport) => string[];
  /** How often it comes up, compared with the others. */
  weight: number;
};

type Wanted = { outcome: Outcome; stdout?: string; exitCode?: number };

const ATTACKS = new URL("../attacks/programs/", import.meta.url);
const LANGUAGE_OF: Record<string, string> = {
  ".py": "python",
  ".js": "javascript",
  ".ts": "typescript",
  ".sh": "bash",
  ".rb": "ruby",
};
/** Attacks that are soon over, each of another kind. */
const ATTACKS_USED = [
  "abort.js",
  "control-junk.py",
  "daemon-detached.js",
  "exit-code-games.py",
  "exit-in-threads.rb",
  "flood-both.js",
  "forge-frames.py",
  "fork-bomb.sh",
  "huge-file.sh",
  "handlers-for-ever.rb",
  "kill-everything.py",
  "memory-shm.py",
  "memory-sysv.py",
];

const FILES = [
  { name: "data/a.txt", content: "file one\n" },
  { name: "data/b.bin", content: Buffer.from("file two\n").toString("base64"), encoding: "base64" },
] as const;

export const SOAK_PROGRAMS: readonly SoakProgram[] = [
  plain("python", "print(sum(range(1000)))", { outcome: "ok", stdout: "499500\n" }),
  plain("javascript", "console.log([3, 1, 2].sort().join())", { outcome: "ok", stdout: "1,2,3\n" }),
  plain("typescript", "const n: number = 6; console.log(n * 7)", { outcome: "ok", stdout: "42\n" }),
  plain("bash", "echo $((6 * 7)) | tr 4 5", { outcome: "ok", stdout: "52\n" }),
  plain("ruby", "puts (1..10).sum", { outcome: "ok", stdout: "55\n" }),

  program(
    "python",
    "stdin",
    "import sys; print(len(sys.stdin.read()))",
    { stdin: "x".repeat(70_000) },
    { outcome: "ok", stdout: "70000\n" },
  ),
  program("bash", "stdin", "wc -c", { stdin: "four" }, { outcome: "ok", stdout: "4\n" }),
  program(
    "javascript",
    "files",
    "const fs = require('fs'); console.log(fs.readFileSync('data/a.txt', 'utf8') + fs.readFileSync('data/b.bin'))",
    { files: [...FILES] },
    { outcome: "ok", stdout: "file one\nfile two\n\n" },
  ),
  program(
    "python",
    "arguments",
    "import sys; print(sys.argv[1:])",
    { args: ["a", "b c"] },
    { outcome: "ok", stdout: "['a', 'b c']\n" },
  ),
  program(
    "typescript",
    "files",
    "import { readFileSync } from 'node:fs'; console.log(readFileSync('data/a.txt', 'utf8').length)",
    { files: [...FILES] },
    { outcome: "ok", stdout: "9\n" },
  ),

  program("python", "error", "raise SystemExit(3)", {}, { outcome: "error", exitCode: 3 }),
  program("javascript", "error", "throw new Error('no')", {}, { outcome: "error", exitCode: 1 }),
  program("typescript", "error", "process.exit(4)", {}, { outcome: "error", exitCode: 4 }),
  program("bash", "error", "echo a; exit 7", {}, { outcome: "error", exitCode: 7, stdout: "a\n" }),
  program("ruby", "error", "abort 'no'", {}, { outcome: "error", exitCode: 1 }),
  program("bash", "signal", "kill -TERM $$", {}, { outcome: "signal" }),

  rare(
    "python",
    "timeout",
    "print('a', flush=True)\nwhile True: pass",
    { runTimeoutMs: 300 },
    { outcome: "timeout", stdout: "a\n" },
  ),
  rare(
    "bash",
    "timeout",
    "echo a; sleep 9",
    { runTimeoutMs: 300 },
    { outcome: "timeout", stdout: "a\n" },
  ),
  rare(
    "javascript",
    "timeout",
    "setInterval(() => {}, 10)",
    { runTimeoutMs: 300 },
    { outcome: "timeout" },
  ),
  rare("python", "memory", "x = bytearray(1 << 30)\nprint(len(x))", {}, { outcome: "memory" }),
  rare("bash", "output", "yes", {}, { outcome: "output_limit" }),
  rare(
    "bash",
    "large file",
    `exec head -c ${FILE_BYTES_MAX + 1} /dev/zero > big`,
    {},
    { outcome: "file_limit" },
  ),
  rare(
    "bash",
    "a megabyte kept",
    "head -c 400000 /dev/zero | tr '\\0' a",
    {},
    { outcome: "ok", stdout: "a".repeat(400_000) },
  ),

  ...ATTACKS_USED.map(attack),
];

function plain(language: string, code: string, wanted: Wanted): SoakProgram {
  return { ...program(language, "plain", code, {}, wanted), weight: 20 };
}

function program(
  language: string,
  name: string,
  code: string,
  more: Partial<Program>,
  wanted: Wanted,
): SoakProgram {
  return {
    name: `${language} ${name}`,
    program: { language, code, ...more },
    problems: (report) =>
      Object.entries(wanted).flatMap(([field, value]) => {
        const was = report[field as keyof Wanted];
        return was === value ? [] : [`${field} is ${JSON.stringify(was).slice(0, 200)}`];
      }),
    weight: 5,
  };
}

function rare(...given: Parameters<typeof program>): SoakProgram {
  return { ...program(...given), weight: 1 };
}

function attack(file: string): SoakProgram {
  const code = readFileSync(new URL(file, ATTACKS), "utf8");
  const { stdin, timeoutMs, checks } = readWants(code);
  const language = LANGUAGE_OF[extname(file)] ?? "";
  // How soon it must be over is the attacks' own test's business, on a machine that does nothing else.
  const untimed = checks.filter(({ clause }) => !clause.startsWith("within"));
  return {
    name: `attack ${file}`,
    program: { language, code, stdin, runTimeoutMs: timeoutMs },
    problems: (report) => untimed.flatMap(({ fails }) => fails(report) ?? []),
    weight: 1,
  };
}
