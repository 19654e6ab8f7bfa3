// The only file that speaks to the Docker Engine. It makes, attaches to, finds and removes the
// containers that sandboxes live in, and holds the one object that says how hardened they are.
// Nothing here is on the path of a request.

import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { MEMORY_BYTES_MAX, WORKSPACE_BYTES_MAX } from "../shared/limits.ts";
import { identifySelf, isRunning, ProcessIdentity } from "./host/identity.ts";
import { thawContainer } from "./host/thaw.ts";

const REMOVE_ATTEMPTS_MAX = 20;
const REMOVE_RETRY_MS = 1000;
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
  });
  try {
    const stream = await container.attach({
      stream: true,
      hijack: true,
      stdin: true,
      stdout: true,
      stderr: true,
    });
    listen(engine.docker, stream as Duplex, listener);
    await container.start();
    const { State } = await container.inspect();
    return { id: container.id, pid: State.Pid, stdin: stream as Duplex };
  } catch (thrown) {
    await removeContainer(engine, container.id).catch(() => undefined); // the start is what failed
    throw thrown;
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
    const { State } = await engine.docker.getContainer(id).inspect();
    return State.OOMKilled;
  } catch {
    return false;
  }
}

/**
 * Removes a container, running or not, and returns when it is gone. A sandbox whose kernel is too
 * busy to die makes Docker give up; its host process is then killed and Docker asked again.
 */
export async function removeContainer(engine: Engine, id: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    thawContainer(id); // a frozen one cannot be killed, and Docker would wait for ever
    try {
      await engine.docker.getContainer(id).remove({ force: true, v: true });
      return;
    } catch (thrown) {
      if (statusOf(thrown) === 404) return;
      if (attempt === REMOVE_ATTEMPTS_MAX) throw thrown;
      if (statusOf(thrown) !== 409) await killFromOutside(engine, id);
      await sleep(REMOVE_RETRY_MS);
    }
  }
}

async function killFromOutside(engine: Engine, id: string): Promise<void> {
  try {
    const { State } = await engine.docker.getContainer(id).inspect();
    if (State.Pid > 0) process.kill(State.Pid, "SIGKILL");
  } catch {
    // It is gone already, or was never there.
  }
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
