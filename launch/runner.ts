// Starts the runner process and waits for its word that it listens. The runner's standard input is
// its lifeline: it ends by itself, removing its containers, when the launcher dies in any way.

import { closeSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { endProcess } from "../runner/host/identity.ts";
import { Refusal } from "../runner/host/refusal.ts";
import { type Child, startChild } from "../runner/host/spawn.ts";
import { endOfLog, openLog } from "./log-file.ts";
import { type Part, STOP_GRACE_MS } from "./part.ts";

/** The label a runner puts on its containers; the value is its identity as JSON. */
export const OWNER_LABEL = "agent-coderunner.owner";

export type RunnerOptions = {
  repo: string;
  socket: string;
  image: string;
  runtime: string;
  runnerId: string;
  secret: string;
  host?: string;
  /** 0 lets the runner choose. */
  port?: number;
  logFile: string;
  /** Further settings of the runner's, such as POOL_FLOOR. */
  env?: NodeJS.ProcessEnv;
  /** Ends one that has not come up yet. */
  signal?: AbortSignal | undefined;
};

export type Runner = Part & {
  url: string;
  port: number;
  /** Resolves once a sandbox of every language is warm; rejects if the runner ends before. */
  ready: Promise<void>;
};

const LISTEN_MS_MAX = 60_000;
const READY_MS_MAX = 180_000;

const RunnerEvent = z.discriminatedUnion("event", [
  z.object({ event: z.literal("listening"), port: z.int().positive() }),
  z.object({ event: z.literal("ready") }),
]);

/** Starts a runner. Resolves when it listens; `ready` tells when it has warm sandboxes. */
export async function startRunner(options: RunnerOptions): Promise<Runner> {
  const { logFile, host = "127.0.0.1" } = options;
  const log = openLog(logFile);
  const child = await startChild(process.execPath, [join(options.repo, "runner", "index.ts")], {
    cwd: options.repo,
    env: runnerEnv(options, host),
    stdin: "pipe",
    output: "pipe",
    errors: log,
  }).finally(() => closeSync(log));
  const heard = listen(child);
  const failed = child.ended.then(({ code, signal }) => {
    throw new Refusal(
      `The runner ended (${signal ?? `exit code ${code}`}) before it was ready; ${logFile} ends with:\n${endOfLog(logFile)}`,
    );
  });
  const stop = async (graceMs = STOP_GRACE_MS) => {
    child.stdin?.end();
    await endProcess(child.identity, graceMs);
  };
  const abandon = () => void stop();
  options.signal?.addEventListener("abort", abandon);
  const ready = inTime(Promise.race([heard.ready, failed]), READY_MS_MAX, () =>
    notInTime("had no warm sandboxes", READY_MS_MAX, logFile),
  );
  ready.catch(() => undefined);
  try {
    const port = await inTime(Promise.race([heard.listening, failed]), LISTEN_MS_MAX, () =>
      notInTime("did not listen", LISTEN_MS_MAX, logFile),
    );
    const { identity, ended } = child;
    return { identity, ended, logFile, stop, port, url: `http://${host}:${port}`, ready };
  } catch (error) {
    await stop();
    throw error;
  } finally {
    options.signal?.removeEventListener("abort", abandon);
  }
}

function runnerEnv(options: RunnerOptions, host: string): NodeJS.ProcessEnv {
  const { ADMIN_TOKEN: _notForTheRunner, ...inherited } = process.env;
  return {
    ...inherited,
    ...options.env,
    RUNNER_ID: options.runnerId,
    RUNNER_SECRET: options.secret,
    RUNNER_HOST: host,
    RUNNER_PORT: String(options.port ?? 0),
    CODERUNNER_DOCKER_SOCKET: options.socket,
    CODERUNNER_IMAGE: options.image,
    CODERUNNER_RUNTIME: options.runtime,
  };
}

function listen(child: Child): { listening: Promise<number>; ready: Promise<void> } {
  const listening = Promise.withResolvers<number>();
  const ready = Promise.withResolvers<void>();
  if (child.stdout === null) throw new Error("the runner was started without a pipe");
  createInterface({ input: child.stdout }).on("line", (line) => {
    const said = parseEvent(line);
    if (said?.event === "listening") listening.resolve(said.port);
    if (said?.event === "ready") ready.resolve();
  });
  return { listening: listening.promise, ready: ready.promise };
}

function parseEvent(line: string) {
  try {
    return RunnerEvent.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function notInTime(what: string, afterMs: number, logFile: string): Refusal {
  return new Refusal(
    `The runner ${what} after ${afterMs / 1000} s; ${logFile} ends with:\n${endOfLog(logFile)}`,
  );
}

async function inTime<T>(work: Promise<T>, waitMs: number, late: () => Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const lateness = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), waitMs);
  });
  try {
    return await Promise.race([work, lateness]);
  } finally {
    clearTimeout(timer);
  }
}
