// The files that packages come to, as they will lie in the workspace. Archives are strangers' work: a
// name that leads out of its place, a file in the place of a folder, and more than there is room for
// are refused before anything is written anywhere.

import { Failure } from "../../shared/errors.ts";
import {
  FILE_NAME_BYTES_MAX,
  PACKAGES_BYTES_MAX,
  PACKAGES_ENTRIES_MAX,
} from "../../shared/limits.ts";

const PAGE_BYTES = 4096;
export const FILE_MODE = 0o644;
export const PROGRAM_MODE = 0o755;

/** A file to be written below the workspace. */
export type PackageFile = { name: string; mode: number; content: Buffer };

export class Tree {
  readonly #files = new Map<string, PackageFile>();
  readonly #folders = new Set<string>();
  #bytes = 0;

  /** The files, in the order they came; a name that came twice is what came last. */
  get files(): PackageFile[] {
    return [...this.#files.values()];
  }

  /** What they take of the workspace. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How large the next file may be. */
  get room(): number {
    return PACKAGES_BYTES_MAX - this.#bytes;
  }

  /** Puts a file at `path` below `place`, which is a folder of ours. */
  add(place: string, path: string, mode: number, content: Buffer): void {
    const name = pathWithin(`${place}/${pathWithin(path)}`);
    if (Buffer.byteLength(name) > FILE_NAME_BYTES_MAX) throw refused(`${path}: too long a name`);
    const before = this.#files.get(name);
    this.#bytes +=
      pages(content.length) - (before === undefined ? 0 : pages(before.content.length));
    this.#files.set(name, { name, mode, content });
    this.#enter(name);
    const entries = this.#files.size + this.#folders.size;
    if (this.#bytes > PACKAGES_BYTES_MAX) throw tooLarge("bytes");
    if (entries > PACKAGES_ENTRIES_MAX) throw tooLarge(`${entries} entries`);
  }

  #enter(name: string): void {
    if (this.#folders.has(name)) throw refused(`${name}: a file and a folder`);
    for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) {
      const folder = name.slice(0, at);
      if (this.#folders.has(folder)) return;
      if (this.#files.has(folder)) throw refused(`${folder}: a file and a folder`);
      this.#folders.add(folder);
    }
  }
}

/** `path` without empty and idle steps. Throws where it is not one within a folder. */
export function pathWithin(path: string): string {
  const steps = path.split("/").filter((step) => step !== "" && step !== ".");
  const isStrange = path.startsWith("/") || steps.length === 0 || steps.some(isStrangeStep);
  if (isStrange) throw refused(`${JSON.stringify(path.slice(0, 200))}: leads elsewhere`);
  return steps.join("/");
}

function isStrangeStep(step: string): boolean {
  return step === ".." || /[\\\p{Cc}]/u.test(step) || /^[a-z]:/i.test(step);
}

/** Reads what unpacks from an archive, as long as it is no more than there is room for. */
export async function contentOf(stream: AsyncIterable<Buffer>, room: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of stream) {
    bytes += part.length;
    if (bytes > room) throw tooLarge("a file larger than the room that is left");
    parts.push(part);
  }
  return Buffer.concat(parts, bytes);
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}

/** An archive that nobody should unpack. */
export function refused(detail: string): Failure {
  return new Failure("packages_refused", {
    message: "A package's archive is not as one should be.",
    detail,
  });
}

/** More than there is room for. */
export function tooLarge(detail: string): Failure {
  const mib = PACKAGES_BYTES_MAX / 1024 / 1024;
  return new Failure("packages_too_large", {
    message: `These packages take more than ${mib} MiB or ${PACKAGES_ENTRIES_MAX} files.`,
    detail,
  });
}

/** What an unpacker threw, as a refusal where it is not a failure already. */
export function asRefused(thrown: unknown): Failure {
  return thrown instanceof Failure ? thrown : refused(String(thrown));
}
