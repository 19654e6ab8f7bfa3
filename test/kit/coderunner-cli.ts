// The command as people have it: packed, installed into an empty folder, and run as a process of its own
// with nothing of the tests' environment but what it is given.

import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { eventually } from "./runner-process.ts";

const run = promisify(execFile);
const REPO = new URL("../..", import.meta.url).pathname;

export type Ended = { code: number | null; signal: string | null; stdout: string; stderr: string };

export type Running = {
  child: ChildProcess;
  stdout: () => string;
  stderr: () => string;
  /** Waits until its stdout has what is wanted. */
  says: (wanted: RegExp) => Promise<RegExpExecArray>;
  ended: Promise<Ended>;
};

export type Installed = {
  /** The file a shell would find. */
  bin: string;
  /** A folder to work in, which is the home of whoever runs it, too. */
  home: string;
  env: (more?: NodeJS.ProcessEnv) => NodeJS.ProcessEnv;
  /** Runs it to its end, with `input` or with nothing to read. */
  run: (args: readonly string[], options?: RunOptions) => Promise<Ended>;
  /** Starts it and leaves its input open, unless told otherwise. */
  start: (args: readonly string[], options?: StartOptions) => Running;
  remove: () => void;
};

type RunOptions = { input?: string | Uint8Array; env?: NodeJS.ProcessEnv };
type StartOptions = { env?: NodeJS.ProcessEnv; stdin?: "pipe" | "ignore" };

/** Packs the command, installs the archive into an empty folder and says where it is. */
export async function installCli(): Promise<Installed> {
  const dir = mkdtempSync(join(tmpdir(), "coderunner-cli-"));
  const [packed, home] = [join(dir, "packed"), join(dir, "home")];
  for (const folder of [packed, home, join(dir, "installed")]) mkdirSync(folder);
  const npmEnv = {
    ...process.env,
    npm_config_cache: join(dir, "npm"),
    npm_config_loglevel: "error",
  };
  const pack = ["pack", "--json", "--pack-destination", packed];
  const { stdout } = await run("npm", pack, { cwd: join(REPO, "cli"), env: npmEnv });
  const archive = join(packed, /"filename": ?"([^"]+)"/.exec(stdout)?.[1] ?? "none");
  const installed = join(dir, "installed");
  writeFileSync(join(installed, "package.json"), '{ "private": true }\n');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", archive], {
    cwd: installed,
    env: npmEnv,
  });
  const bin = join(installed, "node_modules", ".bin", "coderunner");
  const env = (more: NodeJS.ProcessEnv = {}) => ({ PATH: process.env.PATH, HOME: home, ...more });
  const start: Installed["start"] = (args, options = {}) => {
    const stdio = [options.stdin ?? "pipe", "pipe", "pipe"] as const;
    return watch(spawn(bin, args, { cwd: home, env: env(options.env), stdio: [...stdio] }));
  };
  return {
    bin,
    home,
    env,
    start,
    run: async (args, { input, env: more = {} } = {}) => {
      const { child, ended } = start(args, {
        env: more,
        stdin: input === undefined ? "ignore" : "pipe",
      });
      child.stdin?.on("error", () => undefined);
      child.stdin?.end(input);
      return await ended;
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

/** Gathers what a process says. */
export function watch(child: ChildProcess): Running {
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name]?.setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const ended = once(child, "close").then(([code, signal]) => ({ code, signal, ...said }));
  return {
    child,
    stdout: () => said.stdout,
    stderr: () => said.stderr,
    says: async (wanted) => {
      let found: RegExpExecArray | null = null;
      const isThere = () => {
        found = wanted.exec(said.stdout);
        return Promise.resolve(found !== null);
      };
      const came = await eventually(isThere, { withinMs: 30_000 });
      if (came && found !== null) return found;
      throw new Error(`it never said ${wanted}, but ${JSON.stringify(said)}`);
    },
    ended,
  };
}

/** The JSON that a run has printed. */
export function jsonOf({ stdout }: Pick<Ended, "stdout">): Record<string, unknown> {
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** What its package says of itself. */
export function packageOf(installed: Installed): Record<string, unknown> {
  const file = join(packageFolder(installed), "package.json");
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, unknown>;
}

/** The names of what was packed beside that. */
export function packedFiles(installed: Installed): string[] {
  return readdirSync(join(packageFolder(installed), "dist")).sort();
}

function packageFolder({ bin }: Installed): string {
  return join(bin, "..", "..", "agent-coderunner-cli");
}
