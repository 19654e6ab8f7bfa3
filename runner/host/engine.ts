// The engine: a Docker daemon that knows gVisor. By default it is a private one, installed if need
// be, shared by every start and test on the machine and stopped by the last of them to leave. With
// consent it is a daemon of the host's, which is then only used: never configured, started or
// stopped.

import { installPackages } from "./apt.ts";
import {
  connect,
  countContainers,
  removeContainers,
  requireRuntime,
  untilAnswers,
} from "./client.ts";
import {
  clearDaemon,
  type DaemonRuntime,
  deadParts,
  findDaemon,
  startDaemon,
  stopDaemon,
} from "./daemon.ts";
import { dropLease, type Lease, liveLeases, takeLease } from "./lease.ts";
import { withLock } from "./lock.ts";
import type { EnginePaths } from "./paths.ts";
import type { Report } from "./refusal.ts";
import { keepDaemon } from "./revive.ts";
import { ensureRunsc, findRunsc } from "./runsc.ts";
import { findProgram } from "./spawn.ts";

/** The name our runtime has in a daemon's configuration. */
export const RUNTIME = "coderunner-runsc";
/** The socket of a daemon the host runs for itself. */
export const HOST_SOCKET = "/var/run/docker.sock";

const UP_MS_MAX = 60_000;
/** A daemon others use may be slow to answer on a busy host; only after this long it counts as dead. */
const BUSY_MS_MAX = 30_000;
const DAEMON_PROGRAMS = ["dockerd", "containerd", "containerd-shim-runc-v2", "runc"];

export type EngineOptions = {
  paths: EnginePaths;
  /** A daemon that is there already and has the runtime; the private one is left alone then. */
  socket?: string | undefined;
  runtime?: string | undefined;
  report: Report;
  /** Says in a line that a private daemon died and is back. */
  notice?: Report | undefined;
  signal?: AbortSignal | undefined;
};

/** A daemon that answers and knows our runtime, for as long as it is not released. */
export type Engine = {
  socket: string;
  runtime: string;
  /** Whether the daemon is ours, with nothing of anybody else's in it. */
  isPrivate: boolean;
  /** How many others use it now; unknown, and so none, for a daemon of the host's. */
  othersUsing: () => number;
  /** How many containers there are with a label, or at all. */
  countContainers: (label?: string) => Promise<number>;
  /** Removes containers with a label, as a runner puts on its own. */
  removeContainers: (label: string) => Promise<number>;
  /** Waits until the daemon answers; `false` when it does not within a minute. */
  isUp: (signal?: AbortSignal) => Promise<boolean>;
  /** Resolves, with a sentence, if a private daemon keeps dying and is given up. */
  lost: Promise<string>;
  /** Leaves it; the last to leave a private daemon stops it. */
  release: () => Promise<void>;
};

/** What making sure of the engine would change on this host, a line each; empty when nothing. */
export async function planEngine(options: {
  paths: EnginePaths;
  socket?: string | undefined;
}): Promise<string[]> {
  if (options.socket !== undefined) return [];
  const lacksRunsc = (await findRunsc(options.paths)) === undefined;
  return [
    missingPrograms().length > 0 &&
      "install Debian's package docker.io with apt-get (its own service is not started or used)",
    lacksRunsc && `unpack Debian's package runsc into ${options.paths.tools}`,
    (missingPrograms().length > 0 || lacksRunsc) &&
      `keep images and logs in ${options.paths.root}, sockets in ${options.paths.run}`,
  ].filter((line) => typeof line === "string");
}

/** Makes sure of an engine and takes a lease on it. */
export async function ensureEngine(options: EngineOptions): Promise<Engine> {
  const runtime = options.runtime ?? RUNTIME;
  if (options.socket === undefined) return ensurePrivate(options, runtime);
  await requireRuntime(options.socket, runtime);
  const { socket } = options;
  return {
    socket,
    runtime,
    isPrivate: false,
    othersUsing: () => 0,
    countContainers: (label) => countContainers(connect(socket), label),
    removeContainers: (label) => removeContainers(connect(socket), label),
    isUp: (signal) => untilAnswers(socket, UP_MS_MAX, signal),
    lost: new Promise(() => undefined),
    release: async () => undefined,
  };
}

async function ensurePrivate(options: EngineOptions, runtime: string): Promise<Engine> {
  const { paths, report } = options;
  const waiting = () => report("waiting for another start or test on this machine");
  const { lease, settings } = await withLock(paths.lock, waiting, async () => {
    try {
      return await enter(options, runtime);
    } catch (error) {
      if (liveLeases(paths.leases).length === 0) await stopDaemon(paths);
      throw error;
    }
  });
  const notice = options.notice ?? (() => undefined);
  const kept = keepDaemon({ paths, runtime: settings, notice });
  let released: Promise<void> | undefined;
  const release = () =>
    withLock(paths.lock, waiting, async () => {
      dropLease(lease);
      if (liveLeases(paths.leases).length === 0) await stopDaemon(paths);
    });
  return {
    socket: paths.socket,
    runtime,
    isPrivate: true,
    othersUsing: () => liveLeases(paths.leases).length - 1,
    countContainers: (label) => countContainers(connect(paths.socket), label),
    removeContainers: (label) => removeContainers(connect(paths.socket), label),
    isUp: (signal) => untilAnswers(paths.socket, UP_MS_MAX, signal),
    lost: kept.lost,
    release: () => {
      kept.stop();
      released ??= release();
      return released;
    },
  };
}

/** Joins the daemon that runs, or starts one, once everything it needs is there. Under the lock. */
async function enter(
  options: EngineOptions,
  runtime: string,
): Promise<{ lease: Lease; settings: DaemonRuntime }> {
  const { paths, report, signal } = options;
  if (missingPrograms().length > 0) await installPackages(["docker.io"], report);
  const settings = { name: runtime, path: await ensureRunsc(paths, report, signal) };
  signal?.throwIfAborted();
  const isFirst = liveLeases(paths.leases).length === 0;
  // While others use a daemon it stays, even if it was started with other settings.
  if (!isFirst && deadParts(paths).length === 0)
    await untilAnswers(paths.socket, BUSY_MS_MAX, signal);
  const running = await findDaemon(paths, isFirst ? settings : undefined);
  if (running === undefined) {
    report("starting the private Docker daemon");
    await startDaemon(paths, settings);
  }
  if (isFirst) await clearDaemon(paths);
  return { lease: takeLease(paths.leases), settings };
}

function missingPrograms(): string[] {
  return DAEMON_PROGRAMS.filter((name) => findProgram(name) === undefined);
}
