// The secrets of one deployment: made once, kept in files only their owner can read, and overridden
// by the environment. They reach the runner and the gateway through their environments and are in
// no configuration file, command line or log.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal } from "../runner/host/refusal.ts";
import { randomText } from "../shared/ids.ts";

export type Secrets = {
  runnerSecret: string;
  adminToken: string;
  /** The file the admin token is kept in, or `undefined` when it came from the environment. */
  adminTokenFile: string | undefined;
};

const SECRET_CHARACTERS_MIN = 32;
const SECRET_CHARACTERS = 52;

/** The secrets kept in `dir`, made now if they are not there yet. */
export function loadSecrets(dir: string, env: NodeJS.ProcessEnv): Secrets {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const adminTokenFile = join(dir, "admin-token");
  return {
    runnerSecret: given(env, "RUNNER_SECRET") ?? keep(join(dir, "runner-secret")),
    adminToken: given(env, "ADMIN_TOKEN") ?? keep(adminTokenFile),
    adminTokenFile: env.ADMIN_TOKEN ? undefined : adminTokenFile,
  };
}

/** Keeps the latest instant key, for a day on which no further one is given out. */
export function keepKey(dir: string, key: string): void {
  writeFileSync(join(dir, "last-key"), `${key}\n`, { mode: 0o600 });
}

/** The latest instant key kept in `dir`, if any. */
export function lastKey(dir: string): string | undefined {
  try {
    return readFileSync(join(dir, "last-key"), "utf8").trim();
  } catch {
    return undefined;
  }
}

function given(env: NodeJS.ProcessEnv, name: string): string | undefined {
  const value = env[name];
  if (value === undefined || value === "") return undefined;
  if (value.length >= SECRET_CHARACTERS_MIN) return value;
  throw new Refusal(`${name} must have at least ${SECRET_CHARACTERS_MIN} characters.`);
}

function keep(file: string): string {
  try {
    writeFileSync(file, `${randomText(SECRET_CHARACTERS)}\n`, { mode: 0o600, flag: "wx" });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return readFileSync(file, "utf8").trim();
}
