// Who is using the private daemon: one small file per user in a folder, naming the process that
// took it. A lease whose process has ended is worth nothing and is swept by whoever looks next.
// Callers take, count and give back under the engine's lock; this module does not lock.

import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { randomText } from "../../shared/ids.ts";
import { identifySelf, isRunning, ProcessIdentity } from "./identity.ts";

export type Lease = { file: string };

/** Takes a lease in `dir` for this process, or for `holder`. */
export function takeLease(dir: string, holder: ProcessIdentity = identifySelf()): Lease {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const file = join(dir, `${holder.pid}-${holder.startTicks}-${randomText(6)}`);
  writeFileSync(file, JSON.stringify(holder));
  return { file };
}

/** Gives a lease back. Doing it twice is no error. */
export function dropLease(lease: Lease): void {
  rmSync(lease.file, { force: true });
}

/** The processes holding a lease in `dir`, once per lease. Removes what dead ones left. */
export function liveLeases(dir: string): ProcessIdentity[] {
  return names(dir).flatMap((name) => {
    const file = join(dir, name);
    const holder = readHolder(file);
    if (holder !== undefined && isRunning(holder)) return [holder];
    rmSync(file, { force: true });
    return [];
  });
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function readHolder(file: string): ProcessIdentity | undefined {
  try {
    return ProcessIdentity.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
