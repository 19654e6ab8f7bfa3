// Languages that are compiled, on real gVisor: both stages and what each is told of, what a compiler
// may take, what is kept, and that a sandbox is as good as new whatever a program did with its own.

import { describe, expect, it } from "vitest";
import { COMPILE_MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import type { Program } from "../kit/runner-process.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner, run, outputOf } = shareRunner();

const HELLO: Record<string, string> = {
  c: '#include <stdio.h>\nint main(void) { puts("hello"); }',
  cpp: '#include <iostream>\nint main() { std::cout << "hello\\n"; }',
  go: 'package main\nimport "fmt"\nfunc main() { fmt.Println("hello") }',
  rust: 'fn main() { println!("hello"); }',
};

function execute(language: string, code: string, more: Partial<Program> = {}) {
  return runner().execute({ accountId: "ordinary", language, code, ...more });
}

function executeFiles(language: string, files: Record<string, string>) {
  const named = Object.entries(files).map(([name, content]) => ({ name, content }));
  return runner().execute({ accountId: "ordinary", language, files: named });
}

describe.each(Object.entries(HELLO))("%s", (language, code) => {
  it("is compiled and run, and the next time only run", async () => {
    const first = await execute(language, code);
    expect(first.compile).toMatchObject({ outcome: "ok", exitCode: 0, stderr: "", stdout: "" });
    expect(first.run).toMatchObject({ outcome: "ok", exitCode: 0, stdout: "hello\n", stderr: "" });
    expect(first.compile?.isCached).toBe(false);
    expect(first.compile?.memoryPeakBytes).toBeGreaterThan(4e6);
    expect(first.compile?.memoryPeakBytes).toBeLessThan(150e6);
    expect(first.compile?.cpuMs).toBeGreaterThan(0);
    expect(first.run?.memoryPeakBytes).toBeLessThan(20e6);
    const second = await execute(language, code);
    expect(second.compile).toMatchObject({ outcome: "ok", isCached: true, wallMs: 0 });
    expect(second.run).toMatchObject({ outcome: "ok", stdout: "hello\n" });
  });

  it("that does not compile is not run, and says why as the plain tool does", async () => {
    const { compile, run } = await execute(language, `${code.slice(0, -2)} nonsense; }`);
    expect(run).toBeUndefined();
    expect(compile).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(compile?.stderr).toContain("nonsense");
    expect(compile?.stderr).toMatch(/main\.[a-z]+:\d+:\d+/);
    expect(compile?.stderr).not.toMatch(/coderunner|\.program|gold/);
    expect(await outputOf(language, code)).toBe("hello\n");
  });

  it("is optimized when that is asked for, which is another program", async () => {
    const { compile, run } = await execute(language, code, { optimize: true });
    expect([compile?.outcome, run?.stdout]).toEqual(["ok", "hello\n"]);
  });
});

describe("the running stage", () => {
  const ECHO = `
#include <stdio.h>
int main(int count, char **words) {
    char line[99];
    printf("%s%s", fgets(line, 99, stdin) ? line : "nothing\\n", words[count - 1]);
    fputs("said", stderr);
    return 3;
}`;

  it("has the input, the arguments and the exit code", async () => {
    const report = await run("c", ECHO, { stdin: "in\n", args: ["-x", "b c"] });
    expect(report).toMatchObject({ outcome: "error", exitCode: 3, stdout: "in\nb c" });
    expect(report.stderr).toBe("said");
  });

  it("knows nothing of what the compiler said", async () => {
    const warned = `#warning careful\n${HELLO.c}`;
    const { compile, run } = await execute("c", warned);
    expect(compile?.stderr).toContain("#warning careful");
    expect(run).toMatchObject({ stdout: "hello\n", stderr: "", stderrBytes: 0 });
  });

  it.each([
    ["abort", "#include <stdlib.h>\nint main(void) { abort(); }", "SIGABRT"],
    ["a null pointer", "int main(void) { *(volatile int *)0 = 1; }", "SIGSEGV"],
  ])("ends by the signal of %s", async (_what, code, signal) => {
    expect(await run("c", code)).toMatchObject({ outcome: "signal", exitCode: null, signal });
  });

  it.each([
    ["deletes", 'unlink(".program")'],
    ["overwrites", 'unlink(".program") + fclose(fopen(".program", "w"))'],
    ["replaces by a folder", 'unlink(".program") + mkdir(".program", 0777)'],
  ])("that %s its program spoils nothing", async (_what, expression) => {
    const includes = "#include <stdio.h>\n#include <sys/stat.h>\n#include <unistd.h>\n";
    const code = `${includes}int main(void) { return ${expression}; }`;
    expect(await run("c", code)).toMatchObject({ outcome: "ok" });
    expect(await run("c", code)).toMatchObject({ outcome: "ok" });
    expect(await outputOf("c", HELLO.c ?? "")).toBe("hello\n");
  });

  it("has a program's memory, not a compiler's", async () => {
    const code = `
#include <stdlib.h>
#include <string.h>
int main(void) { for (;;) memset(malloc(1 << 20), 1, 1 << 20); }`;
    expect(await run("c", code)).toMatchObject({ outcome: "memory" });
  });
});

describe("a compiler", () => {
  /** Each of its complaints names the four hundred macros it came through. */
  const MACROS = Array.from({ length: 400 }, (_, i) => `#define M${i + 1}(x) M${i}(x)\n`).join("");
  const USES = Array.from({ length: 3000 }, (_, i) => `M400(u${i});\n`).join("");
  const COMPLAINTS = `#define M0(x) x\n${MACROS}int main(void) {\n${USES}}`;
  const FOR_EVER = `template<int N, int M> struct F { static const long value = F<N - 1, M>::value + F<N - 1, M + N>::value; };
template<int M> struct F<0, M> { static const long value = M; };
int main() { return F<800, 1>::value; }`;
  const HUGE = `#include <array>
constexpr auto huge = [] { std::array<long, 90000000> all{}; for (auto &one : all) one = 3; return all; }();
int main() { return huge[3]; }`;

  it("that takes too long is stopped", async () => {
    const more = { compileTimeoutMs: 700 };
    const { compile, run } = await execute("cpp", FOR_EVER, more);
    expect([compile?.outcome, run]).toEqual(["timeout", undefined]);
    expect(compile?.wallMs).toBeGreaterThanOrEqual(700);
    expect(await outputOf("cpp", HELLO.cpp ?? "")).toBe("hello\n");
  });

  it("that takes too much memory is stopped", async () => {
    const { compile, run } = await execute("cpp", HUGE);
    expect([compile?.outcome, run]).toEqual(["memory", undefined]);
    expect(compile?.memoryPeakBytes).toBeGreaterThan(COMPILE_MEMORY_BYTES_MAX);
    expect(await outputOf("cpp", HELLO.cpp ?? "")).toBe("hello\n");
  });

  it("that complains without end is stopped", async () => {
    const { compile, run } = await execute("c", COMPLAINTS);
    expect([compile?.outcome, run]).toEqual(["output_limit", undefined]);
    expect(compile?.stderrTruncated).toBe(true);
    expect(await outputOf("c", HELLO.c ?? "")).toBe("hello\n");
  });

  it("has no use for a file that is named like an option", async () => {
    const { run } = await executeFiles("c", { "-o.c": HELLO.c ?? "" });
    expect(run).toMatchObject({ stdout: "hello\n" });
  });
});

describe("a program of several files", () => {
  it("in C, with headers in folders", async () => {
    const { run } = await executeFiles("c", {
      "main.c":
        '#include "lib/a.h"\n#include <string.h>\nint main(void) { return a() - strlen("a"); }',
      "lib/a.h": "int a(void);",
      "lib/a.c": '#include "lib/a.h"\n#include "b.h"\nint a(void) { return B; }',
      "lib/b.h": "#define B 43",
      "string.h": "#error not this one",
    });
    expect(run).toMatchObject({ exitCode: 42 });
  });

  it("in C++", async () => {
    const { run } = await executeFiles("cpp", {
      "main.cpp": '#include <iostream>\n#include "a.hpp"\nint main() { std::cout << a(); }',
      "a.hpp": "#include <string>\nstd::string a();",
      "a.cc": '#include "a.hpp"\nstd::string a() { return "a"; }',
    });
    expect(run).toMatchObject({ stdout: "a" });
  });

  it.each([
    ["of one package", { "a.go": "package main\nfunc a() int { return 7 }" }, "a()"],
    ["with a test", { "a_test.go": 'package main\nimport "testing"\nvar _ testing.T' }, "7"],
  ])("in Go, %s", async (_what, more, value) => {
    const main = `package main\nfunc main() { println(${value}) }`;
    const { run } = await executeFiles("go", { "main.go": main, ...more });
    expect(run).toMatchObject({ outcome: "ok", stderr: "7\n" });
  });

  it("in Go, with a module and a package in a folder", async () => {
    const { run } = await executeFiles("go", {
      "main.go": 'package main\nimport "example.com/m/a"\nfunc main() { println(a.A) }',
      "go.mod": "module example.com/m\n\ngo 1.22\n",
      "a/a.go": "package a\nconst A = 7",
    });
    expect(run).toMatchObject({ outcome: "ok", stderr: "7\n" });
  });

  it("in Rust", async () => {
    const { run } = await executeFiles("rust", {
      "main.rs": 'mod a;\nfn main() { print!("{}", a::b::C); }',
      "a/mod.rs": "pub mod b;",
      "a/b.rs": "pub const C: i32 = 7;",
    });
    expect(run).toMatchObject({ stdout: "7" });
  });
});

describe("what the plain tool would say", () => {
  it.each([
    ["c", "int f(void);\nint main(void) { return f(); }", /undefined reference to `f'\ncollect2: /],
    [
      "go",
      'package main\nimport "a/b"\nfunc main() { b.C() }',
      /^main\.go:2:8: package a\/b is not/,
    ],
    [
      "go",
      "package main\nfunc main() { a := 1 }",
      /^# command-line-arguments\n\.\/main\.go:2:15: /,
    ],
    ["go", "package a\nfunc main() {}", /^package command-line-arguments is not a main package\n$/],
    ["rust", "fn main() { a }", /^error\[E0425\]: [^\n]*\n --> main\.rs:1:13\n/],
  ])("is said of %s: %s", async (language, code, expected) => {
    const { compile } = await execute(language, code);
    expect(compile?.stderr).toMatch(expected);
    expect(compile?.stderr).not.toContain("coderunner");
  });

  it("is said where a header of ours would show", async () => {
    const code = "#include <iostream>\nstruct A {};\nint main() { std::cout << A{}; }";
    const { compile } = await execute("cpp", code);
    expect(compile?.stderr).toContain("from main.cpp:1");
    expect(compile?.stderr).not.toContain("coderunner");
  });

  it("and no name is there that was not included", async () => {
    const code = "#include <iostream>\nint main() { std::map<int, int> m; }";
    expect((await execute("cpp", code)).compile?.outcome).toBe("error");
  });
});

describe("threads", () => {
  it("are enough for Go", async () => {
    const code = `package main
import "sync"
func main() {
	var all sync.WaitGroup
	for i := 0; i < 1000; i++ { all.Add(1); go func() { defer all.Done() }() }
	all.Wait(); print("done")
}`;
    expect((await run("go", code)).stderr).toBe("done");
  });

  it("are enough for Rust", async () => {
    const code = `fn main() {
  let all: Vec<_> = (0..40).map(|i| std::thread::spawn(move || i)).collect();
  println!("{}", all.into_iter().map(|one| one.join().unwrap()).sum::<i32>());
}`;
    expect(await outputOf("rust", code)).toBe("780\n");
  });
});

describe("languages that are started anew", () => {
  it.each([
    [
      "perl",
      {
        "main.pl": 'use lib "."; use A; print A::a(<STDIN>), "@ARGV";',
        "A.pm": "package A; sub a { @_ } 1;",
      },
    ],
    [
      "php",
      {
        "main.php": "<?php require 'lib/a.php'; echo a(), fgets(STDIN), $argv[1] . ' ' . $argv[2];",
        "lib/a.php": "<?php function a() { return mb_substr('', 0); }",
      },
    ],
    [
      "lua",
      {
        "main.lua": 'local a = require("a"); io.write(a, io.read("L"), arg[1], " ", arg[2])',
        "a.lua": 'return ""',
      },
    ],
    [
      "r",
      {
        "main.R":
          'source("a.R"); cat(a(readLines(file("stdin"))), "\\n", sep = ""); cat(commandArgs(TRUE))',
        "a.R": "a <- function(x) x",
      },
    ],
  ] as const)("%s reads its other files, its input and its arguments", async (language, files) => {
    const named = Object.entries(files).map(([name, content]) => ({ name, content }));
    const more = { files: named, stdin: "in\n", args: ["-x", "y"] };
    const { compile, run } = await runner().execute({ accountId: "ordinary", language, ...more });
    expect(compile).toBeUndefined();
    expect(run).toMatchObject({ outcome: "ok", stdout: "in\n-x y", stderr: "" });
  });

  it.each([
    ["perl", "die 'boom'", "boom at main.pl line 1.\n"],
    ["php", "<?php throw new Exception('boom');", "Uncaught Exception: boom in"],
    ["lua", "error('boom')", "lua5.4: main.lua:1: boom\n"],
    ["r", "stop('boom')", "Error: boom\nExecution halted\n"],
  ])("%s says what went wrong on stderr, and nothing else", async (language, code, text) => {
    const report = await run(language, code);
    expect(report).toMatchObject({ outcome: "error", stdout: "" });
    expect(report.stderr).toContain(text);
    expect(report.stderr).not.toContain("<");
  });
});

describe("what a builder leaves and says", () => {
  it("in Go is nothing but the program, the first time as the next", async () => {
    const code = `package main
import ("fmt"; "os")
func main() {
	for _, place := range []string{".", "/tmp"} {
		entries, _ := os.ReadDir(place)
		for _, entry := range entries { fmt.Println(entry.Name()) }
	}
}`;
    const module = { "main.go": code, "go.mod": "module x\n" };
    for (const build of [() => execute("go", code), () => execute("go", code)]) {
      expect((await build()).run?.stdout).toBe(".program\nmain.go\n");
    }
    const { run } = await executeFiles("go", module);
    expect(run?.stdout).not.toContain(".config");
  });

  it("in Go is what is not for programs, as go says it", async () => {
    const { compile } = await execute(
      "go",
      'package main\nimport "internal/bytealg"\nfunc main() { println(bytealg.MaxLen) }',
    );
    expect(compile?.outcome).toBe("error");
    expect(compile?.stderr).toContain("use of internal package internal/bytealg not allowed");
  });

  it("in Rust is that a library is no program", async () => {
    const { compile, run } = await execute("rust", '#![crate_type = "lib"]\npub fn f() {}');
    expect([compile?.outcome, run]).toEqual(["error", undefined]);
    expect(compile?.stderr).toContain("library");
  });

  it("in C is the linker's warning too", async () => {
    const code = "#include <stdio.h>\nint main(void) { char n[L_tmpnam]; return !tmpnam(n); }";
    const { compile, run } = await execute("c", code);
    expect([compile?.outcome, run?.outcome]).toEqual(["ok", "ok"]);
    expect(compile?.stderr).toContain("tmpnam' is dangerous");
  });

  it.each([
    "// greet \\\n#include <bits/stdc++.h>\nint main() { std::vector<int> v; }",
    "#include <cstdio> #include <vector>\n#include <iostream>\nint main() { std::vector<int> v; }",
  ])("in C++ has no name that the source does not include", async (code) => {
    const { compile } = await execute("cpp", code);
    expect(compile?.outcome).toBe("error");
    expect(compile?.stderr).toContain("vector");
  });
});
