// Which files may be one program: the rule for all of them together. What one file may be alone is
// ProgramFile's (runner-api.ts). The gateway refuses by it before anything is reserved, and a runner
// refuses by it again, because it believes nobody.

import { Failure } from "./errors.ts";
import { FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX } from "./limits.ts";
import type { ProgramFile } from "./runner-api.ts";

/** Where a compiled program is put, in the workspace; no file of a caller's may be called so. */
export const PROGRAM_NAME = ".program";

/** A file as this rule sees it; `bytes` are those it will have in the workspace. */
export type SizedFile = { name: string; bytes: number };

const encoder = new TextEncoder();

/** How many bytes a file will have in the workspace. Its content must be what its encoding says. */
export function bytesOf({ content, encoding }: ProgramFile): number {
  if (encoding !== "base64") return encoder.encode(content).length;
  const padding = content.endsWith("==") ? 2 : content.endsWith("=") ? 1 : 0;
  return (content.length / 4) * 3 - padding;
}

/**
 * Throws a Failure about the first file that cannot be there beside those before it: one whose name
 * is taken or is a directory's, one that is too large, or one too many. `fieldAt` says what the
 * caller called the file at an index.
 */
export function refuseBadFiles(
  files: readonly SizedFile[],
  fieldAt: (index: number) => string = (index) => `files[${index}]`,
): void {
  if (files.length > FILES_MAX) {
    const message = `A program has at most ${FILES_MAX} files.`;
    throw new Failure("invalid_request", { field: "files", message });
  }
  refuseClashes(files, fieldAt);
  refuseSizes(files, fieldAt);
}

function refuseClashes(files: readonly SizedFile[], fieldAt: (index: number) => string): void {
  const names = new Set<string>();
  const directories = new Set<string>();
  for (const [index, { name }] of files.entries()) {
    const parents = parentsOf(name);
    const clash = clashOf(name, parents, { names, directories });
    if (clash !== undefined) {
      const message = `The file name \`${name}\` ${clash}.`;
      throw new Failure("invalid_request", { field: `${fieldAt(index)}.name`, message });
    }
    names.add(name);
    for (const parent of parents) directories.add(parent);
  }
}

function clashOf(
  name: string,
  parents: readonly string[],
  { names, directories }: { names: Set<string>; directories: Set<string> },
): string | undefined {
  if (name === PROGRAM_NAME || parents[0] === PROGRAM_NAME) return "is kept for the built program";
  if (names.has(name)) return "is used twice";
  if (directories.has(name)) return "is also a directory";
  if (parents.some((parent) => names.has(parent))) return "is inside of what is a file";
  return undefined;
}

function refuseSizes(files: readonly SizedFile[], fieldAt: (index: number) => string): void {
  let sum = 0;
  for (const [index, { name, bytes }] of files.entries()) {
    if (bytes > FILE_BYTES_MAX) {
      const message = `\`${name}\` is larger than ${FILE_BYTES_MAX} bytes.`;
      throw new Failure("payload_too_large", { field: `${fieldAt(index)}.content`, message });
    }
    sum += bytes;
  }
  if (sum <= FILES_BYTES_MAX) return;
  const message = `The files are together larger than ${FILES_BYTES_MAX} bytes.`;
  throw new Failure("payload_too_large", { field: "files", message });
}

/** The directories a name needs, outermost first: of `a/b/c`, `a` and `a/b`. */
function parentsOf(name: string): string[] {
  const parts = name.split("/");
  return parts.slice(1).map((_part, index) => parts.slice(0, index + 1).join("/"));
}
