// A fetch that is quick to start: Node's own takes several times as long to load as `node:http`, which a
// command that lives for a tenth of a second would notice. It has what the SDK needs of a fetch and no
// more, and follows no redirects, because a key must not be sent on.

import type { IncomingMessage } from "node:http";

/** How long a connection may take to come about. */
const CONNECT_MS_MAX = 10_000;
/** How long nothing may come; a stream of events has a beat every few seconds. */
const SILENT_MS_MAX = 90_000;
const SILENT_STREAM_MS_MAX = 20_000;

/** What a connection that came to nothing is called, as the system calls its own. */
class Broken extends Error {
  readonly code: string;

  constructor(code: string) {
    super(code);
    this.code = code;
  }
}

/** Does what fetch does, for the SDK. */
export async function quickFetch(input: unknown, init: RequestInit = {}): Promise<Response> {
  const url = new URL(String(input));
  const { request } = await (url.protocol === "https:"
    ? import("node:https")
    : import("node:http"));
  const { signal, body } = init;
  signal?.throwIfAborted();
  return await new Promise((resolve, reject) => {
    const options = { method: init.method ?? "GET", headers: headersOf(init.headers, body) };
    const sent = request(url, options, (incoming) => {
      sent.setTimeout(isStream(incoming) ? SILENT_STREAM_MS_MAX : SILENT_MS_MAX);
      resolve(responseOf(url, incoming, signal ?? undefined));
    });
    const stop = () => sent.destroy();
    signal?.addEventListener("abort", stop, { once: true });
    const patience = setTimeout(() => sent.destroy(new Broken("ETIMEDOUT")), CONNECT_MS_MAX);
    sent.on("socket", (socket) => {
      if (!socket.connecting) clearTimeout(patience);
      else socket.once("connect", () => clearTimeout(patience));
    });
    sent.on("timeout", () => sent.destroy(new Broken("ETIMEDOUT")));
    sent.on("error", (error) => reject(signal?.aborted ? signal.reason : error));
    sent.on("close", () => {
      clearTimeout(patience);
      signal?.removeEventListener("abort", stop);
      reject(signal?.aborted ? signal.reason : new Broken("ECONNRESET"));
    });
    sent.setTimeout(SILENT_MS_MAX);
    sent.end(body ?? undefined);
  });
}

function isStream({ headers }: IncomingMessage): boolean {
  return headers["content-type"]?.startsWith("text/event-stream") === true;
}

function headersOf(
  given: RequestInit["headers"],
  body: RequestInit["body"],
): Record<string, string> {
  const pairs =
    given === undefined ? [] : Symbol.iterator in given ? [...given] : Object.entries(given);
  const headers = Object.fromEntries(pairs as [string, string][]);
  const bytes =
    typeof body === "string" || body instanceof Uint8Array ? Buffer.byteLength(body) : undefined;
  return bytes === undefined ? headers : { ...headers, "Content-Length": String(bytes) };
}

function responseOf(
  url: URL,
  incoming: IncomingMessage,
  signal: AbortSignal | undefined,
): Response {
  const { statusCode: status = 0, statusMessage: statusText = "" } = incoming;
  let body: ReadableStream<Uint8Array> | undefined;
  const bytes = async () => {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of incoming) pieces.push(piece as Buffer);
    } catch (error) {
      throw signal?.aborted ? signal.reason : error;
    }
    return Buffer.concat(pieces);
  };
  const text = async () => (await bytes()).toString("utf8");
  const response = {
    status,
    statusText,
    ok: status >= 200 && status < 300,
    redirected: false,
    type: "basic",
    url: url.href,
    headers: {
      get: (name: string) => {
        const value = incoming.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : (value ?? null);
      },
      has: (name: string) => incoming.headers[name.toLowerCase()] !== undefined,
    },
    get body() {
      body ??= streamOf(incoming, signal);
      return body;
    },
    bytes,
    text,
    json: async () => JSON.parse(await text()) as unknown,
    arrayBuffer: async () => {
      const all = await bytes();
      return all.buffer.slice(all.byteOffset, all.byteOffset + all.byteLength);
    },
  };
  return response as unknown as Response;
}

/** A response's body as the web has them, read no faster than it is taken. */
function streamOf(
  incoming: IncomingMessage,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>({
    start: (controller) => {
      incoming.on("data", (piece: Buffer) => {
        controller.enqueue(piece);
        if ((controller.desiredSize ?? 0) <= 0) incoming.pause();
      });
      incoming.on("end", () => controller.close());
      incoming.on("error", (error) => controller.error(signal?.aborted ? signal.reason : error));
    },
    pull: () => {
      incoming.resume();
    },
    cancel: () => {
      incoming.destroy();
    },
  });
}
