// One at a time, across processes: a kernel lock on a file, held by flock(1) for as long as its
// standard input stays open. When the holder dies in any way the kernel closes that pipe and frees
// the lock, so there is no such thing as a stale lock to guess about.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { startChild } from "./spawn.ts";

const SAY_AFTER_MS = 500;

/** Runs `work` while holding the lock on `file`; `waiting` is called once if that takes a while. */
export async function withLock<T>(
  file: string,
  waiting: () => void,
  work: () => Promise<T>,
): Promise<T> {
  const release = await acquire(file, waiting);
  try {
    return await work();
  } finally {
    await release();
  }
}

async function acquire(file: string, waiting: () => void): Promise<() => Promise<void>> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = await startChild("flock", [file, "sh", "-c", "echo held && exec cat >/dev/null"], {
    stdin: "pipe",
    output: "pipe",
  });
  const timer = setTimeout(waiting, SAY_AFTER_MS);
  try {
    const held = new Promise<boolean>((resolve) =>
      holder.stdout?.once("data", () => resolve(true)),
    );
    const lost = holder.ended.then(() => false);
    if (!(await Promise.race([held, lost]))) throw new Error(`flock could not lock ${file}`);
  } finally {
    clearTimeout(timer);
  }
  return async () => {
    holder.stdin?.end();
    await holder.ended;
  };
}
