// Sessions of programs that mean harm: to their runner, to who comes after them, to their own bill.

import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LanguageId } from "../../shared/languages.ts";
import { IMPLICIT_SESSIONS_MAX } from "../../shared/limits.ts";
import { type RunnerProcess, removeContainersOf, startRunner } from "../kit/runner-process.ts";
import { openSession, sessionCalls, stdoutOf } from "../kit/session-calls.ts";

let runner: RunnerProcess;

beforeAll(async () => {
  runner = await startRunner();
});

afterAll(async () => {
  await runner?.stop();
  await removeContainersOf(runner.runnerId);
});

const opened = (language: LanguageId, more: object = {}) => openSession(runner, language, more);

describe("a session of a hostile program", () => {
  it.each([
    ["python", "x = 42", "while True: pass", "print(x * 2)"],
    ["javascript", "const x = 42", "for (;;);", "console.log(x * 2)"],
    ["bash", "x=42", "while :; do :; done", 'echo "$((x * 2))"'],
    ["ruby", "x = 42", "loop {}", "puts x * 2"],
  ] as const)(
    "keeps what %s knows, however short its time is",
    async (language, set, loop, tell) => {
      const session = await opened(language);
      await session.run(set);
      for (const runTimeoutMs of [1, 1, 2, 3, 5, 20]) {
        const { run, session: kept } = await session.run(loop, { runTimeoutMs });
        expect(run).toMatchObject({ outcome: "timeout", signal: "SIGINT" });
        expect(kept).toMatchObject({ isFresh: false, isStateKept: true });
      }
      expect(await stdoutOf(session, tell)).toBe("84\n");
      await session.close();
    },
  );

  it("begins anew where the process ends the moment it is thawed for a cell", async () => {
    const code = `import threading, os, time
def end():
    time.sleep(3.5)
    os._exit(3)
threading.Thread(target=end, daemon=True).start()`;
    const sessions = await Promise.all(Array.from({ length: 6 }, () => opened("python")));
    for (const session of sessions) await session.run(code);
    await sleep(5500);
    for (const session of sessions) {
      const { run } = await session.run("import sys; print(1)");
      expect([0, 3]).toContain(run?.exitCode); // it may also end a moment later, in the cell
      expect(await stdoutOf(session, "print(2)")).toBe("2\n");
      await session.close();
    }
  });

  it("that says that cells are over and reads none has itself to blame", async () => {
    const session = await opened("python");
    const code = `import os, threading, time
def lie():
    while True:
        os.write(15, b"C\\0\\0")
        time.sleep(0.002)
threading.Thread(target=lie, daemon=True).start()
time.sleep(100)`;
    const args = ["a".repeat(30_000)];
    for (const text of [code, ...Array.from({ length: 12 }, () => "print(1)")]) {
      expect((await session.attempt(text, { args })).status).toBe(200);
    }
    await session.close();
  });

  it("leaves no text of its cells to its account's next program", async () => {
    const accountId = "leaves-text";
    for (let n = 0; n <= IMPLICIT_SESSIONS_MAX; n++) {
      const session = sessionCalls(runner, "python", { accountId });
      await session.run("secret = 1", { opensSession: true, isSnippet: true });
    }
    const code = "import os; print(os.listdir('/run/cell'))";
    await sleep(1000);
    const outputs = [];
    for (let n = 0; n < 4; n++)
      outputs.push(await runner.run({ accountId, language: "python", code }));
    expect(outputs.map(({ stdout }) => stdout)).toEqual(outputs.map(() => "[]\n"));
  });

  it("keeps nobody waiting by what it shows", async () => {
    const session = await opened("python");
    const code = "import os\nfor n in range(128): os.write(14, bytes([10]) * 65536)";
    const running = session.run(code);
    await sleep(300);
    const startedAtMs = performance.now();
    await runner.run({ accountId: "victim", language: "bash", code: "echo hi" });
    expect(performance.now() - startedAtMs).toBeLessThan(3000);
    expect(await running).toMatchObject({ run: { outcome: "ok" }, shownTruncated: true });
    await session.close();
  });
});
