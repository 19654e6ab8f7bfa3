// The base image every sandbox image starts from: Debian trixie, pulled where a registry answers,
// else made from Debian's packages. Both ways end in the same image under one name, made once.

import { existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { findArchive, installPackages, sourceLines } from "./apt.ts";
import { findImage, follow } from "./client.ts";
import type { EnginePaths } from "./paths.ts";
import type { Report } from "./refusal.ts";
import { findProgram, run } from "./spawn.ts";

const RELEASE = "trixie";
const REPOSITORY = "agent-coderunner-base";
/** The name of the base image. */
export const BASE_IMAGE = `${REPOSITORY}:${RELEASE}`;

const PULLED = { repository: "debian", tag: `${RELEASE}-slim` };
const PULL_STALL_MS = 8_000;
const LEFT_OUT = [
  "/usr/share/doc/*",
  "/usr/share/man/*",
  "/usr/share/locale/*",
  "/usr/share/info/*",
];

export type BaseOptions = {
  docker: Docker;
  paths: EnginePaths;
  report: Report;
  signal?: AbortSignal | undefined;
};

/** Makes sure of the base image and returns its id. */
export async function ensureBase(options: BaseOptions): Promise<string> {
  const found = await findImage(options.docker, BASE_IMAGE);
  if (found !== undefined) return found;
  if (!(await pull(options))) await build(options);
  const made = await findImage(options.docker, BASE_IMAGE);
  if (made === undefined) throw new Error(`${BASE_IMAGE} is missing after it was made`);
  return made;
}

async function pull({ docker, report, signal }: BaseOptions): Promise<boolean> {
  const { repository, tag } = PULLED;
  report(`pulling ${repository}:${tag}`);
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), PULL_STALL_MS);
  try {
    const abortSignal = silence.signal;
    const stream = await docker.createImage({ fromImage: repository, tag, abortSignal });
    clearTimeout(timer);
    await follow(stream, () => signal?.throwIfAborted(), PULL_STALL_MS);
    await docker.getImage(`${repository}:${tag}`).tag({ repo: REPOSITORY, tag: RELEASE });
    return true;
  } catch {
    // Whatever the reason, the packages are there to build from; only a stop ends it here.
    signal?.throwIfAborted();
    return false;
  } finally {
    clearTimeout(timer);
  }
}

async function build({ docker, paths, report, signal }: BaseOptions): Promise<void> {
  if (findProgram("mmdebstrap") === undefined) {
    report("no image registry answers: installing mmdebstrap on this host");
    await installPackages(["mmdebstrap"], report);
  }
  report(`no image registry answers: making the base image from Debian ${RELEASE}'s packages`);
  const dir = join(paths.work, "base");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  const tar = join(dir, "base.tar");
  const archive = await findArchive();
  // The keyring is named here and not in the sources, which become the image's own.
  const keyring = archive.keyring === undefined ? [] : [`--keyring=${archive.keyring}`];
  try {
    await run(
      "mmdebstrap",
      [
        "--variant=minbase",
        ...keyring,
        ...LEFT_OUT.map((pattern) => `--dpkgopt=path-exclude=${pattern}`),
        RELEASE,
        tar,
        ...sourceLines({ ...archive, keyring: undefined }, RELEASE),
      ],
      { cwd: dir, env: { ...process.env, TMPDIR: dir }, report, signal },
    );
    const stream = await docker.importImage(tar, { repo: REPOSITORY, tag: RELEASE });
    await follow(stream, () => undefined);
  } finally {
    if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
  }
}
