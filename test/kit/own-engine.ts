// A private daemon for one test file alone, so that a test may kill it under nobody else. It is set up
// in seconds by copying runsc and the images out of the engine the other tests use.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BASE_IMAGE } from "../../runner/host/base.ts";
import { connect } from "../../runner/host/client.ts";
import { ensureEngine } from "../../runner/host/engine.ts";
import { signalProcess, waitForEnd } from "../../runner/host/identity.ts";
import { findProcesses, unmountBelow } from "../../runner/host/leftovers.ts";
import { type EnginePaths, enginePaths } from "../../runner/host/paths.ts";
import { findRunsc } from "../../runner/host/runsc.ts";
import { thaw } from "../../runner/host/thaw.ts";
import { engineSettings } from "./runner-process.ts";

const END_MS_MAX = 5_000;

export type OwnEngine = {
  /** The folder everything of it is in, but for its run folder. */
  dir: string;
  paths: EnginePaths;
  /** Ends whatever of it still runs and removes it all. */
  remove: () => Promise<void>;
};

/** Sets up an engine of its own, with the sandbox image, and leaves it stopped. */
export async function makeOwnEngine(): Promise<OwnEngine> {
  const dir = mkdtempSync(join(tmpdir(), "own-engine-"));
  const paths = enginePaths(join(dir, "engine"));
  await copyRunsc(paths);
  const engine = await ensureEngine({ paths, report: () => undefined });
  try {
    await copyImages(engine.socket);
  } finally {
    await engine.release();
  }
  const remove = async () => {
    await removeEngine(paths);
    rmSync(dir, { recursive: true, force: true });
  };
  return { dir, paths, remove };
}

/** Puts a copy of the runsc this machine has, if any, where an engine looks for it first. */
export async function copyRunsc(paths: EnginePaths): Promise<void> {
  const runsc = await findRunsc(enginePaths(process.env.CODERUNNER_ENGINE_DIR));
  mkdirSync(paths.tools, { recursive: true });
  if (runsc !== undefined) copyFileSync(runsc, join(paths.tools, "runsc"));
}

async function copyImages(socket: string): Promise<void> {
  const settings = engineSettings();
  const from = connect(settings.CODERUNNER_DOCKER_SOCKET);
  for (const name of [BASE_IMAGE, settings.CODERUNNER_IMAGE]) {
    const saved = await from.getImage(name).get();
    for await (const _ of await connect(socket).loadImage(saved, { quiet: true }));
  }
}

/** Ends whatever of an engine still runs, however it was left, and removes what it keeps. */
export async function removeEngine(paths: EnginePaths): Promise<void> {
  for (const left of findProcesses(paths.run)) {
    thaw(left.pid);
    signalProcess(left, "SIGKILL");
    await waitForEnd(left, END_MS_MAX);
  }
  await unmountBelow([paths.run, paths.data]);
  for (const path of [paths.root, paths.run]) rmSync(path, { recursive: true, force: true });
}
