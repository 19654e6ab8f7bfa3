// The Docker API as the launcher needs it: is the daemon there, does it know our runtime, follow a
// build or a pull, and remove what is left. The only file here that knows dockerode.

import { setTimeout as sleep } from "node:timers/promises";
import Docker from "dockerode";
import { killContainer, removeGroups } from "./container-group.ts";
import { killKeepersOf } from "./leftovers.ts";
import { Refusal, type Report } from "./refusal.ts";
import { RUNTIME_ARGS } from "./runsc.ts";

const PING_MS = 2_000;
const ANSWER_POLL_MS = 100;
const REMOVE_MS_MAX = 15_000;
/** A removal takes some tens of milliseconds; after this long what keeps the container is killed. */
const STUCK_MS = 3_000;

/** A client of the daemon behind a Unix socket. */
export function connect(socket: string): Docker {
  return new Docker({ socketPath: socket });
}

/** Whether a daemon answers at the socket. */
export async function answers(socket: string): Promise<boolean> {
  try {
    await new Docker({ socketPath: socket, timeout: PING_MS }).ping();
    return true;
  } catch {
    return false;
  }
}

/** Waits up to `waitMs` for a daemon to answer at the socket; `false` when none has. */
export async function untilAnswers(
  socket: string,
  waitMs: number,
  signal?: AbortSignal,
): Promise<boolean> {
  const deadline = performance.now() + waitMs;
  while (!(await answers(socket))) {
    if (performance.now() > deadline || signal?.aborted) return false;
    await sleep(ANSWER_POLL_MS);
  }
  return true;
}

/** Refuses unless the daemon at `socket` answers and has `runtime` registered. */
export async function requireRuntime(socket: string, runtime: string): Promise<void> {
  if (!(await answers(socket))) {
    throw new Refusal(
      `No Docker daemon answers at ${socket}; start it, or leave the option out and a private daemon is used.`,
    );
  }
  const info: { Runtimes?: Record<string, unknown> } = await connect(socket).info();
  if (info.Runtimes?.[runtime] !== undefined) return;
  throw new Refusal(
    `The Docker daemon at ${socket} has no runtime "${runtime}"; add it to the "runtimes" of its daemon.json as {"path": "/path/to/runsc", "runtimeArgs": ${JSON.stringify(RUNTIME_ARGS)}} and reload it, or leave the option out and a private daemon is used.`,
  );
}

/** The id of an image, or `undefined` when the daemon has none of that name. */
export async function findImage(docker: Docker, name: string): Promise<string | undefined> {
  try {
    return (await docker.getImage(name).inspect()).Id;
  } catch (error) {
    if (isStatus(error, 404)) return undefined;
    throw error;
  }
}

/**
 * Reads a build, pull or import to its end and refuses when it failed. `stallMs` ends one that has
 * said nothing for so long.
 */
export async function follow(
  stream: NodeJS.ReadableStream,
  report: Report,
  stallMs?: number,
): Promise<void> {
  const recent: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  const touch = () => {
    clearTimeout(timer);
    if (stallMs === undefined || !("destroy" in stream)) return;
    const { destroy } = stream as { destroy: (error: Error) => void };
    timer = setTimeout(() => destroy.call(stream, new Refusal("It stalled.")), stallMs);
  };
  touch();
  try {
    for await (const message of messages(stream)) {
      touch();
      if (message.error !== undefined) {
        throw new Refusal([...recent, message.error].slice(-15).join("\n"));
      }
      const line = (message.stream ?? message.status ?? "").trim();
      if (line === "") continue;
      recent.push(line);
      if (recent.length > 50) recent.shift();
      report(line);
    }
  } finally {
    clearTimeout(timer);
  }
}

/** How many containers the daemon has, in whatever state, or how many with a label. */
export async function countContainers(docker: Docker, label?: string): Promise<number> {
  return (await docker.listContainers({ all: true, filters: labelled(label) })).length;
}

/** Removes containers by force, all of the daemon's or those with a label, frozen or hung ones too. */
export async function removeContainers(docker: Docker, label?: string): Promise<number> {
  const find = () => docker.listContainers({ all: true, filters: labelled(label) });
  const found = (await find()).map(({ Id }) => Id);
  return await removeUntil(docker, found, async () => (await find()).length);
}

/** Removes these containers by force; those the daemon does not know are gone already. */
export async function removeTheseContainers(docker: Docker, ids: readonly string[]): Promise<void> {
  await removeUntil(docker, ids, async () => {
    const known = await docker.listContainers({ all: true });
    return known.filter(({ Id }) => ids.includes(Id)).length;
  });
}

async function removeUntil(
  docker: Docker,
  ids: readonly string[],
  countLeft: () => Promise<number>,
): Promise<number> {
  const removals = ids.map(async (id) => {
    // Docker would wait for ever for one that is frozen or does not answer, and every other call
    // about it too; with its processes dead, removing it is only tidying up.
    killContainer(id);
    const stuck = setInterval(() => killKeepersOf(id), STUCK_MS);
    try {
      const abortSignal = AbortSignal.timeout(REMOVE_MS_MAX);
      await docker.getContainer(id).remove({ force: true, v: true, abortSignal });
    } finally {
      clearInterval(stuck);
    }
  });
  await Promise.allSettled(removals); // whether they are gone is asked below
  const deadline = performance.now() + REMOVE_MS_MAX;
  let left = await countLeft();
  while (left > 0) {
    if (performance.now() > deadline) {
      throw new Refusal(`Docker did not remove ${left} containers in time.`);
    }
    await sleep(100);
    left = await countLeft();
  }
  for (const id of ids) removeGroups(id);
  return ids.length;
}

function labelled(label: string | undefined): Record<string, string[]> {
  return label === undefined ? {} : { label: [label] };
}

type Message = { stream?: string; status?: string; error?: string };

async function* messages(stream: NodeJS.ReadableStream): AsyncGenerator<Message> {
  stream.setEncoding("utf8");
  let rest = "";
  for await (const chunk of stream) {
    const lines = `${rest}${chunk}`.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line) as Message;
  }
  if (rest.trim() !== "") yield JSON.parse(rest) as Message;
}

/** Whether an error is the daemon's answer with this HTTP status. */
export function isStatus(error: unknown, status: number): boolean {
  return error instanceof Error && "statusCode" in error && error.statusCode === status;
}
