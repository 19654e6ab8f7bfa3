// The files of a sandbox's workspace, while a program runs and while none does. They are streamed both
// ways, so that no more of one is held here than is on its way. Whatever the program has done to its
// workspace comes out as a Failure that names `path`, and leaves the sandbox as it was; only a
// supervisor that cannot be believed is a SandboxFault.

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { Failure } from "../shared/errors.ts";
import { FILE_BYTES_MAX, LISTED_FILES_MAX } from "../shared/limits.ts";
import type { WorkspaceEntry, WorkspaceListing } from "../shared/runner-api.ts";
import { decodeListed, type FileDeed, type FileTold, PART_BYTES_MAX } from "./file-frames.ts";
import { type FileRequest, FileRequests, type Pace, type Wish } from "./file-requests.ts";
import { type FoundFiles, findFiles } from "./find-files.ts";
import { FrameError } from "./framing.ts";
import type { Link } from "./link.ts";

const FILE_MODE = 0o644;
/** Files and directories that one removal may take away. */
const REMOVED_MAX = 20_000;
const REMOVE_MS_MAX = 3000;

/** A file's content, in the order of its bytes. */
export type Content = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

/** What was written; the sum is SHA-256, in hexadecimal. */
export type Written = { bytes: number; sha256: string };

export type PutOptions = {
  mode?: number;
  bytesMax?: number;
  /** Is told what has come before any of it can be seen, and may throw. */
  check?: (written: Written) => void;
};

/** A file that is being read. Must be read to its end or cancelled. */
export type Download = {
  bytes: number;
  mode: number;
  modifiedAtMs: number;
  /** Its content, once. What has been cut off meanwhile is a Failure at the end. */
  content: AsyncIterable<Buffer>;
  cancel: () => Promise<void>;
};

export class SandboxFiles {
  readonly #link: Link;
  readonly #requests: FileRequests;

  /** `wake` lets the supervisor work; it must be let until nothing is under way any more. */
  constructor(link: Link, wake: () => Promise<void> = async () => undefined) {
    this.#link = link;
    this.#requests = new FileRequests(link, wake);
  }

  /** Whether any file is on its way, or asked about. */
  get isBusy(): boolean {
    return this.#requests.size > 0;
  }

  /** Lets all that is asked for from now on wait until `until` is settled. */
  hold(until: Promise<unknown>): void {
    this.#requests.hold(until);
  }

  /**
   * Puts a file at `path`, in place of whatever file was there, all at once and only when it is whole.
   * When it throws, whatever was thrown, nothing of it is left.
   */
  async put(path: string, content: Content, options: PutOptions = {}): Promise<Written> {
    this.#refuseMany();
    const { bytesMax = FILE_BYTES_MAX, check } = options;
    const hash = createHash("sha256");
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of content) {
        bytes += chunk.length;
        if (bytes > bytesMax) throw tooLarge(bytesMax);
        hash.update(chunk);
        yield chunk;
      }
      check?.({ bytes, sha256: hash.copy().digest("hex") });
    };
    await this.#write({ path, mode: options.mode ?? FILE_MODE }, counted(), "slow");
    return { bytes, sha256: hash.digest("hex") };
  }

  /** Puts files of ours, which are all there already. The first that cannot be put is thrown. */
  async putAll(files: readonly { name: string; mode?: number; content: Buffer }[]): Promise<void> {
    await Promise.all(
      files.map(({ name, mode, content }) =>
        this.#write({ path: name, mode: mode ?? FILE_MODE }, [content], "quick"),
      ),
    );
  }

  async #write(file: { path: string; mode: number }, content: Content, pace: Pace): Promise<void> {
    const request = await this.#begin({ deed: "write", ...file }, pace);
    try {
      // What is left of the content is read all the same: it may be a request's body.
      for await (const chunk of content) {
        for (const part of partsOf(chunk)) await request.write(part);
      }
    } catch (thrown) {
      await request.stop();
      throw thrown;
    }
    request.finish();
    refuse(await request.told, "write");
  }

  /** Opens the file at `path`, to be read as it is now. */
  async get(path: string, { bytesMax = FILE_BYTES_MAX } = {}): Promise<Download> {
    this.#refuseMany();
    return await this.#open(path, bytesMax, "slow");
  }

  /** The whole content of the file at `path`. */
  async read(path: string, { bytesMax = FILE_BYTES_MAX } = {}): Promise<Buffer> {
    const { content } = await this.#open(path, bytesMax, "quick");
    const parts: Buffer[] = [];
    for await (const part of content) parts.push(part);
    return Buffer.concat(parts);
  }

  async #open(path: string, bytesMax: number, pace: Pace): Promise<Download> {
    const request = await this.#begin({ deed: "read", path, max: bytesMax }, pace);
    const found = await request.found();
    if (found === undefined) refuse(await request.told, "read");
    const { bytes = 0, mode = 0, modifiedAtMs = 0 } = found ?? {};
    const content = contentOf(request, bytes);
    return { bytes, mode, modifiedAtMs, content, cancel: () => request.stop() };
  }

  /** What there is at `path`, which may be the workspace itself, by the name ``. */
  async stat(path: string): Promise<Omit<WorkspaceEntry, "name"> & { mode: number }> {
    const told = await (await this.#begin({ deed: "look", path }, "quick")).told;
    refuse(told, "look");
    const { type, bytes, modifiedAtMs, mode } = told;
    return { type, bytes, modifiedAtMs, mode };
  }

  /**
   * The entries of the directory at `path`, in order of their names. Those whose names are not UTF-8
   * cannot be told of: they are left out, as if there were too many.
   */
  async list(path: string): Promise<WorkspaceListing> {
    return await this.#list(path, LISTED_FILES_MAX);
  }

  async #list(path: string, max: number): Promise<WorkspaceListing> {
    const request = await this.#begin({ deed: "list", path, max }, "quick");
    const listed = [];
    for (let part = await request.next(); part !== undefined; part = await request.next()) {
      listed.push(...this.#believe(() => decodeListed(part as Buffer)));
    }
    const told = await request.told;
    if (told.result !== "cut") refuse(told, "list");
    if (listed.length > max) this.#disbelieve("more entries than were asked for");
    const entries = listed
      .filter(({ name }) => isUtf8(name))
      .map(({ name, ...rest }) => ({ name: name.toString("utf8"), ...rest }))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    return { entries, truncated: told.result === "cut" || entries.length < listed.length };
  }

  /** Removes a file or a link; a directory only if it is empty or all of it is to go. */
  async delete(path: string, { isRecursive = false } = {}): Promise<void> {
    const deed = isRecursive ? "remove-tree" : "remove";
    const request = await this.#begin({ deed, path, max: REMOVED_MAX }, "quick");
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      void request.stop();
    }, REMOVE_MS_MAX);
    const told = await request.told.finally(() => clearTimeout(timer));
    refuse(isLate && told.result === "stopped" ? { ...told, result: "cut" } : told, deed);
  }

  /** The files that any of `patterns` means; looks at no more than there is time for. */
  async find(patterns: readonly string[]): Promise<FoundFiles> {
    return await findFiles((path, max) => this.#list(path, max), patterns);
  }

  async #begin(wish: Wish, pace: Pace): Promise<FileRequest> {
    return await this.#requests.begin(wish, pace);
  }

  /** Slow ones are not waited for, for they wait for others themselves. */
  #refuseMany(): void {
    if (!this.#requests.isFull) return;
    throw new Failure("session_busy", {
      message: "Too many files of this session are on their way.",
    });
  }

  #believe<T>(read: () => T): T {
    try {
      return read();
    } catch (thrown) {
      if (!(thrown instanceof FrameError)) throw thrown;
      return this.#disbelieve(thrown.message);
    }
  }

  #disbelieve(reason: string): never {
    this.#link.fail(reason);
    throw this.#link.fault;
  }
}

async function* contentOf(request: FileRequest, bytes: number): AsyncGenerator<Buffer> {
  try {
    for (let part = await request.next(); part !== undefined; part = await request.next())
      yield part;
    const told = await request.told;
    refuse(told, "read");
    if (told.bytes < bytes) {
      throw new Failure("conflict", {
        field: "path",
        message: "The file was cut while it was read.",
      });
    }
  } finally {
    await request.stop();
  }
}

/** Parts of about the same length. */
function* partsOf(chunk: Uint8Array): Generator<Buffer> {
  const data = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
  const size = Math.ceil(data.length / Math.ceil(data.length / PART_BYTES_MAX));
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}

function tooLarge(bytesMax: number): Failure {
  const message = `The file is larger than ${bytesMax} bytes.`;
  return new Failure("payload_too_large", { field: "path", message });
}

const KINDS = {
  file: "is a file",
  directory: "is a directory",
  link: "is a link, and links are not followed",
  other: "is neither a file nor a directory",
} as const;

/** Throws what a caller is to hear, unless all went well. */
function refuse(told: FileTold, deed: FileDeed): void {
  const field = "path";
  const invalid = (what: string) =>
    new Failure("invalid_request", { field, message: `What is there ${what}.` });
  switch (told.result) {
    case "done":
      return;
    case "missing":
      if (deed === "write") throw conflict("Its directory was removed while the file was written.");
      throw new Failure("unknown_file", { field });
    case "other-type":
      throw invalid(deed === "list" ? "is not a directory" : KINDS[told.type]);
    case "too-large":
      throw new Failure("payload_too_large", {
        field,
        message: "The file is too large to be read.",
      });
    case "full":
      throw new Failure("workspace_full");
    case "in-the-way":
      throw new Failure("invalid_request", {
        field,
        message: "The path is a directory, or leads through something that is none.",
      });
    case "not-empty":
      throw invalid("is a directory that is not empty");
    case "cut":
      throw conflict("There is more of it, or deeper, than can be removed at once.");
    case "stopped":
      throw conflict("The session was reset or has ended meanwhile.");
    case "taken-away":
      throw conflict("The program has removed the file while it was written.");
    case "failed":
      throw new Failure("internal", { detail: `${deed} failed with errno ${told.mode}` });
  }
}

function conflict(message: string): Failure {
  return new Failure("conflict", { field: "path", message });
}
