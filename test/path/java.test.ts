// What a Java program meets in a sandbox: what `javac` and `java` would do with it, done by a machine
// that waited, with nothing to be seen of that.

import { afterEach, describe, expect, it } from "vitest";
import type { ExecutionReport, StageReport } from "../../shared/runner-api.ts";
import type { Program } from "../kit/runner-process.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner, run, outputOf } = shareRunner();

/** A machine takes a moment to start and to warm up, and one account waits for its own. */
afterEach(() => runner().settle("java"));

const main = (body: string) =>
  `public class Main { public static void main(String[] args) throws Exception { ${body} } }`;

function execute(code: string, more: Partial<Program> = {}): Promise<ExecutionReport> {
  return runner().execute({ accountId: "ordinary", language: "java", code, ...more });
}

async function failureOf(code: string): Promise<string> {
  const { compile, run: ran } = await execute(code);
  expect(ran).toBeUndefined();
  expect(compile).toMatchObject({ outcome: "error", exitCode: 1, stdout: "", isCached: false });
  return compile?.stderr ?? "";
}

describe("a Java program", () => {
  it("is compiled and run, and its version is the machine's own", async () => {
    const code = main('System.out.println("hello " + System.getProperty("java.version"));');
    const report = await execute(code);
    expect(report.compile).toMatchObject({ outcome: "ok", exitCode: 0, stderr: "" });
    expect(report.run).toMatchObject({ outcome: "ok", exitCode: 0, stderr: "" });
    expect(report.run?.stdout).toBe(`hello ${report.version}\n`);
  });

  it("is not compiled again when it was before, and does the same", async () => {
    const code = main('System.out.println("the same " + args.length);');
    const first = await execute(code, { accountId: "again" });
    await runner().settle("java");
    const second = await execute(code, { accountId: "again", args: ["x"] });
    expect([first.compile?.isCached, second.compile?.isCached]).toEqual([false, true]);
    expect([first.run?.stdout, second.run?.stdout]).toEqual(["the same 0\n", "the same 1\n"]);
  });

  it("reads its input and its arguments, and Unicode comes and goes", async () => {
    const code = main(`
      var lines = new java.util.Scanner(System.in);
      while (lines.hasNextLine()) System.out.println("<" + lines.nextLine() + "> ü");
      System.out.println(String.join("|", args));`);
    const more = { stdin: "eins\nzwö 日本\n", args: ["a b", "", "é", "--x", "@y"] };
    expect(await outputOf("java", code, more)).toBe("<eins> ü\n<zwö 日本> ü\na b||é|--x|@y\n");
  });

  it("may be of several files, with packages, and name its class as it likes", async () => {
    const files = [
      {
        name: "com/example/Greeter.java",
        content:
          'package com.example; public class Greeter { public static String greet(Named n) { return "hi " + n.name(); } }',
      },
      {
        name: "com/example/Named.java",
        content: "package com.example; public interface Named { String name(); }",
      },
      { name: "words.txt", content: "found" },
    ];
    const code = `
      import com.example.*;
      record Person(String name) implements Named {}
      public class Program {
        public static void main(String[] args) throws Exception {
          System.out.println(Greeter.greet(new Person("x")));
          System.out.println(new String(Program.class.getResourceAsStream("/words.txt").readAllBytes()));
        }
      }`;
    expect(await outputOf("java", code, { files })).toBe("hi x\nfound\n");
  });

  it("may be written in today's Java, with or without a class around it", async () => {
    const modern = main(`
      Shape shape = new Square(2);
      String text = """
        block "text"
        """;
      System.out.print(text + switch (shape) { case Circle(var r) -> r; case Square(var s) -> s * s; });
      System.out.println(java.util.stream.Stream.of(3, 1, 2).sorted().toList());`);
    const shapes = `
      sealed interface Shape permits Circle, Square {}
      record Circle(double r) implements Shape {}
      record Square(double s) implements Shape {}`;
    expect(await outputOf("java", modern + shapes)).toBe('block "text"\n4.0[1, 2, 3]\n');
    expect(await outputOf("java", 'void main() { IO.println("compact"); }')).toBe("compact\n");
  });

  it("starts where `java` would start it, and says where when there was a choice", async () => {
    const code = `
      class A { public static void main(String[] args) { System.out.println("A"); } }
      public class B { public static void main(String[] args) { System.out.println("B"); } }`;
    const { compile, run: ran } = await execute(code);
    expect(compile?.stderr).toBe("note: several classes have a main method; this runs B\n");
    expect(ran?.stdout).toBe("B\n");
    expect(await failureOf("class A { static void main(int x) {} }")).toBe(
      "error: no class has a main method, such as `public static void main(String[] args)`\n",
    );
  });

  it("that is wrong is told as javac tells it, and does not run", async () => {
    expect(
      await failureOf('public class Main {\n  int x = "text";\n  void f() { g(); }\n}\n'),
    ).toBe(
      `Main.java:2: error: incompatible types: String cannot be converted to int
  int x = "text";
          ^
Main.java:3: error: cannot find symbol
  void f() { g(); }
             ^
  symbol:   method g()
  location: class Main
2 errors
`,
    );
    expect(await failureOf("public class Main {")).toContain("reached end of file while parsing");
  });

  it("that warns, runs", async () => {
    const code = main("java.util.List list = new java.util.ArrayList(); list.add(1);");
    const { compile, run: ran } = await execute(code);
    expect(compile?.stderr).toContain("unchecked");
    expect(ran?.outcome).toBe("ok");
  });

  it("fails with the trace that `java` prints, without a frame of ours", async () => {
    const code = `public class Main {
  static void inner() { throw new IllegalStateException("no", new RuntimeException("why")); }
  public static void main(String[] args) {
    System.out.println(new Throwable().getStackTrace().length);
    inner();
  }
}`;
    const report = await run("java", code);
    expect(report).toMatchObject({ outcome: "error", exitCode: 1, stdout: "1\n" });
    expect(report.stderr).toBe(`Exception in thread "main" java.lang.IllegalStateException: no
\tat Main.inner(Main.java:2)
\tat Main.main(Main.java:5)
Caused by: java.lang.RuntimeException: why
\t... 2 more
`);
  });

  it.each([
    ["System.exit(7);", 7],
    ["Runtime.getRuntime().halt(8);", 8],
    ["new Thread(() -> System.exit(9)).start(); Thread.sleep(5000);", 9],
    ["new Thread(() -> { throw new RuntimeException(); }).start();", 0],
  ])("ends with the code it asks for: %s", async (body, exitCode) => {
    expect((await run("java", main(body))).exitCode).toBe(exitCode);
  });

  it("is waited for until its last thread and its shutdown hooks have ended", async () => {
    const code = main(`
      Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook")));
      var daemon = new Thread(() -> { while (true) Thread.yield(); });
      daemon.setDaemon(true);
      daemon.start();
      new Thread(() -> { try { Thread.sleep(100); } catch (Exception e) {} System.out.println("late"); }).start();
      System.out.println(Thread.currentThread().getName());`);
    expect(await outputOf("java", code)).toBe("main\nlate\nhook\n");
  });

  it("may use threads, virtual ones too, and processes", async () => {
    const code = main(`
      var sum = new java.util.concurrent.atomic.AtomicInteger();
      try (var all = java.util.concurrent.Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 100; i++) all.submit(() -> sum.incrementAndGet());
      }
      try (var few = java.util.concurrent.Executors.newFixedThreadPool(8)) {
        for (int i = 0; i < 100; i++) few.submit(() -> sum.incrementAndGet());
      }
      System.out.println(sum);
      var process = new ProcessBuilder("sh", "-c", "echo child; exit 3").inheritIO().start();
      System.out.println(process.waitFor());`);
    expect(await outputOf("java", code)).toBe("200\nchild\n3\n");
  });

  it("finds itself where `java -cp .` would have put it", async () => {
    const code = main(`
      System.out.println(System.getProperty("java.class.path") + " " + System.getProperty("user.dir"));
      System.out.println(Main.class.getClassLoader() == ClassLoader.getSystemClassLoader());
      System.out.println(String.join(" ", new java.util.TreeSet<>(System.getenv().keySet())));
      System.out.println(new java.io.File("/proc/self/fd").list().length < 20);`);
    expect(await outputOf("java", code)).toBe(
      "/workspace/.program:/workspace /workspace\ntrue\nHOME LANG LOGNAME PATH PWD SHELL USER\ntrue\n",
    );
  });

  it("finds nothing of the one before it", async () => {
    const accountId = "twice";
    const leave = main(`
      System.setProperty("left", "x");
      java.nio.file.Files.writeString(java.nio.file.Path.of("/tmp/left"), "x");
      java.nio.file.Files.writeString(java.nio.file.Path.of("left.txt"), "x");
      new ProcessBuilder("sleep", "60").start();`);
    const look = main(`
      System.out.println(System.getProperty("left"));
      for (var place : new String[] {"/tmp", "/workspace", "/dev/shm"})
        for (var file : new java.io.File(place).list()) System.out.println(file);
      System.out.println(ProcessHandle.allProcesses().filter(p -> p.info().command().orElse("").contains("sleep")).count());`);
    await run("java", leave, { accountId });
    await runner().settle("java");
    const found = (await outputOf("java", look, { accountId })).trim().split("\n").sort();
    expect(found).toEqual([".program", "0", "Main.java", "null"]);
  });
});

describe("a Java program that goes too far", () => {
  const cut = (report: StageReport) => [report.outcome, report.exitCode, report.signal];

  it("in time is stopped", async () => {
    const report = await run("java", main('System.out.println("start"); while (true) {}'), {
      runTimeoutMs: 1500,
    });
    expect(cut(report)).toEqual(["timeout", null, "SIGKILL"]);
    expect(report.stdout).toBe("start\n");
  });

  it("in memory is stopped", async () => {
    const code = main(
      "var all = new java.util.ArrayList<byte[]>(); while (true) all.add(new byte[1 << 20]);",
    );
    const report = await run("java", code);
    expect(cut(report)).toEqual(["memory", null, "SIGKILL"]);
    expect(report.stderr).toContain("java.lang.OutOfMemoryError: Java heap space\n\tat Main.main");
  });

  it("in threads is an error like any other, and no want of memory", async () => {
    const code = `public class Main { public static void main(String[] a) {
  for (int i = 0; i < 100; i++) { var t = new Thread(() -> { try { Thread.sleep(9000); } catch (Exception e) {} }); t.setDaemon(true); t.start(); } } }`;
    const report = await run("java", code);
    expect(cut(report)).toEqual(["error", 1, null]);
    expect(report.stderr).toContain("unable to create native thread");
  });

  it("in memory may take notice and go on", async () => {
    const code = main(
      'try { var all = new java.util.ArrayList<byte[]>(); while (true) all.add(new byte[1 << 20]); } catch (OutOfMemoryError e) { System.out.println("caught"); }',
    );
    expect(await outputOf("java", code)).toBe("caught\n");
  });

  it("with garbage only is not", async () => {
    const code = main(`
      var kept = new byte[64][];
      for (int i = 0; i < 5000; i++) kept[i % 64] = new byte[1 << 20];
      System.out.println(kept.length);`);
    expect(await outputOf("java", code)).toBe("64\n");
  });

  it("in output is stopped", async () => {
    const code = main('var line = "y".repeat(100_000); while (true) System.out.print(line);');
    expect(cut(await run("java", code))).toEqual(["output_limit", null, "SIGKILL"]);
  });

  it("in depth hears of it", async () => {
    const code = `public class Main { static int f(int n) { return f(n + 1) + 1; } ${main("f(0);").slice("public class Main {".length)}`;
    const report = await run("java", code);
    expect(report).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(report.stderr).toContain('Exception in thread "main" java.lang.StackOverflowError\n');
  });

  it("while it is compiled is stopped, or hears of it, and does not run", async () => {
    const body = `int x = ${"(".repeat(20_000)}1${")".repeat(20_000)};`;
    expect(await failureOf(main(body))).toContain("java.lang.StackOverflowError");
    const { compile, run: ran } = await execute(SLOW_TO_COMPILE, {
      compileTimeoutMs: 200,
    });
    expect(compile?.outcome).toBe("timeout");
    expect(ran).toBeUndefined();
  });
});

/** So much of it that no compiler is done within the time that the test gives it. */
const SLOW_TO_COMPILE = `public class Main {
  ${Array.from({ length: 20_000 }, (_, n) => `static int f${n}(int x) { return x < ${n} ? f0(x + ${n}) : x; }`).join("\n  ")}
  public static void main(String[] args) {}
}`;
