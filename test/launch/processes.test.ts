// Identity, leases and locks, with real processes and real files: what must hold when processes are
// killed and their numbers are used again.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  endProcess,
  identify,
  identifySelf,
  isRunning,
  parseStat,
  signalProcess,
} from "../../runner/host/identity.ts";
import { dropLease, liveLeases, takeLease } from "../../runner/host/lease.ts";
import { withLock } from "../../runner/host/lock.ts";
import { Refusal } from "../../runner/host/refusal.ts";
import { run, startChild } from "../../runner/host/spawn.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "processes-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("who a process is", () => {
  test("is read from its status even when its name tries to confuse", () => {
    const rest = Array.from({ length: 40 }, (_, index) => String(index + 4)).join(" ");
    expect(parseStat(`12 (a) R 1 (b) ) S ${rest}`)).toEqual({ state: "S", startTicks: 22 });
    expect(parseStat("")).toBeUndefined();
  });

  test("is the same for as long as it runs and ends with it", async () => {
    const child = await startChild("sleep", ["60"]);
    expect(identify(child.identity.pid)).toEqual(child.identity);
    expect(isRunning(child.identity)).toBe(true);
    await endProcess(child.identity, 1_000);
    expect(isRunning(child.identity)).toBe(false);
    expect(await child.ended).toEqual({ code: null, signal: "SIGTERM" });
  });

  test("a process that merely has the number is never signalled", async () => {
    const child = await startChild("sleep", ["60"]);
    const other = { ...child.identity, startTicks: child.identity.startTicks - 1 };
    const before = { ...child.identity, bootId: "an earlier boot" };
    for (const stranger of [other, before]) {
      expect(isRunning(stranger)).toBe(false);
      signalProcess(stranger, "SIGKILL");
      await endProcess(stranger, 0);
    }
    expect(isRunning(child.identity)).toBe(true);
    await endProcess(child.identity, 1_000);
  });

  test("one that ignores SIGTERM is ended by force", async () => {
    const child = await startChild(
      "sh",
      ["-c", "trap '' TERM; echo up; while :; do sleep 1; done"],
      {
        output: "pipe",
      },
    );
    await new Promise((resolve) => child.stdout?.once("data", resolve));
    await endProcess(child.identity, 100);
    expect(await child.ended).toEqual({ code: null, signal: "SIGKILL" });
  });

  test("one told to end with its parent does, even when the parent is killed outright", async () => {
    const spawn = new URL("../../runner/host/spawn.ts", import.meta.url).href;
    const code = `const { startChild } = await import(${JSON.stringify(spawn)});
      const child = await startChild("sleep", ["60"], { endWithParent: true });
      console.log(JSON.stringify(child.identity)); setInterval(() => {}, 1000);`;
    const parent = await startChild(process.execPath, ["--input-type=module", "--eval", code], {
      output: "pipe",
    });
    const text = await new Promise<string>((resolve) =>
      parent.stdout?.once("data", (chunk) => resolve(String(chunk))),
    );
    const grandchild = JSON.parse(text);
    expect(isRunning(grandchild)).toBe(true);
    signalProcess(parent.identity, "SIGKILL");
    await expect.poll(() => isRunning(grandchild)).toBe(false);
  });
});

describe("running a program", () => {
  test("returns what it wrote and tells each line", async () => {
    const lines: string[] = [];
    const { stdout } = await run("printf", ["one\\ntwo\\n"], {
      report: (line) => lines.push(line),
    });
    expect(stdout).toBe("one\ntwo\n");
    expect(lines).toEqual(["one", "two"]);
  });

  test("refuses with its last words when it fails", async () => {
    const failing = run("sh", ["-c", "echo it hurts >&2; exit 4"]);
    await expect(failing).rejects.toThrow(/exit code 4:\nit hurts$/);
    await expect(failing).rejects.toBeInstanceOf(Refusal);
  });

  test("refuses a program that is not there", async () => {
    await expect(run("no-such-program", [])).rejects.toThrow(
      /no-such-program could not be started/,
    );
  });

  test("ends early when told to", async () => {
    const controller = new AbortController();
    const running = run("sleep", ["60"], { signal: controller.signal });
    setTimeout(() => controller.abort(new Error("enough")), 50);
    await expect(running).rejects.toThrow("enough");
  });
});

describe("leases", () => {
  test("count the living and sweep the dead", async () => {
    const child = await startChild("sleep", ["60"]);
    takeLease(dir, child.identity);
    const own = takeLease(dir);
    expect(liveLeases(dir)).toHaveLength(2);

    await endProcess(child.identity, 1_000);
    expect(liveLeases(dir)).toEqual([identifySelf()]);
    expect(readdirSync(dir)).toHaveLength(1);

    dropLease(own);
    dropLease(own);
    expect(liveLeases(dir)).toEqual([]);
  });

  test("one process may hold several", () => {
    const leases = [takeLease(dir), takeLease(dir)];
    expect(liveLeases(dir)).toHaveLength(2);
    for (const lease of leases) dropLease(lease);
  });

  test("a file that is no lease is swept", () => {
    writeFileSync(join(dir, "junk"), "{");
    expect(liveLeases(dir)).toEqual([]);
    expect(readdirSync(dir)).toEqual([]);
  });

  test("of a process whose number was used again are worth nothing", () => {
    const self = identifySelf();
    takeLease(dir, { ...self, startTicks: self.startTicks + 1 });
    expect(liveLeases(dir)).toEqual([]);
  });
});

describe("the lock", () => {
  const quiet = () => undefined;

  test("lets one in at a time and tells the other that it waits", async () => {
    const file = join(dir, "lock");
    const order: string[] = [];
    let waited = false;
    const first = withLock(file, quiet, async () => {
      order.push("first in");
      await sleep(800);
      order.push("first out");
    });
    await sleep(100);
    await withLock(
      file,
      () => {
        waited = true;
      },
      async () => {
        order.push("second in");
      },
    );
    await first;
    expect(order).toEqual(["first in", "first out", "second in"]);
    expect(waited).toBe(true);
  });

  test("is free again when its holder is killed", async () => {
    const file = join(dir, "lock");
    const lock = new URL("../../runner/host/lock.ts", import.meta.url).href;
    const code = `const { withLock } = await import(${JSON.stringify(lock)});
      await withLock(${JSON.stringify(file)}, () => {}, async () => {
        console.log("held"); await new Promise((resolve) => setTimeout(resolve, 60_000)); });`;
    const holder = await startChild(process.execPath, ["--input-type=module", "--eval", code], {
      output: "pipe",
    });
    await new Promise((resolve) => holder.stdout?.once("data", resolve));
    signalProcess(holder.identity, "SIGKILL");
    await expect(withLock(file, quiet, async () => "mine")).resolves.toBe("mine");
  });

  test("is given back when the work fails", async () => {
    const file = join(dir, "lock");
    const failing = withLock(file, quiet, async () => {
      throw new Error("no");
    });
    await expect(failing).rejects.toThrow("no");
    await expect(withLock(file, quiet, async () => "mine")).resolves.toBe("mine");
  });
});
