// The files an execution was asked to bring back: found by their patterns when it is over, each with
// its sum, and with its content as long as all of them together may still leave in one answer beside
// what else it says. No more is read than a workspace holds: sparse files and links may claim far more,
// and nobody pays for the time that takes.

import { createHash } from "node:crypto";
import { Failure } from "../shared/errors.ts";
import {
  ANSWER_BYTES_MAX,
  FILES_BYTES_MAX,
  LISTED_FILES_MAX,
  WORKSPACE_BYTES_MAX,
} from "../shared/limits.ts";
import type { ExecutionReport, OutputFile } from "../shared/runner-api.ts";
import type { SandboxFiles } from "./sandbox-files.ts";

/** What one file takes of an answer besides its content, and the answer besides its files, at most. */
const FILE_WORDS_BYTES = 1024;
const OTHER_WORDS_BYTES = 4096;

type Brought = Pick<ExecutionReport, "files" | "filesTruncated">;

/**
 * Brings back what `patterns` mean; nothing where none are given. `beside` is what else will be in the
 * answer. Throws SandboxFault.
 */
export async function bringBack(
  files: SandboxFiles,
  patterns: readonly string[] | undefined,
  beside: object,
): Promise<Brought> {
  if (patterns === undefined || patterns.length === 0) return {};
  const found = await files.find(patterns);
  const brought: OutputFile[] = [];
  let isCut = found.truncated;
  let bytesLeft = contentBytesMax(beside);
  let readLeft = WORKSPACE_BYTES_MAX;
  for (const { name } of found.files) {
    if (readLeft <= 0) return { files: brought, filesTruncated: true };
    const content = await contentOf(files, name);
    if (content === undefined) {
      isCut = true;
      continue;
    }
    readLeft -= content.length;
    const file = { name, bytes: content.length, sha256: sha256Of(content) };
    const fits = content.length <= bytesLeft;
    if (fits) bytesLeft -= content.length;
    brought.push(fits ? { ...file, content: content.toString("base64") } : file);
  }
  return { files: brought, ...(isCut && { filesTruncated: true }) };
}

/** How much of files there is room for in an answer, which has them in base64. */
function contentBytesMax(beside: object): number {
  const takenBytes =
    Buffer.byteLength(JSON.stringify(beside)) +
    LISTED_FILES_MAX * FILE_WORDS_BYTES +
    OTHER_WORDS_BYTES;
  const fits = Math.floor((ANSWER_BYTES_MAX - takenBytes) / 4) * 3 - 3 * LISTED_FILES_MAX;
  return Math.min(FILES_BYTES_MAX, fits);
}

/** What has gone meanwhile, or is too large for any answer, is left out. */
async function contentOf(files: SandboxFiles, name: string): Promise<Buffer | undefined> {
  try {
    return await files.read(name);
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

function sha256Of(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
