// A real runner process on the real engine, for the tests that run programs. Owns its start, its
// end, what its container engine holds for it and what the process itself uses. It refuses to run
// without an engine: a test of isolation that is skipped would look like one that passed.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Docker from "dockerode";
import { killContainer } from "../../runner/host/container-group.ts";
import { randomText } from "../../shared/ids.ts";
import { findLanguage, LANGUAGES } from "../../shared/languages.ts";
import { ExecutionReport, type RunnerHealth, type StageReport } from "../../shared/runner-api.ts";
import { type Answer, type Call, callRunner, type Target } from "./signed-call.ts";

const RUNNER = fileURLToPath(new URL("../../runner/", import.meta.url));
const ENGINE_SETTINGS = [
  "CODERUNNER_DOCKER_SOCKET",
  "CODERUNNER_IMAGE",
  "CODERUNNER_RUNTIME",
] as const;
const READY_MS_MAX = 90_000;
const END_MS_MAX = 45_000;
const SETTLE_MS_MAX = 20_000;

export type Program = {
  accountId: string;
  language: string;
  /** The program when it is one file, which is then named as its language's are. */
  code?: string;
  files?: { name: string; content: string; encoding?: "utf8" | "base64" }[];
  args?: string[];
  stdin?: string;
  runTimeoutMs?: number;
  compileTimeoutMs?: number;
  version?: string;
  optimize?: boolean;
  singleUse?: boolean;
};

export type RunOptions = { runnerId?: string; settings?: Record<string, string> };

/** The engine the tests run on, out of the environment. */
export function engineSettings(): Record<(typeof ENGINE_SETTINGS)[number], string> {
  const entries = ENGINE_SETTINGS.map((name) => {
    const value = process.env[name];
    if (value) return [name, value] as const;
    throw new Error(`${name} is not set: run these tests with \`npm test\`, which sets it`);
  });
  return Object.fromEntries(entries) as ReturnType<typeof engineSettings>;
}

/** Starts a runner and waits until a sandbox of every language is warm. */
export async function startRunner(options: RunOptions = {}): Promise<RunnerProcess> {
  const runner = launchRunner(options);
  await runner.untilReady();
  return runner;
}

/** Starts a runner process and waits for nothing. */
export function launchRunner(options: RunOptions = {}): RunnerProcess {
  const runnerId = options.runnerId ?? `test-${randomText(8)}`;
  const secret = randomText(40);
  const child = spawn(process.execPath, ["index.ts"], {
    cwd: RUNNER,
    stdio: ["pipe", "pipe", "pipe"],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      RUNNER_ID: runnerId,
      RUNNER_SECRET: secret,
      RUNNER_PORT: "0",
      POOL_FLOOR: "1",
      ...engineSettings(),
      ...options.settings,
    },
  });
  return new RunnerProcess(child, runnerId, secret);
}

/** The ids of the containers that some runner with this id has made and that still exist. */
export async function containersOf(runnerId: string): Promise<string[]> {
  const docker = new Docker({ socketPath: engineSettings().CODERUNNER_DOCKER_SOCKET });
  const label = [`agent-coderunner.runner=${runnerId}`];
  const found = await docker.listContainers({ all: true, filters: { label } });
  return found.map(({ Id }) => Id);
}

/** The host's process ids of the sandboxes of a runner. */
export async function sandboxPidsOf(runnerId: string): Promise<number[]> {
  const docker = new Docker({ socketPath: engineSettings().CODERUNNER_DOCKER_SOCKET });
  const ids = await containersOf(runnerId);
  // One that has gone meanwhile has no process.
  const pidOf = (id: string) =>
    docker
      .getContainer(id)
      .inspect()
      .then(
        ({ State }) => State.Pid,
        () => 0,
      );
  return (await Promise.all(ids.map(pidOf))).filter((pid) => pid > 0);
}

/** Removes what there is of a runner's containers, from outside. */
export async function removeContainersOf(runnerId: string): Promise<void> {
  const docker = new Docker({ socketPath: engineSettings().CODERUNNER_DOCKER_SOCKET });
  const ids = await containersOf(runnerId);
  // What is frozen cannot be killed, and a runner that lives freezes again what has been thawed.
  const killing = setInterval(() => ids.forEach(killContainer), 50);
  await Promise.allSettled(ids.map((id) => docker.getContainer(id).remove({ force: true })));
  clearInterval(killing);
}

export class RunnerProcess {
  readonly runnerId: string;
  readonly child: ChildProcess;
  /** Everything it has logged. */
  log = "";
  readonly #secret: string;
  readonly #exited: Promise<unknown>;
  #stdout = "";
  #executions = 0;

  constructor(child: ChildProcess, runnerId: string, secret: string) {
    this.child = child;
    this.runnerId = runnerId;
    this.#secret = secret;
    this.#exited = once(child, "exit");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.#stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.log += text;
    });
  }

  /** What it says on its standard output, one JSON line per event. */
  said(event: string): Record<string, unknown> | undefined {
    const lines = this.#stdout.split("\n").filter((line) => line.startsWith("{"));
    return lines.map((line) => JSON.parse(line)).find((line) => line.event === event);
  }

  async untilReady(): Promise<void> {
    await this.until("ready");
  }

  async until(event: string): Promise<void> {
    const isSaid = await eventually(() => this.said(event) !== undefined || this.hasEnded, {
      withinMs: READY_MS_MAX,
    });
    if (!isSaid || this.hasEnded) throw new Error(`the runner did not get ${event}: ${this.log}`);
  }

  get hasEnded(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null;
  }

  get target(): Target {
    const port = Number(this.said("listening")?.port);
    return { port, runnerId: this.runnerId, secret: this.#secret };
  }

  /** Asks it anything, as its gateway would. */
  call(call: Call): Promise<Answer> {
    return callRunner(this.target, call);
  }

  /** Sends a program and gives back the answer, whatever it is. */
  async send({ code, files = [], ...program }: Program): Promise<Answer> {
    const language = findLanguage(program.language);
    const name = language === undefined ? "main" : LANGUAGES[language].mainFile;
    const payload = {
      executionId: `exec-${++this.#executions}`,
      runTimeoutMs: 10_000,
      compileTimeoutMs: 60_000,
      ...program,
      files: code === undefined ? files : [{ name, content: code }, ...files],
    };
    return await callRunner(this.target, { path: "/v1/execute", payload });
  }

  /** Has a program compiled and run that is expected to get a report. */
  async execute(program: Program): Promise<ExecutionReport> {
    const answer = await this.send(program);
    if (answer.status !== 200) throw new Error(`the runner answered ${answer.text}`);
    return ExecutionReport.parse(answer.body);
  }

  /** What comes of running a program that is expected to run. */
  async run(program: Program): Promise<StageReport> {
    const report = await this.execute(program);
    if (report.run === undefined) throw new Error(`not compiled: ${JSON.stringify(report)}`);
    return report.run;
  }

  async health(): Promise<RunnerHealth> {
    return (await callRunner(this.target, { path: "/v1/health" })).body;
  }

  /** Waits until every sandbox of a `kind` is cleaned and waits again. */
  async settle(kind: string): Promise<void> {
    const sandboxes = async () => (await this.health()).sandboxes as Record<string, Level>;
    await eventually(async () => (await sandboxes())[kind]?.busy === 0, {
      withinMs: SETTLE_MS_MAX,
    });
  }

  /** Resident memory and open descriptors of the runner process. */
  usage(): { residentBytes: number; descriptors: number } {
    const status = readFileSync(`/proc/${this.child.pid}/status`, "utf8");
    const residentBytes = Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1024;
    return { residentBytes, descriptors: readdirSync(`/proc/${this.child.pid}/fd`).length };
  }

  /** Asks it to end and waits until it has; resolves to its exit code. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    if (!this.hasEnded) this.child.kill(signal);
    await eventually(() => this.hasEnded, { withinMs: END_MS_MAX });
    if (!this.hasEnded) this.child.kill("SIGKILL");
    await this.#exited;
    return this.child.exitCode;
  }
}

type Level = { warm: number; busy: number };

/** Polls until `holds` says true; false when it has not within the time. */
export async function eventually(
  holds: () => boolean | Promise<boolean>,
  { withinMs }: { withinMs: number },
): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (!(await holds())) {
    if (performance.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return true;
}
