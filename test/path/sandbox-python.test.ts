// What a Python program meets in a sandbox: the interpreter it would meet anywhere, started as
// `python3 main.py`, with nothing to be seen of what waited for it.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { run, outputOf } = shareRunner();

describe("a Python program", () => {
  it("is the main module, alone on the stack", async () => {
    const code = `
import inspect, sys, traceback
print(__name__, __file__, sys.argv, sys.path[0], len(inspect.stack()), sys.modules["__main__"].__file__)
print(__builtins__.__name__, __doc__, __package__, __spec__, sorted(globals()) == sorted(vars()))
traceback.print_stack(file=sys.stdout)`;
    expect(await outputOf("python", code)).toBe(
      "__main__ /workspace/main.py ['/workspace/main.py'] /workspace 1 /workspace/main.py\n" +
        "builtins None None None True\n" +
        '  File "/workspace/main.py", line 5, in <module>\n    traceback.print_stack(file=sys.stdout)\n',
    );
  });

  it("prints a traceback that begins at its own first line", async () => {
    const report = await run("python", "def f():\n    raise ValueError('no')\n\nf()\n");
    expect(report).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(report.stderr).toMatch(
      /^Traceback \(most recent call last\):\n {2}File "\/workspace\/main.py", line 4, in <module>\n/,
    );
    expect(report.stderr).toMatch(/ValueError: no\n$/);
    expect(report.stderr).not.toContain("coderunner");
  });

  it("hears of a syntax error as Python tells it", async () => {
    const report = await run("python", "print('a'\n");
    expect(report).toMatchObject({ outcome: "error", exitCode: 1, stdout: "" });
    expect(report.stderr).toMatch(/^ {2}File "\/workspace\/main.py", line 1\n/);
    expect(report.stderr).toContain("SyntaxError: '(' was never closed");
  });

  const ends: [string, string, number | null, string, string][] = [
    ["sys.exit with a text", "import sys; sys.exit('oops')", 1, "", "oops\n"],
    ["sys.exit with nothing", "import sys; print(1); sys.exit()", 0, "1\n", ""],
    [
      "an exit handler",
      "import atexit; atexit.register(print, 'bye'); print('hi')",
      0,
      "hi\nbye\n",
      "",
    ],
    [
      "a thread",
      "import threading, time\nthreading.Thread(target=lambda: (time.sleep(.1), print('t'))).start()\nprint('m')",
      0,
      "m\nt\n",
      "",
    ],
    [
      "a daemon thread",
      "import threading, time\nthreading.Thread(target=time.sleep, args=(60,), daemon=True).start()\nprint('m')",
      0,
      "m\n",
      "",
    ],
    [
      "a child",
      "import os\nif os.fork() == 0:\n  print('child')\nelse:\n  os.wait(); print('parent')",
      0,
      "child\nparent\n",
      "",
    ],
    ["text without an end of line", "print('a', end='')", 0, "a", ""],
    ["closed descriptors", "import os; os.closerange(3, 256); print('ok')", 0, "ok\n", ""],
    [
      "a replaced stdout",
      "import sys, io; sys.stdout = io.StringIO(); print('lost'); sys.stdout = sys.__stdout__; print('kept')",
      0,
      "kept\n",
      "",
    ],
    [
      "asyncio",
      "import asyncio\nasync def m():\n  p = await asyncio.create_subprocess_exec('echo', 'hi', stdout=-1)\n  print((await p.communicate())[0])\nasyncio.run(m())",
      0,
      "b'hi\\n'\n",
      "",
    ],
    [
      "a process pool",
      "from concurrent.futures import ProcessPoolExecutor as P\nif __name__ == '__main__':\n  with P(2) as p: print(list(p.map(abs, [-1, -2])))",
      0,
      "[1, 2]\n",
      "",
    ],
    [
      "spawned processes",
      "import multiprocessing as m\ndef f(x): return x * 2\nif __name__ == '__main__':\n  with m.get_context('spawn').Pool(1) as p: print(p.map(f, [1, 2]))",
      0,
      "[2, 4]\n",
      "",
    ],
    [
      "pickling its own classes",
      "import pickle\nclass A: pass\nprint(type(pickle.loads(pickle.dumps(A()))).__name__)",
      0,
      "A\n",
      "",
    ],
    [
      "a subprocess that inherits",
      "import subprocess\nprint('a', flush=True); subprocess.run(['echo', 'b'], check=True); print('c')",
      0,
      "a\nb\nc\n",
      "",
    ],
    [
      "a signal handler",
      "import signal, os\nsignal.signal(signal.SIGUSR1, lambda *_: print('got'))\nos.kill(os.getpid(), signal.SIGUSR1)",
      0,
      "got\n",
      "",
    ],
    [
      "an alarm",
      "import signal, time\nsignal.signal(signal.SIGALRM, lambda *_: print('ring'))\nsignal.setitimer(signal.ITIMER_REAL, .05); time.sleep(.2)",
      0,
      "ring\n",
      "",
    ],
    [
      "deep recursion",
      "import sys\ndef f(n): return n and f(n - 1) + 1\nprint(f(900))\ntry: f(10**5)\nexcept RecursionError: print('deep')",
      0,
      "900\ndeep\n",
      "",
    ],
    ["os._exit", "import os; print('a', flush=True); os._exit(0)", 0, "a\n", ""],
  ];

  it.each(ends)("ends as anywhere with %s", async (_what, code, exitCode, stdout, stderr) => {
    const report = await run("python", code);
    expect({ exitCode: report.exitCode, stdout: report.stdout, stderr: report.stderr }).toEqual({
      exitCode,
      stdout,
      stderr,
    });
  });

  it("is told of an interrupt as Python tells it", async () => {
    const report = await run(
      "python",
      "import os, signal\nos.kill(os.getpid(), signal.SIGINT)\nimport time; time.sleep(1)",
    );
    expect(report).toMatchObject({ outcome: "signal", signal: "SIGINT" });
    expect(report.stderr).toContain("KeyboardInterrupt");
  });

  it("draws other random numbers than the next one", async () => {
    const code = "import random; print(random.random(), hash('x'))";
    expect(await outputOf("python", code)).not.toBe(await outputOf("python", code));
  });

  it("is born with nothing of the interpreter it was forked from", async () => {
    const code = `
import os, sys, threading
status = dict(line.split(":", 1) for line in open("/proc/self/status").read().splitlines() if ":" in line)
print(os.getppid(), os.getuid() == os.geteuid() >= 20000, os.getresuid()[2] >= 20000, os.getgroups())
print({status[name].strip() for name in ("CapInh", "CapPrm", "CapEff")}, os.getsid(0) == os.getpid())
print(sorted(map(int, os.listdir("/proc/self/fd")))[:-1] in ([0, 1, 2, 3], [0, 1, 2, 3, 14, 15], [0, 1, 2, 3, 14]), os.getcwd())
print(threading.current_thread() is threading.main_thread(), threading.active_count(), "toplevel" in sys.modules)
print(open("/proc/self/environ").read(4), sys.stdin.read(), sys.stdout.line_buffering, os.umask(0o22) == 0o22)
for change in (lambda: os.setuid(0), lambda: os.setgid(0), lambda: os.setgroups([0])):
    try: change(); print("became another")
    except PermissionError: pass`;
    expect(await outputOf("python", code)).toBe(
      "1 True True []\n{'0000000000000000'} True\nTrue /workspace\nTrue 1 False\nPATH  True True\n",
    );
  });

  it("shows the standard library where it always is", async () => {
    const code =
      "import sqlite3, ssl, json, decimal, zlib, ctypes; print(sqlite3.connect(':memory:').execute('select 1').fetchone())";
    expect(await outputOf("python", code)).toBe("(1,)\n");
  });
});
