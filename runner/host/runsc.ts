// gVisor's runsc: the one on the host when it is new enough for the systrap platform, else a copy of
// Debian's own package, unpacked into the engine's folder. Nothing of the host changes for it.

import { chmodSync, copyFileSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fetchPackage, findArchive } from "./apt.ts";
import type { EnginePaths } from "./paths.ts";
import { Refusal, type Report } from "./refusal.ts";
import { findProgram, run } from "./spawn.ts";

/** The first release whose systrap platform is the default and mature. */
const RELEASE_MIN = 20230801;
/** The Debian release whose runsc is taken where the host's is missing or older. */
const RELEASE_OF_DEBIAN = "trixie";

/**
 * How the runtime is to be registered: without the first, runsc refuses containers of ours; the last
 * lets a sandbox's supervisor reach its runner by the socket that is mounted for it, and no other.
 */
export const RUNTIME_ARGS = ["--network=none", "--platform=systrap", "--host-uds=open"] as const;

/** The date of a runsc release out of what `runsc --version` prints, such as 20240729. */
export function parseRunscVersion(text: string): number | undefined {
  const date = /\b(20\d{6})\b/.exec(text)?.[1];
  return date === undefined ? undefined : Number(date);
}

/** Whether the runsc that printed `text` has the systrap platform. */
export function isNewEnough(text: string): boolean {
  return (parseRunscVersion(text) ?? 0) >= RELEASE_MIN;
}

/** The path of a runsc that will do, or `undefined` where one has to be fetched. */
export async function findRunsc(paths: EnginePaths): Promise<string | undefined> {
  for (const candidate of [join(paths.tools, "runsc"), findProgram("runsc")]) {
    if (candidate !== undefined && (await isSuitable(candidate))) return candidate;
  }
  return undefined;
}

/** Makes sure of a runsc and returns its path. */
export async function ensureRunsc(
  paths: EnginePaths,
  report: Report,
  signal?: AbortSignal,
): Promise<string> {
  const found = await findRunsc(paths);
  if (found !== undefined) return found;
  report(`fetching gVisor's runsc from Debian ${RELEASE_OF_DEBIAN}`);
  const dir = join(paths.work, "runsc");
  const archive = await findArchive();
  const file = await fetchPackage("runsc", { release: RELEASE_OF_DEBIAN, dir, archive, signal });
  await run("dpkg-deb", ["-x", file, join(dir, "package")], { signal });
  const target = join(paths.tools, "runsc");
  mkdirSync(paths.tools, { recursive: true });
  copyFileSync(join(dir, "package", "usr", "bin", "runsc"), `${target}.new`);
  chmodSync(`${target}.new`, 0o755);
  renameSync(`${target}.new`, target);
  rmSync(dir, { recursive: true, force: true });
  if (await isSuitable(target)) return target;
  throw new Refusal(
    `The runsc of Debian ${RELEASE_OF_DEBIAN} does not run here or is too old; install a runsc of ${RELEASE_MIN} or later in /usr/local/bin.`,
  );
}

async function isSuitable(path: string): Promise<boolean> {
  try {
    const { code, stdout } = await run(path, ["--version"], { mayFail: true, timeoutMs: 5_000 });
    return code === 0 && isNewEnough(stdout);
  } catch {
    return false;
  }
}
