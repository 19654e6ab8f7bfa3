// One sandbox: a gVisor container whose supervisor we hold by its standard streams, with an
// interpreter of one language waiting inside. It runs one job at a time, is cleaned between jobs,
// and belongs to one account from its first job to its end. Whatever the supervisor does that is
// not in the protocol, or does too late, is a SandboxFault: the sandbox is removed and never used
// again, and what was running did not run as far as anybody's bill is concerned.

import type { SandboxKind } from "../shared/languages.ts";
import {
  DESCRIPTORS_MAX,
  OUTPUT_BYTES_MAX,
  OUTPUT_STOP_BYTES,
  PROCESSES_MAX,
  SANDBOX_CLEAN_MS_MAX,
  SANDBOX_GRACE_MS,
  SANDBOX_JOBS_MAX,
} from "../shared/limits.ts";
import { type ControlGroup, controlGroupOf, type Weight } from "./cgroup.ts";
import {
  type Container,
  type Engine,
  removeContainer,
  startContainer,
  wasOutOfMemory,
} from "./docker.ts";
import {
  type ContentEnd,
  type ExitBody,
  encodeFile,
  encodeFrame,
  encodePrepare,
  encodeRead,
  encodeSignal,
  encodeSpawn,
  encodeStart,
  encodeStdin,
  type Frame,
  FrameParser,
  PROTOCOL_VERSION,
  TO,
} from "./frames.ts";
import { FIRST_UID, interpreterOf, WORKSPACE } from "./interpreters.ts";
import { type Kept, Output } from "./output.ts";

const START_MS_MAX = 30_000;
const WARM_MS_MAX = 20_000;
const FILE_MODE = 0o644;
const SIGINT = 2;

/** The sandbox failed, not the program in it. The message is for the log. */
export class SandboxFault extends Error {
  override readonly name = "SandboxFault";
}

/** One command of a job: its only one, or one of several that share their files. */
export type Stage = {
  files: readonly { name: string; mode?: number; content: Buffer }[];
  /** What the waiting process is to do; what it makes of that is its own affair. */
  args: readonly string[];
  stdin: Buffer;
  wallMs: number;
  memoryBytes: number;
  /** Whether another stage of the same job may follow. */
  isLast: boolean;
};

export type StageResult = {
  exit: ExitBody;
  stdout: Kept;
  stderr: Kept;
};

/** A file of the workspace, or why there is none to be had; `content` is empty then. */
export type FileRead = ContentEnd & { content: Buffer };

type Waiter = {
  accepts: (frame: Frame) => boolean;
  resolve: (frame: Frame) => void;
  reject: (fault: SandboxFault) => void;
};

export class Sandbox {
  readonly kind: SandboxKind;
  /** The account whose jobs this sandbox runs; `undefined` until its first. */
  accountId: string | undefined;
  jobsRun = 0;
  /** What it says of its own version once it is warm, or of all that are in the image. */
  version = "";

  readonly #engine: Engine;
  readonly #parser = new FrameParser();
  #container: Container | undefined;
  #group: ControlGroup | undefined;
  #frozen = false;
  #freezing: Promise<void> | undefined;
  #job = 0;
  #stagesRun = 0;
  #isOver = false;
  #waiter: Waiter | undefined;
  #output: { stdout: Output; stderr: Output } | undefined;
  #content: { parts: Buffer[]; bytesLeft: number } | undefined;
  #fault: SandboxFault | undefined;
  #removal: Promise<void> | undefined;

  private constructor(engine: Engine, kind: SandboxKind) {
    this.#engine = engine;
    this.kind = kind;
  }

  /**
   * Starts a container and an interpreter in it; resolves when the interpreter is warm. Gives up,
   * with nothing left of it, when `signal` says so.
   */
  static async start(engine: Engine, kind: SandboxKind, signal?: AbortSignal): Promise<Sandbox> {
    const sandbox = new Sandbox(engine, kind);
    const giveUp = () => sandbox.#fail("the start was given up");
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const hello = sandbox.#next("hello", START_MS_MAX);
      hello.catch(() => undefined); // a failed start below is the fault that gets reported
      sandbox.#container = await startContainer(engine, {
        onData: (chunk) => sandbox.#receive(chunk),
        onStderr: () => sandbox.#fail("the supervisor wrote to stderr"),
        onClose: () => sandbox.#fail("the sandbox ended"),
      });
      const { job: version } = await hello;
      if (version !== PROTOCOL_VERSION) throw new SandboxFault(`protocol version ${version}`);
      sandbox.#group = await controlGroupOf(sandbox.#container.id, sandbox.#container.pid);
      sandbox.#weigh("preparing");
      await sandbox.#prepareInterpreter();
      await sandbox.#prepare();
      return sandbox;
    } catch (thrown) {
      await sandbox.remove();
      throw thrown;
    } finally {
      signal?.removeEventListener("abort", giveUp);
    }
  }

  /** What went wrong with this sandbox, if anything has. */
  get fault(): SandboxFault | undefined {
    return this.#fault;
  }

  get containerId(): string | undefined {
    return this.#container?.id;
  }

  /** Whether its frames come and go without Docker in between. */
  get isDirect(): boolean {
    return this.#container?.isDirect === true;
  }

  get isFrozen(): boolean {
    return this.#frozen;
  }

  /** Whether it has run so many jobs that it is to be replaced rather than cleaned. */
  get isWorn(): boolean {
    return this.jobsRun >= SANDBOX_JOBS_MAX;
  }

  /** Stops all of it until it is thawed. */
  async freeze(): Promise<void> {
    if (this.#frozen || this.#fault !== undefined || this.#group === undefined) return;
    this.#frozen = true;
    this.#freezing = this.#group.freeze();
    await this.#freezing;
  }

  /** Notices that a frozen sandbox has been killed, which it cannot show by itself. */
  async check(): Promise<void> {
    if (!this.#frozen || this.#fault !== undefined) return;
    await this.#freezing?.catch(() => undefined);
    const isDoomed = await this.#group?.isDoomed().catch(() => true);
    if (isDoomed && this.#frozen) this.#fail("it was killed while it was frozen");
  }

  async thaw(): Promise<void> {
    if (!this.#frozen) return;
    await this.#freezing?.catch(() => undefined); // or the freezing would come after the thawing
    await this.#group?.thaw();
    this.#frozen = false;
  }

  /**
   * Runs one stage in the waiting process; after the last, and after one that did not end by itself,
   * there is no other: to ask for one is a bug. Throws SandboxFault when there is no outcome.
   */
  async run(stage: Stage): Promise<StageResult> {
    if (this.#isOver) throw new Error("the job is over, and nothing more of it can be run");
    const frames = this.#encodeStage(stage);
    const output = { stdout: new Output(OUTPUT_BYTES_MAX), stderr: new Output(OUTPUT_BYTES_MAX) };
    await this.thaw().catch((thrown) => this.#fail(`it could not be thawed: ${thrown}`));
    this.#output = output;
    this.#weigh("working");
    if (this.#stagesRun++ === 0) this.jobsRun++;
    const startedAtMs = performance.now();
    const exited = this.#next("exit", stage.wallMs + SANDBOX_GRACE_MS);
    this.#send(frames);
    const exit = await exited.then(
      (frame) => frame.body,
      (fault: SandboxFault) =>
        this.#exitByHost(fault, performance.now() - startedAtMs, stage.memoryBytes),
    );
    this.#output = undefined;
    this.#isOver = stage.isLast || exit.reason !== "ended";
    return {
      exit,
      stdout: output.stdout.finish(exit.stdoutBytes),
      stderr: output.stderr.finish(exit.stderrBytes),
    };
  }

  /**
   * A file of the workspace as it is now, unless it is larger than `bytesMax`. Only between stages and
   * when a job is over: while one runs, its end is what is waited for.
   */
  async readFile(name: string, { bytesMax }: { bytesMax: number }): Promise<FileRead> {
    const parts: Buffer[] = [];
    const frame = encodeRead(this.#job, name, bytesMax);
    const ended = this.#next("content-end", SANDBOX_CLEAN_MS_MAX);
    this.#content = { parts, bytesLeft: bytesMax };
    this.#send([frame]);
    const { body } = await ended.finally(() => {
      this.#content = undefined;
    });
    const content = Buffer.concat(parts);
    if (content.length === body.bytes) return { ...body, content };
    this.#fail("a file of another length than it was said to have");
    throw this.#fault;
  }

  /** Interrupts the running program, as Ctrl-C would; what it makes of that is its own affair. */
  interrupt(): void {
    if (this.#output !== undefined) this.#send([encodeSignal(this.#job, SIGINT)]);
  }

  /** Kills and wipes everything of the last job, then has a fresh interpreter wait. */
  async recycle(): Promise<void> {
    const cleaned = this.#next("cleaned", SANDBOX_CLEAN_MS_MAX);
    this.#weigh("preparing");
    this.#send([encodeFrame(TO.END, this.#job)]);
    await cleaned;
    await this.#prepare();
  }

  /** Removes the container. Safe to call at any time and more than once. */
  remove(): Promise<void> {
    this.#removal ??= this.#removeNow();
    return this.#removal;
  }

  async #removeNow(): Promise<void> {
    this.#fail("the sandbox was removed");
    await this.thaw().catch(() => undefined); // a frozen process cannot be killed
    if (this.#container === undefined) return;
    this.#container.stdin.destroy();
    await removeContainer(this.#engine, this.#container.id);
  }

  /** Has the interpreter warm up that every job will be forked from, if the language has one. */
  async #prepareInterpreter(): Promise<void> {
    const { argv, env, isPrepared } = interpreterOf(this.kind);
    if (isPrepared !== true) return;
    const prepared = this.#next("prepared", WARM_MS_MAX);
    this.#send([encodePrepare({ argv, env, directory: "/" })]);
    await prepared;
  }

  async #prepare(): Promise<void> {
    const { argv, env, isPrepared, fileBytesMax } = interpreterOf(this.kind);
    this.#job++;
    this.#stagesRun = 0;
    this.#isOver = false;
    const ready = this.#next("ready", WARM_MS_MAX);
    const limits = {
      uid: FIRST_UID + this.jobsRun,
      processesMax: PROCESSES_MAX,
      descriptorsMax: DESCRIPTORS_MAX,
      fileBytesMax,
    };
    const command = isPrepared === true ? { argv: [], env: {} } : { argv, env };
    this.#send([encodeSpawn(this.#job, limits, { ...command, directory: WORKSPACE })]);
    this.version = (await ready).version;
  }

  /** A sandbox that is being made ready must not slow one that works. Not worth waiting for. */
  #weigh(weight: Weight): void {
    this.#group?.setWeight(weight).catch(() => undefined);
  }

  #encodeStage({ files, args, stdin, wallMs, memoryBytes, isLast }: Stage): Buffer[] {
    const id = this.#job;
    const frames = files.flatMap(({ name, mode, content }) =>
      encodeFile(id, name, mode ?? FILE_MODE, content),
    );
    const start = encodeStart(id, {
      wallMs,
      cpuMs: wallMs * PROCESSES_MAX,
      memoryBytes,
      outputKeepBytes: OUTPUT_BYTES_MAX,
      outputStopBytes: OUTPUT_STOP_BYTES,
      isStage: !isLast,
      args,
    });
    // What a stage that is not the last does not read, the next one must not find.
    return [...frames, start, ...(isLast ? encodeStdin(id, stdin) : [])];
  }

  /**
   * A sandbox that dies under a job did so by the program's doing in one case only: the host's
   * kernel ended it for its memory. That is told by the host, not by the sandbox.
   */
  async #exitByHost(
    fault: SandboxFault,
    wallMs: number,
    memoryPeakBytes: number,
  ): Promise<ExitBody> {
    const id = this.#container?.id;
    if (id === undefined || !(await wasOutOfMemory(this.#engine, id))) throw fault;
    return {
      reason: "memory",
      code: null,
      signal: 9,
      wallMs,
      cpuMs: 0,
      memoryPeakBytes,
      stdoutBytes: 0,
      stderrBytes: 0,
    };
  }

  #send(frames: readonly Buffer[]): void {
    this.#container?.stdin.write(frames.length === 1 ? frames[0] : Buffer.concat(frames));
  }

  /** The next frame of `type`, within `patienceMs`; a fault otherwise. One wait at a time. */
  #next<T extends Frame["type"]>(type: T, patienceMs: number): Promise<Frame & { type: T }> {
    if (this.#fault !== undefined) return Promise.reject(this.#fault);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#fail(`no ${type} within ${patienceMs} ms`), patienceMs);
      this.#waiter = {
        accepts: (frame) => frame.type === type && (type === "hello" || frame.job === this.#job),
        resolve: (frame) => {
          clearTimeout(timer);
          resolve(frame as Frame & { type: T });
        },
        reject: (fault) => {
          clearTimeout(timer);
          reject(fault);
        },
      };
    });
  }

  #receive(chunk: Buffer): void {
    if (this.#fault !== undefined) return;
    try {
      for (const frame of this.#parser.push(chunk)) this.#take(frame);
    } catch (thrown) {
      this.#fail(thrown instanceof Error ? thrown.message : String(thrown));
    }
  }

  #take(frame: Frame): void {
    if (frame.type === "fault") return this.#fail(`the supervisor failed: ${frame.text}`);
    if (frame.type === "stdout" || frame.type === "stderr") {
      if (frame.job !== this.#job) return this.#fail("output of another job");
      this.#output?.[frame.type].push(frame.data);
      return;
    }
    if (frame.type === "content") return this.#takeContent(frame.job, frame.data);
    const waiter = this.#waiter;
    if (waiter === undefined || !waiter.accepts(frame)) {
      return this.#fail(`an unexpected ${frame.type}`);
    }
    this.#waiter = undefined;
    waiter.resolve(frame);
  }

  #takeContent(job: number, data: Buffer): void {
    const content = this.#content;
    if (content === undefined || job !== this.#job) return this.#fail("a file nobody asked for");
    if (data.length === 0) return this.#fail("an empty part of a file");
    content.bytesLeft -= data.length;
    if (content.bytesLeft < 0) return this.#fail("more of a file than was asked for");
    content.parts.push(data);
  }

  #fail(reason: string): void {
    if (this.#fault !== undefined) return;
    this.#fault = new SandboxFault(reason);
    this.#waiter?.reject(this.#fault);
    this.#waiter = undefined;
  }
}
