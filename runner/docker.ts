// The only file that speaks to the Docker Engine. It makes, attaches to, finds and removes the
// containers that sandboxes live in, and holds the one object that says how hardened they are.
// Nothing here is on the path of a request.

import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { COMPILE_MEMORY_BYTES_MAX, WORKSPACE_BYTES_MAX } from "../shared/limits.ts";
import { DOOR_MOUNT, DOOR_PATH, type Door, openDoor } from "./door.ts";
import { killContainer } from "./host/container-group.ts";
import { identifySelf, isRunning, ProcessIdentity } from "./host/identity.ts";
import { killKeepersOf } from "./host/leftovers.ts";

/** No call of the Engine's is waited for longer than this; a hung daemon must not hang the runner. */
const CALL_MS_MAX = 30_000;
const INSPECT_MS_MAX = 5_000;
const REMOVE_MS_MAX = 8_000;
const REMOVE_ATTEMPTS_MAX = 6;
const REMOVE_RETRY_MS = 500;
/** A removal takes some tens of milliseconds; after this long what keeps the container is killed. */
const REMOVE_STUCK_MS = 1_500;
/** How long Docker is given to notice that a container's processes have been killed. */
const NOTICE_MS_MAX = 1_000;
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
    "/run/cell": "rw,noexec,nosuid,nodev,size=1m,mode=0755",
    "/tmp": `rw,exec,nosuid,nodev,size=${WORKSPACE_BYTES_MAX},mode=1777`,
  },
  ShmSize: WORKSPACE_BYTES_MAX,
  Memory: COMPILE_MEMORY_BYTES_MAX + BACKSTOP_EXTRA_BYTES,
  MemorySwap: COMPILE_MEMORY_BYTES_MAX + BACKSTOP_EXTRA_BYTES,
  PidsLimit: BACKSTOP_PIDS,
  IpcMode: "private",
  LogConfig: { Type: "none", Config: {} },
} as const;

/** Whom a tool runs as: nobody who owns anything. */
const TOOL_USER = "65534:65534";
/** A quarter of what a working sandbox has, so that no tool takes the processors from programs. */
const TOOL_CPU_SHARES = 256;

export type Engine = {
  docker: Docker;
  image: string;
  runtime: string;
  runnerId: string;
};

/** A running container whose PID 1 we are connected with. */
export type Container = {
  id: string;
  /** The host's process id of the container, for its control group. */
  pid: number;
  /** Bytes written here reach PID 1. */
  stdin: Duplex;
  /** Whether they reach it by its door, not by way of Docker's own processes. */
  isDirect: boolean;
};

/** What to do with what PID 1 says, and when the connection with it ends. */
export type ContainerListener = {
  onData: (chunk: Buffer) => void;
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

/**
 * Creates and starts one container and resolves when its PID 1 has said its first word, by its door
 * or, where the runtime does not allow that, over its standard streams. On failure nothing is left.
 */
export async function startContainer(
  engine: Engine,
  listener: ContainerListener,
): Promise<Container> {
  const door = await openDoor();
  try {
    const container = await createContainer(engine, door);
    try {
      return await connectTo(container, door, { engine, listener });
    } catch (thrown) {
      door.opened.then((socket) => socket.destroy());
      await removeContainer(engine, container.id).catch(() => undefined); // the start is what failed
      throw thrown;
    }
  } finally {
    door.close();
  }
}

/** A command to run alone in a container, and the folder of the host that it may read, if any. */
export type Tool = {
  command: readonly string[];
  folder?: { host: string; inside: string } | undefined;
};

/**
 * Starts a command of the image, nobody's program, behind the same walls as a sandbox and as a user
 * without any rights. What it says and is told goes over its standard streams. It has to be removed.
 */
export async function startTool(
  engine: Engine,
  tool: Tool,
  listener: ContainerListener,
): Promise<{ id: string; stdin: Duplex }> {
  const { folder } = tool;
  const container = await create(engine, {
    Entrypoint: [...tool.command],
    User: TOOL_USER,
    WorkingDir: "/tmp",
    HostConfig: {
      ...hostConfigOf(engine),
      CapAdd: [],
      CpuShares: TOOL_CPU_SHARES,
      Binds: folder === undefined ? [] : [`${folder.host}:${folder.inside}:ro`],
    },
  });
  try {
    const stdin = await attach(container);
    stdin.on("error", () => undefined); // its close follows
    hear(engine.docker, stdin, listener);
    await container.start(within(CALL_MS_MAX));
    return { id: container.id, stdin };
  } catch (thrown) {
    await removeContainer(engine, container.id).catch(() => undefined); // the start is what failed
    throw thrown;
  }
}

function createContainer(engine: Engine, door: Door): Promise<Docker.Container> {
  return create(engine, {
    Cmd: [DOOR_PATH],
    HostConfig: { ...hostConfigOf(engine), Binds: [`${door.dir}:${DOOR_MOUNT}:ro`] },
  });
}

function create(engine: Engine, options: Docker.ContainerCreateOptions): Promise<Docker.Container> {
  return engine.docker.createContainer({
    Image: engine.image,
    Hostname: "sandbox",
    OpenStdin: true,
    StdinOnce: true,
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    Labels: { [LABEL_RUNNER]: engine.runnerId, [LABEL_OWNER]: JSON.stringify(identifySelf()) },
    ...options,
    ...within(CALL_MS_MAX),
  });
}

function hostConfigOf(engine: Engine) {
  return {
    ...HARDENING,
    Runtime: engine.runtime,
    CapAdd: [...HARDENING.CapAdd],
    CapDrop: [...HARDENING.CapDrop],
    SecurityOpt: [...HARDENING.SecurityOpt],
  };
}

async function connectTo(
  container: Docker.Container,
  door: Door,
  { engine, listener }: { engine: Engine; listener: ContainerListener },
): Promise<Container> {
  const attached = await attach(container);
  const streams = hear(engine.docker, attached, listener);
  await container.start(within(CALL_MS_MAX));
  const { State } = await container.inspect(within(INSPECT_MS_MAX));
  const { id } = container;
  const socket = await inTime(Promise.race([door.opened, streams.spoke]), CALL_MS_MAX);
  if (socket === undefined) return { id, pid: State.Pid, stdin: attached, isDirect: false };
  streams.leave();
  if (socket.destroyed) throw new Error("the supervisor hung up before it said anything");
  socket.on("data", listener.onData);
  socket.once("close", listener.onClose);
  return { id, pid: State.Pid, stdin: socket, isDirect: true };
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

/** Listens to the standard streams. `spoke` tells of the first word there; `leave` ends it all. */
function hear(docker: Docker, attached: Duplex, listener: ContainerListener) {
  const { promise: spoke, resolve, reject } = Promise.withResolvers<undefined>();
  spoke.catch(() => undefined); // nobody may be waiting for it any more
  let isLeft = false;
  const stdout = {
    write: (chunk: Buffer) => {
      resolve(undefined);
      listener.onData(chunk);
    },
  };
  const stderr = { write: listener.onStderr };
  const end = () => {
    if (isLeft) return;
    listener.onClose();
    reject(new Error("the container ended before it said anything"));
  };
  docker.modem.demuxStream(
    attached,
    stdout as unknown as NodeJS.WritableStream,
    stderr as unknown as NodeJS.WritableStream,
  );
  for (const event of ["close", "end", "error"]) attached.on(event, end);
  const leave = () => {
    isLeft = true;
    attached.destroy();
  };
  return { spoke, leave };
}

/**
 * Whether the host's kernel ended the container for its memory. Its end is known here before Docker
 * has noticed, so Docker is given a moment. False when it cannot be known.
 */
export async function wasOutOfMemory(engine: Engine, id: string): Promise<boolean> {
  try {
    const container = engine.docker.getContainer(id);
    await container.wait(within(NOTICE_MS_MAX));
    const { State } = await container.inspect(within(INSPECT_MS_MAX));
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
    const stuck = setInterval(() => killKeepersOf(id), REMOVE_STUCK_MS);
    try {
      const container = engine.docker.getContainer(id);
      // Docker would kill it once more if it had not yet noticed, and a shim that is asked to kill
      // what is just dying can wait for ever.
      await container.wait(within(NOTICE_MS_MAX)).catch(() => undefined);
      await container.remove({ force: true, v: true, ...within(REMOVE_MS_MAX) });
      return;
    } catch (thrown) {
      if (statusOf(thrown) === 404) return;
      if (attempt === REMOVE_ATTEMPTS_MAX) throw thrown;
      await sleep(REMOVE_RETRY_MS);
    } finally {
      clearInterval(stuck);
    }
  }
}

/** The option that makes one call of the Engine's end, with an error, after `ms`. */
function within(ms: number): { abortSignal: AbortSignal } {
  return { abortSignal: AbortSignal.timeout(ms) };
}

async function inTime<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
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

/** The id of every container this engine knows, anybody's, in whatever state. */
export async function knownContainers(engine: Engine): Promise<Set<string>> {
  const found = await engine.docker.listContainers({ all: true, ...within(CALL_MS_MAX) });
  return new Set(found.map(({ Id }) => Id));
}

function ownerOf(label: string): Found["owner"] {
  if (label === JSON.stringify(identifySelf())) return "self";
  try {
    return isRunning(ProcessIdentity.parse(JSON.parse(label))) ? "alive" : "gone";
  } catch {
    return "gone";
  }
}
