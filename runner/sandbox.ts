// One sandbox: a gVisor container whose supervisor we hold by its standard streams, with an
// interpreter of one language waiting inside. It runs one job at a time, is cleaned between jobs,
// and belongs to one account from its first job to its end. Whatever the supervisor does that is
// not in the protocol, or does too late, is a SandboxFault: the sandbox is removed and never used
// again, and what was running did not run as far as anybody's bill is concerned.

import type { SandboxKind } from "../shared/languages.ts";
import {
  DESCRIPTORS_MAX,
  INTERRUPT_GRACE_MS,
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
  type DataFrame,
  type ExitBody,
  encodeEnd,
  encodePrepare,
  encodeRead,
  encodeSignal,
  encodeSpawn,
  encodeStdin,
  PROTOCOL_VERSION,
} from "./frames.ts";
import { FIRST_UID, interpreterOf, WORKSPACE } from "./interpreters.ts";
import { Link, SandboxFault } from "./link.ts";
import { Running, type StageResult } from "./running.ts";
import { SandboxFiles } from "./sandbox-files.ts";
import { encodeStage, type Stage, wallMsMax } from "./stage.ts";

const START_MS_MAX = 30_000;
const WARM_MS_MAX = 20_000;
/** A cell may not hear an interrupt that comes sooner, because its interpreter hears none between cells. */
const DEAF_MS = 200;
const SIGINT = 2;
const SIGKILL = 9;

/** A file of the workspace, or why there is none to be had; `content` is empty then. */
export type FileRead = ContentEnd & { content: Buffer };

export class Sandbox {
  readonly kind: SandboxKind;
  /** The account whose jobs this sandbox runs; `undefined` until its first. */
  accountId: string | undefined;
  jobsRun = 0;
  /** What it says of its own version once it is warm, or of all that are in the image. */
  version = "";

  readonly #engine: Engine;
  readonly #link = new Link();
  /** Its workspace; whatever is asked of it thaws the sandbox, and keeps it so until it is answered. */
  readonly files = new SandboxFiles(this.#link, () => this.thaw());
  #container: Container | undefined;
  #group: ControlGroup | undefined;
  #frozen = false;
  #freezing: Promise<void> | undefined;
  #uid = FIRST_UID;
  #weight: Weight | undefined;
  #stagesRun = 0;
  #running: Running | undefined;
  #isOver = false;
  #content: { parts: Buffer[]; bytesLeft: number } | undefined;
  #removal: Promise<void> | undefined;

  private constructor(engine: Engine, kind: SandboxKind) {
    this.#engine = engine;
    this.kind = kind;
    this.#link.listener = (frame) => this.#hear(frame);
  }

  /**
   * Starts a container and an interpreter in it; resolves when the interpreter is warm. Gives up,
   * with nothing left of it, when `signal` says so.
   */
  static async start(engine: Engine, kind: SandboxKind, signal?: AbortSignal): Promise<Sandbox> {
    const sandbox = new Sandbox(engine, kind);
    const giveUp = () => sandbox.#link.fail("the start was given up");
    signal?.addEventListener("abort", giveUp, { once: true });
    try {
      const hello = sandbox.#link.next("hello", START_MS_MAX);
      hello.catch(() => undefined); // a failed start below is the fault that gets reported
      sandbox.#container = await startContainer(engine, {
        onData: (chunk) => sandbox.#link.receive(chunk),
        onStderr: () => sandbox.#link.fail("the supervisor wrote to stderr"),
        onClose: () => sandbox.#link.fail("the sandbox ended"),
      });
      sandbox.#link.connect(sandbox.#container.stdin);
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
    return this.#link.fault;
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

  /** Stops all of it until it is thawed; not while files of it are on their way. */
  async freeze(): Promise<void> {
    if (this.#frozen || this.#link.fault !== undefined || this.#group === undefined) return;
    if (this.files.isBusy) return;
    this.#frozen = true;
    this.#freezing = this.#group.freeze();
    await this.#freezing;
  }

  /** Notices that a frozen sandbox has been killed, which it cannot show by itself. */
  async check(): Promise<void> {
    if (!this.#frozen || this.#link.fault !== undefined) return;
    await this.#freezing?.catch(() => undefined);
    const isDoomed = await this.#group?.isDoomed().catch(() => true);
    if (isDoomed && this.#frozen) this.#link.fail("it was killed while it was frozen");
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
    const frames = encodeStage(this.#link.job, stage);
    const running = new Running(stage.listener, {
      deafMs: stage.kind === "cell" ? DEAF_MS : 0,
    });
    await this.thaw().catch((thrown) => this.#link.fail(`it could not be thawed: ${thrown}`));
    this.#running = running;
    running.begin();
    this.#weigh("working");
    if (this.#stagesRun++ === 0) this.jobsRun++;
    const startedAtMs = performance.now();
    const exited = this.#link.next("exit", wallMsMax(stage) + SANDBOX_GRACE_MS);
    this.#link.send(frames);
    stage.onBegun?.();
    if (stage.kind === "cell") running.later(stage.wallMs, () => this.#interrupt("clock"));
    const exit = await exited
      .then(
        (frame) => frame.body,
        (fault: SandboxFault) =>
          this.#exitByHost(fault, performance.now() - startedAtMs, stage.memoryBytes),
      )
      .finally(() => running.stopTimers());
    this.#running = undefined;
    this.#isOver = stage.kind === "last" || !exit.isWaiting;
    return running.finish(exit);
  }

  /**
   * A file of the workspace as it is now, unless it is larger than `bytesMax`. Only between stages and
   * when a job is over: while one runs, its end is what is waited for.
   */
  async readFile(name: string, { bytesMax }: { bytesMax: number }): Promise<FileRead> {
    const parts: Buffer[] = [];
    const frame = encodeRead(this.#link.job, name, bytesMax);
    const ended = this.#link.next("content-end", SANDBOX_CLEAN_MS_MAX);
    this.#content = { parts, bytesLeft: bytesMax };
    this.#link.send([frame]);
    const { body } = await ended.finally(() => {
      this.#content = undefined;
    });
    const content = Buffer.concat(parts);
    if (content.length === body.bytes) return { ...body, content };
    this.#link.fail("a file of another length than it was said to have");
    throw this.#link.fault;
  }

  /** Gives the running program more to read, if its input was kept open. */
  feed(data: Buffer, { isEnd }: { isEnd: boolean }): void {
    if (this.#running === undefined) return;
    const frames = encodeStdin(this.#link.job, data, !isEnd);
    if (frames.length > 0) this.#link.send(frames);
  }

  /**
   * Interrupts the running program, as Ctrl-C would, and kills it if it has not ended a while later.
   */
  interrupt(): void {
    this.#interrupt("caller");
  }

  #interrupt(by: "clock" | "caller"): void {
    const running = this.#running;
    if (running === undefined || running.interruptedBy !== undefined) return;
    running.interruptedBy = by;
    const signal = (number: number) => this.#link.send([encodeSignal(this.#link.job, number)]);
    const { deafForMs } = running;
    if (deafForMs > 0) running.later(deafForMs, () => signal(SIGINT));
    else signal(SIGINT);
    if (interpreterOf(this.kind).forgetsInterrupts === true) {
      running.later(deafForMs + INTERRUPT_GRACE_MS / 2, () => signal(SIGINT));
    }
    running.later(deafForMs + INTERRUPT_GRACE_MS, () => signal(SIGKILL));
  }

  /** Whether a stage runs in it. */
  get isRunning(): boolean {
    return this.#running !== undefined;
  }

  /** Whether another stage could be run now. */
  get isWaiting(): boolean {
    return !this.#isOver && this.#link.fault === undefined;
  }

  /**
   * Kills and wipes everything of the last job, then has a fresh interpreter wait. With `keepsFiles`
   * the files stay, and so does the user whose they are.
   */
  async recycle(options: { keepsFiles?: boolean } = {}): Promise<void> {
    const recycling = this.#recycle(options);
    this.files.hold(recycling);
    await recycling;
  }

  async #recycle({ keepsFiles = false }: { keepsFiles?: boolean }): Promise<void> {
    if (this.#frozen) await this.thaw();
    const cleaned = this.#link.next("cleaned", SANDBOX_CLEAN_MS_MAX);
    this.#weigh("preparing");
    this.#link.send([encodeEnd(this.#link.job, keepsFiles)]);
    await cleaned;
    if (!keepsFiles) this.#uid = FIRST_UID + this.jobsRun;
    await this.#prepare();
  }

  /** Removes the container. Safe to call at any time and more than once. */
  remove(): Promise<void> {
    this.#removal ??= this.#removeNow();
    return this.#removal;
  }

  async #removeNow(): Promise<void> {
    this.#link.fail("the sandbox was removed");
    await this.thaw().catch(() => undefined); // a frozen process cannot be killed
    if (this.#container === undefined) return;
    this.#link.hangUp();
    await removeContainer(this.#engine, this.#container.id);
  }

  /** Has the interpreter warm up that every job will be forked from, if the language has one. */
  async #prepareInterpreter(): Promise<void> {
    const { argv, env, isPrepared } = interpreterOf(this.kind);
    if (isPrepared !== true) return;
    const prepared = this.#link.next("prepared", WARM_MS_MAX);
    this.#link.send([encodePrepare({ argv, env, directory: "/" })]);
    await prepared;
  }

  async #prepare(): Promise<void> {
    const { argv, env, isPrepared, fileBytesMax } = interpreterOf(this.kind);
    this.#link.job++;
    this.#stagesRun = 0;
    this.#isOver = false;
    const ready = this.#link.next("ready", WARM_MS_MAX);
    const limits = {
      uid: this.#uid,
      processesMax: PROCESSES_MAX,
      descriptorsMax: DESCRIPTORS_MAX,
      fileBytesMax,
    };
    const command = isPrepared === true ? { argv: [], env: {} } : { argv, env };
    this.#link.send([encodeSpawn(this.#link.job, limits, { ...command, directory: WORKSPACE })]);
    this.version = (await ready).version;
  }

  /** A sandbox that is being made ready must not slow one that works. Not worth waiting for. */
  #weigh(weight: Weight): void {
    if (weight === this.#weight) return;
    this.#weight = weight;
    this.#group?.setWeight(weight).catch(() => undefined);
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
      signal: SIGKILL,
      isWaiting: false,
      wallMs,
      cpuMs: 0,
      memoryPeakBytes,
      stdoutBytes: 0,
      stderrBytes: 0,
      shownBytes: 0,
    };
  }

  #hear(frame: DataFrame): void {
    if (frame.type === "content") return this.#takeContent(frame.data);
    this.#running?.hear(frame.type, frame.data);
  }

  #takeContent(data: Buffer): void {
    const content = this.#content;
    if (content === undefined) return this.#link.fail("a file nobody asked for");
    if (data.length === 0) return this.#link.fail("an empty part of a file");
    content.bytesLeft -= data.length;
    if (content.bytesLeft < 0) return this.#link.fail("more of a file than was asked for");
    content.parts.push(data);
  }
}
