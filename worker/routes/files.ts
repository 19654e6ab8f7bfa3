// /api/sessions/:sessionId/files/*: the files of a session, by the paths they have in its workspace.
// Contents are passed on as they come, in both directions, but for an upload of unknown length. A path that
// ends in a slash, or none at all, means a directory.

import { Failure } from "../../shared/errors.ts";
import { PROGRAM_NAME } from "../../shared/files.ts";
import { FILE_BYTES_MAX } from "../../shared/limits.ts";
import { WorkspacePath } from "../../shared/runner-api.ts";
import { brokenOff as failureOfBody, readBytes } from "../body.ts";
import type { Call } from "../call.ts";
import { fromSessionWord } from "../faces/session-word.ts";
import { ApiListing, ApiWrittenFile, toApiListing } from "../faces/sessions.ts";
import { handle, NoBody } from "../handle.ts";
import { RUNNER_ERRORS, SESSION_ERRORS } from "../openapi/about.ts";
import {
  type Download,
  deleteFile,
  downloadFile,
  listFiles,
  uploadFile,
  type Whose,
} from "../runner-sessions.ts";
import { atRunner, visitSession } from "../visit.ts";

const ROUTE = /^\/api\/sessions\/[^/]+\/files(?:\/(.*))?$/s;
/** One by SHA-256, maybe among others. */
const CONTENT_DIGEST = /(?:^|,)\s*sha-256=:[A-Za-z0-9+/]{43}=:\s*(?:,|$)/;

/** What a path of this route means: a name in the workspace, or a directory's, empty for its top. */
type Target = { name: string; isDirectory: boolean };

const FILE_ERRORS = ["invalid_request", ...SESSION_ERRORS, ...RUNNER_ERRORS] as const;

export const readFile = handle({
  summary: "Download a file, or list a directory",
  description:
    "A path that ends in a slash, or none at all, is a directory's. A download comes with its length and its `Content-Digest`.",
  tag: "Files",
  operation: "readFile",
  body: NoBody,
  reply: {
    200: {
      json: ApiListing,
      other: { "application/octet-stream": { description: "The file.", example: "1,2,3\n" } },
    },
  },
  errors: ["unknown_file", "conflict", ...FILE_ERRORS],
  examples: { one: { summary: "A file" } },
  run: async (_body, call, { sessionId = "" }) => {
    const { name, isDirectory } = targetOf(call);
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    if (isDirectory) {
      const listing = await atRunner(call, visited, (whose) => listFiles(call, whose, name));
      return { body: toApiListing(listing) };
    }
    return responseOf(await atRunner(call, visited, (whose) => downloadFile(call, whose, name)));
  },
});

export const writeFile = handle({
  summary: "Upload a file",
  description: `Of at most ${FILE_BYTES_MAX} bytes; directories on its way are made. With \`Content-Digest\`, what arrives is held against it.`,
  tag: "Files",
  operation: "writeFile",
  body: NoBody,
  upload: { type: "application/octet-stream", description: "What is to be in the file." },
  headers: { "Content-Digest": "The SHA-256 of the file: `sha-256=:BASE64:`." },
  reply: { 201: { json: ApiWrittenFile } },
  errors: ["unknown_file", "conflict", "payload_too_large", "workspace_full", ...FILE_ERRORS],
  examples: { one: { summary: "A small table", body: "a,b\n1,2\n" } },
  run: async (_body, call, { sessionId = "" }) => {
    const name = fileIn(call);
    if (name.split("/")[0] === PROGRAM_NAME) throw badPath("is kept for the built program");
    const announced = announcedBytes(call.request);
    const digest = digestOf(call.request);
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    const { body, bytes, brokenOff } = await contentOf(call.request, announced);
    const written = await atRunner(call, visited, (whose) =>
      uploadFile(call, whose, name, { body, bytes, digest }),
    ).catch((thrown) => {
      throw brokenOff() ?? thrown;
    });
    return { status: 201, body: written };
  },
});

export const removeFile = handle({
  summary: "Delete a file",
  tag: "Files",
  operation: "deleteFile",
  body: NoBody,
  reply: { 204: { description: "It is gone." } },
  errors: ["unknown_file", "conflict", ...FILE_ERRORS],
  examples: { one: { summary: "A file" } },
  run: async (_body, call, { sessionId = "" }) => {
    const target = targetOf(call);
    if (target.name === "") throw badPath("must be that of a file or a directory");
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    await atRunner(call, visited, (whose) => removeTarget(call, whose, target));
    return "nothing";
  },
});

/** A directory goes with all it holds, if it is written as one. */
async function removeTarget(call: Call, whose: Whose, { name, isDirectory }: Target) {
  await deleteFile(call, whose, name, { isRecursive: isDirectory });
}

function targetOf({ request }: Call): Target {
  const escaped = ROUTE.exec(new URL(request.url).pathname)?.[1] ?? "";
  if (escaped === "") return { name: "", isDirectory: true };
  const isDirectory = escaped.endsWith("/");
  const name = decoded(isDirectory ? escaped.slice(0, -1) : escaped);
  const parsed = WorkspacePath.safeParse(name);
  if (!parsed.success) throw badPath(parsed.error.issues[0]?.message ?? "is not valid");
  return { name, isDirectory };
}

function fileIn(call: Call): string {
  const { name, isDirectory } = targetOf(call);
  if (isDirectory) throw badPath("must be that of a file, without a slash at its end");
  return name;
}

function decoded(escaped: string): string {
  try {
    return decodeURIComponent(escaped);
  } catch {
    throw badPath("has an escape that is not UTF-8");
  }
}

function badPath(why: string): Failure {
  return new Failure("invalid_request", { field: "path", message: `\`path\` ${why}.` });
}

/** How long a body says it is, or `undefined` when it does not. */
function announcedBytes({ headers, body }: Request): number | undefined {
  const length = headers.get("Content-Length");
  if (length === null) return body === null ? 0 : undefined;
  const bytes = Number(length);
  if (bytes > FILE_BYTES_MAX) throw tooLarge();
  return bytes;
}

function digestOf({ headers }: Request): string | undefined {
  const digest = headers.get("Content-Digest");
  if (digest === null || CONTENT_DIGEST.test(digest)) return digest ?? undefined;
  const message = "`Content-Digest` must have one by SHA-256: `sha-256=:BASE64:`.";
  throw new Failure("invalid_request", { field: "Content-Digest", message });
}

function tooLarge(): Failure {
  const message = `A file must be at most ${FILE_BYTES_MAX} bytes.`;
  return new Failure("payload_too_large", { field: "body", message });
}

/** What is to be passed on, and whether it was its sender who left it unfinished. */
type Content = {
  body: ReadableStream<Uint8Array>;
  bytes: number;
  brokenOff: () => Failure | undefined;
};

/**
 * What is to be passed on. Where nobody has told its length it is read first: passed on while it comes,
 * a body that breaks off would reach the runner as one that has ended.
 */
async function contentOf(request: Request, announced: number | undefined): Promise<Content> {
  if (announced !== undefined) {
    return { ...watched(request.body ?? emptyBody()), bytes: announced };
  }
  const { headers, body } = request;
  const read = await readBytes({ headers, body } as Request, FILE_BYTES_MAX).catch((thrown) => {
    throw failureOfBody(thrown);
  });
  if (read === undefined) throw tooLarge();
  const bytes = read.length;
  return { body: new Response(read).body ?? emptyBody(), bytes, brokenOff: () => undefined };
}

/** A body as it comes, and what to say if it does not come to its end. */
function watched(source: ReadableStream<Uint8Array>): Omit<Content, "bytes"> {
  const reader = source.getReader();
  let failure: Failure | undefined;
  const body = new ReadableStream<Uint8Array>({
    pull: async (controller) => {
      const { done, value } = await reader.read().catch((thrown: unknown) => {
        failure = failureOfBody(thrown);
        throw failure;
      });
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  });
  return { body, brokenOff: () => failure };
}

function emptyBody(): ReadableStream<Uint8Array> {
  return new Response("").body ?? new ReadableStream({ start: (c) => c.close() });
}

function responseOf({ body, bytes, digest }: Download): Response {
  const headers = new Headers({
    // Never a type that a browser would do something with.
    "Content-Type": "application/octet-stream",
    "Content-Disposition": "attachment",
    "Content-Length": String(bytes),
  });
  if (digest !== undefined) headers.set("Content-Digest", digest);
  return new Response(body, { headers });
}
