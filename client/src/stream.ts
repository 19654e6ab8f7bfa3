// An execution that is told of while it runs. It is read whether or not anybody iterates over it, so that
// its input, its interruption and its end never wait for a reader; what it can say is bounded by the
// service. Whoever leaves it early ends the program, unless that was to go on by itself.

import { CodeRunnerError, type Said, toldError } from "./error.ts";
import { readEvents, type ServerEvent } from "./events.ts";
import type { Executions } from "./executions.ts";
import type { Http } from "./http.ts";
import type { Execution, ExecutionEvent, Started } from "./types.ts";

/** How long the interruption of a program may keep whoever has asked for it, and how long it is tried. */
const LEAVE_MS_MAX = 1_000;
const INTERRUPT_MS_MAX = 5_000;

export type StreamWish = {
  body: { detach?: boolean };
  idempotencyKey: string | undefined;
  signal: AbortSignal | undefined;
};

/** A running execution. Iterate over it, or await its `result()`. */
export class ExecutionStream implements AsyncIterable<ExecutionEvent> {
  /** When it has begun to run: its id, its session, its language. */
  readonly started: Promise<Started>;
  readonly #http: Http;
  readonly #executions: Executions;
  readonly #isDetached: boolean;
  readonly #signal: AbortSignal | undefined;
  readonly #hangUp = new AbortController();
  readonly #waiting: ExecutionEvent[] = [];
  readonly #ended = deferred<Execution>();
  /** Known even when nobody is to be told any more; `undefined` where it never began. */
  readonly #begun = deferred<Started | undefined>();
  #news: () => void = () => undefined;
  #start: Started | undefined;
  #isOver = false;
  #isLeft = false;
  #input: Promise<unknown> = Promise.resolve();

  /** Made by `stream()`. */
  constructor(http: Http, executions: Executions, wish: StreamWish) {
    this.#http = http;
    this.#executions = executions;
    this.#isDetached = wish.body.detach === true;
    this.#signal = wish.signal;
    const { promise } = this.#ended;
    this.started = this.#begun.promise.then((start) => start ?? promise.then(startedOf));
    // Whoever looks hears of it; nobody has to.
    promise.catch(() => undefined);
    this.started.catch(() => undefined);
    this.#run(wish);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ExecutionEvent, void, undefined> {
    try {
      for (;;) {
        const event = this.#waiting.shift();
        if (event !== undefined) yield event;
        if (event?.type === "end") return;
        if (event !== undefined) continue;
        if (this.#isOver) {
          await this.#ended.promise;
          return;
        }
        await new Promise<void>((resolve) => {
          this.#news = resolve;
        });
      }
    } finally {
      await this.#leave();
    }
  }

  /** What came of it, when it is over. */
  async result(): Promise<Execution> {
    return await this.#ended.promise;
  }

  /** Sends the program input. It must have been begun with `openStdin`. What is sent arrives in order. */
  async write(data: string | Uint8Array): Promise<void> {
    await this.#send(
      typeof data === "string" ? { data } : { data: base64(data), encoding: "base64" },
    );
  }

  /** Tells the program that there is no more input. One that has ended need not be told. */
  async end(): Promise<void> {
    await this.#send({ end: true }).catch((thrown: unknown) => {
      if (!(thrown instanceof CodeRunnerError) || thrown.code !== "not_running") throw thrown;
    });
  }

  /** Interrupts the program, as Ctrl-C would. The stream goes on to its end. */
  async interrupt(): Promise<boolean> {
    return await this.#executions.interrupt((await this.started).id);
  }

  async #send(input: { data?: string; encoding?: "base64"; end?: boolean }): Promise<void> {
    const sent = this.#input.then(async () => {
      await this.#executions.input((await this.started).id, input);
    });
    this.#input = sent.catch(() => undefined);
    await sent;
  }

  async #run(wish: StreamWish): Promise<void> {
    const { signal, body, idempotencyKey } = wish;
    const onAbort = async () => {
      await this.#leave();
      this.#fail();
    };
    signal?.addEventListener("abort", onAbort);
    const asked = {
      ...({ method: "POST", path: "/v1/execute", accept: "text/event-stream" } as const),
      ...{ body: { ...body, stream: true }, idempotencyKey, signal },
      // Not at once when the signal says so: the program is interrupted first.
      hangUp: this.#hangUp.signal,
    };
    try {
      const events = await this.#http.ask(asked, async (response) => response.body);
      await this.#read(events).then(
        () => this.#brokeOff(),
        (thrown) => this.#brokeOff(thrown),
      );
    } catch (thrown) {
      this.#fail(thrown);
    } finally {
      this.#begun.resolve(undefined);
      signal?.removeEventListener("abort", onAbort);
    }
  }

  async #read(events: ReadableStream<Uint8Array> | null): Promise<void> {
    if (events !== null) for await (const event of readEvents(events)) this.#take(event);
  }

  #take({ name, data }: ServerEvent): void {
    const told = JSON.parse(data);
    if (name === "error") throw this.#errorOf(told.error);
    if (name === "start") {
      this.#start = told;
      this.#begun.resolve(told);
    }
    // How it ended for having been left is nobody's result.
    if (this.#isLeft) return;
    if (name === "end") return this.#finish(told);
    this.#tell({ ...told, type: name });
  }

  #errorOf(said: Said): CodeRunnerError {
    return toldError(said, { executionId: this.#start?.id });
  }

  /** There is no more, and it was not over. What goes on by itself can still be asked for. */
  async #brokeOff(thrown?: unknown): Promise<void> {
    if (this.#isOver) return;
    if (thrown instanceof CodeRunnerError) return this.#fail(thrown);
    const start = this.#start;
    if (start && this.#isDetached && !this.#isLeft) {
      return this.#finish(await this.#executions.wait(start.id, { signal: this.#signal }));
    }
    const what = this.#isLeft ? "was left" : "broke off";
    const details = { executionId: start?.id, cause: thrown };
    const message = `The stream ${what} before the execution's end.`;
    this.#fail(new CodeRunnerError("stream_broken", message, details));
  }

  /** Ends the program, if it is not to go on, and hangs up. */
  async #leave(): Promise<void> {
    if (this.#isOver || this.#isLeft) return;
    this.#isLeft = true;
    if (this.#isDetached) return this.#hangUp.abort();
    await within(LEAVE_MS_MAX, this.#end());
  }

  /** By its id when that is known, and it soon is: whoever hangs up before may not be noticed to be gone. */
  async #end(): Promise<void> {
    const start = await within(INTERRUPT_MS_MAX, this.#begun.promise);
    if (start && this.#http.hasKey) {
      await within(INTERRUPT_MS_MAX, this.#executions.interrupt(start.id)).catch(() => false);
    }
    this.#hangUp.abort();
  }

  #tell(event: ExecutionEvent): void {
    if (this.#isOver) return;
    this.#waiting.push(event);
    this.#news();
  }

  #finish(execution: Execution): void {
    this.#tell({ type: "end", execution });
    this.#isOver = true;
    this.#ended.resolve(execution);
  }

  /** Whoever has ended it by a signal hears that signal's reason, whatever came of it. */
  #fail(thrown?: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended.reject(this.#signal?.aborted ? this.#signal.reason : thrown);
    this.#news();
  }
}

/** What comes of it, or `undefined` when that takes too long. */
async function within<Value>(ms: number, promise: Promise<Value>): Promise<Value | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  return await Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function startedOf({ id, session_id, language, version }: Execution): Started {
  return { id, session_id, language, version };
}

function deferred<Value>() {
  let resolve!: (value: Value) => void;
  let reject!: (thrown: unknown) => void;
  const promise = new Promise<Value>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** Without `Buffer`, which only Node has. */
function base64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
}
