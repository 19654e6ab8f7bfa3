// What a C# program meets in a sandbox: what `mcs` and `mono` would do with it, done by a runtime that
// waited, with nothing to be seen of that.

import { afterEach, describe, expect, it } from "vitest";
import type { ExecutionReport, StageReport } from "../../shared/runner-api.ts";
import type { Program } from "../kit/runner-process.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner, run, outputOf } = shareRunner();

/** A runtime takes a moment to start and to warm up, and one account waits for its own. */
afterEach(() => runner().settle("csharp"));

const main = (body: string) => `
using System; using System.Collections.Generic; using System.IO; using System.Linq; using System.Threading;
class Program { static void Main(string[] args) { ${body} } }`;

function execute(code: string, more: Partial<Program> = {}): Promise<ExecutionReport> {
  return runner().execute({ accountId: "ordinary", language: "csharp", code, ...more });
}

async function failureOf(code: string): Promise<string> {
  const { compile, run: ran } = await execute(code);
  expect(ran).toBeUndefined();
  expect(compile).toMatchObject({ outcome: "error", exitCode: 1, stdout: "", isCached: false });
  return compile?.stderr ?? "";
}

describe("a C# program", () => {
  it("is compiled and run, and its version is the runtime's own", async () => {
    const report = await execute(main('Console.WriteLine("hello");'));
    expect(report.compile).toMatchObject({ outcome: "ok", exitCode: 0, stdout: "", stderr: "" });
    expect(report.run).toMatchObject({ outcome: "ok", exitCode: 0, stdout: "hello\n", stderr: "" });
    expect(report.version).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("is not compiled again when it was before, and does the same", async () => {
    const code = main('Console.WriteLine("the same " + args.Length);');
    const first = await execute(code, { accountId: "again" });
    await runner().settle("csharp");
    const second = await execute(code, { accountId: "again", args: ["x"] });
    expect([first.compile?.isCached, second.compile?.isCached]).toEqual([false, true]);
    expect([first.run?.stdout, second.run?.stdout]).toEqual(["the same 0\n", "the same 1\n"]);
  });

  it("reads its input and its arguments, and Unicode comes and goes", async () => {
    const code = main(`
      string line;
      while ((line = Console.ReadLine()) != null) Console.WriteLine("<" + line + "> ü");
      Console.WriteLine(string.Join("|", args));
      Console.Error.Write("é");`);
    const more = { stdin: "eins\nzwö 日本\n", args: ["a b", "", "é", "--x", "@y"] };
    const report = await run("csharp", code, more);
    expect(report.stdout).toBe("<eins> ü\n<zwö 日本> ü\na b||é|--x|@y\n");
    expect(report.stderr).toBe("é");
  });

  it("may be of several files and read those that are not sources", async () => {
    const files = [
      {
        name: "lib/Greeter.cs",
        content:
          'namespace Lib { public static class Greeter { public static string Greet(string n) => $"hi {n}"; } }',
      },
      { name: "words.txt", content: "found" },
    ];
    const code = main('Console.WriteLine(Lib.Greeter.Greet("x") + File.ReadAllText("words.txt"));');
    expect(await outputOf("csharp", code, { files })).toBe("hi xfound\n");
  });

  it("has the language and the libraries it is used to", async () => {
    const code = main(`
      (int id, string name) pair = (1, "two");
      object boxed = 5;
      if (boxed is int number && number > 4) Console.WriteLine($"{number:D3} {pair.name}");
      Console.WriteLine(string.Join(",", new[] { 3, 1, 2 }.OrderBy(n => n).Select(n => n * n)));
      dynamic loose = "text";
      Console.WriteLine(loose.Length + System.Numerics.BigInteger.Pow(2, 70));
      Console.WriteLine(new System.Xml.Linq.XElement("a", 1) + " " + System.Text.RegularExpressions.Regex.Replace("a1", "[0-9]", "b"));
      Console.WriteLine(new System.Web.Script.Serialization.JavaScriptSerializer().Serialize(new { x = 1 }));`);
    expect(await outputOf("csharp", code)).toBe(
      '005 two\n1,4,9\n1180591620717411303428\n<a>1</a> ab\n{"x":1}\n',
    );
  });

  it("that is wrong is told as mcs tells it, and does not run", async () => {
    expect(await failureOf('class A {\n  int x = "text";\n  static void Main() { }\n}')).toBe(
      "Program.cs(2,11): error CS0029: Cannot implicitly convert type `string' to `int'\n",
    );
    expect(await failureOf("class A { static void F() { } }")).toContain("error CS5001");
  });

  it("that warns, runs", async () => {
    const { compile, run: ran } = await execute(main("int unused;"));
    expect(compile?.stderr).toContain("Program.cs(3,");
    expect(compile?.stderr).toContain("warning CS0168");
    expect(ran?.outcome).toBe("ok");
  });

  it("fails with the trace that `mono` prints, without a frame of ours", async () => {
    const code = `
using System;
class Program {
  [System.Runtime.CompilerServices.MethodImpl(System.Runtime.CompilerServices.MethodImplOptions.NoInlining)]
  static void Inner() { throw new InvalidOperationException("no"); }
  static void Main() { Console.WriteLine(new System.Diagnostics.StackTrace().FrameCount); for (int i = 0; i < 2; i++) Inner(); }
}`;
    const report = await run("csharp", code);
    expect(report).toMatchObject({ outcome: "error", exitCode: 1, stdout: "1\n" });
    const lines = report.stderr.split("\n").map((line) => line.replace(/ \[0x.*/, ""));
    expect(lines).toEqual([
      "",
      "Unhandled Exception:",
      "System.InvalidOperationException: no",
      "  at Program.Inner ()",
      "  at Program.Main ()",
      "[ERROR] FATAL UNHANDLED EXCEPTION: System.InvalidOperationException: no",
      "  at Program.Inner ()",
      "  at Program.Main ()",
      "",
    ]);
  });

  it.each([
    ["Environment.Exit(7);", 7],
    ["Environment.ExitCode = 8;", 8],
    ["new Thread(() => Environment.Exit(9)).Start(); Thread.Sleep(5000);", 9],
  ])("ends with the code it asks for: %s", async (body, exitCode) => {
    expect((await run("csharp", main(body))).exitCode).toBe(exitCode);
  });

  it("ends with the code its Main returns", async () => {
    const code = "class Program { static int Main() { return 5; } }";
    expect((await run("csharp", code)).exitCode).toBe(5);
  });

  it("is waited for until its last thread has ended, and its handlers run", async () => {
    const code = main(`
      AppDomain.CurrentDomain.ProcessExit += (s, e) => Console.WriteLine("handler");
      new Thread(() => { while (true) ; }) { IsBackground = true }.Start();
      new Thread(() => { Thread.Sleep(100); Console.WriteLine("late"); }).Start();
      Console.WriteLine("main");`);
    expect(await outputOf("csharp", code)).toBe("main\nlate\nhandler\n");
  });

  it("may use threads, tasks and processes", async () => {
    const code = `
using System; using System.Diagnostics; using System.Linq; using System.Threading; using System.Threading.Tasks;
class Program {
  static async Task<int> Later(int n) { await Task.Delay(1); return n; }
  static void Main() {
    int sum = 0;
    var threads = Enumerable.Range(0, 8).Select(_ => new Thread(() => Interlocked.Increment(ref sum))).ToList();
    threads.ForEach(t => t.Start());
    threads.ForEach(t => t.Join());
    Parallel.For(0, 100, i => Interlocked.Increment(ref sum));
    sum += Task.WhenAll(Enumerable.Range(0, 20).Select(Later)).Result.Length;
    Console.WriteLine(sum);
    var child = Process.Start(new ProcessStartInfo("/bin/echo", "child") { UseShellExecute = false });
    child.WaitForExit();
    Console.WriteLine(child.ExitCode);
  }
}`;
    expect(await outputOf("csharp", code)).toBe("128\nchild\n0\n");
  });

  it("finds itself where `mono` would have put it", async () => {
    const code = main(`
      Console.WriteLine(System.Reflection.Assembly.GetEntryAssembly().GetName().Name);
      Console.WriteLine(AppDomain.CurrentDomain.BaseDirectory + " " + Directory.GetCurrentDirectory());
      var names = Environment.GetEnvironmentVariables().Keys.Cast<string>().OrderBy(n => n, StringComparer.Ordinal);
      Console.WriteLine(string.Join(" ", names));
      Console.WriteLine(Environment.GetCommandLineArgs().Length);`);
    expect(await outputOf("csharp", code)).toBe(
      "Main\n/workspace/ /workspace\nHOME LANG LOGNAME PATH PWD SHELL USER\n1\n",
    );
  });

  it("finds nothing of the one before it", async () => {
    const accountId = "twice";
    const leave = main(`
      File.WriteAllText("/tmp/left", "x");
      File.WriteAllText("left.txt", "x");
      System.Diagnostics.Process.Start("/bin/sleep", "60");`);
    const look = main(`
      foreach (var place in new[] { "/tmp", "/workspace", "/dev/shm" })
        foreach (var entry in Directory.GetFileSystemEntries(place)) Console.WriteLine(entry);
      Console.WriteLine(System.Diagnostics.Process.GetProcesses().Count(p => p.ProcessName == "sleep"));`);
    await run("csharp", leave, { accountId });
    await runner().settle("csharp");
    const found = (await outputOf("csharp", look, { accountId })).trim().split("\n").sort();
    expect(found).toEqual(["/workspace/.program", "/workspace/Program.cs", "0"]);
  });
});

describe("a C# program that goes too far", () => {
  const cut = (report: StageReport) => [report.outcome, report.exitCode, report.signal];

  it("in time is stopped", async () => {
    const code = main('Console.WriteLine("start"); while (true) ;');
    const report = await run("csharp", code, { runTimeoutMs: 1500 });
    expect(cut(report)).toEqual(["timeout", null, "SIGKILL"]);
    expect(report.stdout).toBe("start\n");
  });

  it("in memory is stopped", async () => {
    const code = main(
      "var all = new List<byte[]>(); while (true) { var b = new byte[1 << 20]; for (int i = 0; i < b.Length; i += 4096) b[i] = 1; all.Add(b); }",
    );
    expect(cut(await run("csharp", code))).toEqual(["memory", null, "SIGKILL"]);
  });

  it("with garbage only is not", async () => {
    const code = main(`
      var kept = new byte[64][];
      for (int i = 0; i < 5000; i++) kept[i % 64] = new byte[1 << 20];
      Console.WriteLine(kept.Length);`);
    expect(await outputOf("csharp", code)).toBe("64\n");
  });

  it("in output is stopped", async () => {
    const code = main("var line = new string('y', 100000); while (true) Console.Write(line);");
    expect(cut(await run("csharp", code))).toEqual(["output_limit", null, "SIGKILL"]);
  });

  it("while it is compiled is stopped, and does not run", async () => {
    const nested = `${"F(() => ".repeat(24)}1${")".repeat(24)}`;
    const code = `using System;
delegate T G<T>(); delegate T H<T>();
class Program {
  static T F<T>(G<T> x) { return x(); } static T F<T>(H<T> x, int y = 0) { return x(); } static T F<T>(Func<T> x, string z = "") { return x(); }
  static void Main() { Console.WriteLine(${nested}); }
}`;
    const { compile, run: ran } = await execute(code, { compileTimeoutMs: 1500 });
    expect(compile?.outcome).toBe("timeout");
    expect(ran).toBeUndefined();
  });
});
