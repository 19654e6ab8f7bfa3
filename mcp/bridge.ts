// The tools over standard input and output, for programs that start their tools as processes. It has no
// tools of its own: what comes in is sent to a gateway's `/mcp` by HTTPS, and what that says comes out, so
// there is one list of tools and every version of the protocol that the gateway speaks is spoken here.
// Whoever ends it, or cancels, ends what runs at the gateway as well.

import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { EventSourceParserStream } from "eventsource-parser/stream";
import { failureOf, headersOf, idsIn, type Message, messagesIn, versionIn } from "./messages.ts";

export type BridgeOptions = {
  /** Where the gateway is, without `/mcp`. */
  url: string;
  /** Without one, only what strangers may do can be done. */
  apiKey?: string | undefined;
  input: Readable;
  output: Writable;
  /** Hears what is not part of the protocol, a sentence at a time. */
  log: (sentence: string) => void;
  /** Ends the bridge, as the end of the input does. */
  signal?: AbortSignal;
};

const EVENTS_TYPE = "text/event-stream";
const PARSE_ERROR = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Not JSON." } };
/** How long what was asked for may take to be answered once the input has ended. */
const LINGER_MS = 1000;
/** How long the gateway may take to hear that something is cancelled. */
const CANCEL_MS = 2000;

/** Serves until the input ends or `signal` says so. Never throws for what the gateway does. */
export async function bridge(options: BridgeOptions): Promise<void> {
  const { input, output, signal } = options;
  const link = new Link(options);
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const leave = () => lines.close();
  // A reader that is gone is the end, and nothing to complain of.
  output.on("error", leave);
  signal?.addEventListener("abort", leave, { once: true });
  if (signal?.aborted) leave();
  lines.on("line", (line) => link.take(line));
  await once(lines, "close");
  if (!signal?.aborted && output.writable) await link.linger();
  await link.end();
}

/** A gateway, and what it was asked and has not answered. */
class Link {
  readonly #options: BridgeOptions;
  readonly #url: URL;
  readonly #waiting = new Map<string | number, Asked>();
  readonly #sending = new Set<Promise<void>>();
  #session: string | undefined;
  #version: string | undefined;

  constructor(options: BridgeOptions) {
    this.#options = options;
    this.#url = new URL(`${options.url.replace(/\/+$/, "")}/mcp`);
  }

  /** Sends on one line of the input. */
  take(line: string): void {
    if (line.trim() === "") return;
    let sent: unknown;
    try {
      sent = JSON.parse(line);
    } catch {
      return this.#say(PARSE_ERROR);
    }
    const sending = this.#pass(sent).finally(() => this.#sending.delete(sending));
    this.#sending.add(sending);
  }

  /** Waits a little for answers that are under way. */
  async linger(): Promise<void> {
    const all = Promise.allSettled(this.#sending);
    await Promise.race([all, sleep(LINGER_MS, undefined, { ref: false })]);
  }

  /** Cancels whatever is left. */
  async end(): Promise<void> {
    const left = [...this.#waiting];
    await Promise.all(left.map(([id, asked]) => this.#cancel(id, asked)));
    for (const [, { hangUp }] of left) hangUp.abort();
    await Promise.allSettled(this.#sending);
  }

  async #pass(sent: unknown): Promise<void> {
    const cancelled = this.#askedToCancel(sent);
    // By HTTP, the newer protocol cancels by hanging up, and by nothing else.
    if (cancelled?.isNew) return cancelled.hangUp.abort();
    const ids = idsIn(sent);
    const isNew = messagesIn(sent).some((message) => versionIn(message) !== undefined);
    const asked: Asked = { hangUp: new AbortController(), isNew };
    for (const id of ids) this.#waiting.set(id, asked);
    const open = new Set(ids);
    try {
      await this.#ask(sent, asked.hangUp.signal, (answer) => {
        for (const { id, method } of messagesIn(answer)) {
          if (method === undefined && id !== undefined && id !== null) open.delete(id);
        }
        this.#say(answer);
      });
      for (const id of open) this.#say(failureOf(id, "The gateway's answer broke off."));
    } catch (thrown) {
      if (!asked.hangUp.signal.aborted) this.#fail(open, this.#unreachable(thrown));
    } finally {
      for (const id of ids) this.#waiting.delete(id);
    }
  }

  /** What a message asks to cancel. */
  #askedToCancel(sent: unknown): Asked | undefined {
    const { method, params } = (sent ?? {}) as Message;
    if (method !== "notifications/cancelled") return undefined;
    return this.#waiting.get(params?.requestId as string | number);
  }

  async #ask(sent: unknown, signal: AbortSignal, hear: (answer: unknown) => void): Promise<void> {
    const response = await this.#post(sent, signal);
    const begins = messagesIn(sent).some(({ method }) => method === "initialize");
    if (begins) this.#session = response.headers.get("Mcp-Session-Id") ?? undefined;
    const heard = (answer: unknown) => {
      const version = begins ? (answer as Message).result?.protocolVersion : undefined;
      if (typeof version === "string") this.#version = version;
      hear(answer);
    };
    if (response.headers.get("Content-Type")?.startsWith(EVENTS_TYPE)) {
      return await readEvents(response, heard);
    }
    const text = await response.text();
    if (text === "") return;
    const answer = jsonOf(text);
    if (messagesIn(answer).some((one) => "jsonrpc" in one)) return heard(answer);
    this.#fail(new Set(idsIn(sent)), ...refusalIn(answer, response.status), hear);
  }

  async #post(sent: unknown, signal: AbortSignal): Promise<Response> {
    const { apiKey } = this.#options;
    const [first = {}] = messagesIn(sent);
    return await fetch(this.#url, {
      method: "POST",
      headers: {
        Accept: `application/json, ${EVENTS_TYPE}`,
        "Content-Type": "application/json",
        ...(apiKey && { Authorization: `Bearer ${apiKey}` }),
        ...(this.#version !== undefined && { "Mcp-Protocol-Version": this.#version }),
        ...(this.#session !== undefined && { "Mcp-Session-Id": this.#session }),
        ...headersOf(first),
      },
      body: JSON.stringify(sent),
      signal,
    });
  }

  async #cancel(requestId: string | number, { isNew }: Asked): Promise<void> {
    if (isNew) return;
    const params = { requestId, reason: "The client has left." };
    const cancelled = { jsonrpc: "2.0", method: "notifications/cancelled", params };
    await this.#post(cancelled, AbortSignal.timeout(CANCEL_MS)).catch(() => undefined);
  }

  /** Answers for the gateway; what nobody waits for is only told. */
  #fail(
    ids: ReadonlySet<string | number>,
    message: string,
    data?: unknown,
    hear: (answer: unknown) => void = (answer) => this.#say(answer),
  ): void {
    this.#options.log(message);
    for (const id of ids) hear(failureOf(id, message, data));
  }

  #unreachable(thrown: unknown): string {
    const cause = (thrown as Error).cause ?? thrown;
    const reason = (cause as { code?: string }).code ?? (cause as Error).message;
    return `${this.#url.origin} could not be reached (${reason}); is CODERUNNER_URL right?`;
  }

  #say(message: unknown): void {
    if (this.#options.output.writable) this.#options.output.write(`${JSON.stringify(message)}\n`);
  }
}

type Asked = { hangUp: AbortController; isNew: boolean };

async function readEvents(response: Response, hear: (answer: unknown) => void): Promise<void> {
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .pipeThrough(new EventSourceParserStream());
  for await (const { data } of events ?? []) if (data !== "") hear(JSON.parse(data));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What a gateway says that does not take a request, and what would help. */
function refusalIn(answer: unknown, status: number): [message: string, data: unknown] {
  const { error } = (answer ?? {}) as { error?: { message?: string } };
  const message = error?.message ?? `The gateway answered ${status}.`;
  const remedy = status === 401 ? " Set CODERUNNER_API_KEY; POST /api/keys makes a free key." : "";
  return [message + remedy, error];
}
