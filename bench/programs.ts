// What every contestant of the benchmark runs: the smallest program that prints, per language, with
// the command that runs it where there is no sandbox waiting.

import type { LanguageId } from "../shared/languages.ts";

export type BenchProgram = {
  language: LanguageId;
  code: string;
  expected: string;
  /** Starts the same interpreter on the same program, inside the image's file system. */
  command: readonly string[];
};

const NODE = "/usr/local/bin/node";
const PYTHON_CODE = "print(sum(range(1000)))";
const JAVASCRIPT_CODE = "console.log([1, 2, 3].map((n) => n * n).join())";
const TYPESCRIPT_CODE =
  "enum Colour { Red, Green }\nconst c: Colour = Colour.Green;\nconsole.log(Colour[c]);";
const BASH_CODE = "echo hello";
const RUBY_CODE = "puts (1..100).sum";

export const PROGRAMS: readonly BenchProgram[] = [
  {
    language: "bash",
    code: BASH_CODE,
    expected: "hello\n",
    command: ["/bin/bash", "-c", BASH_CODE],
  },
  {
    language: "python",
    code: PYTHON_CODE,
    expected: "499500\n",
    command: ["/usr/bin/python3", "-c", PYTHON_CODE],
  },
  {
    language: "ruby",
    code: RUBY_CODE,
    expected: "5050\n",
    command: ["/usr/bin/ruby", "-e", RUBY_CODE],
  },
  {
    language: "javascript",
    code: JAVASCRIPT_CODE,
    expected: "1,4,9\n",
    command: [NODE, "-e", JAVASCRIPT_CODE],
  },
  {
    language: "typescript",
    code: TYPESCRIPT_CODE,
    expected: "Green\n",
    command: [
      NODE,
      "--disable-warning=ExperimentalWarning",
      "--input-type=commonjs-typescript",
      "--experimental-transform-types",
      "-e",
      TYPESCRIPT_CODE,
    ],
  },
];
