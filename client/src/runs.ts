// Running programs, in the three ways there are: to the end, told of while they run, and by themselves.

import type { Executions } from "./executions.ts";
import type { Http, RepeatableOptions } from "./http.ts";
import { ExecutionStream } from "./stream.ts";
import type { Detached, ExecuteOptions, Execution } from "./types.ts";

export type StreamOptions = ExecuteOptions &
  RepeatableOptions & {
    /** Leave its input open, for `write()` and `end()`. */
    openStdin?: boolean;
    open_stdin?: boolean;
    /** Go on when nobody listens any more. */
    detach?: boolean;
    /** With `detach`: where to tell that it has ended. */
    webhook?: string;
  };

export type DetachOptions = ExecuteOptions &
  RepeatableOptions & { openStdin?: boolean; open_stdin?: boolean; webhook?: string };

/** Runs programs. */
export class Runs {
  readonly #http: Http;
  readonly #executions: Executions;

  constructor(http: Http, executions: Executions) {
    this.#http = http;
    this.#executions = executions;
  }

  async execute(options: ExecuteOptions & RepeatableOptions): Promise<Execution> {
    // Who may end it early needs to know what to interrupt, which only a stream tells in time.
    if (options.signal !== undefined) return await this.stream(options).result();
    const [body, wish] = this.#split(options);
    return await this.#http.json({ method: "POST", path: "/v1/execute", body, ...wish });
  }

  stream(options: StreamOptions): ExecutionStream {
    const [body, wish] = this.#split(options);
    return new ExecutionStream(this.#http, this.#executions, { body, ...wish });
  }

  async detach(options: DetachOptions): Promise<Detached> {
    const [body, wish] = this.#split(options);
    const detached = { ...body, detach: true };
    return await this.#http.json({ method: "POST", path: "/v1/execute", body: detached, ...wish });
  }

  /** What is sent, in the service's words, and how. */
  #split(options: StreamOptions) {
    const { signal, idempotencyKey = this.#http.hasKey ? "new" : undefined, ...rest } = options;
    const { sessionId, timeout, runTimeout, compileTimeout, outputFiles, openStdin, ...body } =
      rest;
    const runTimeoutMs = runTimeout ?? timeout;
    const named = {
      ...body,
      ...(sessionId != null && { session_id: sessionId }),
      ...(runTimeoutMs !== undefined && { run_timeout: runTimeoutMs }),
      ...(compileTimeout !== undefined && { compile_timeout: compileTimeout }),
      ...(outputFiles !== undefined && { output_files: outputFiles }),
      ...(openStdin !== undefined && { open_stdin: openStdin }),
    };
    return [named, { signal, idempotencyKey }] as const;
  }
}
