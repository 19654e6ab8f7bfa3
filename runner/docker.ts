// The only file that speaks to the Docker Engine. It makes, attaches to, finds and removes the
// containers that sandboxes live in, and holds the one object that says how hardened they are.
// Nothing here is on the path of a request.

import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { MEMORY_BYTES_MAX, WORKSPACE_BYTES_MAX } from "../shared/limits.ts";
import { identifySelf, isRunning, ProcessIdentity } from "./host/identity.ts";
import { killContainer } from "./host/kill.ts";

/** No call of the Engine's is waited for longer than this; a hung daemon must not hang the runner. */
const CALL_MS_MAX = 30_000;
const INSPECT_MS_MAX = 2_000;
const REMOVE_MS_MAX = 5_000;
const REMOVE_ATTEMPTS_MAX = 6;
const REMOVE_RETRY_MS = 500;
const LABEL_RUNNER = "agent-coderunner.runner";
const LABEL_OWNER = "agent-coderunner.owner";

/** What gVisor itself, the waiting interpreter and the tmpfs mounts need beyond a program's memory. */
const BACKSTOP_EXTRA_BYTES = 2 * WORKSPACE_BYTES_MAX + 384 * 1024 * 1024;
/** Counts gVisor's own threads as well, so it is far above a program's limit: a last resort only. */
const BACKSTOP_PIDS = 512;

/** Every sandbox's hardening. A program's own limits are set inside, per job; these are the walls. */
const HARDENING = {
  NetworkMode: "none",
  ReadonlyRootfs: true,
  CapDrop: ["ALL"],
  // The supervisor starts programs as other users, hands them files, and kills them.
  CapAdd: ["SETUID", "SETGID", "KILL", "CHOWN", "DAC_OVERRIDE", "FOWNER"],
  SecurityOpt: ["no-new-privileges"],
  Tmpfs: {
    "/workspace": `rw,exec,nosuid,nodev,size=${WORKSPACE_BYTES_MAX},mode=0755`,
    "/tmp": `rw,exec,nosuid,nodev,size=${WORKSPACE_BYTES_MAX},mode=1777`,
  },
  ShmSize: WORKSPACE_BYTES_MAX,
  Memory: MEMORY_BYTES_MAX + BACKSTOP_EXTRA_BYTES,
  MemorySwap: MEMORY_BYTES_MAX + BACKSTOP_EXTRA_BYTES,
  PidsLimit: BACKSTOP_PIDS,
  IpcMode: "private",
  LogConfig: { Type: "none", Config: {} },
} as const;

export type Engine = {
  docker: Docker;
  image: string;
  runtime: string;
  runnerId: string;
};

/** A running container whose PID 1 we hold the standard streams of. */
export type Container = {
  id: string;
  /** The host's process id of the container, for its control group. */
  pid: number;
  /** Bytes written here reach PID 1's stdin. */
  stdin: Duplex;
};

/** What to do with what PID 1 writes, and when its streams end. */
export type ContainerListener = {
  onStdout: (chunk: Buffer) => void;
  onStderr: (chunk: Buffer) => void;
  onClose: () => void;
};

export function connectEngine(options: {
  socket: string;
  image: string;
  runtime: string;
  runnerId: string;
}): Engine {
  const { socket, ...rest } = options;
  return { docker: new Docker({ socketPath: socket }), ...rest };
}

/** Creates, attaches to and starts one container. On failure nothing of it is left. */
export async function startContainer(
  engine: Engine,
  listener: ContainerListener,
): Promise<Container> {
  const container = await engine.docker.createContainer({
    Image: engine.image,
    Hostname: "sandbox",
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { [LABEL_RUNNER]: engine.runnerId, [LABEL_OWNER]: JSON.stringify(identifySelf()) },
    HostConfig: {
      ...HARDENING,
      Runtime: engine.runtime,
      CapAdd: [...HARDENING.CapAdd],
      CapDrop: [...HARDENING.CapDrop],
      SecurityOpt: [...HARDENING.SecurityOpt],
    },
    ...within(CALL_MS_MAX),
  });
  try {
    const stream = await attach(container);
    listen(engine.docker, stream, listener);
    await container.start(within(CALL_MS_MAX));
    const { State } = await container.inspect(within(INSPECT_MS_MAX));
    return { id: container.id, pid: State.Pid, stdin: stream };
  } catch (thrown) {
    await removeContainer(engine, container.id).catch(() => undefined); // the start is what failed
    throw thrown;
  }
}

/** The three streams of PID 1 in one. The time limit ends with the call: the stream lives on. */
async function attach(container: Docker.Container): Promise<Duplex> {
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(), CALL_MS_MAX);
  try {
    const streams = { stream: true, hijack: true, stdin: true, stdout: true, stderr: true };
    return (await container.attach({ ...streams, abortSignal: giveUp.signal })) as Duplex;
  } finally {
    clearTimeout(timer);
  }
}

function listen(docker: Docker, stream: Duplex, listener: ContainerListener): void {
  const stdout = { write: listener.onStdout };
  const stderr = { write: listener.onStderr };
  docker.modem.demuxStream(
    stream,
    stdout as unknown as NodeJS.WritableStream,
    stderr as unknown as NodeJS.WritableStream,
  );
  stream.once("close", listener.onClose);
  stream.once("end", listener.onClose);
  stream.on("error", listener.onClose);
}

/** Whether the host's kernel ended the container for its memory. False when that cannot be known. */
export async function wasOutOfMemory(engine: Engine, id: string): Promise<boolean> {
  try {
    const { State } = await engine.docker.getContainer(id).inspect(within(INSPECT_MS_MAX));
    return State.OOMKilled;
  } catch {
    return false;
  }
}

/**
 * Removes a container, running or not, and returns when it is gone. Its processes are killed from
 * the host's side first: a sandbox whose kernel is too busy to be asked to end would otherwise make
 * Docker wait for ever. Throws when Docker has not removed it after many attempts.
 */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    killContainer(id);
    try {
      const options = { force: true, v: true, ...within(REMOVE_MS_MAX) };
      await engine.docker.getContainer(id).remove(options);
      return;
    } catch (thrown) {
      if (statusOf(thrown) === 404) return;
      if (attempt === REMOVE_ATTEMPTS_MAX) throw thrown;
      await sleep(REMOVE_RETRY_MS);
    }
  }
}

/** The option that makes one call of the Engine's end, with an error, after `ms`. */
function within(ms: number): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(ms) };
}

function statusOf(thrown: unknown): number | undefined {
  return (thrown as { statusCode?: number }).statusCode;
}

/** A container of some runner's, as the reaper sees it. */
export type Found = {
  id: string;
  runnerId: string;
  createdAtMs: number;
  /** Whether the runner process that made it still runs, and whether that is this one. */
  owner: "self" | "alive" | "gone";
};

/** Every container any runner of ours has made on this engine, in whatever state. */
export async function listContainers(engine: Engine): Promise<Found[]> {
  const found = await engine.docker.listContainers({
    all: true,
    filters: { label: [LABEL_RUNNER] },
    ...within(CALL_MS_MAX),
  });
  return found.map((info) => ({
    id: info.Id,
    runnerId: info.Labels[LABEL_RUNNER] ?? "",
    owner: ownerOf(info.Labels[LABEL_OWNER] ?? ""),
    createdAtMs: info.Created * 1000,
  }));
}

function ownerOf(label: string): Found["owner"] {
  if (label === JSON.stringify(identifySelf())) return "self";
  try {
    return isRunning(ProcessIdentity.parse(JSON.parse(label))) ? "alive" : "gone";
  } catch {
    return "gone";
  }
}
