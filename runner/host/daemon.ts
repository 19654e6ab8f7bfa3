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
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as z from "zod";
import { answers, connect, removeContainers } from "./client.ts";
import { endProcess, isRunning, ProcessIdentity } from "./identity.ts";
import { endKeepers, endLostDaemons, thawAll, unmountBelow } from "./leftovers.ts";
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
  if (record === undefined || !isDaemonRunning(paths)) return;
  if (runtime !== undefined && record.settings !== settingsOf(paths, runtime)) return;
  return (await answers(paths.socket)) ? record : undefined;
}

/** Whether both processes of the private daemon run, which is quickly found out. */
export function isDaemonRunning(paths: EnginePaths): boolean {
  const record = readRecord(paths);
  return record !== undefined && isRunning(record.dockerd) && isRunning(record.containerd);
}

/** Ends whatever is left of an earlier daemon and starts a new one. Resolves once it answers. */
export async function startDaemon(paths: EnginePaths, runtime: DaemonRuntime): Promise<void> {
  await endRecorded(paths);
  await endLostDaemons(paths.run);
  thawAll(paths.run);
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
  writeFileSync(paths.record, JSON.stringify(record));
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
}

/** Removes every container, stops the daemon, and ends what it leaves behind. */
export async function stopDaemon(paths: EnginePaths): Promise<void> {
  // A daemon that cannot remove its containers any more is ended all the same.
  if (await answers(paths.socket)) await clearDaemon(paths).catch(() => undefined);
  await endRecorded(paths);
  await endLostDaemons(paths.run);
  await endKeepers(paths.run);
  await unmountBelow([paths.run, paths.data]);
}

/** Removes every container of the private daemon, and runsc's processes that belong to none. */
export async function clearDaemon(paths: EnginePaths): Promise<void> {
  await removeContainers(connect(paths.socket));
  await endKeepers(paths.run);
}

async function endRecorded(paths: EnginePaths): Promise<void> {
  const record = readRecord(paths);
  if (record === undefined) return;
  await endProcess(record.dockerd, STOP_MS_MAX);
  await endProcess(record.containerd, STOP_MS_MAX);
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
