// The peers: the same interpreter on the same program, from the same image, by the means one has
// without this engine. A container of its own per execution, `docker exec` into one that runs, and
// no sandbox at all. All containers carry our label, so that whatever is left of them is reaped, and
// every call of Docker has a deadline, because Docker can hang.

import { execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { finished, pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import type Docker from "dockerode";
import { OWNER_LABEL } from "../launch/runner.ts";
import { connect, isStatus, removeContainers } from "../runner/host/client.ts";
import { identifySelf } from "../runner/host/identity.ts";
import { check } from "./client.ts";
import type { BenchProgram } from "./programs.ts";

/** The label by which runners find containers whose maker may have gone. */
export const RUNNER_LABEL = "agent-coderunner.runner";

export type PeerEngine = { socket: string; image: string; runtime: string };
type Run = (program: BenchProgram) => Promise<void>;
type Entered = { run: Run; close: () => Promise<void> };

/** One call of Docker, and one program from its start to its end. */
const CALL_MS_MAX = 30_000;
const PROGRAM_MS_MAX = 30_000;
const UNPACK_MS_MAX = 300_000;

/**
 * A container per execution, as `docker run --rm` does it: create, attach, start, wait, remove.
 * Nothing is hardened beyond the missing network, which spares it what our own sandboxes pay for.
 */
export function byDockerRun(engine: PeerEngine): Run {
  const docker = connect(engine.socket);
  return async ({ command, expected }) => {
    const [program = "", ...args] = command;
    const container = await create(docker, engine, { Entrypoint: [program], Cmd: args });
    try {
      const abortSignal = AbortSignal.timeout(PROGRAM_MS_MAX);
      const streams = { stream: true, stdout: true, stderr: true };
      const output = await container.attach({ ...streams, abortSignal });
      const text = collect(docker, output, abortSignal);
      text.catch(() => undefined); // whatever fails first is what is told
      await container.start({ abortSignal });
      await container.wait({ abortSignal });
      check(await text, expected, { output: await text });
    } finally {
      await remove(container);
    }
  };
}

/** `docker exec` by the Engine's API, into a container that was started before. */
export async function byDockerExec(engine: PeerEngine): Promise<Entered> {
  const docker = connect(engine.socket);
  const container = await create(docker, engine, { Entrypoint: ["sleep", "infinity"] });
  const close = () => remove(container);
  try {
    await container.start({ abortSignal: AbortSignal.timeout(CALL_MS_MAX) });
  } catch (thrown) {
    await close();
    throw thrown;
  }
  const run: Run = async ({ command, expected }) => {
    const abortSignal = AbortSignal.timeout(PROGRAM_MS_MAX);
    const streams = { AttachStdout: true, AttachStderr: true };
    const exec = await container.exec({ Cmd: [...command], ...streams, abortSignal });
    const output = await exec.start({ hijack: true, stdin: false, abortSignal });
    const text = await collect(docker, output, abortSignal);
    check(text, expected, { output: text });
  };
  return { run, close };
}

/** The image's files in a folder of the host; the caller closes it. */
export async function unpackedImage(
  engine: PeerEngine,
): Promise<{ root: string; close: () => Promise<void> }> {
  const root = mkdtempSync(join(tmpdir(), "agent-coderunner-root-"));
  const close = async () => rmSync(root, { recursive: true, force: true });
  try {
    await unpackImage(engine, root);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { root, close };
}

/** The image's interpreter started as an ordinary process of the host, in no sandbox at all. */
export async function bareOnTheHost(engine: PeerEngine): Promise<Entered> {
  const { root, close } = await unpackedImage(engine);
  const run: Run = async ({ command, expected }) => {
    const options = { cwd: "/", timeout: PROGRAM_MS_MAX };
    const { stdout } = await promisify(execFile)("chroot", [root, ...command], options);
    check(stdout, expected, { stdout });
  };
  return { run, close };
}

/** Removes every container that this process has made and not removed; normally there is none. */
export async function removeLeftovers(socket: string): Promise<number> {
  return removeContainers(connect(socket), `${OWNER_LABEL}=${ownerLabel()}`);
}

function ownerLabel(): string {
  return JSON.stringify(identifySelf());
}

function create(
  docker: Docker,
  { image, runtime }: PeerEngine,
  what: { Entrypoint: string[]; Cmd?: string[] },
): Promise<Docker.Container> {
  return docker.createContainer({
    ...what,
    Image: image,
    Labels: { [RUNNER_LABEL]: "bench", [OWNER_LABEL]: ownerLabel() },
    HostConfig: { Runtime: runtime, NetworkMode: "none" },
    abortSignal: AbortSignal.timeout(CALL_MS_MAX),
  });
}

async function remove(container: Docker.Container): Promise<void> {
  try {
    await container.remove({
      force: true,
      v: true,
      abortSignal: AbortSignal.timeout(CALL_MS_MAX),
    });
  } catch (error) {
    if (!isStatus(error, 404)) throw error;
  }
}

/** All that a program writes, once its streams have ended. */
async function collect(
  docker: Docker,
  stream: NodeJS.ReadWriteStream,
  signal: AbortSignal,
): Promise<string> {
  const output = new PassThrough();
  const chunks: Buffer[] = [];
  output.on("data", (chunk: Buffer) => chunks.push(chunk));
  docker.modem.demuxStream(stream, output, output);
  await finished(stream, { signal, writable: false });
  return Buffer.concat(chunks).toString("utf8");
}

async function unpackImage(engine: PeerEngine, root: string): Promise<void> {
  const container = await create(connect(engine.socket), engine, { Entrypoint: ["true"] });
  try {
    mkdirSync(root, { recursive: true });
    const tar = spawn("tar", ["-x", "-C", root], { stdio: ["pipe", "ignore", "inherit"] });
    const ended = new Promise<number | null>((resolve) => tar.once("close", resolve));
    const signal = AbortSignal.timeout(UNPACK_MS_MAX);
    await pipeline(await container.export(), tar.stdin, { signal });
    if ((await ended) !== 0) throw new Error("the image could not be unpacked");
  } finally {
    await remove(container);
  }
}
