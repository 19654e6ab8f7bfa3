// The files an execution was asked to bring back: found by their patterns when it is over, each with
// its sum, and with its content as long as all of them together may still leave in one answer.

import { createHash } from "node:crypto";
import { Failure } from "../shared/errors.ts";
import { FILES_BYTES_MAX } from "../shared/limits.ts";
import type { ExecutionReport, OutputFile } from "../shared/runner-api.ts";
import type { SandboxFiles } from "./sandbox-files.ts";

type Brought = Pick<ExecutionReport, "files" | "filesTruncated">;

/** Brings back what `patterns` mean; nothing where none are given. Throws SandboxFault. */
export async function bringBack(
  files: SandboxFiles,
  patterns: readonly string[] | undefined,
): Promise<Brought> {
  if (patterns === undefined || patterns.length === 0) return {};
  const found = await files.find(patterns);
  const brought: OutputFile[] = [];
  let isCut = found.truncated;
  let bytesLeft = FILES_BYTES_MAX;
  for (const { name } of found.files) {
    const content = await contentOf(files, name);
    if (content === undefined) {
      isCut = true;
      continue;
    }
    const file = { name, bytes: content.length, sha256: sha256Of(content) };
    const fits = content.length <= bytesLeft;
    if (fits) bytesLeft -= content.length;
    brought.push(fits ? { ...file, content: content.toString("base64") } : file);
  }
  return { files: brought, ...(isCut && { filesTruncated: true }) };
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
