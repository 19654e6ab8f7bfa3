// The routes of a session's files: PUT, GET and DELETE of what lies below its id. Bodies are passed on
// while they come, both ways, so these routes are taken before anything that reads bodies whole. An
// upload that is cut off, too long, or not what its digest says is never seen by anybody. Knows neither
// how requests are signed nor how sessions are kept.

import { createHash } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as z from "zod";
import { Failure } from "../shared/errors.ts";
import { FILE_BYTES_MAX, FILE_TRANSFER_MS_MAX } from "../shared/limits.ts";
import { parse } from "../shared/parse.ts";
import {
  RUNNER_SESSIONS_PATH,
  type WorkspaceListing,
  WorkspacePath,
  type WrittenFile,
} from "../shared/runner-api.ts";
import { SandboxFault } from "./link.ts";
import type { Download, SandboxFiles, Written } from "./sandbox-files.ts";

/** What the routes need of everything else. */
export type FileAccess = {
  /** Resolves when the request is signed; must not touch its body. */
  verify: (request: IncomingMessage) => Promise<void>;
  /** Has a session's sandbox, which must not be handed to anybody else for as long as `use` takes. */
  withSession: <T>(
    sessionId: string,
    accountId: string,
    use: (sandbox: { files: SandboxFiles }) => Promise<T>,
  ) => Promise<T>;
};

type Target = {
  sessionId: string;
  accountId: string;
  path: string;
  isListing: boolean;
  isRecursive: boolean;
};

/** For the log. */
export type FileLog = { sessionId: string; bytes?: number; isCutOff?: boolean };

/** Files of up to this size are read whole, so that their digest can be told in the header. */
const DIGESTED_BYTES_MAX = 256 * 1024;
const ROUTE = new RegExp(`^${RUNNER_SESSIONS_PATH}/([^/?]+)/files(?:/([^?]*))?(?:\\?(.*))?$`);

const Query = z.object({
  accountId: z.string().min(1).max(128),
  list: z.literal("1").optional(),
  recursive: z.literal("1").optional(),
});

/** Whether a request, by its URL as it came, is for these routes. */
export function isFileRequest(url: string): boolean {
  return ROUTE.test(url);
}

/** Answers such a request, or throws a Failure before anything has been answered. */
export async function answerFileRequest(
  access: FileAccess,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<FileLog> {
  await access.verify(request);
  const target = targetOf(request.url ?? "");
  const answer = handlerOf(request.method, target);
  const { sessionId, accountId } = target;
  try {
    const more = await access.withSession(sessionId, accountId, ({ files }) =>
      answer(files, target, { request, response }),
    );
    return { sessionId, ...more };
  } catch (thrown) {
    if (!(thrown instanceof SandboxFault)) throw thrown;
    throw new Failure("session_lost", { detail: thrown.message });
  }
}

type Exchange = { request: IncomingMessage; response: ServerResponse };
type Handler = (
  files: SandboxFiles,
  target: Target,
  exchange: Exchange,
) => Promise<Omit<FileLog, "sessionId">>;

function handlerOf(method: string | undefined, { isListing }: Target): Handler {
  if (method === "PUT" && !isListing) return upload;
  if (method === "GET") return isListing ? list : download;
  if (method === "DELETE" && !isListing) return remove;
  throw new Failure("method_not_allowed");
}

/** What is asked about. The path is taken as it came: a URL that is parsed would lose its dots. */
function targetOf(url: string): Target {
  const [, id = "", rest = "", search = ""] = ROUTE.exec(url) ?? [];
  const {
    accountId,
    list: asksList,
    recursive,
  } = parse(Query, Object.fromEntries(new URLSearchParams(search)));
  const isListing = asksList === "1";
  const path = decode(isListing ? rest.replace(/\/$/, "") : rest);
  if (!(isListing && path === "") && !WorkspacePath.safeParse(path).success) {
    const message = "Not a relative path inside the workspace.";
    throw new Failure("invalid_request", { field: "path", message });
  }
  return { sessionId: decode(id), accountId, path, isListing, isRecursive: recursive === "1" };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Failure("invalid_request", { field: "path", message: "Not percent-encoded UTF-8." });
  }
}

const upload: Handler = async (files, { path }, { request, response }) => {
  refuseTooLong(request, response);
  const check = digestCheck(request.headers["content-digest"]);
  const timer = setTimeout(() => request.destroy(), FILE_TRANSFER_MS_MAX);
  try {
    const written = await files.put(path, bodyOf(request), { check });
    answer(response, 201, { name: path, ...written } satisfies WrittenFile);
    return { bytes: written.bytes };
  } finally {
    clearTimeout(timer);
  }
};

function refuseTooLong(request: IncomingMessage, response: ServerResponse): void {
  const length = Number(request.headers["content-length"] ?? 0);
  if (length <= FILE_BYTES_MAX) return;
  response.setHeader("Connection", "close"); // what comes of it all the same is nobody's
  const message = `The file is larger than ${FILE_BYTES_MAX} bytes.`;
  throw new Failure("payload_too_large", { field: "body", message });
}

/** The body, as it comes. Who reads no further can still answer. */
async function* bodyOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  try {
    yield* request.iterator({ destroyOnReturn: false });
  } catch (thrown) {
    const detail = thrown instanceof Error ? thrown.message : String(thrown);
    throw new Failure("invalid_request", { field: "body", message: "It was cut off.", detail });
  }
}

const DIGEST = /(?:^|,)\s*sha-256=:([A-Za-z0-9+/]{43}=):\s*(?:,|$)/;

/** Other sums than the one we make are not looked at, as RFC 9530 allows. */
function digestCheck(header: string | string[] | undefined): (written: Written) => void {
  const [text] = [header].flat();
  if (text === undefined || !/(?:^|,)\s*sha-256=/.test(text)) return () => undefined;
  const field = "content-digest";
  const wanted = DIGEST.exec(text)?.[1];
  if (wanted === undefined) {
    throw new Failure("invalid_request", { field, message: "Not a SHA-256 digest." });
  }
  return ({ sha256 }) => {
    if (Buffer.from(sha256, "hex").toString("base64") === wanted) return;
    throw new Failure("invalid_request", { field, message: "The body is not what it says." });
  };
}

const download: Handler = async (files, { path }, { response }) => {
  const file = await files.get(path);
  if (file.bytes > DIGESTED_BYTES_MAX) return await stream(file, response);
  const parts: Buffer[] = [];
  for await (const part of file.content) parts.push(part);
  const content = Buffer.concat(parts);
  const sum = createHash("sha256").update(content).digest("base64");
  announce(response, file);
  response.setHeader("Content-Digest", `sha-256=:${sum}:`);
  response.end(content);
  return { bytes: file.bytes };
};

function announce(response: ServerResponse, { bytes }: Download): void {
  response.setHeader("Content-Type", "application/octet-stream");
  response.setHeader("Content-Length", bytes);
}

/** What fails after it has begun cannot be answered any more: the connection ends before the file does. */
async function stream(file: Download, response: ServerResponse) {
  const signal = AbortSignal.timeout(FILE_TRANSFER_MS_MAX);
  const content = Readable.from(file.content, { objectMode: false });
  announce(response, file);
  try {
    await pipeline(content, response, { signal });
    return { bytes: file.bytes };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    response.destroy();
    return { bytes: file.bytes, isCutOff: true };
  } finally {
    await file.cancel();
  }
}

const list: Handler = async (files, { path }, { response }) => {
  const listing: WorkspaceListing = await files.list(path);
  answer(response, 200, listing);
  return {};
};

const remove: Handler = async (files, { path, isRecursive }, { response }) => {
  await files.delete(path, { isRecursive });
  answer(response, 204);
  return {};
};

function answer(response: ServerResponse, status: number, body?: object): void {
  response.statusCode = status;
  if (body === undefined) return void response.end();
  response.setHeader("Content-Type", "application/json; charset=utf-8");
  response.end(JSON.stringify(body));
}
