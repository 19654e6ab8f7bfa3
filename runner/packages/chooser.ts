// Has pip's or npm's own resolver choose packages, in a container of its own that is gone afterwards.
// Every document the resolver wants to read it asks for here. It reads strangers' documents, so what it
// says is believed as little as what a sandbox says: each word is checked, and it names what is to be
// fetched, but the fetching, and the looking at what came, is the runner's.

import * as z from "zod";
import { asFailure, Failure } from "../../shared/errors.ts";
import {
  PACKAGE_INDEX_BYTES_MAX,
  PACKAGE_INDEXES_BYTES_MAX,
  PACKAGE_READS_MAX,
  PACKAGES_CHOSEN_MAX,
} from "../../shared/limits.ts";
import type { PACKAGE_MANAGERS } from "../../shared/packages.ts";
import { Lines } from "./lines.ts";
import type { Answer, Reader } from "./reader.ts";

const LINE_BYTES_MAX = 1024 * 1024;
const CAUSE_CHARACTERS_MAX = 600;

/** A running resolver: what it is told goes to `write`, and `end` makes sure that it is gone. */
export type Resolver = { write: (bytes: Buffer | string) => void; end: () => Promise<void> };
export type ResolverListener = {
  onData: (chunk: Buffer) => void;
  /** Hears the last that it wrote to its standard error, for the log. */
  onClose: (lastWords: string) => void;
};
/** Starts the resolver of one manager; what it says and its end are told to the listener. */
export type StartResolver = (manager: Manager, listener: ResolverListener) => Promise<Resolver>;

export type Manager = (typeof PACKAGE_MANAGERS)[number];

const address = z.string().max(4096);
export const ChosenWheel = z.object({
  url: address,
  hashes: z.record(z.string().max(32), z.string().max(256)),
});
export type ChosenWheel = z.infer<typeof ChosenWheel>;

/** `node_modules/a/node_modules/@b/c`: no step begins with a dot, so none leads elsewhere. */
const PLACED = String.raw`node_modules/(?:@[\w~-][\w.~-]*/)?[\w~-][\w.~-]*`;
const LOCATION = new RegExp(`^${PLACED}(?:/${PLACED})*$`);
export const ChosenTarball = z.object({
  name: z.string().max(214),
  version: z.string().max(256),
  url: address,
  integrity: z.string().max(1024),
  location: z.string().max(1024).regex(LOCATION),
  bin: z.record(z.string().max(214), z.string().max(1024)),
  hasScripts: z.boolean(),
});
export type ChosenTarball = z.infer<typeof ChosenTarball>;

const Message = z.union([
  z.object({ id: z.int().nonnegative(), get: address, accept: z.string().max(512) }),
  z.object({ chosen: z.array(z.unknown()) }),
  z.object({ refused: z.string() }),
]);
type Get = { id: number; get: string; accept: string };

export type Order<T> = {
  manager: Manager;
  /** The index or registry. */
  source: string;
  requirements: readonly string[];
  /** What each chosen thing has to look like. */
  shape: z.ZodType<T>;
};

export type ChooseWith = {
  start: StartResolver;
  reader: Reader;
  signal: AbortSignal;
  ending: (end: Promise<void>) => void;
};

/**
 * What the resolver chooses for `order`. Throws a Failure when it chooses nothing or misbehaves. Its
 * end has begun when this is over; `ending` is told of it, because nobody needs to wait for it.
 */
export async function choose<T>(
  order: Order<T>,
  { start, reader, signal, ending }: ChooseWith,
): Promise<T[]> {
  const { manager, source, requirements, shape } = order;
  const talk = new Talk(reader, signal);
  const resolver = await start(manager, { onData: talk.onData, onClose: talk.onClose });
  try {
    talk.begin(resolver, { source, requirements });
    const chosen = z.array(shape).safeParse(await talk.chosen);
    if (!chosen.success) throw new Failure("runner_fault", { detail: chosen.error.message });
    if (chosen.data.length > PACKAGES_CHOSEN_MAX) {
      throw new Failure("packages_too_large", { detail: `${chosen.data.length} packages` });
    }
    return chosen.data;
  } finally {
    talk.over();
    ending(resolver.end());
  }
}

class Talk {
  readonly #reader: Reader;
  readonly #signal: AbortSignal;
  readonly #abandon = new AbortController();
  readonly #result = Promise.withResolvers<unknown[]>();
  readonly #lines = new Lines(LINE_BYTES_MAX);
  readonly #early: string[] = [];
  #resolver: Resolver | undefined;
  #reads = 0;
  #bytes = 0;
  /** Why the first document that could not be read could not be. */
  #cause: Failure | undefined;

  constructor(reader: Reader, signal: AbortSignal) {
    this.#reader = reader;
    this.#signal = AbortSignal.any([signal, this.#abandon.signal]);
    this.#result.promise.catch(() => undefined); // it may fail before anybody waits for it
    signal.addEventListener("abort", () => this.#fail(late()), { once: true });
    if (signal.aborted) this.#fail(late());
  }

  get chosen(): Promise<unknown[]> {
    return this.#result.promise;
  }

  begin(resolver: Resolver, order: object): void {
    this.#resolver = resolver;
    resolver.write(`${JSON.stringify(order)}\n`);
    for (const line of this.#early.splice(0)) this.#hear(line);
  }

  over(): void {
    this.#abandon.abort();
  }

  readonly onData = (chunk: Buffer): void => {
    const lines = this.#lines.push(chunk);
    if (lines === undefined) return this.#fault("a line without end");
    for (const line of lines) {
      if (this.#resolver === undefined) this.#early.push(line);
      else this.#hear(line);
    }
  };

  readonly onClose = (lastWords: string): void =>
    this.#fault(`the resolver ended, and said: ${lastWords}`);

  #hear(line: string): void {
    const message = Message.safeParse(parse(line));
    if (!message.success) return this.#fault(`not a message: ${line.slice(0, 200)}`);
    if ("get" in message.data) void this.#serve(message.data);
    else if ("chosen" in message.data) this.#result.resolve(message.data.chosen);
    else this.#fail(this.#cause ?? refusal(message.data.refused));
  }

  async #serve({ id, get, accept }: Get): Promise<void> {
    try {
      this.#reply(id, await this.#read(get, accept));
    } catch (thrown) {
      if (this.#abandon.signal.aborted) return;
      this.#cause ??= asFailure(thrown);
      this.#reply(id, { status: 0, url: get, type: "", body: Buffer.alloc(0) });
    }
  }

  async #read(url: string, accept: string): Promise<Answer> {
    if (++this.#reads > PACKAGE_READS_MAX) {
      throw new Failure("packages_too_large", { detail: `${this.#reads} documents` });
    }
    const answer = await this.#reader.read(url, {
      accept,
      bytesMax: PACKAGE_INDEX_BYTES_MAX,
      count: (bytes) => this.#count(bytes),
      signal: this.#signal,
      mayBePacked: true,
    });
    if (answer.status >= 500 || answer.status === 429) {
      throw new Failure("packages_unreachable", { detail: `${url}: status ${answer.status}` });
    }
    return answer;
  }

  /** All that is read is in memory until the resolver has taken it, so it is counted as it comes. */
  #count(bytes: number): void {
    this.#bytes += bytes;
    if (this.#bytes <= PACKAGE_INDEXES_BYTES_MAX) return;
    throw new Failure("packages_too_large", { detail: "too much to be read while choosing" });
  }

  #reply(id: number, { status, url, type, body }: Answer): void {
    this.#resolver?.write(`${JSON.stringify({ id, status, url, type, bytes: body.length })}\n`);
    this.#resolver?.write(body);
  }

  #fault(detail: string): void {
    this.#fail(new Failure("runner_fault", { detail: `packages: ${detail}` }));
  }

  #fail(failure: Failure): void {
    this.#result.reject(failure);
  }
}

/** What took too long. */
export function late(): Failure {
  return new Failure("packages_unreachable", { message: "Getting these packages took too long." });
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** What the resolver says of its reasons, for the caller, as far as it is text. */
function refusal(text: string): Failure {
  const said = reasonsOf(text)
    .replace(/\p{Cc}/gu, " ")
    .trim();
  const cause = said.slice(0, CAUSE_CHARACTERS_MAX);
  return new Failure("packages_refused", {
    message: `These packages cannot be installed${cause === "" ? "." : `: ${cause}`}`,
  });
}

/** Of all that pip says, its errors and what contradicts what; of anything else, all. */
function reasonsOf(text: string): string {
  const lines = text.split("\n").map((line) => line.trim());
  const errors = lines.filter((line) => line.startsWith("ERROR: ") && !line.includes("://"));
  if (errors.length === 0) return text;
  const from = lines.indexOf("The conflict is caused by:");
  const conflict = from < 0 ? [] : lines.slice(from + 1, lines.indexOf("", from));
  return [...errors.map((line) => line.slice("ERROR: ".length)), conflict.join(", ")].join(" ");
}
