// One request, sent as often as it may be. What is sent again is the same request with the same
// Idempotency-Key, so that it is done once; what has no such key, and would be done twice, is sent again
// only when the service says that it has done nothing.

import { CodeRunnerError, errorOf } from "./error.ts";
import type { ErrorCode } from "./known.ts";

/** How a client is made. */
export type ClientOptions = {
  /** `CODERUNNER_API_KEY` of the environment when not given. Without any (`""`), a few executions a day. */
  apiKey?: string | undefined;
  /** Where the service is. `CODERUNNER_URL` of the environment when not given, else the local one. */
  baseUrl?: string | undefined;
  /** Takes the place of `fetch`, to pay, to log or to test. It gets a URL and what `fetch` takes. */
  fetch?: ((url: string, init: RequestInit) => Promise<Response>) | undefined;
  /** How often a request is sent again at most; 3 when not given. */
  retries?: number | undefined;
  /** The longest wait for another try; who is told to wait longer hears of it instead. A minute when not given. */
  retryWaitMsMax?: number | undefined;
  /** Sent with every request. */
  headers?: Record<string, string> | undefined;
};

/** What every call may be given. */
export type CallOptions = {
  /** Ends the call: it is rejected with the signal's reason. */
  signal?: AbortSignal | undefined;
};

/** What calls may be given that can be repeated and done once. */
export type RepeatableOptions = CallOptions & {
  /** Made for each call when not given. The same key with the same request is the same call. */
  idempotencyKey?: string | undefined;
};

/** `always`: twice is as good as once. `once`: it must not be done twice. `never`: it cannot be sent twice. */
export type Repeat = "always" | "once" | "never";

export type Wish = {
  method?: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  upload?: Upload;
  accept?: string;
  /** By the method when not given: only a POST must not be done twice. */
  repeat?: Repeat;
  /** `new` to have one made. Whoever has no key can have none. */
  idempotencyKey?: string | undefined;
  signal?: AbortSignal | undefined;
  /** What the connection ends with, where it is to outlive `signal`. */
  hangUp?: AbortSignal | undefined;
};

/** What can be put into a file. */
export type Upload = string | Uint8Array | ArrayBuffer | Blob | ReadableStream<Uint8Array>;

const LOCAL = "http://127.0.0.1:8787";
const RETRIES = 3;
const RETRY_WAIT_MS_MAX = 60_000;
const FIRST_WAIT_MS = 200;
const WAIT_MS_MAX = 5_000;
/** Answers that mean that nothing was done. */
const NOTHING_DONE: readonly string[] = [
  "rate_limited",
  "busy",
  "session_busy",
] satisfies ErrorCode[];

/** Where Node 18 has it. Not in one word, because bundlers for browsers would look for it. */
const NODE_CRYPTO = ["node", "crypto"].join(":");

/** The service, as something to send requests to. */
export class Http {
  readonly hasKey: boolean;
  readonly #baseUrl: string;
  readonly #headers: Record<string, string>;
  readonly #options: ClientOptions;

  constructor(options: ClientOptions) {
    const apiKey = options.apiKey ?? environment("CODERUNNER_API_KEY");
    const { href } = new URL(options.baseUrl || environment("CODERUNNER_URL") || LOCAL);
    this.#baseUrl = href.replace(/\/+$/, "");
    this.hasKey = Boolean(apiKey);
    this.#headers = { ...options.headers, ...(apiKey && { Authorization: `Bearer ${apiKey}` }) };
    this.#options = options;
    // What cannot be sent is refused here, and not taken for a bad connection later. A `fetch` that is
    // brought along may do without the platform's `Headers`, which take long to load where they are lazy.
    if (options.fetch === undefined) new Headers(this.#headers);
  }

  /** The JSON that comes back; `undefined` where nothing does. */
  async json<Reply>(wish: Wish): Promise<Reply> {
    return await this.ask(wish, readJson<Reply>);
  }

  /** What `read` makes of the reply. A reply that breaks off while it is read is as good as none. */
  async ask<Result>(wish: Wish, read: (response: Response) => Promise<Result>): Promise<Result> {
    const idempotencyKey = wish.idempotencyKey === "new" ? await newKey() : wish.idempotencyKey;
    const [url, init] = this.#requestOf(wish, idempotencyKey);
    const repeat = idempotencyKey === undefined ? repeatOf(wish) : "always";
    const { signal } = wish;
    let wasLost = false;
    for (let failed = 0; ; ) {
      signal?.throwIfAborted();
      const [result, error] = await this.#once(url, init, read);
      if (error === undefined) return result;
      signal?.throwIfAborted();
      // The first try has done it, and nobody heard of that.
      if (wasLost && wish.method === "DELETE" && isGone(error)) return undefined as Result;
      wasLost ||= error.code === "connection_failed";
      // Somebody works on it already: that is hardly a failure, and ends when the program does.
      failed += error.code === "idempotency_in_progress" ? 0.01 : 1;
      const waitMs = this.#waitBefore(failed, error, repeat);
      if (waitMs === undefined) throw error;
      await sleep(waitMs, signal);
    }
  }

  #requestOf(wish: Wish, idempotencyKey: string | undefined): [url: string, init: RequestInit] {
    const { method = "GET", path, query = {}, body, upload, accept } = wish;
    const asked = Object.entries(query).filter(([, value]) => value !== undefined);
    const search = new URLSearchParams(
      asked.map(([name, value]): [string, string] => [name, String(value)]),
    );
    const signal = wish.hangUp ?? wish.signal;
    const init = {
      method,
      headers: {
        ...this.#headers,
        ...(accept && { Accept: accept }),
        ...(body !== undefined && { "Content-Type": "application/json" }),
        ...(upload !== undefined && { "Content-Type": "application/octet-stream" }),
        ...(idempotencyKey && { "Idempotency-Key": idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      ...(upload !== undefined && { body: upload }),
      // Node wants to be told that a body is sent while the answer may come.
      ...(isStream(upload) && { duplex: "half" }),
      ...(signal && { signal }),
    } as RequestInit;
    return [`${this.#baseUrl}${path}${asked.length > 0 ? `?${search}` : ""}`, init];
  }

  async #once<Result>(
    url: string,
    init: RequestInit,
    read: (response: Response) => Promise<Result>,
  ): Promise<[Result, undefined] | [undefined, CodeRunnerError]> {
    const send = this.#options.fetch ?? fetch;
    try {
      const response = await send(url, init);
      if (!response.ok) return [undefined, await errorOf(response)];
      return [await read(response), undefined];
    } catch (cause) {
      if (cause instanceof CodeRunnerError) return [undefined, cause];
      const message = `${this.#baseUrl} could not be reached: ${reasonIn(cause)}`;
      return [undefined, new CodeRunnerError("connection_failed", message, { cause })];
    }
  }

  /** How long to wait before the next try, or `undefined` where there is to be none. */
  #waitBefore(failed: number, error: CodeRunnerError, repeat: Repeat): number | undefined {
    const { retries = RETRIES, retryWaitMsMax = RETRY_WAIT_MS_MAX } = this.#options;
    if (!error.retryable || failed > retries) return undefined;
    if (repeat === "never") return undefined;
    if (repeat === "once" && !NOTHING_DONE.includes(error.code)) return undefined;
    const { retryAfterMs = 0 } = error;
    if (retryAfterMs > retryWaitMsMax) return undefined;
    const ownMs = Math.min(FIRST_WAIT_MS * 2 ** failed, WAIT_MS_MAX, retryWaitMsMax);
    // Not all at once; and not before they were told to.
    return Math.max(ownMs * (0.5 + Math.random() / 2), retryAfterMs * (1 + Math.random() / 10));
  }
}

/** A part of a path. Never one that would make it another path: nothing, or a step up. */
export function segment(text: string): string {
  if (/^\.{0,2}$/.test(text)) {
    throw new CodeRunnerError("invalid_request", `${JSON.stringify(text)} is not an id or a name.`);
  }
  return encodeURIComponent(text);
}

/** Waits, or throws the signal's reason. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

async function readJson<Reply>(response: Response): Promise<Reply> {
  const text = await response.text();
  if (text === "") return undefined as Reply;
  try {
    return JSON.parse(text) as Reply;
  } catch (cause) {
    const { status } = response;
    throw new CodeRunnerError("unexpected_reply", "The answer is not JSON.", { status, cause });
  }
}

function repeatOf({ method, upload, repeat }: Wish): Repeat {
  if (isStream(upload)) return "never";
  return repeat ?? (method === "POST" ? "once" : "always");
}

function isStream(upload: Upload | undefined): boolean {
  return typeof ReadableStream !== "undefined" && upload instanceof ReadableStream;
}

function isGone({ status }: CodeRunnerError): boolean {
  return status === 404 || status === 410;
}

/** What no one can guess, because a new API key can be asked for again with it. */
async function newKey(): Promise<string> {
  const source = globalThis.crypto ?? (await import(/* @vite-ignore */ NODE_CRYPTO)).webcrypto;
  const bytes: Uint8Array = source.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The deepest reason there is: `fetch failed` says nothing. */
function reasonIn(thrown: unknown): string {
  const { cause, code, message } = Object(thrown) as { [name: string]: unknown };
  return cause === undefined ? String(code ?? message ?? thrown) : reasonIn(cause);
}

/** A word of the environment, where there is one and it may be read. */
function environment(name: string): string | undefined {
  try {
    return (globalThis as { process?: { env?: Record<string, string> } }).process?.env?.[name];
  } catch {
    return undefined;
  }
}
