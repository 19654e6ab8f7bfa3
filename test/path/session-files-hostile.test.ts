// A session's files while a real program does its worst to them: links, pipes, directories that become
// links, names that are taken away, disks that are full, and trees without end. Nothing outside of the
// workspace is ever touched, no limit of the program's is watched any worse for it, and the sandbox
// outlives it all.

import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { Failure } from "../../shared/errors.ts";
import { FILE_BYTES_MAX } from "../../shared/limits.ts";
import { RunnerError } from "../../shared/runner-api.ts";
import { randomFrom } from "../kit/random.ts";
import { useRealSandbox } from "../kit/real-sandbox.ts";

const { sandbox, server, run, outputOf, put, get, namesIn } = useRealSandbox();

const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const codeOf = ({ body }: { body: Buffer }) => {
  const { error } = RunnerError.parse(JSON.parse(body.toString()));
  return `${error.code} ${error.field}`;
};
const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (thrown) => {
      if (thrown instanceof Failure) return thrown.code;
      throw thrown;
    },
  );

/** Runs `code`, which must make a file `ready`, and `act` while it runs; then ends it. */
async function whileRunning(code: string, act: () => Promise<void>) {
  const running = run(`${code}\n`, { wallMs: 30_000 });
  while (!(await namesIn()).includes("ready")) await wait(10);
  try {
    await act();
  } finally {
    sandbox().interrupt();
  }
  return await running;
}

describe("in a program's workspace", () => {
  const MAKE = `
import os, socket
os.mkdir("/tmp/outside"); open("/tmp/outside/secret", "w").write("secret")
os.symlink("/tmp/outside/secret", "link"); os.symlink("/tmp/outside", "linked")
os.symlink(".", "loop"); os.symlink("nowhere", "dangling"); os.mkfifo("pipe"); os.mkdir("dir")
socket.socket(socket.AF_UNIX).bind("socket")
open("none", "w").close(); os.chmod("none", 0); os.mkdir("shut"); open("shut/in", "w").write("in"); os.chmod("shut", 0)`;
  const NOT_A_FILE = "invalid_request path";
  const NOTHING = "unknown_file path";

  it("nothing but a file is read, and nothing through a link", async () => {
    await outputOf(MAKE);
    const got = async (path: string) => codeOf(await get(path));
    for (const path of ["link", "linked", "loop", "dangling", "pipe", "dir", "socket"]) {
      expect([path, await got(path)]).toEqual([path, NOT_A_FILE]);
    }
    for (const path of ["linked/secret", "loop/main.py", "pipe/x", "main.py/x", "dangling/x"]) {
      expect([path, await got(path)]).toEqual([path, NOTHING]);
    }
    expect((await get("shut/in")).body.toString()).toBe("in");
    expect((await get("none")).body.toString()).toBe("");
  });

  it("nothing is written through a link, and whatever is no directory is replaced", async () => {
    await outputOf(MAKE);
    expect(codeOf(await put("linked/secret", "x"))).toBe(NOT_A_FILE);
    expect(codeOf(await put("linked/new", "x"))).toBe(NOT_A_FILE);
    expect(codeOf(await put("loop/new", "x"))).toBe(NOT_A_FILE);
    expect(codeOf(await put("dangling/new", "x"))).toBe(NOT_A_FILE);
    for (const path of ["link", "linked", "loop", "dangling", "pipe", "socket", "none"]) {
      expect([path, (await put(path, "mine")).status]).toEqual([path, 201]);
      expect((await get(path)).body.toString()).toBe("mine");
    }
    await put("check.py", "");
    expect(await namesIn("dir")).toEqual([]);
  });

  it("what is removed is the link, not what it leads to", async () => {
    await outputOf(MAKE);
    const remove = (path: string, query = "") => server().call({ method: "DELETE", path, query });
    expect(codeOf(await remove("linked/secret"))).toBe(NOTHING);
    for (const path of ["link", "linked", "loop", "dangling", "pipe", "socket", "none"]) {
      expect([path, (await remove(path, "&recursive=1")).status]).toEqual([path, 204]);
    }
    expect((await remove("shut", "&recursive=1")).status).toBe(204);
    expect(await namesIn()).toEqual(["dir"]);
  });

  it("directories that keep becoming links lead nobody out", async () => {
    const swap = `
import os, shutil
os.makedirs("/tmp/outside/sub"); os.makedirs("d/sub")
open("/tmp/outside/victim", "w").write("alive"); open("ready", "w").close()
def may(act, *names):
    try: act(*names)
    except OSError: pass
try:
    while True:
        may(os.rename, "d", "x"); may(os.symlink, "/tmp/outside", "d"); may(os.unlink, "d"); may(os.rename, "x", "d")
        shutil.rmtree("x", ignore_errors=True)
except KeyboardInterrupt:
    def names(top): return sorted(os.path.relpath(os.path.join(at, f), top) for at, _, fs in os.walk(top) for f in fs)
    print(names("/tmp/outside"), open("/tmp/outside/victim").read())`;
    const outcomes: Record<string, number> = {};
    const { stdout, stderr } = await whileRunning(swap, async () => {
      const { files } = sandbox();
      for (let i = 0; i < 150; i++) {
        const data = Buffer.from(`data ${i}`);
        const all = await Promise.all([
          outcomeOf(files.put(`d/f${i}`, [data])),
          outcomeOf(files.put(`d/sub/g${i}/h`, [data])),
          outcomeOf(files.delete("d/victim")),
          outcomeOf(files.delete("d/sub", { isRecursive: true })),
          outcomeOf(files.read("d/victim")),
        ]);
        for (const outcome of all) outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
        expect(all[2]).not.toBe("done");
        expect(all[4]).not.toBe("done");
      }
    });
    expect(stdout.text + stderr.text).toBe("['victim'] alive\n");
    expect(outcomes.done).toBeGreaterThan(50);
    expect(outcomes.internal).toBeUndefined();
    expect((await namesIn()).filter((name) => name.startsWith(".upload"))).toEqual([]);
  });

  it("a file that keeps becoming a link, a pipe and a directory is read as a file or not at all", async () => {
    const change = `
import os
open("/tmp/secret", "w").write("secret"); open("v", "w").write("plain"); open("ready", "w").close()
while True:
    os.unlink("v"); os.symlink("/tmp/secret", "v"); os.unlink("v"); os.mkfifo("v"); os.unlink("v")
    os.mkdir("v"); os.rmdir("v"); open("new", "w").write("plain"); os.rename("new", "v")`;
    const outcomes: Record<string, number> = {};
    await whileRunning(change, async () => {
      for (let i = 0; i < 1000; i++) {
        const read = sandbox().files.read("v");
        const outcome = await read.then(String, (thrown) => thrown.code);
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      }
    });
    expect(Object.keys(outcomes).sort()).toEqual(["invalid_request", "plain", "unknown_file"]);
  });

  it("a file on its way in can be neither read nor changed, only lost", async () => {
    const thieve = `
import os
open("ready", "w").close(); taken = 0; partial = []
try:
    while True:
        for name in os.listdir("."):
            if not name.startswith(".upload-"): continue
            for mode in ("rb", "r+b"):
                try:
                    with open(name, mode) as file: size = len(file.read())
                    if size not in (0, 6, 100_000): partial.append(size) # forged below, or whole
                except OSError: pass
            try:
                if taken % 2: os.rename(name, f"stolen{taken}")
                else: os.unlink(name); open(name, "w").write("forged")
                taken += 1
            except OSError: pass
except KeyboardInterrupt: pass
forged = [n for n in os.listdir(".") if n.startswith("f") and open(n).read() == "forged"]
left = {os.stat(n).st_size for n in os.listdir(".") if n.startswith("stolen")}
print(taken > 0, partial, forged, left <= {0, 6})`;
    const outcomes: string[] = [];
    const { stdout, stderr } = await whileRunning(thieve, async () => {
      const slow = async function* () {
        for (let i = 0; i < 5; i++) {
          await wait(10);
          yield Buffer.alloc(20_000, "x");
        }
      };
      for (let i = 0; i < 20; i++)
        outcomes.push(await outcomeOf(sandbox().files.put(`f${i}`, slow())));
    });
    expect(`${stdout.text}${stderr.text}`).toBe("True [] [] True\n");
    expect(outcomes).toContain("conflict");
    expect(new Set([...outcomes, "done", "conflict"]).size).toBe(2);
  });

  it("a full disk is told, and what a program fills goes on being its own", async () => {
    const fill = `
import os, signal
kept = 0
for i in range(7):
    with open(f"fill{i}", "wb", buffering=0) as file:
        try:
            while kept < 66_000_000 and file.tell() < 10_000_000: kept += file.write(b"x" * 65536)
        except OSError as error: print(error.errno)
open("ready", "w").close(); import time; time.sleep(30)`;
    await whileRunning(fill, async () => {
      expect(codeOf(await put("more", randomBytes(2_000_000)))).toBe("workspace_full undefined");
      expect((await put("empty", "")).status).toBe(201);
      await server().call({ method: "DELETE", path: "fill3" });
      expect((await put("more", randomBytes(2_000_000))).status).toBe(201);
    });
  });

  it("a tree that keeps growing is removed, or said to be too much", async () => {
    const grow = `
import os
os.makedirs("t"); open("ready", "w").close()
i = 0
while True:
    i += 1
    try: os.makedirs(f"t/{i}/a"); open(f"t/{i}/a/b", "w").close()
    except OSError: os.makedirs("t", exist_ok=True)`;
    await whileRunning(grow, async () => {
      const removed = await outcomeOf(sandbox().files.delete("t", { isRecursive: true }));
      expect(["done", "conflict"]).toContain(removed);
    });
  });

  it("a tree that is too deep is neither removed nor searched to its end", async () => {
    await outputOf(`
import os
os.makedirs("top"); os.chdir("top")
for i in range(1500): os.mkdir("d"); os.chdir("d")`);
    const { files } = sandbox();
    expect(await outcomeOf(files.delete("top", { isRecursive: true }))).toBe("conflict");
    expect(await files.find(["**/x"])).toEqual({ files: [], truncated: true });
    expect(await namesIn()).toEqual(["top"]);
  });
});

describe("while a program runs", () => {
  it("files come and go, its output is not held up, and its time is kept to", async () => {
    const body = randomBytes(FILE_BYTES_MAX / 2);
    await put("down", body);
    const times: number[] = [];
    const onOutput = () => void times.push(performance.now());
    const code = "import time\nwhile True: print('x', flush=True); time.sleep(0.01)";
    const startedAtMs = performance.now();
    const running = run(code, { wallMs: 3000, listener: { onOutput, onShown: () => undefined } });
    let isOver = false;
    const transfer = async (act: () => Promise<unknown>) => {
      let count = 0;
      while (!isOver) {
        await act();
        count++;
      }
      return count;
    };
    const work = [0, 1].flatMap((i) => [
      transfer(() => sandbox().files.put(`up${i}`, [body])),
      transfer(async () => expect((await sandbox().files.read("down")).equals(body)).toBe(true)),
    ]);
    const { exit } = await running;
    isOver = true;
    const counts = await Promise.all(work);
    const gaps = times.slice(1).map((time, i) => time - (times[i] as number));
    const longest = Math.max(...gaps);
    console.info(
      `moved ${counts} files, ${times.length} lines, longest gap ${longest.toFixed(0)} ms`,
    );
    expect(exit.reason).toBe("wall");
    expect(exit.wallMs).toBeLessThan(3300);
    expect(performance.now() - startedAtMs).toBeLessThan(4500);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(times.length).toBeGreaterThan(60);
    expect(longest).toBeLessThan(400);
  });

  it("its memory limit counts what is sent, and a session goes on without the program", async () => {
    const hold =
      "held = bytearray(215_000_000); open('ready', 'w').close()\nimport time; time.sleep(20)";
    const running = run(hold);
    while (!(await namesIn()).includes("ready")) await wait(10);
    for (let i = 0; i < 6; i++)
      await outcomeOf(sandbox().files.put(`f${i}`, [randomBytes(10_000_000)]));
    expect((await running).exit.reason).toBe("memory");
    expect((await get("f0")).body.length).toBe(10_000_000);
  });

  it("a reader that stops reading holds nothing up, and neither does a writer", async () => {
    await put("large", randomBytes(FILE_BYTES_MAX));
    const { content } = await sandbox().files.get("large");
    const reader = content[Symbol.asyncIterator]();
    await reader.next();
    const stalled = Promise.withResolvers<void>();
    const writing = sandbox().files.put(
      "slow",
      (async function* () {
        yield Buffer.alloc(100_000);
        await stalled.promise;
      })(),
    );
    expect(await outputOf("print(1)")).toBe("1\n");
    await wait(6000); // longer than a supervisor may be silent when something is owed
    expect(await namesIn()).toEqual(["large"]);
    stalled.resolve();
    await writing;
    let bytes = 0;
    for (let part = await reader.next(); !part.done; part = await reader.next())
      bytes += part.value.length;
    expect(bytes).toBeGreaterThan(FILE_BYTES_MAX - 70_000);
  });
});

describe("a frozen sandbox", () => {
  it("is thawed for its files, and not frozen while any is on its way", async () => {
    await put("f", randomBytes(1_000_000));
    await sandbox().freeze();
    expect(sandbox().isFrozen).toBe(true);
    const { content } = await sandbox().files.get("f");
    await sandbox().freeze();
    expect(sandbox().isFrozen).toBe(false);
    let bytes = 0;
    for await (const part of content) bytes += part.length;
    await sandbox().freeze();
    expect([bytes, sandbox().isFrozen, sandbox().files.isBusy]).toEqual([1_000_000, true, false]);
    expect((await sandbox().files.find(["*"])).files).toEqual([{ name: "f", bytes: 1_000_000 }]);
  });
});

describe("a reset", () => {
  it("ends what is on its way, leaves nothing of it, and keeps the rest", async () => {
    await put("kept", "kept");
    await put("large", randomBytes(FILE_BYTES_MAX));
    const slow = async function* () {
      yield Buffer.alloc(200_000);
      await wait(300);
      yield Buffer.alloc(200_000);
    };
    const { content } = await sandbox().files.get("large");
    const reader = content[Symbol.asyncIterator]();
    await reader.next();
    const writing = outcomeOf(sandbox().files.put("f", slow()));
    await wait(50);
    const reset = sandbox().recycle({ keepsFiles: true });
    const during = outcomeOf(sandbox().files.put("during", [Buffer.from("x")]));
    await reset;
    expect([await writing, await during]).toEqual(["conflict", "done"]);
    const rest = (async () => {
      while (!(await reader.next()).done);
    })();
    expect(await outcomeOf(rest)).toBe("conflict");
    expect(await namesIn()).toEqual(["during", "kept", "large"]);
    expect(
      await outputOf(
        "import os; print(sorted(os.listdir('.')), os.stat('kept').st_uid == os.getuid())",
      ),
    ).toBe("['during', 'kept', 'large', 'main.py'] True\n");
  });
});

describe("any order of requests", () => {
  it("comes to what a simple model says", async () => {
    const random = randomFrom(77);
    const names = ["a", "b", "d/a", "d/b", "d/e/f", "é"];
    const model = new Map<string, Buffer>();
    const { files } = sandbox();
    for (let i = 0; i < 400; i++) {
      const name = random.pick(names);
      const act = random.below(10);
      if (act < 4) {
        const data = random.bytes(random.pick([0, 5, 1000, 70_000]));
        await files.put(name, [data.subarray(0, 3), data.subarray(3)]);
        model.set(name, data);
      } else if (act < 6) {
        const outcome = await outcomeOf(files.delete(name));
        expect(outcome).toBe(model.delete(name) ? "done" : "unknown_file");
      } else if (act < 9) {
        const data = await files.read(name).catch((thrown) => thrown.code);
        expect(data).toEqual(model.get(name) ?? "unknown_file");
      } else {
        const broken = (function* () {
          yield Buffer.alloc(10);
          throw new Failure("invalid_request");
        })();
        expect(await outcomeOf(files.put(name, broken))).toBe("invalid_request");
      }
    }
    const { files: found } = await files.find(["**"]);
    expect(found.map(({ name }) => name).sort()).toEqual([...model.keys()].sort());
  });
});
