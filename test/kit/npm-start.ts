// `npm start` as a child process, for the tests that start the whole service: what it prints, when it
// is ready, where it is, and which processes it has recorded as its own.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { launchPaths, type Paths } from "../../launch/paths.ts";
import { ProcessIdentity } from "../../runner/host/identity.ts";
import { type Child, startChild } from "../../runner/host/spawn.ts";

const StartRecord = z.object({
  launcher: ProcessIdentity,
  parts: z.object({ runner: ProcessIdentity, gateway: ProcessIdentity }),
});
export type StartRecord = z.infer<typeof StartRecord>;

export type Begun = {
  child: Child;
  /** Everything it has printed so far. */
  text: () => string;
  /** Resolves with the first line from now on that matches; rejects if it ends before. */
  line: (wanted: RegExp) => Promise<string>;
};

export type Start = Begun & {
  /** The address it said it is at. */
  url: string;
  readyMs: number;
  /** What it recorded when it was ready. */
  record: StartRecord;
};

/** The environment of a start with folders of its own, without what the tests' engine is told by. */
export function startEnv(own: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const { CODERUNNER_DOCKER_SOCKET: _, CODERUNNER_IMAGE: __, ...inherited } = process.env;
  return { ...inherited, POOL_FLOOR: "1", ...own };
}

/** What a start has recorded by now about the processes that run. */
export function recordOf(paths: Paths): StartRecord {
  return StartRecord.parse(JSON.parse(readFileSync(paths.record, "utf8")));
}

/** Begins a start on a port the system chooses and waits for nothing. */
export async function beginStart(env: NodeJS.ProcessEnv): Promise<Begun> {
  const { repo } = launchPaths(env);
  const bootstrap = join(repo, "launch", "bootstrap.mjs");
  const child = await startChild(process.execPath, [bootstrap, "start", "--port", "0"], {
    cwd: repo,
    env,
    output: "pipe",
    errors: "pipe",
  });
  let text = "";
  const waiting: { wanted: RegExp; resolve: (line: string) => void }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) throw new Error("the start has no output");
    createInterface({ input: stream }).on("line", (line) => {
      text += `${line}\n`;
      for (const one of waiting) if (one.wanted.test(line)) one.resolve(line);
    });
  }
  const line = (wanted: RegExp) =>
    new Promise<string>((resolve, reject) => {
      waiting.push({ wanted, resolve });
      void child.ended.then(() => reject(new Error(`it ended before it said ${wanted}:\n${text}`)));
    });
  return { child, text: () => text, line };
}

/** Starts and waits until it says that it is ready. */
export async function startUp(env: NodeJS.ProcessEnv): Promise<Start> {
  const startedAt = performance.now();
  const begun = await beginStart(env);
  await begun.line(/Stop it with Ctrl-C/);
  const readyMs = performance.now() - startedAt;
  const url = /ready after .* at (http:\S+)/.exec(begun.text())?.[1] ?? "";
  return { ...begun, url, readyMs, record: recordOf(launchPaths(env)) };
}
