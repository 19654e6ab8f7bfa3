// One session: a sandbox of its own for as long as it lasts, in which one execution runs after the
// other. Where the language has cells the interpreter waits on between them and remembers; where it
// has none, or a whole program was sent, the files stay and a fresh process is made over them.

import { Failure, type SessionEnding } from "../shared/errors.ts";
import { type LanguageId, languageOf } from "../shared/languages.ts";
import {
  BUSY_RETRY_AFTER_MS,
  MEMORY_BYTES_MAX,
  PACKAGES_MS_MAX,
  QUEUE_WAIT_MS_MAX,
  SESSION_IDLE_MS_MAX,
  SESSION_QUEUE_MAX,
} from "../shared/limits.ts";
import type { PackagesRequest } from "../shared/packages.ts";
import type {
  ExecutionReport,
  InstalledPackage,
  RunnerExecuteRequest,
  RunnerSession,
} from "../shared/runner-api.ts";
import type { CompileCache } from "./compile-cache.ts";
import type { Execution } from "./executions.ts";
import { SandboxFault } from "./link.ts";
import { bringBack } from "./output-files.ts";
import type { Packages } from "./packages/packages.ts";
import { NODE_PLACE } from "./packages/tarball.ts";
import { PYTHON_PLACE } from "./packages/wheel.ts";
import type { Pool } from "./pool.ts";
import { type Job, jobOf, ranOf, runProgram, type SandboxFiles, type Stages } from "./program.ts";
import type { StageResult } from "./running.ts";
import type { Sandbox } from "./sandbox.ts";
import { Turns } from "./turn.ts";

export type SessionOptions = {
  id: string;
  accountId: string;
  language: LanguageId;
  version: string;
  /** Whether nobody asked for it: it is the first to go. */
  isImplicit: boolean;
  sandbox: Sandbox;
  cache: CompileCache;
  pool: Pool<Sandbox>;
};

/** Where packages are put; whatever is there is theirs. */
const PACKAGE_PLACES = [PYTHON_PLACE, NODE_PLACE];

type Ran = Stages & { isFresh: boolean };

export class Session {
  readonly id: string;
  readonly accountId: string;
  readonly language: LanguageId;
  readonly version: string;
  readonly isImplicit: boolean;
  readonly sandbox: Sandbox;
  readonly createdAtMs = Date.now();
  lastUsedAtMs = this.createdAtMs;
  /** Since when nothing has run in it, whoever has asked about it meanwhile. */
  quietSinceMs = this.createdAtMs;
  readonly #cache: CompileCache;
  readonly #pool: Pool<Sandbox>;
  readonly #turns = new Turns(SESSION_QUEUE_MAX);
  readonly #installs = new Turns(SESSION_QUEUE_MAX);
  #uses = 0;
  #executions = 0;
  /** Cells the waiting process has run: none means it knows nothing yet. */
  #cells = 0;
  /** What has its turn, while it may still run something. */
  #execution: Execution | undefined;
  #ended: SessionEnding | undefined;
  #packages: PackagesRequest = {};

  constructor(options: SessionOptions) {
    this.id = options.id;
    this.accountId = options.accountId;
    this.language = options.language;
    this.version = options.version;
    this.isImplicit = options.isImplicit;
    this.sandbox = options.sandbox;
    this.#cache = options.cache;
    this.#pool = options.pool;
    this.#pool.keep(this.sandbox);
  }

  /** Whether anything runs or waits in it, or looks at its files. */
  get isBusy(): boolean {
    return this.#turns.isTaken || this.#uses > 0;
  }

  /** As it is told of. */
  describe(): RunnerSession {
    return {
      sessionId: this.id,
      language: this.language,
      version: this.version,
      state: this.#turns.isTaken ? "busy" : "idle",
      createdAtMs: this.createdAtMs,
      lastUsedAtMs: this.lastUsedAtMs,
      expiresAtMs: this.lastUsedAtMs + SESSION_IDLE_MS_MAX,
      executions: this.#executions,
    };
  }

  /** Runs one request when its turn has come. Throws Failure when it does not, or cannot be run. */
  async execute(
    request: RunnerExecuteRequest,
    { execution, askedAtMs }: { execution: Execution | undefined; askedAtMs: number },
  ): Promise<ExecutionReport> {
    if (request.language !== this.language) throw this.#wrongLanguage();
    const job = jobOf(request, this.version);
    await this.#takeTurn();
    const queueMs = performance.now() - askedAtMs;
    let beganAtMs: number | undefined;
    try {
      execution?.begin(this.version, this.sandbox);
      this.#execution = execution;
      beganAtMs = performance.now();
      this.#executions++;
      const { isFresh, ...stages } = await this.#run(job, execution);
      this.#execution = undefined;
      const brought = await bringBack(this.sandbox.files, request.outputFiles, stages);
      const session = { id: this.id, isFresh, isStateKept: this.#isStateKept };
      return { version: this.version, ...stages, ...brought, queueMs, session };
    } catch (thrown) {
      throw this.#failureOf(thrown, beganAtMs);
    } finally {
      this.#execution = undefined;
      void this.#endTurn();
    }
  }

  /** Interrupts what runs or is about to, if anything is; whether anything was. */
  interrupt(): boolean {
    if (this.#execution === undefined && !this.sandbox.isRunning) return false;
    if (this.#execution === undefined) this.sandbox.interrupt();
    else this.#execution.interrupt();
    return true;
  }

  /** Stops what runs and forgets everything but the files. */
  async reset(): Promise<void> {
    this.interrupt();
    await this.#takeTurn();
    try {
      await this.#renew();
    } catch (thrown) {
      throw this.#failureOf(thrown);
    } finally {
      void this.#endTurn();
    }
  }

  /**
   * Puts packages into its workspace, those it was given before included, in place of those that are
   * there. Whatever imports them next finds them. Throws Failure when they cannot be had.
   */
  async install(wanted: PackagesRequest, packages: Packages): Promise<InstalledPackage[]> {
    await this.#takeTurn(this.#installs, PACKAGES_MS_MAX);
    try {
      return await this.#install(joined(this.#packages, wanted), packages);
    } finally {
      this.#installs.end();
    }
  }

  async #install(all: PackagesRequest, packages: Packages): Promise<InstalledPackage[]> {
    const set = await packages.get(all, { accountId: this.accountId });
    await this.#takeTurn();
    try {
      for (const place of PACKAGE_PLACES) await this.#remove(place);
      await this.sandbox.files.putAll(set.files);
      this.#packages = all;
      return set.packages;
    } catch (thrown) {
      throw this.#failureOf(thrown);
    } finally {
      void this.#endTurn();
    }
  }

  async #remove(place: string): Promise<void> {
    try {
      await this.sandbox.files.delete(place, { isRecursive: true });
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.code !== "unknown_file") throw thrown;
    }
  }

  /**
   * Has `work` done in its sandbox, whatever runs there, and keeps it awake meanwhile; but no longer, or
   * what a cell has left behind could be kept running by looking at files.
   */
  async use<T>(work: (sandbox: Sandbox) => Promise<T>): Promise<T> {
    const wasFrozen = this.sandbox.isFrozen;
    this.#uses++;
    try {
      await this.sandbox.thaw();
      return await work(this.sandbox);
    } catch (thrown) {
      throw this.#failureOf(thrown);
    } finally {
      this.#uses--;
      this.lastUsedAtMs = Date.now();
      if (wasFrozen && !this.isBusy) this.sandbox.freeze().catch(() => undefined); // it is tried again
    }
  }

  /** It is gone; whoever waits hears so. The sandbox is the caller's business. */
  close(reason: SessionEnding): void {
    this.#ended ??= reason;
    this.#turns.close();
    this.#installs.close();
  }

  /** Whether the next execution will find what this one has left besides files. */
  get #isStateKept(): boolean {
    return this.#cells > 0 && this.sandbox.isWaiting;
  }

  async #run(job: Job, execution: Execution | undefined): Promise<Ran> {
    const { isSnippet } = job.request;
    const isCell = languageOf(this.language).hasCells === true;
    const isProgram = !isCell || (isSnippet !== true && job.request.opensSession === true);
    return isProgram ? await this.#runProgram(job, execution) : await this.#runCell(job, execution);
  }

  async #runProgram(job: Job, execution: Execution | undefined): Promise<Ran> {
    const stages = await runProgram(this.sandbox, job, {
      cache: this.#cache,
      place: async (files) => {
        await this.#place(files);
        execution?.refuseInterrupted();
        return [];
      },
      listenerFor: execution?.listenerFor,
      onReading: () => execution?.beginReading(),
    });
    return { ...stages, isFresh: true };
  }

  async #runCell(job: Job, execution: Execution | undefined): Promise<Ran> {
    const { request, files, names } = job;
    const isSnippet = request.isSnippet === true;
    await this.#place(isSnippet ? files.slice(1) : files);
    const name = isSnippet ? "" : names[0];
    let isFresh = this.#cells === 0;
    let result = await this.#cell(job, { name, execution });
    if (result.exit.reason === "gone") {
      await this.#renew();
      isFresh = true;
      result = await this.#cell(job, { name, execution });
    }
    return { ...ranOf(result), isFresh };
  }

  async #cell(
    { request, files }: Job,
    { name, execution }: { name: string; execution: Execution | undefined },
  ): Promise<StageResult> {
    await this.sandbox.thaw();
    execution?.refuseInterrupted();
    const stdin = Buffer.from(request.stdin ?? "", "utf8");
    const hasInput = stdin.length > 0 || request.openStdin === true;
    const words = ["/cell", String(++this.#cells), hasInput ? "input" : "none", name];
    return await this.sandbox.run({
      kind: "cell",
      files: [],
      source: files[0]?.content ?? Buffer.alloc(0),
      args: [...words, ...(request.args ?? [])],
      stdin,
      keepsStdinOpen: request.openStdin === true,
      ...(request.openStdin === true && { onBegun: () => execution?.beginReading() }),
      wallMs: request.runTimeoutMs,
      memoryBytes: MEMORY_BYTES_MAX,
      ...(execution?.listenerFor && { listener: execution.listenerFor("run") }),
    });
  }

  /** What is sent to a session replaces what was there. */
  async #place(files: SandboxFiles): Promise<void> {
    await this.sandbox.files.putAll(files);
  }

  async #takeTurn(turns = this.#turns, msMax = QUEUE_WAIT_MS_MAX): Promise<void> {
    const turn = await turns.take(msMax);
    if (turn === "yours" && this.#ended === undefined) {
      if (turns === this.#turns) this.#pool.resume(this.sandbox);
      return;
    }
    if (turn === "yours") turns.end();
    if (this.#ended !== undefined) throw this.#failureOf(undefined);
    throw new Failure("session_busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
  }

  /** A process that is through is replaced before anybody else has a turn, so that it is warm by then. */
  async #endTurn(): Promise<void> {
    if (this.#ended === undefined && !this.sandbox.isWaiting) {
      await this.#renew().catch(() => undefined); // the sandbox has its fault, which whoever comes next is told
    }
    this.quietSinceMs = Date.now();
    if (this.#ended === undefined) this.#pool.keep(this.sandbox);
    this.#turns.end();
  }

  async #renew(): Promise<void> {
    this.#cells = 0;
    await this.sandbox.recycle({ keepsFiles: true });
  }

  /** Who deletes a session ends what runs in it by choice: that has run for as long as it did. */
  #failureOf(thrown: unknown, beganAtMs?: number): unknown {
    if (this.#ended === "deleted" && beganAtMs !== undefined) {
      const ranMs = Math.ceil(performance.now() - beganAtMs);
      return new Failure("session_deleted", { ranMs });
    }
    if (this.#ended !== undefined) return new Failure(`session_${this.#ended}`);
    if (!(thrown instanceof SandboxFault)) return thrown;
    return new Failure("runner_fault", { detail: thrown.message });
  }

  #wrongLanguage(): Failure {
    const message = `This session is for ${this.language}.`;
    return new Failure("invalid_request", { field: "language", message });
  }
}

/** Everything that was ever asked for; of the same thing asked for twice, what was said last. */
function joined(before: PackagesRequest, wanted: PackagesRequest): PackagesRequest {
  const join = (manager: "pip" | "npm") => [
    ...new Set([...(before[manager] ?? []), ...(wanted[manager] ?? [])]),
  ];
  return { pip: join("pip"), npm: join("npm") };
}
