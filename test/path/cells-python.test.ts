// A session's Python in one real sandbox: cell after cell in one process that remembers.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { freshCells } from "../kit/cells.ts";

const { cell, of, interrupted, sandbox } = freshCells("python");
const OK = { code: 0, signal: null, out: "", err: "", kept: true };

describe("a Python session", () => {
  it("remembers variables, functions, imports, the directory and the environment", async () => {
    expect(await of("import math, os\nx = 42\ndef f(n): return n * x")).toEqual(OK);
    expect(await of("os.mkdir('d'); os.chdir('d'); os.environ['A'] = 'b'")).toEqual(OK);
    const recalled = "print(x * 2)\nf(2), math.floor(1.5), os.getcwd(), os.popen('echo $A').read()";
    expect(await of(recalled)).toEqual({
      ...OK,
      out: "84\n",
      value: "(84, 1, '/workspace/d', 'b\\n')",
    });
    expect(await of("_[0]")).toEqual({ ...OK, value: "84" });
  });

  it.each([
    ["nothing", "None", undefined],
    ["nothing, where a semicolon says so", "(5);  # five", undefined],
    ["the value before a comment", "5  # not; this", "5"],
    ["the value of what is awaited", "import asyncio\n1 + await asyncio.sleep(0, 5)", "6"],
    ["nothing of a statement", "x = 5", undefined],
    ["a text as it is written", "'é\"'", "'é\"'"],
  ])("shows %s", async (_what, code, value) => {
    expect(await of(code)).toEqual(value === undefined ? OK : { ...OK, value });
  });

  it("runs a cell alone on the stack, as the main module", async () => {
    const code =
      "import inspect, sys, pickle\nclass A: pass\nassert type(pickle.loads(pickle.dumps(A()))) is A\n" +
      "len(inspect.stack()), __name__, sys.argv, sys.path[0], 'cells' in sys.modules";
    const value = "(1, '__main__', [''], '/workspace', False)";
    expect(await of(code)).toEqual({ ...OK, value });
  });

  it("looks like a file's program where it stands for one", async () => {
    const code = "import sys\nprint(__file__, sys.argv, __name__)\nraise ValueError(1)";
    const files = [{ name: "main.py", content: Buffer.from(code) }];
    expect(await of(code, { name: "main.py", files })).toEqual({
      ...OK,
      code: 1,
      out: "/workspace/main.py ['/workspace/main.py'] __main__\n",
      err: 'Traceback (most recent call last):\n  File "/workspace/main.py", line 3, in <module>\n    raise ValueError(1)\nValueError: 1\n',
    });
  });

  it("loads modules of the workspace anew when their files have changed", async () => {
    const make = (n: number) => `open("a.py", "w").write("v = ${n}\\n");`;
    await of(`${make(1)} open("b.py", "w").write("from a import v\\n");`);
    expect(await of("import a, b; n = a; a.v, b.v")).toMatchObject({ value: "(1, 1)" });
    await of(make(1));
    expect(await of("import a; a is n")).toMatchObject({ value: "True" });
    await of(make(2));
    expect(await of("import a, b; a.v, b.v")).toMatchObject({ value: "(2, 2)" });
  });

  it("has fresh input in every cell that has any", async () => {
    expect(await of("input('? ')", { stdin: "a\nb\n" })).toEqual({
      ...OK,
      out: "? ",
      value: "'a'",
    });
    const { code, err } = await of("input()");
    expect([code, err.endsWith("EOFError: EOF when reading a line\n")]).toEqual([1, true]);
    expect(await of("import sys; sys.stdin.read()", { stdin: "c" })).toMatchObject({
      value: "'c'",
    });
  });
});

describe("what goes wrong in a cell", () => {
  it("is told with the lines of cells, and nothing else", async () => {
    await of("def f(n):\n    return 1 / n");
    const { code, err, kept } = await of("x = 1\nf(0)");
    expect([code, kept]).toEqual([1, true]);
    expect(err).toBe(
      'Traceback (most recent call last):\n  File "<cell 2>", line 2, in <module>\n    f(0)\n    ~^^^\n' +
        '  File "<cell 1>", line 2, in f\n    return 1 / n\n           ~~^~~\nZeroDivisionError: division by zero\n',
    );
    expect(await of("x")).toMatchObject({ value: "1" });
  });

  it("is told with its line where it is the syntax", async () => {
    const { code, err } = await of("x = [\n");
    expect([code, err]).toEqual([
      1,
      "  File \"<cell 1>\", line 1\n    x = [\n        ^\nSyntaxError: '[' was never closed\n",
    ]);
    expect((await of("if 1:\n    return 5")).err).toContain("    return 5\n    ^^^^^^^^\n");
  });

  it("is told without the event loop's frames", async () => {
    const { err } = await of("async def g():\n    raise ValueError('no')\nawait g()");
    expect(err).toBe(
      'Traceback (most recent call last):\n  File "<cell 1>", line 3, in <module>\n    await g()\n  File "<cell 1>", line 2, in g\n    raise ValueError(\'no\')\nValueError: no\n',
    );
  });

  it.each([
    ["sys.exit", "import sys; sys.exit(3)", 3, ""],
    ["exit", "exit()", 0, ""],
    ["quit", "quit(4)", 4, ""],
    ["sys.exit with a text", "import sys; sys.exit('oops')", 1, "oops\n"],
  ])("ends the cell and no more by %s", async (_what, code, exitCode, err) => {
    await of("x = 5");
    expect(await of(code)).toEqual({ ...OK, code: exitCode, err });
    expect(await of("x")).toEqual({ ...OK, value: "5" });
  });

  it.each([
    ["os._exit", "import os; os._exit(4)", { code: 4, signal: null, kept: false }],
    ["exec", "import os; os.execvp('sh', ['sh', '-c', 'exit 5'])", { code: 5, kept: false }],
    ["a kill", "import os; os.kill(os.getpid(), 9)", { code: null, signal: 9, kept: false }],
    ["closed descriptors", "import os; os.closerange(0, 64)", { code: 0, kept: false }],
  ])("ends the session by %s, and is told", async (_what, code, expected) => {
    expect(await of(code)).toMatchObject(expected);
  });

  it("does no harm by builtins that are gone, streams that are closed or names that are cleared", async () => {
    await of("x = 5\nimport sys, builtins, os");
    await of("sys.stdout.close(); os.close(0)");
    expect(await of("print(x)")).toEqual({ ...OK, out: "5\n" });
    await of("del builtins.len, builtins.getattr, builtins.open, builtins.isinstance");
    await of("builtins.repr = builtins.bytes = os.write = os.read = None");
    expect(await of("x")).toEqual({ ...OK, value: "5" });
    await of("globals().clear()");
    expect(await of("__name__")).toEqual({ ...OK, value: "'__main__'" });
  });

  it("is nothing that a signal handler raises between cells", async () => {
    await of(
      "import signal, time\ndef h(*_): raise TimeoutError\nsignal.signal(14, h); signal.setitimer(0, .02);",
    );
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await of("1")).toEqual({ ...OK, value: "1" });
    const late = await of("signal.setitimer(0, .02); time.sleep(5)");
    expect([late.code, late.kept, late.err.endsWith("TimeoutError\n")]).toEqual([1, true, true]);
  });
});

describe("an interrupt of a Python cell", () => {
  it.each([
    ["a busy loop", "while True: pass"],
    ["a sleep", "import time; time.sleep(9)"],
    ["a wait for a child", "import subprocess; subprocess.run(['sleep', '9'])"],
    [
      "a wait for a thread",
      "import threading, time\nthreading.Thread(target=time.sleep, args=(9,)).start()",
    ],
    ["an await", "import asyncio; await asyncio.sleep(9)"],
    ["an exception handler", "import time\ntry: 1 / 0\nexcept ZeroDivisionError: time.sleep(9)"],
    ["one that was set aside before", "import time; time.sleep(9)"],
  ])("ends %s and keeps the variables", async (_what, code) => {
    await of("x = 5\nimport signal\nsignal.signal(2, signal.SIG_IGN);");
    const { err, ...rest } = await interrupted(code);
    expect(rest).toEqual({ code: null, signal: 2, out: "", kept: true });
    expect(err).toMatch(/KeyboardInterrupt\n$/);
    expect(err).not.toContain("coderunner");
    expect(await of("x")).toEqual({ ...OK, value: "5" });
  });

  it("ends a wait for input", async () => {
    const running = sandbox().run({
      kind: "cell",
      files: [],
      source: Buffer.from("input()"),
      args: ["/cell", "1", "input", ""],
      stdin: Buffer.from("half"),
      keepsStdinOpen: true,
      wallMs: 8000,
      memoryBytes: 2 ** 28,
    });
    await new Promise((resolve) => setTimeout(resolve, 400));
    sandbox().interrupt();
    expect((await running).exit).toMatchObject({ signal: 2, isWaiting: true });
    expect(await of("import sys; sys.stdin.read()")).toMatchObject({ value: "''" });
  });
});

describe("threads and children of a Python cell", () => {
  it("are waited for as a program would", async () => {
    const code =
      "import threading, time\ndef w(): time.sleep(.1); print('late')\nthreading.Thread(target=w).start()\nprint('main')";
    expect(await of(code)).toEqual({ ...OK, out: "main\nlate\n" });
  });

  it("that wait in a pool for work are kept, and their work is waited for", async () => {
    const code =
      "import time\nfrom concurrent.futures import ThreadPoolExecutor as P\npool = P(2)\ndef w(): time.sleep(.1); print('done')\npool.submit(w);";
    expect(await of(code)).toEqual({ ...OK, out: "done\n" });
    expect(await of("pool.submit(lambda: 7).result()")).toEqual({ ...OK, value: "7" });
  });

  it("never speak for the session", async () => {
    const code = "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint(bool(pid))\n99";
    expect(await of(code)).toEqual({ ...OK, out: "False\nTrue\n", value: "99" });
    const pool = "import multiprocessing as m\ndef f(n): return n * n\nm.Pool(2).map(f, [1, 2])";
    expect(await of(pool)).toMatchObject({ code: 0, value: "[1, 4]" });
  });
});

describe("what a Python cell shows", () => {
  const shownBy = async (code: string) => (await cell(code)).shown;

  it("comes in every form it has, and a form that fails does no harm", async () => {
    const code = `
class A:
    def __repr__(self): return "A!"
    def _repr_html_(self): return "<b>a</b>"
    def _repr_json_(self): return {"a": 1}
    def _repr_markdown_(self): raise OSError
    def _repr_png_(self): return b"\\x89PNG"
display(A(), 1)
A()`;
    const data = {
      "text/plain": "A!",
      "text/html": "<b>a</b>",
      "application/json": '{"a": 1}',
      "image/png": "iVBORw==",
    };
    expect((await shownBy(code)).values).toEqual([
      { kind: "display", data },
      { kind: "display", data: { "text/plain": "1" } },
      { kind: "value", data },
    ]);
  });

  it("is a failure of the cell where its repr fails", async () => {
    const { code, err } = await of("class A:\n    def __repr__(self): raise KeyError('r')\nA()");
    expect(code).toBe(1);
    expect(err).toMatch(/^Traceback.*\n {2}File "<cell 1>", line 2, in __repr__\n/);
  });

  it("leaves out what is too large", async () => {
    const large = `
class A:
    def __repr__(self): return "A"
    def _repr_html_(self): return "x" * 9_000_000
A()`;
    expect(await shownBy(large)).toEqual({
      values: [{ kind: "value", data: { "text/plain": "A" } }],
      truncated: false,
    });
    const [cut] = (await shownBy("'z' * 2_000_000")).values;
    expect(cut?.data["text/plain"]).toMatch(/^'z{524287}… \(1475714 more characters\)$/);
  });

  it("is a figure once, when the cell ends or where it is asked for", async () => {
    const kinds = (values: { kind: string; data: object }[]) =>
      values.map(({ kind, data }) => [kind, "image/png" in data]);
    const { values } = await shownBy("import matplotlib.pyplot as plt\nplt.plot([1, 2]);");
    expect(kinds(values)).toEqual([["display", true]]);
    expect(kinds((await shownBy("plt.plot([1]); plt.show(); plt.show()\n1")).values)).toEqual([
      ["display", true],
      ["value", false],
    ]);
    expect(kinds((await shownBy("fig = plt.figure()\nfig")).values)).toEqual([["value", true]]);
  });

  it("is a table, a picture or a formula as their libraries show them", async () => {
    const types = async (code: string) =>
      (await shownBy(code)).values.map(({ data }) => Object.keys(data).sort());
    expect(await types("import pandas; pandas.DataFrame({'a': [1]})")).toEqual([
      ["text/html", "text/plain"],
    ]);
    expect(await types("from PIL import Image; Image.new('RGB', (2, 2))")).toEqual([
      ["image/png", "text/plain"],
    ]);
    expect(await types("import sympy; sympy.Symbol('x')")).toEqual([["text/latex", "text/plain"]]);
    const notebook = "from IPython.display import HTML, display\ndisplay(HTML('<i>x</i>'))";
    expect(await types(notebook)).toEqual([["text/html", "text/plain"]]);
  });
});
