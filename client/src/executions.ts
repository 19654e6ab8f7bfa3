// What runs and what has run: to ask for, to wait for, to send input to, to end and to forget.

import { CodeRunnerError } from "./error.ts";
import { type CallOptions, type Http, segment, sleep } from "./http.ts";
import type { FinalOutcome } from "./known.ts";
import { List, type Page } from "./list.ts";
import type {
  Deliveries,
  Execution,
  ExecutionSummary,
  LanguageName,
  PastExecution,
} from "./types.ts";

export type ExecutionQuery = CallOptions & {
  limit?: number;
  cursor?: string;
  language?: LanguageName;
  outcome?: FinalOutcome;
  sessionId?: string;
};

export type Input = { data?: string; encoding?: "utf8" | "base64"; end?: boolean };

const FIRST_LOOK_MS = 50;
const LOOK_MS_MAX = 2_000;

/** The executions of an account. */
export class Executions {
  readonly #http: Http;

  constructor(http: Http) {
    this.#http = http;
  }

  /** Newest first, without what they put out. */
  list(query: ExecutionQuery = {}): List<"executions", ExecutionSummary> {
    const { signal, sessionId, ...rest } = query;
    return new List("executions", (cursor) =>
      this.#http.json<Page<"executions", ExecutionSummary>>({
        path: "/v1/executions",
        query: { session_id: sessionId, ...rest, ...(cursor && { cursor }) },
        signal,
      }),
    );
  }

  /** One, with all that is kept of it. */
  async get(id: string, options: CallOptions = {}): Promise<PastExecution> {
    return await this.#http.json({ path: pathOf(id), ...options });
  }

  /** What came of one, when it is over. Who stops waiting leaves it running. */
  async wait(id: string, options: CallOptions = {}): Promise<Execution> {
    for (let waitMs = FIRST_LOOK_MS; ; waitMs = Math.min(waitMs * 1.5, LOOK_MS_MAX)) {
      const past = await this.get(id, options);
      if ("error" in past) {
        throw new CodeRunnerError(past.error.code, past.error.message, { executionId: id });
      }
      if (past.state === "done") return past;
      await sleep(waitMs, options.signal);
    }
  }

  /** Interrupts one, as Ctrl-C would; says whether it still ran. */
  async interrupt(id: string, options: CallOptions = {}): Promise<boolean> {
    const wish = { path: `/api/executions/${segment(id)}/interrupt`, ...options };
    try {
      await this.#http.json({ method: "POST", repeat: "always", ...wish });
      return true;
    } catch (thrown) {
      if (thrown instanceof CodeRunnerError && thrown.code === "not_running") return false;
      throw thrown;
    }
  }

  /** Sends input to one that was begun with `openStdin`. */
  async input(id: string, input: Input, options: CallOptions = {}): Promise<void> {
    const path = `/api/executions/${segment(id)}/stdin`;
    await this.#http.json({ method: "POST", path, body: input, ...options });
  }

  /** Ends one that runs, forgets one that is over. */
  async remove(id: string, options: CallOptions = {}): Promise<void> {
    // Where the first try has ended it, a second would forget it.
    await this.#http.json({ method: "DELETE", repeat: "once", path: pathOf(id), ...options });
  }

  /** Forgets all that are over; says how many. */
  async clear(options: CallOptions = {}): Promise<number> {
    const wish = { method: "DELETE", path: "/v1/executions", ...options } as const;
    return (await this.#http.json<{ removed: number }>(wish)).removed;
  }

  /** How its webhook was told. */
  async deliveries(id: string, options: CallOptions = {}): Promise<Deliveries> {
    return await this.#http.json({ path: `${pathOf(id)}/deliveries`, ...options });
  }

  /** What webhooks are signed with. */
  async webhookSecret(options: CallOptions = {}): Promise<string> {
    return (await this.#http.json<{ secret: string }>({ path: "/api/webhook-secret", ...options }))
      .secret;
  }
}

function pathOf(id: string): string {
  return `/v1/executions/${segment(id)}`;
}
