// Where the engine keeps its things: one folder on disk that survives a reboot (images, runsc, logs)
// and one for what lives only while a daemon does (sockets, records, leases). Socket paths may have
// about a hundred characters, so the second is short whatever the first is called.

import { createHash } from "node:crypto";
import { basename, dirname, join } from "node:path";

/** The engine folder every start and test run on a machine shares. */
export const DEFAULT_ENGINE_DIR = "/var/lib/agent-coderunner/engine";

export type EnginePaths = {
  root: string;
  run: string;
  data: string;
  containerdData: string;
  tools: string;
  work: string;
  logs: string;
  lock: string;
  imageLock: string;
  socket: string;
  containerdSocket: string;
  containerdState: string;
  execRoot: string;
  pidFile: string;
  record: string;
  leases: string;
};

/** All paths of the engine whose lasting folder is `root`. */
export function enginePaths(root: string = DEFAULT_ENGINE_DIR): EnginePaths {
  const run = runDir(root);
  return {
    root,
    run,
    data: join(root, "docker"),
    containerdData: join(root, "containerd"),
    tools: join(root, "tools"),
    work: join(root, "work"),
    logs: join(root, "logs"),
    lock: join(root, "engine.lock"),
    imageLock: join(root, "image.lock"),
    socket: join(run, "docker.sock"),
    containerdSocket: join(run, "containerd.sock"),
    containerdState: join(run, "containerd"),
    execRoot: join(run, "exec"),
    pidFile: join(run, "docker.pid"),
    record: join(run, "daemon.json"),
    leases: join(run, "leases"),
  };
}

/** The run folder a socket lies in when it is a private daemon's; nobody else's folder counts. */
export function runDirOf(socket: string): string | undefined {
  const dir = dirname(socket);
  const isOurs = dirname(dir) === "/run" && OUR_RUN_DIR.test(basename(dir));
  return isOurs ? dir : undefined;
}

const OUR_RUN_DIR = /^agent-coderunner(-[0-9a-f]{8})?$/;

function runDir(root: string): string {
  if (root === DEFAULT_ENGINE_DIR) return "/run/agent-coderunner";
  return `/run/agent-coderunner-${createHash("sha256").update(root).digest("hex").slice(0, 8)}`;
}
