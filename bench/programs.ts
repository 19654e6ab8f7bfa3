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
const JAVA_CODE =
  'public class Main { public static void main(String[] args) { System.out.println("hello"); } }';
const CSHARP_CODE = 'class Program { static void Main() { System.Console.WriteLine("hello"); } }';

/** Writes a program into a folder of its own, which it is compiled and run in. */
function compiled(file: string, code: string, commands: string): string[] {
  const script = `cd "$(mktemp -d)" && printf %s '${code}' > ${file} && ${commands}; rm -r "$PWD"`;
  return ["/bin/bash", "-c", script];
}

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
    language: "java",
    code: JAVA_CODE,
    expected: "hello\n",
    command: compiled("Main.java", JAVA_CODE, "javac Main.java && java Main"),
  },
  {
    language: "csharp",
    code: CSHARP_CODE,
    expected: "hello\n",
    command: compiled("Program.cs", CSHARP_CODE, "mcs Program.cs && mono Program.exe"),
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
