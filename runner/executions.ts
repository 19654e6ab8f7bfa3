// The executions that run, by their id, so that they can be interrupted, given more input, and asked
// for by somebody other than who waits for the answer; and for a while what came of those whose
// caller may have left. Whose an execution is decides who may: to anybody else it is not there.

import { LRUCache } from "lru-cache";
import { asFailure, type ErrorBody, Failure } from "../shared/errors.ts";
import { DETACHED_REPORT_MS, STDIN_BYTES_MAX } from "../shared/limits.ts";
import type {
  ExecutionEvent,
  ExecutionReport,
  RunnerExecuteRequest,
} from "../shared/runner-api.ts";
import { listenerOf } from "./events.ts";
import type { StageListener } from "./running.ts";

const REPORTS_BYTES_MAX = 64 * 1024 * 1024;
const REPORT_BYTES_MIN = 1024;

/** What of a sandbox an execution needs while it runs in it. */
export type Runs = {
  interrupt: () => void;
  feed: (data: Buffer, options: { isEnd: boolean }) => void;
};

/** What came of an execution, or why nothing did. */
export type Ended = { report: ExecutionReport } | { error: ErrorBody["error"] };

/** One execution while it runs. Who listens hears its events. */
export class Execution {
  readonly id: string;
  readonly accountId: string;
  readonly listenerFor: ((stage: "compile" | "run") => StageListener) | undefined;
  readonly #listener: ((event: ExecutionEvent) => void) | undefined;
  readonly #isStdinOpen: boolean;
  #runs: Runs | undefined;
  #isInterrupted = false;
  #isReading = false;
  /** What it was given to read before there was anything to read it. */
  #held: { data: Buffer; isEnd: boolean }[] = [];
  #heldBytes = 0;

  constructor(request: RunnerExecuteRequest, listener?: (event: ExecutionEvent) => void) {
    this.id = request.executionId;
    this.accountId = request.accountId;
    this.#isStdinOpen = request.openStdin === true;
    this.#listener = listener;
    this.listenerFor = listener && ((stage) => listenerOf(stage, listener));
  }

  /** It is about to run in `runs`. Throws Failure when it was interrupted before. */
  begin(version: string, runs: Runs): void {
    this.refuseInterrupted();
    this.#runs = runs;
    this.#listener?.({ type: "start", version });
  }

  /** To be asked before anything is run for it. Throws Failure when it was interrupted. */
  refuseInterrupted(): void {
    if (!this.#isInterrupted) return;
    throw new Failure("conflict", { message: "The execution was interrupted before it began." });
  }

  /** What it was given to read is read from now on. */
  beginReading(): void {
    this.#isReading = true;
    for (const { data, isEnd } of this.#held.splice(0)) this.#runs?.feed(data, { isEnd });
  }

  /** Interrupts it, now or as soon as it begins. */
  interrupt(): void {
    this.#isInterrupted = true;
    this.#runs?.interrupt();
  }

  /** Gives it more to read. Throws Failure when it does not run. */
  feed(data: Buffer, options: { isEnd: boolean }): void {
    if (this.#runs === undefined) throw new Failure("not_running");
    if (this.#isReading || !this.#isStdinOpen) return this.#runs.feed(data, options);
    this.#heldBytes += data.length;
    if (this.#heldBytes > STDIN_BYTES_MAX) {
      throw new Failure("payload_too_large", { field: "data", message: "Nothing reads it yet." });
    }
    this.#held.push({ data, ...options });
  }
}

export class Executions {
  readonly #running = new Map<string, Execution>();
  readonly #ended = new LRUCache<string, { accountId: string; ended: Ended }>({
    maxSize: REPORTS_BYTES_MAX,
    ttl: DETACHED_REPORT_MS,
    sizeCalculation: ({ ended }) => REPORT_BYTES_MIN + 2 * JSON.stringify(ended).length,
  });

  /** Runs `work` as an execution that can be found by its id; what comes of it is kept if `isKept` then. */
  async run(
    execution: Execution,
    { isKept }: { isKept: () => boolean },
    work: (execution: Execution) => Promise<ExecutionReport>,
  ): Promise<ExecutionReport> {
    const { id, accountId } = execution;
    if (this.#running.has(id)) throw new Failure("conflict", { message: "This id is in use." });
    this.#running.set(id, execution);
    const keep = (ended: Ended) => void (isKept() && this.#ended.set(id, { accountId, ended }));
    try {
      const report = await work(execution);
      keep({ report });
      return report;
    } catch (thrown) {
      keep({ error: asFailure(thrown).body(id).error });
      throw thrown;
    } finally {
      this.#running.delete(id);
    }
  }

  /** An execution that runs. Throws Failure when there is none, or what came of it is all there is. */
  running(id: string, accountId: string): Execution {
    const execution = this.#running.get(id);
    if (execution?.accountId === accountId) return execution;
    if (this.#ended.get(id)?.accountId === accountId) throw new Failure("not_running");
    throw new Failure("unknown_execution");
  }

  /** How it stands with an execution. Throws Failure when nothing is known of it. */
  state(id: string, accountId: string): { state: "running" } | ({ state: "ended" } & Ended) {
    if (this.#running.get(id)?.accountId === accountId) return { state: "running" };
    const kept = this.#ended.get(id);
    if (kept?.accountId === accountId) return { state: "ended", ...kept.ended };
    throw new Failure("unknown_execution");
  }
}
