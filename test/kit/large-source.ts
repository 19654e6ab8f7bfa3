// Programs of about the largest size that is taken as code, one for each language: a long sum, of
// which every line is different and none can be left out, so that its result shows that all of it
// arrived and ran.

import { CODE_BYTES_MAX } from "../../shared/limits.ts";

type Shape = { head: string; line: (n: number) => string; tail: string };

const BYTES_MIN = 100_000;

const C_SHAPE: Shape = {
  head: "#include <stdio.h>\nint main(void) {\n  long sum = 0;\n",
  line: (n) => `  sum += ${n};\n`,
  tail: '  printf("%ld\\n", sum);\n  return 0;\n}\n',
};
const JAVASCRIPT_SHAPE: Shape = {
  head: "let sum = 0;\n",
  line: (n) => `sum += ${n};\n`,
  tail: "console.log(sum);\n",
};

const SHAPES: Record<string, Shape> = {
  python: { head: "sum = 0\n", line: (n) => `sum += ${n}\n`, tail: "print(sum)\n" },
  javascript: JAVASCRIPT_SHAPE,
  typescript: { ...JAVASCRIPT_SHAPE, head: "let sum: number = 0;\n" },
  bash: { head: "sum=0\n", line: (n) => `((sum += ${n}))\n`, tail: "echo $sum\n" },
  c: C_SHAPE,
  cpp: {
    head: "#include <iostream>\nint main() {\n  long sum = 0;\n",
    line: C_SHAPE.line,
    tail: '  std::cout << sum << "\\n";\n}\n',
  },
  go: {
    head: 'package main\n\nimport "fmt"\n\nfunc main() {\n\tsum := 0\n',
    line: (n) => `\tsum += ${n}\n`,
    tail: "\tfmt.Println(sum)\n}\n",
  },
  ruby: { head: "sum = 0\n", line: (n) => `sum += ${n}\n`, tail: "puts sum\n" },
  rust: {
    head: "fn main() {\n    let mut sum = 0u64;\n",
    line: (n) => `    sum += ${n};\n`,
    tail: '    println!("{sum}");\n}\n',
  },
  perl: {
    head: "use strict;\nuse warnings;\nmy $sum = 0;\n",
    line: (n) => `$sum += ${n};\n`,
    tail: 'print "$sum\\n";\n',
  },
  java: {
    // The bytecode of one method may not be longer than 64 KB, which this is far below.
    head: "public class Main {\n    public static void main(String[] args) {\n        int sum = 0;\n",
    line: (n) => `        sum += ${n};\n`,
    tail: "        System.out.println(sum);\n    }\n}\n",
  },
  csharp: {
    head: "class Program {\n    static void Main() {\n        int sum = 0;\n",
    line: (n) => `        sum += ${n};\n`,
    tail: "        System.Console.WriteLine(sum);\n    }\n}\n",
  },
  php: { head: "<?php\n$sum = 0;\n", line: (n) => `$sum += ${n};\n`, tail: 'echo "$sum\\n";\n' },
  lua: { head: "local sum = 0\n", line: (n) => `sum = sum + ${n}\n`, tail: "print(sum)\n" },
  r: {
    head: "sum <- 0\n",
    line: (n) => `sum <- sum + ${n}\n`,
    tail: 'cat(format(sum, scientific = FALSE), "\\n", sep = "")\n',
  },
};

/** A program of `language` that is hardly smaller than code may be, and what it must print. */
export function largeSource(language: string): { code: string; stdout: string } {
  const shape = SHAPES[language];
  if (shape === undefined) throw new Error(`no large program of ${language} has been described`);
  let code = shape.head;
  let sum = 0;
  for (let n = 10_007; code.length + shape.tail.length <= BYTES_MIN; n += 7) {
    code += shape.line(n);
    sum += n;
  }
  code += shape.tail;
  if (code.length > CODE_BYTES_MAX) throw new Error("larger than code may be");
  return { code, stdout: `${sum}\n` };
}
