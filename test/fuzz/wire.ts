// Sends a request byte for byte as it is given, which no HTTP client would, and reads whatever comes
// back. Each request has a connection of its own.

import { connect } from "node:net";
import type { FuzzRequest } from "./requests.ts";

/** What came back. `silent` when nothing had come, or not all, after a long time. */
export type FuzzReply =
  | { kind: "reply"; status: number; headers: Map<string, string>; body: string }
  | { kind: "closed" }
  | { kind: "silent"; received: string };

const SILENCE_MS_MAX = 60_000;
const CHUNK_BYTES = 1000;

/** Sends bytes and reads until the other end closes. `hangsUp` ends our side as soon as all is sent. */
export async function sendBytes(
  port: number,
  bytes: Buffer,
  { hangsUp }: { hangsUp: boolean },
): Promise<FuzzReply> {
  const chunks: Buffer[] = [];
  const isSilent = await new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    const timer = setTimeout(() => leave(true), SILENCE_MS_MAX);
    const leave = (silent: boolean) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(silent);
    };
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", () => leave(false));
    socket.on("close", () => leave(false));
    socket.write(bytes);
    if (hangsUp) socket.end();
  });
  const received = Buffer.concat(chunks);
  if (isSilent) return { kind: "silent", received: received.toString("latin1").slice(0, 500) };
  return received.length === 0 ? { kind: "closed" } : parseReply(received);
}

/** The bytes of a request. */
export function bytesOf(request: FuzzRequest, fill: (text: string) => string): Buffer {
  const { method, target, headers, body, cutBytes, isChunked } = request;
  const length = isChunked
    ? ["Transfer-Encoding: chunked"]
    : body.length + cutBytes > 0 || /^P/.test(method)
      ? [`Content-Length: ${body.length + cutBytes}`]
      : [];
  const head = [
    `${method} ${fill(target)} HTTP/1.1`,
    "Host: gateway.test",
    ...headers.map(([name, value]) => `${name}: ${fill(value)}`),
    ...length,
    "Connection: close",
    "\r\n",
  ].join("\r\n");
  const isWide = [...head].some((character) => (character.codePointAt(0) ?? 0) > 255);
  const content = isChunked ? chunked(body, cutBytes === 0) : body;
  return Buffer.concat([Buffer.from(head, isWide ? "utf8" : "latin1"), content]);
}

function chunked(body: Buffer, isWhole: boolean): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length; at += CHUNK_BYTES) {
    const part = body.subarray(at, at + CHUNK_BYTES);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from("\r\n"));
  }
  if (isWhole) parts.push(Buffer.from("0\r\n\r\n"));
  return Buffer.concat(parts);
}

function parseReply(received: Buffer): FuzzReply {
  const text = received.toString("latin1");
  const end = text.indexOf("\r\n\r\n");
  const [first = "", ...lines] = text.slice(0, Math.max(0, end)).split("\r\n");
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1] ?? Number.NaN);
  // What comes before the reply itself, such as `100 Continue`.
  if (status < 200) return parseReply(received.subarray(end + 4));
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()] as const;
    }),
  );
  const body = received.subarray(end + 4);
  const isChunked = headers.get("transfer-encoding") === "chunked";
  return { kind: "reply", status, headers, body: (isChunked ? joined(body) : body).toString() };
}

function joined(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  let at = 0;
  for (;;) {
    const end = body.indexOf("\r\n", at);
    const length = Number.parseInt(body.subarray(at, end).toString(), 16);
    if (end < 0 || !(length > 0)) return Buffer.concat(parts);
    parts.push(body.subarray(end + 2, end + 2 + length));
    at = end + 2 + length + 2;
  }
}
