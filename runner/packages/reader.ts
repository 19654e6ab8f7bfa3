// Reads from the origins packages may come from, and from nowhere else: every address of a chain of
// redirects is looked at before it is asked. What comes is counted while it comes, unpacked if it
// is packed, and the reading ends when it is more than it may be or takes too long. Answers are kept
// for some minutes, so that what is asked again and again is not fetched again and again.

import { Agent as HttpAgent, get as httpGet, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, get as httpsGet } from "node:https";
import { isIP } from "node:net";
import { createGunzip } from "node:zlib";
import { LRUCache } from "lru-cache";
import { Failure } from "../../shared/errors.ts";
import { isPrivate, lookupPublic, PrivateAddress } from "./addresses.ts";
import type { Source } from "./sources.ts";

const REDIRECTS_MAX = 5;
const SOCKETS_MAX = 16;
/** A server that says nothing for this long is given up. */
const SILENCE_MS_MAX = 10_000;
const KEPT_MS = 5 * 60_000;
const KEPT_BYTES_MAX = 64 * 1024 * 1024;
const KEPT_ENTRY_BYTES_MAX = 8 * 1024 * 1024;

export type ReadOptions = {
  /** The media types that will do. */
  accept: string;
  bytesMax: number;
  /** Hears of every byte as it comes, and may throw. */
  count?: (bytes: number) => void;
  signal: AbortSignal;
  /** Whether it may come packed, as texts should and archives should not. */
  mayBePacked?: boolean;
};

export type Answer = {
  status: number;
  /** Where it came from in the end. */
  url: string;
  type: string;
  body: Buffer;
};

class StaleConnection extends Error {
  override readonly name = "StaleConnection";
}

export class Reader {
  readonly #sources: ReadonlyMap<string, Source>;
  readonly #agents = { "http:": agentsOf(HttpAgent), "https:": agentsOf(HttpsAgent) };
  readonly #kept = new LRUCache<string, Answer>({
    maxSize: KEPT_BYTES_MAX,
    maxEntrySize: KEPT_ENTRY_BYTES_MAX,
    sizeCalculation: ({ body }) => body.length + 1024,
    ttl: KEPT_MS,
  });

  constructor(sources: readonly Source[]) {
    this.#sources = new Map(sources.map((source) => [source.origin, source]));
  }

  /**
   * Reads `url`. Throws a Failure: `packages_refused` where that leads off the list,
   * `packages_too_large` where more comes than may, `packages_unreachable` where nothing good comes.
   */
  async read(url: string, options: ReadOptions): Promise<Answer> {
    const key = `${options.accept} ${url}`;
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.body.length <= options.bytesMax) {
      options.count?.(kept.body.length);
      return kept;
    }
    const answer = await this.#readAnew(url, options);
    if (answer.status === 200) this.#kept.set(key, answer);
    return answer;
  }

  /** Closes idle connections. */
  close(): void {
    for (const { any, public: publicOnly } of Object.values(this.#agents)) {
      any.destroy();
      publicOnly.destroy();
    }
  }

  async #readAnew(from: string, options: ReadOptions): Promise<Answer> {
    let url = from;
    for (let hops = 0; hops <= REDIRECTS_MAX; hops++) {
      const response = await this.#askAgain(url, options).catch((thrown) => {
        throw failureOf(thrown, url);
      });
      const { statusCode: status = 0, headers } = response;
      if (status < 300 || status >= 400 || headers.location === undefined) {
        const body = await bodyOf(response, options).catch((thrown) => {
          throw failureOf(thrown, url);
        });
        return { status, url, type: headers["content-type"] ?? "", body };
      }
      response.destroy();
      url = resolve(headers.location, url);
    }
    throw new Failure("packages_unreachable", { detail: `${from}: redirected without end` });
  }

  /** A connection that was kept may be closed by the other end just as it is used again. */
  async #askAgain(address: string, options: ReadOptions): Promise<IncomingMessage> {
    try {
      return await this.#ask(address, options);
    } catch (thrown) {
      if (!(thrown instanceof StaleConnection)) throw thrown;
      return await this.#ask(address, options);
    }
  }

  #ask(address: string, { accept, signal, mayBePacked = false }: ReadOptions) {
    const url = URL.parse(address);
    const source = url === null ? undefined : this.#sources.get(url.origin);
    if (url === null || source === undefined) throw offList(address);
    const host = url.hostname.replace(/^\[|\]$/g, "");
    if (!source.mayBePrivate && isIP(host) !== 0 && isPrivate(host)) throw offList(address);
    const protocol = url.protocol === "https:" ? "https:" : "http:";
    const agents = this.#agents[protocol];
    const { promise, resolve: heard, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (protocol === "https:" ? httpsGet : httpGet)(
      `${url.origin}${url.pathname}${url.search}`,
      {
        agent: source.mayBePrivate ? agents.any : agents.public,
        signal,
        timeout: SILENCE_MS_MAX,
        headers: {
          accept,
          "accept-encoding": mayBePacked ? "gzip" : "identity",
          "user-agent": "agent-coderunner",
          ...(source.authorization === undefined ? {} : { authorization: source.authorization }),
        },
      },
      heard,
    );
    request.on("timeout", () => request.destroy(new Error("silent for too long")));
    request.on("error", (error) => {
      const isStale =
        request.reusedSocket && (error as NodeJS.ErrnoException).code === "ECONNRESET";
      reject(isStale ? new StaleConnection(address, { cause: error }) : error);
    });
    return promise;
  }
}

function agentsOf<A>(Agent: new (options: object) => A): { any: A; public: A } {
  const common = { keepAlive: true, maxSockets: SOCKETS_MAX };
  return { any: new Agent(common), public: new Agent({ ...common, lookup: lookupPublic }) };
}

async function bodyOf(
  response: IncomingMessage,
  { bytesMax, count }: ReadOptions,
): Promise<Buffer> {
  const tooLarge = new Failure("packages_too_large", {
    message: "A package, or what its index says of it, is too large to be fetched.",
    detail: `more than ${bytesMax} bytes`,
  });
  if (Number(response.headers["content-length"] ?? 0) > bytesMax) {
    response.destroy();
    throw tooLarge;
  }
  const encoding = response.headers["content-encoding"] ?? "identity";
  if (encoding !== "identity" && encoding !== "gzip") throw new Error(`packed as ${encoding}`);
  const plain = encoding === "gzip" ? response.pipe(createGunzip()) : response;
  response.once("error", (error) => plain.destroy(error));
  const parts: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const part of plain) {
      bytes += part.length;
      if (bytes > bytesMax) throw tooLarge;
      count?.(part.length);
      parts.push(part);
    }
  } finally {
    response.destroy();
  }
  if (!response.complete) throw new Error("the answer broke off");
  return Buffer.concat(parts);
}

function resolve(location: string, base: string): string {
  return URL.parse(location, base)?.href ?? location;
}

function offList(address: string): Failure {
  return new Failure("packages_refused", {
    message: "A package would come from where none may come from.",
    detail: address,
  });
}

function failureOf(thrown: unknown, url: string): Failure {
  if (thrown instanceof Failure) return thrown;
  if (thrown instanceof PrivateAddress) return offList(url);
  return new Failure("packages_unreachable", { detail: `${url}: ${String(thrown)}` });
}
