// Where a start keeps its things, all below one folder. The engine's part can be shared between
// several such folders, because it is slow to make and holds nothing of anybody's.

import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DEFAULT_ENGINE_DIR, type EnginePaths, enginePaths } from "../runner/host/paths.ts";

export type Paths = {
  /** The checkout this runs from. */
  repo: string;
  state: string;
  engine: EnginePaths;
  /** The Durable Objects: every key, credit and hold. */
  objects: string;
  /** The gateway's generated configuration. */
  gateway: string;
  bundles: string;
  secrets: string;
  logs: string;
  /** Says which start is running and what it has started. */
  record: string;
  recordLock: string;
};

/** The paths for a state folder; `CODERUNNER_STATE_DIR` and `CODERUNNER_ENGINE_DIR` move them. */
export function launchPaths(env: NodeJS.ProcessEnv = process.env): Paths {
  const engine = enginePaths(env.CODERUNNER_ENGINE_DIR ?? engineDirIn(env.CODERUNNER_STATE_DIR));
  const state = resolve(env.CODERUNNER_STATE_DIR ?? dirname(DEFAULT_ENGINE_DIR));
  return {
    repo: dirname(dirname(fileURLToPath(import.meta.url))),
    state,
    engine,
    objects: join(state, "gateway", "objects"),
    gateway: join(state, "gateway"),
    bundles: join(engine.root, "bundles"),
    secrets: join(state, "secrets"),
    logs: join(state, "logs"),
    record: join(state, "start.json"),
    recordLock: join(state, "start.lock"),
  };
}

function engineDirIn(state: string | undefined): string {
  return state === undefined ? DEFAULT_ENGINE_DIR : join(resolve(state), "engine");
}
