// The private Docker daemon: containerd and dockerd, started by hand with every socket, folder and
// pid file of their own, so that a daemon already on the host is neither used nor noticed. Both are
// recorded by identity; a record whose processes are gone is replaced. Callers hold the engine's
// lock. containerd is started here rather than by dockerd, which would otherwise share the host's
// containerd where there is one, and take seconds instead of a tenth of one.

import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { answers, connect, removeContainers, removeTheseContainers } from "./client.ts";
import { clearParentGroup, parentGroupOf } from "./container-group.ts";
import { endProcess, isRunning, ProcessIdentity } from "./identity.ts";
import {
  endKeepers,
  endLostDaemons,
  killKeepers,
  removeFolders,
  unmountBelow,
} from "./leftovers.ts";
import { makeRoomInNestedCgroup } from "./nested-cgroup.ts";
import type { EnginePaths } from "./paths.ts";
import { Refusal } from "./refusal.ts";
import { RUNTIME_ARGS } from "./runsc.ts";
import { findProgram, lastLines, startChild } from "./spawn.ts";

const DaemonRecord = z.object({
  dockerd: ProcessIdentity,
  containerd: ProcessIdentity,
  settings: z.string(),
});
export type DaemonRecord = z.infer<typeof DaemonRecord>;

const START_MS_MAX = 60_000;
const STOP_MS_MAX = 15_000;
const LOG_BYTES_MAX = 16 * 1024 * 1024;
const UNUSED_PLUGINS = [
  "io.containerd.grpc.v1.cri",
  "io.containerd.snapshotter.v1.aufs",
  "io.containerd.snapshotter.v1.btrfs",
  "io.containerd.snapshotter.v1.devmapper",
  "io.containerd.snapshotter.v1.zfs",
  "io.containerd.internal.v1.tracing",
  "io.containerd.tracing.processor.v1.otlp",
];
const ENV_KEPT = /^(PATH|HOME|LANG|TZ|SSL_CERT_FILE|SSL_CERT_DIR|(https?|no|all)_proxy)$/i;

/** What the daemon is told about its runtimes. */
export type DaemonRuntime = { name: string; path: string };

/** The private daemon's record, if it runs, answers and was started with these settings. */
export async function findDaemon(
  paths: EnginePaths,
  runtime?: DaemonRuntime,
): Promise<DaemonRecord | undefined> {
  const record = readRecord(paths);
  if (record === undefined || deadParts(paths).length > 0) return;
  if (runtime !== undefined && record.settings !== settingsOf(paths, runtime)) return;
  return (await answers(paths.socket)) ? record : undefined;
}

/** Which processes of the private daemon do not run, which is quickly found out. */
export function deadParts(paths: EnginePaths): ("dockerd" | "containerd")[] {
  const record = readRecord(paths);
  return (["dockerd", "containerd"] as const).filter(
    (part) => record === undefined || !isRunning(record[part]),
  );
}

/**
 * Ends whatever is left of an earlier daemon, containers and all, and starts a new one. Resolves
 * once it answers and knows none of the earlier containers any more.
 */
export async function startDaemon(paths: EnginePaths, runtime: DaemonRuntime): Promise<void> {
  await clearAway(paths);
  const left = containersIn(paths.data);
  makeRoomInNestedCgroup();
  prepare(paths, runtime);
  const containerdLog = join(paths.logs, "containerd.log");
  const dockerdLog = join(paths.logs, "dockerd.log");
  const containerd = await startLogged(
    "containerd",
    ["--config", join(paths.run, "containerd.toml")],
    containerdLog,
  );
  const dockerd = await startLogged("dockerd", dockerdArgs(paths), dockerdLog);
  const record: DaemonRecord = {
    dockerd: dockerd.identity,
    containerd: containerd.identity,
    settings: settingsOf(paths, runtime),
  };
  // Those who watch may read it at any moment, so it must never be half there.
  writeFileSync(`${paths.record}.new`, JSON.stringify(record));
  renameSync(`${paths.record}.new`, paths.record);
  let gone: string | undefined;
  void dockerd.ended.then(() => (gone = dockerdLog));
  void containerd.ended.then(() => (gone = containerdLog));
  const deadline = performance.now() + START_MS_MAX;
  while (!(await answers(paths.socket))) {
    if (gone !== undefined || performance.now() > deadline) {
      const log = gone ?? dockerdLog;
      await endRecorded(paths);
      throw new Refusal(
        `The private Docker daemon did not start; ${log} ends with:\n${lastLines(readFileSync(log, "utf8"), 5)}`,
      );
    }
    await sleep(20);
  }
  // Whatever cannot be removed now is a stray container, and the next runner's reaper's business.
  await removeTheseContainers(connect(paths.socket), left).catch(() => undefined);
}

/** Removes every container, stops the daemon, and ends what it leaves behind. */
export async function stopDaemon(paths: EnginePaths): Promise<void> {
  // A daemon that cannot remove its containers any more is ended all the same.
  if (await answers(paths.socket)) await clearDaemon(paths).catch(() => undefined);
  await endRecorded(paths);
  await endLostDaemons(paths.run);
  await endKeepers(paths.run);
  await clearParentGroup(paths.run);
  await unmountBelow([paths.run, paths.data]);
  removeFolders([paths.execRoot, paths.containerdState]);
}

/** Removes every container of the private daemon, and runsc's processes that belong to none. */
export async function clearDaemon(paths: EnginePaths): Promise<void> {
  await removeContainers(connect(paths.socket));
  await endKeepers(paths.run);
}

/**
 * Ends an earlier daemon and everything it kept. One that does not answer is not asked to end: it
 * would wait for containers it can no longer reach. Without a daemon no container can be used any
 * more, so all of them go too, and with them the state that only a daemon of theirs could read.
 */
async function clearAway(paths: EnginePaths): Promise<void> {
  const isWell = deadParts(paths).length === 0 && (await answers(paths.socket));
  await endRecorded(paths, isWell ? STOP_MS_MAX : 0);
  await endLostDaemons(paths.run);
  await killKeepers(paths.run);
  await clearParentGroup(paths.run);
  await unmountBelow([paths.run, paths.data]);
  removeFolders([paths.execRoot, paths.containerdState, paths.containerdData]);
}

/** The containers a daemon that is not running would find again. */
function containersIn(dataDir: string): string[] {
  try {
    return readdirSync(join(dataDir, "containers"));
  } catch {
    return [];
  }
}

async function endRecorded(paths: EnginePaths, graceMs = STOP_MS_MAX): Promise<void> {
  const record = readRecord(paths);
  if (record === undefined) return;
  await endProcess(record.dockerd, graceMs);
  await endProcess(record.containerd, graceMs);
  rmSync(paths.record, { force: true });
}

function readRecord(paths: EnginePaths): DaemonRecord | undefined {
  try {
    return DaemonRecord.safeParse(JSON.parse(readFileSync(paths.record, "utf8"))).data;
  } catch {
    return undefined;
  }
}

function prepare(paths: EnginePaths, runtime: DaemonRuntime): void {
  for (const dir of [paths.root, paths.work, paths.logs]) mkdirSync(dir, { recursive: true });
  mkdirSync(paths.run, { recursive: true, mode: 0o711 });
  // The processes these name have ended; the daemon would only compare their ids.
  for (const file of [paths.pidFile, paths.socket, paths.containerdSocket]) {
    rmSync(file, { force: true });
  }
  writeFileSync(join(paths.run, "dockerd.json"), dockerdConfig(runtime));
  writeFileSync(join(paths.run, "containerd.toml"), containerdConfig(paths));
}

function settingsOf(paths: EnginePaths, runtime: DaemonRuntime): string {
  const settings = [dockerdArgs(paths), dockerdConfig(runtime), containerdConfig(paths)];
  return createHash("sha256").update(JSON.stringify(settings)).digest("hex");
}

/** The daemon's own configuration. */
export function dockerdConfig(runtime: DaemonRuntime): string {
  return JSON.stringify({
    runtimes: {
      [runtime.name]: {
        path: runtime.path,
        runtimeArgs: [...RUNTIME_ARGS],
      },
    },
    features: { "containerd-snapshotter": false },
    "shutdown-timeout": 5,
    "log-level": "warn",
  });
}

/** The daemon's command line: nothing of the host's network, sockets or folders is touched. */
export function dockerdArgs(paths: EnginePaths): string[] {
  return [
    `--config-file=${join(paths.run, "dockerd.json")}`,
    `--data-root=${paths.data}`,
    `--exec-root=${paths.execRoot}`,
    `--host=unix://${paths.socket}`,
    `--pidfile=${paths.pidFile}`,
    `--containerd=${paths.containerdSocket}`,
    "--exec-opt=native.cgroupdriver=cgroupfs",
    `--cgroup-parent=/${parentGroupOf(paths.run)}`,
    "--iptables=false",
    "--ip6tables=false",
    "--bridge=none",
  ];
}

function containerdConfig(paths: EnginePaths): string {
  return [
    "version = 2",
    `root = ${JSON.stringify(paths.containerdData)}`,
    `state = ${JSON.stringify(paths.containerdState)}`,
    `disabled_plugins = ${JSON.stringify(UNUSED_PLUGINS)}`,
    "[grpc]",
    `address = ${JSON.stringify(paths.containerdSocket)}`,
    "[debug]",
    'level = "warn"',
    '[plugins."io.containerd.internal.v1.opt"]',
    `path = ${JSON.stringify(join(paths.containerdData, "opt"))}`,
    "",
  ].join("\n");
}

async function startLogged(name: string, args: readonly string[], log: string) {
  const program = findProgram(name);
  if (program === undefined) {
    throw new Refusal(`${name} is not installed; install the package docker.io.`);
  }
  if (existsSync(log) && statSync(log).size > LOG_BYTES_MAX) rmSync(log);
  const file = openSync(log, "a", 0o640);
  try {
    return await startChild(program, args, { output: file, errors: file, env: daemonEnv() });
  } finally {
    closeSync(file);
  }
}

/** The daemon inherits what it needs to find programs and the network, and none of our secrets. */
function daemonEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => ENV_KEPT.test(name));
  const path = `${process.env.PATH ?? ""}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
  return { ...Object.fromEntries(kept), PATH: path };
}
