// What comes back out of one real sandbox besides output: files of its workspace, whatever a program
// has put in their place, and what an interrupt does to a program.

import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { StageResult } from "../../runner/running.ts";
import { Sandbox } from "../../runner/sandbox.ts";
import { randomText } from "../../shared/ids.ts";
import { MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import { removeContainersOf } from "../kit/runner-process.ts";
import { testEngine } from "../kit/test-engine.ts";

const runnerId = `test-${randomText(8)}`;
let sandbox: Sandbox;

beforeAll(async () => {
  const engine = testEngine(runnerId);
  sandbox = await Sandbox.start(engine, "python");
});

afterEach(async () => {
  await sandbox.recycle();
  expect(sandbox.fault).toBeUndefined();
});

afterAll(async () => {
  await sandbox?.remove();
  await removeContainersOf(runnerId);
});

describe("a file of the workspace", () => {
  const MAKE = `
import os
os.mkdir("d"); open("d/a", "w").write("hi"); os.chmod("d/a", 0o600)
open("large", "wb").write(b"x" * 300_000)
os.symlink("/etc/passwd", "link"); os.symlink("/etc", "linked"); os.mkfifo("pipe")`;

  it.each([
    ["is given with its mode", "d/a", 2, "whole"],
    ["is given up to the size asked for", "large", 300_000, "whole"],
    ["is not given when it is larger by a byte", "large", 299_999, "too-large"],
    ["that is a link is none", "link", 1_000_000, "no-file"],
    ["behind a link is none", "linked/passwd", 1_000_000, "no-file"],
    ["that is a pipe is none, and nobody waits for it", "pipe", 10, "no-file"],
    ["that is a directory is none", "d", 10, "no-file"],
    ["that is not there is missing", "nothing", 10, "missing"],
    ["above the workspace is none", "../etc/passwd", 1_000_000, "no-file"],
    ["by a whole path is none", "/etc/passwd", 1_000_000, "no-file"],
    ["by a path with a way back is none", "d/../d/a", 10, "no-file"],
    ["without a name is none", "", 10, "no-file"],
  ])("%s", async (_what, name, bytesMax, result) => {
    await run(MAKE);
    const read = await sandbox.readFile(name, { bytesMax });
    expect([read.result, read.content.length]).toEqual([result, read.bytes]);
    if (result !== "whole") expect(read.bytes).toBe(0);
    else expect([read.bytes, read.mode]).toEqual([bytesMax, name === "d/a" ? 0o600 : 0o644]);
  });

  it("that grows meanwhile is given as it was when it was opened", async () => {
    const grow = `
import os, time
open("g", "wb").write(b"y" * 100)
if os.fork() == 0:
    file = open("g", "ab", buffering=0)
    while True: file.write(b"z" * 4096)
time.sleep(0.1)`;
    await run(grow);
    const read = await sandbox.readFile("g", { bytesMax: 10_485_760 });
    expect(["whole", "too-large"]).toContain(read.result);
    expect(read.content.length).toBe(read.bytes);
  });
});

describe("an interrupt", () => {
  const caught = `
import time
try: time.sleep(9)
except KeyboardInterrupt: print("caught")
print("on")`;
  const ignored = "import signal, time\nsignal.signal(2, signal.SIG_IGN); time.sleep(9)";

  it("is the program's to handle", async () => {
    const { exit, stdout } = await interrupted(caught);
    expect([exit.reason, exit.code, stdout.text]).toEqual(["ended", 0, "caught\non\n"]);
  });

  it("ends a program that does not", async () => {
    const { exit, stderr } = await interrupted("import time; time.sleep(9)");
    expect([exit.reason, exit.signal]).toEqual(["ended", 2]);
    expect(stderr.text).toContain("KeyboardInterrupt");
  });

  it("is followed by the end of a program that ignores it, well before its time limit", async () => {
    const { exit, interruptedBy } = await interrupted(ignored);
    expect({ ...exit, interruptedBy }).toMatchObject({
      ...{ reason: "ended", signal: 9, isWaiting: false, interruptedBy: "caller" },
    });
    expect(exit.wallMs).toBeLessThan(2400);
  });
});

function run(code: string, wallMs = 5000): Promise<StageResult> {
  const files = [{ name: "main.py", content: Buffer.from(code) }];
  return sandbox.run({
    files,
    args: ["main.py"],
    stdin: Buffer.alloc(0),
    wallMs,
    memoryBytes: MEMORY_BYTES_MAX,
    kind: "last",
  });
}

async function interrupted(code: string): Promise<StageResult> {
  const running = run(code, 2500);
  await new Promise((resolve) => setTimeout(resolve, 800));
  sandbox.interrupt();
  return await running;
}
