// The client: everything the service does for who has a key, and for who has none.

import { Keys, listLedger, showCredits } from "./account.ts";
import { Executions } from "./executions.ts";
import { type CallOptions, type ClientOptions, Http, type RepeatableOptions } from "./http.ts";
import type { List } from "./list.ts";
import { type DetachOptions, Runs, type StreamOptions } from "./runs.ts";
import { Sessions } from "./sessions.ts";
import type { ExecutionStream } from "./stream.ts";
import type {
  Credits,
  Detached,
  ExecuteOptions,
  Execution,
  LedgerEntry,
  Runtime,
} from "./types.ts";

/** Runs programs in sandboxes. Everything it does can be ended by an AbortSignal. */
export class CodeRunner {
  readonly sessions: Sessions;
  /** What runs and what has run. */
  readonly executions: Executions;
  readonly keys: Keys;
  readonly #http: Http;
  readonly #runs: Runs;

  constructor(options: ClientOptions = {}) {
    this.#http = new Http(options);
    this.executions = new Executions(this.#http);
    this.#runs = new Runs(this.#http, this.executions);
    this.sessions = new Sessions(this.#http, this.#runs);
    this.keys = new Keys(this.#http);
  }

  /**
   * Runs a program and says what came of it. A program that fails is no error: `run.outcome` and
   * `run.code` tell. When `signal` is aborted, the program is interrupted.
   */
  async execute(options: ExecuteOptions & RepeatableOptions): Promise<Execution> {
    return await this.#runs.execute(options);
  }

  /** Runs a program and tells of it while it runs. Who stops listening interrupts it. */
  stream(options: StreamOptions): ExecutionStream {
    return this.#runs.stream(options);
  }

  /** Has a program run by itself; `executions.wait(id)` says what came of it. */
  async detach(options: DetachOptions): Promise<Detached> {
    return await this.#runs.detach(options);
  }

  /** What can be run, in which versions. */
  async runtimes(options: CallOptions = {}): Promise<Runtime[]> {
    return await this.#http.json({ path: "/v1/execute/runtimes", ...options });
  }

  /** What the account has. */
  async credits(options: CallOptions = {}): Promise<Credits> {
    return await showCredits(this.#http, options);
  }

  /** How it came to that: every entry, newest first. */
  ledger(
    query: CallOptions & { limit?: number; cursor?: string } = {},
  ): List<"entries", LedgerEntry> {
    return listLedger(this.#http, query);
  }
}
