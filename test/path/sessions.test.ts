// Sessions at a real runner: what is remembered and for how long, who has a turn, what an interrupt, a
// reset and an end do. How each language remembers, cells-*.test.ts tell.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LanguageId } from "../../shared/languages.ts";
import { INTERRUPT_GRACE_MS, SESSION_QUEUE_MAX } from "../../shared/limits.ts";
import {
  eventually,
  type RunnerProcess,
  removeContainersOf,
  startRunner,
} from "../kit/runner-process.ts";
import { openSession, type SessionCalls, sessionCalls, stdoutOf } from "../kit/session-calls.ts";

let runner: RunnerProcess;

beforeAll(async () => {
  runner = await startRunner();
});

afterAll(async () => {
  await runner?.stop();
  await removeContainersOf(runner.runnerId);
});

const opened = (language: LanguageId, more: object = {}) => openSession(runner, language, more);

const isIdle = (session: SessionCalls) => async () => (await session.tell()).body.state === "idle";

describe("a session", () => {
  it.each([
    ["python", "x = 42", "print(x * 2)"],
    ["javascript", "const x = 42", "console.log(x * 2)"],
    ["typescript", "const x: number = 42", "console.log(x * 2)"],
    ["bash", "x=42", 'echo "$((x * 2))"'],
    ["ruby", "x = 42", "puts x * 2"],
  ] as const)("of %s remembers what was run in it", async (language, first, next) => {
    const session = await opened(language);
    expect((await session.run(first)).session).toMatchObject({ isFresh: true, isStateKept: true });
    const report = await session.run(next);
    expect(report.run).toMatchObject({ outcome: "ok", stdout: "84\n", stderr: "" });
    expect(report.session).toMatchObject({ isFresh: false, isStateKept: true });
    expect((await session.close()).status).toBe(204);
  });

  it.each([
    ["perl", "open(F, '>>', 'log'); print F 'a'; close F; open(F, 'log'); print <F>"],
    [
      "c",
      '#include <stdio.h>\nint main(void) { FILE *f = fopen("log", "a+"); fputc(97, f); rewind(f); int c; while ((c = fgetc(f)) != EOF) putchar(c); }',
    ],
    [
      "java",
      'import java.nio.file.*; class Main { public static void main(String[] a) throws Exception { Path p = Path.of("log"); Files.writeString(p, "a", StandardOpenOption.CREATE, StandardOpenOption.APPEND); System.out.print(Files.readString(p)); } }',
    ],
  ] as const)("of %s, which has no cells, keeps its files", async (language, code) => {
    const session = await opened(language);
    for (const wanted of ["a", "aa", "aaa"]) {
      const report = await session.run(code);
      expect(report.run).toMatchObject({ outcome: "ok", stdout: wanted });
      expect(report.session).toMatchObject({ isStateKept: false });
    }
    await session.close();
  });

  it("gives cells their own input, arguments and files, and brings files back", async () => {
    const session = await opened("python");
    const program =
      "import sys, util\nprint(sys.argv[1:], input(), util.V)\nopen('out.bin', 'wb').write(bytes(3))";
    const file = (value: number) => ({ name: "util.py", content: `V = ${value}` });
    const main = { name: "main.py", content: program };
    const more = { isSnippet: false, args: ["a b"], stdin: "in\n", outputFiles: ["*.bin"] };
    const first = await session.run("", { ...more, files: [main, file(1)] });
    expect(first.run?.stdout).toBe("['a b'] in 1\n");
    expect(first.files).toMatchObject([{ name: "out.bin", bytes: 3, content: "AAAA" }]);
    const again = await session.run("", { ...more, files: [main, file(22)] });
    expect(again.run?.stdout).toBe("['a b'] in 22\n");
    await session.close();
  });

  it("that was frozen goes on as if nothing had been", async () => {
    const session = await opened("python");
    await session.run("import time\nx = 1");
    await sleep(4500);
    expect(await stdoutOf(session, "print(x)")).toBe("1\n");
    await session.close();
  });

  it("shows what it shows, beside what it prints", async () => {
    const session = await opened("python");
    const { run, shown } = await session.run("print('out')\ndisplay('seen')\n6 * 7");
    expect(run?.stdout).toBe("out\n");
    expect(shown).toEqual([
      { kind: "display", data: { "text/plain": "'seen'" } },
      { kind: "value", data: { "text/plain": "42" } },
    ]);
    await session.close();
  });
});

describe("what runs in a session", () => {
  const forever = {
    python: "while True: pass",
    javascript: "for (;;) {}",
    bash: "while :; do :; done",
    ruby: "loop {}",
  } as const;

  it.each(Object.entries(forever) as [keyof typeof forever, string][])(
    "in %s is interrupted at its time limit, and variables are kept",
    async (language, code) => {
      const session = await opened(language);
      await session.run(
        language === "bash" ? "x=5" : language === "javascript" ? "var x = 5" : "x = 5",
      );
      const { run, session: told } = await session.run(code, { runTimeoutMs: 700 });
      expect(run).toMatchObject({ outcome: "timeout", exitCode: null, signal: "SIGINT" });
      expect(told).toMatchObject({ isStateKept: true });
      const print = {
        python: "print(x)",
        javascript: "console.log(x)",
        bash: "echo $x",
        ruby: "puts x",
      };
      expect(await stdoutOf(session, print[language])).toBe("5\n");
      await session.close();
    },
  );

  it("is killed when an interrupt does not end it; then files stay, and it is said", async () => {
    const session = await opened("python");
    await session.run("x = 5\nopen('f', 'w').write('kept')");
    const stubborn = "while True:\n  try:\n    while True: pass\n  except BaseException: pass";
    const { run, session: told } = await session.run(stubborn, { runTimeoutMs: 500 });
    expect(run).toMatchObject({ outcome: "timeout", signal: "SIGKILL" });
    expect(run?.wallMs).toBeLessThan(500 + 2 * INTERRUPT_GRACE_MS + 500);
    expect(told).toMatchObject({ isStateKept: false });
    const next = await session.run("print(open('f').read(), 'x' in globals())");
    expect(next.run?.stdout).toBe("kept False\n");
    expect(next.session).toMatchObject({ isFresh: true });
    await session.close();
  });

  it("can be interrupted by whoever asks, once something runs", async () => {
    const session = await opened("python");
    expect((await session.post("/interrupt")).body).toEqual({ interrupted: false });
    await session.run("x = 1\nimport time");
    const running = session.run("time.sleep(9)");
    await eventually(async () => (await session.post("/interrupt")).body.interrupted === true, {
      withinMs: 5000,
    });
    expect((await running).run).toMatchObject({ outcome: "signal", signal: "SIGINT" });
    expect(await stdoutOf(session, "print(x)")).toBe("1\n");
    await session.close();
  });

  it("is forgotten by a reset, but for its files", async () => {
    const session = await opened("python");
    await session.run("x = 5\nopen('f', 'w').write('kept')");
    expect((await session.post("/reset")).status).toBe(200);
    expect(await stdoutOf(session, "print(open('f').read(), 'x' in globals())")).toBe(
      "kept False\n",
    );
    await session.close();
  });

  it("has its turn in order, and whoever finds too many waiting hears so", async () => {
    const session = await opened("python");
    await session.run("seen = []");
    const first = session.attempt("import time\ntime.sleep(1.5)");
    await sleep(300);
    const others: Promise<{ status: number }>[] = [];
    for (let n = 0; n < SESSION_QUEUE_MAX + 2; n++) {
      others.push(session.attempt(`seen.append(${n})`));
      await sleep(30);
    }
    const statuses = (await Promise.all([first, ...others])).map(({ status }) => status);
    expect(statuses).toEqual([...Array(SESSION_QUEUE_MAX + 1).fill(200), 409, 409]);
    expect(await stdoutOf(session, "print(seen == sorted(seen), len(seen))")).toBe(
      `True ${SESSION_QUEUE_MAX}\n`,
    );
    await session.close();
  });

  it("takes more memory than it may once only, and is told that variables are gone", async () => {
    const session = await opened("python");
    await session.run("x = 1");
    const { run, session: told } = await session.run(
      "y = bytearray(400 * 2**20)\ny[::4096] = b'1' * len(y[::4096])",
    );
    expect(run?.outcome).toBe("memory");
    expect(told?.isStateKept).toBe(false);
    expect((await session.run("print(1)")).session).toMatchObject({ isFresh: true });
    await session.close();
  });

  it("can leave nothing running that takes more than it might have taken itself", async () => {
    const session = await opened("python");
    const hog =
      "x = bytearray(400 * 2**20)\nx[::4096] = b'1' * len(x[::4096])\nimport time; time.sleep(9)";
    const spawn = `import subprocess, sys\nx = 1\nsubprocess.Popen([sys.executable, '-c', ${JSON.stringify(hog)}])`;
    expect((await session.run(spawn)).session).toMatchObject({ isStateKept: true });
    await sleep(1800);
    const { run, session: told } = await session.run("print('x' in globals())");
    expect(run).toMatchObject({ outcome: "ok", stdout: "False\n" });
    expect(told).toMatchObject({ isFresh: true });
    await session.close();
  });

  it("is told to have begun anew where the process had ended in between", async () => {
    const session = await opened("python");
    await session.run(
      "x = 1\nimport os, threading\nthreading.Timer(0.5, os._exit, [0]).start()\nthreading.Timer.daemon = True",
      { runTimeoutMs: 300 },
    );
    await sleep(1200);
    const { run, session: told } = await session.run("print('x' in globals())");
    expect(run?.stdout).toBe("False\n");
    expect(told).toMatchObject({ isFresh: true, isStateKept: true });
    await session.close();
  });
});

describe("a session's end", () => {
  it("while something runs is told to who waits for that, and to who comes after", async () => {
    const session = await opened("python");
    const running = session.attempt("import time\ntime.sleep(9)");
    await eventually(async () => (await session.tell()).body.state === "busy", {
      withinMs: 5000,
    });
    const waiting = session.attempt("1");
    await sleep(300);
    const ends = await Promise.all([session.close(), session.close()]);
    expect(ends.map(({ status }) => status).sort()).toEqual([204, 410]);
    for (const answer of [await running, await waiting, await session.attempt("1")]) {
      expect([answer.status, answer.body.error.code]).toEqual([410, "session_deleted"]);
    }
  });

  it("leaves nothing behind, and the runner well", async () => {
    const sessions = await Promise.all(
      (["python", "bash", "ruby"] as const).map((id) => opened(id)),
    );
    await Promise.all(
      sessions.map((session) => session.run(session === sessions[1] ? "sleep 100 &" : "1")),
    );
    await Promise.all(sessions.map((session) => session.close()));
    await eventually(async () => (await runner.health()).sandboxes.python?.busy === 0, {
      withinMs: 10_000,
    });
    const report = await runner.run({ accountId: "other", language: "python", code: "print(1)" });
    expect(report.stdout).toBe("1\n");
  });
});

describe("a session that an execution has opened", () => {
  it("runs a whole program as ever, and then remembers what cells do", async () => {
    const session = sessionCalls(runner, "python");
    const code =
      "import atexit, sys\natexit.register(print, 'bye')\nopen('f', 'w').write('1')\nprint(__file__)";
    const first = await session.run(code, { opensSession: true, isSnippet: false });
    expect(first.run?.stdout).toBe("/workspace/main.py\nbye\n");
    expect(first.session).toMatchObject({ isStateKept: false });
    expect(await stdoutOf(session, "x = open('f').read()")).toBe("");
    expect(await stdoutOf(session, "print(x)")).toBe("1\n");
  });

  it("is given up for newer ones, and its sandbox serves its account again", async () => {
    const sessions = Array.from({ length: 7 }, () =>
      sessionCalls(runner, "bash", { accountId: "many" }),
    );
    for (const session of sessions) await session.run("touch here; ls", { opensSession: true });
    const [first, ...others] = sessions as [SessionCalls, ...SessionCalls[]];
    const gone = await first.attempt("ls");
    expect([gone.status, gone.body.error.code]).toEqual([410, "session_evicted"]);
    expect(await stdoutOf(others.at(-1) as SessionCalls, "ls")).toBe("here\n");
  });
});

describe("a session that idles", () => {
  it("is told to be idle when its execution is over", async () => {
    const session = await opened("ruby");
    const running = session.run("sleep 0.5");
    await eventually(async () => (await session.tell()).body.state === "busy", { withinMs: 3000 });
    await running;
    await eventually(isIdle(session), { withinMs: 3000 });
    await session.close();
  });
});
