// The one place that starts processes. Everything started here has a session of its own, so that a
// Ctrl-C at the terminal reaches only the launcher, which then ends the others in order. No shell is
// ever involved: a command is a program and its arguments.

import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { identify, type ProcessIdentity, signalProcess } from "./identity.ts";
import { Refusal, type Report } from "./refusal.ts";

/** How a process ended: by itself with a code, or by a signal. */
export type Ending = { code: number | null; signal: NodeJS.Signals | null };

export type ChildOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  stdin?: "ignore" | "pipe";
  /** A file descriptor, the launcher's own output, or a pipe to read. */
  output?: number | "inherit" | "pipe";
  errors?: number | "inherit" | "pipe";
  /** A pipe at descriptor 3, to read what a program says outside its output. */
  control?: boolean;
  /** Ends it with SIGTERM when the launcher dies, however that dies. */
  endWithParent?: boolean;
};

export type Child = {
  identity: ProcessIdentity;
  stdin: Writable | null;
  stdout: Readable | null;
  stderr: Readable | null;
  control: Readable | null;
  ended: Promise<Ending>;
};

export type RunOptions = {
  cwd?: string;
  env?: NodeJS.ProcessEnv;
  report?: Report;
  timeoutMs?: number;
  /** Ends the program early. Leave it out where ending half-way does harm. */
  signal?: AbortSignal | undefined;
  /** Return a failure instead of refusing. */
  mayFail?: boolean;
};

export type RunResult = { code: number; stdout: string; stderr: string };

const SYSTEM_DIRS = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];
const KEEP_BYTES = 1024 * 1024;

/** The full path of a program of the host, also where the caller's PATH lacks the sbin folders. */
export function findProgram(name: string): string | undefined {
  const dirs = [...(process.env.PATH ?? "").split(delimiter).filter(Boolean), ...SYSTEM_DIRS];
  return dirs.map((dir) => join(dir, name)).find(isExecutable);
}

/** Starts a program that goes on running. Refuses when it cannot be started at all. */
export async function startChild(
  command: string,
  args: readonly string[],
  options: ChildOptions = {},
): Promise<Child> {
  const [program, rest] = options.endWithParent
    ? ["setpriv", ["--pdeathsig", "TERM", "--", command, ...args]]
    : [command, [...args]];
  const child = spawn(program, rest, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    detached: true,
    stdio: [
      options.stdin ?? "ignore",
      options.output ?? "ignore",
      options.errors ?? "ignore",
      ...(options.control ? (["pipe"] as const) : []),
    ],
  });
  const ended = new Promise<Ending>((resolve) => {
    child.once("exit", (code, signal) => resolve({ code, signal }));
  });
  await started(child, program);
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} has started without a process id`);
  // One that has ended already has no identity left; this one matches no process.
  const identity = identify(pid) ?? { pid, startTicks: 0, bootId: "" };
  // A pipe to a program that has just died says EPIPE; its ending is reported by `ended` instead.
  child.stdin?.on("error", () => undefined);
  const control = options.control ? ((child.stdio[3] as Readable | undefined) ?? null) : null;
  return {
    identity,
    stdin: child.stdin,
    stdout: child.stdout,
    stderr: child.stderr,
    control,
    ended,
  };
}

/** Runs a program to its end and returns what it wrote. Refuses when it fails, unless it may. */
export async function run(
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  options.signal?.throwIfAborted();
  const child = await startChild(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.env === undefined ? {} : { env: options.env }),
    output: "pipe",
    errors: "pipe",
  });
  const end = () => signalProcess(child.identity, "SIGTERM");
  const timer = options.timeoutMs === undefined ? undefined : setTimeout(end, options.timeoutMs);
  options.signal?.addEventListener("abort", end);
  try {
    const [stdout, stderr, ending] = await Promise.all([
      collect(child.stdout, options.report),
      collect(child.stderr, options.report),
      child.ended,
    ]);
    options.signal?.throwIfAborted();
    const result = { code: ending.code ?? 128, stdout, stderr };
    if (result.code !== 0 && !options.mayFail) throw failed(command, args, result);
    return result;
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", end);
  }
}

function started(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", (error) => {
      reject(new Refusal(`${program} could not be started: ${error.message}.`));
    });
  });
}

async function collect(stream: Readable | null, report: Report | undefined): Promise<string> {
  let text = "";
  let line = "";
  stream?.setEncoding("utf8");
  for await (const chunk of stream ?? []) {
    text = (text + chunk).slice(-KEEP_BYTES);
    if (report === undefined) continue;
    const lines = (line + chunk).split(/[\r\n]+/);
    line = lines.pop() ?? "";
    for (const whole of lines) if (whole.trim() !== "") report(whole.trim());
  }
  return text;
}

function failed(command: string, args: readonly string[], result: RunResult): Refusal {
  const said = lastLines(result.stderr.trim() === "" ? result.stdout : result.stderr, 5);
  const name = [command, ...args].join(" ").slice(0, 120);
  return new Refusal(`"${name}" failed with exit code ${result.code}:\n${said}`);
}

/** The last `count` lines of a text that hold anything. */
export function lastLines(text: string, count: number): string {
  const lines = text.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  return lines.slice(-count).join("\n");
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
