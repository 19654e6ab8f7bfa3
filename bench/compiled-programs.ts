// What the benchmark has compiled: hello, in each compiled language, as anybody would write it, and
// how its own toolchain is started by hand.

import type { LanguageId } from "../shared/languages.ts";

export type CompiledProgram = {
  language: LanguageId;
  /** What the source is saved as where it is compiled by hand. */
  file: string;
  /** The source; `note` goes into a comment, so that no two need be the same. */
  code: (note: string) => string;
  expected: string;
  /** Shell commands in the folder of the file: what compiles it, and what runs the result. */
  compile: string;
  run: string;
};

const expected = "Hello, world!\n";

export const COMPILED_PROGRAMS: readonly CompiledProgram[] = [
  {
    language: "c",
    file: "main.c",
    code: (note) =>
      `// ${note}\n#include <stdio.h>\n\nint main(void) {\n    printf("Hello, world!\\n");\n    return 0;\n}\n`,
    expected,
    compile: "gcc -o main main.c",
    run: "./main",
  },
  {
    language: "cpp",
    file: "main.cpp",
    code: (note) =>
      `// ${note}\n#include <iostream>\n\nint main() {\n    std::cout << "Hello, world!" << std::endl;\n}\n`,
    expected,
    compile: "g++ -o main main.cpp",
    run: "./main",
  },
  {
    language: "go",
    file: "main.go",
    code: (note) =>
      `// ${note}\npackage main\n\nimport "fmt"\n\nfunc main() {\n\tfmt.Println("Hello, world!")\n}\n`,
    expected,
    compile: "HOME=/tmp GO111MODULE=off CGO_ENABLED=0 go build -o main main.go",
    run: "./main",
  },
  {
    language: "rust",
    file: "main.rs",
    code: (note) => `// ${note}\nfn main() {\n    println!("Hello, world!");\n}\n`,
    expected,
    compile: "rustc -o main main.rs",
    run: "./main",
  },
  {
    language: "java",
    file: "Main.java",
    code: (note) =>
      `// ${note}\npublic class Main {\n    public static void main(String[] args) {\n        System.out.println("Hello, world!");\n    }\n}\n`,
    expected,
    compile: "javac Main.java",
    run: "java Main",
  },
  {
    language: "csharp",
    file: "Program.cs",
    code: (note) =>
      `// ${note}\nusing System;\n\nclass Program\n{\n    static void Main()\n    {\n        Console.WriteLine("Hello, world!");\n    }\n}\n`,
    expected,
    compile: "mcs Program.cs",
    run: "mono Program.exe",
  },
];
