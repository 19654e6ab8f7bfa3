// What is brought back of files: never more than fits in an answer beside the rest of it, and never at
// the price of reading more than a workspace can hold.

import { expect, test } from "vitest";
import { bringBack } from "../../runner/output-files.ts";
import type { SandboxFiles } from "../../runner/sandbox-files.ts";
import {
  ANSWER_BYTES_MAX,
  FILE_BYTES_MAX,
  FILES_BYTES_MAX,
  LISTED_FILES_MAX,
  RESULT_BYTES_MAX,
  WORKSPACE_BYTES_MAX,
} from "../../shared/limits.ts";

/** A workspace of files of this length, which counts what is read of it. */
function workspace(count: number, bytes: number) {
  const read: string[] = [];
  const files = Array.from({ length: count }, (_, n) => ({ name: `${n}`, bytes }));
  const fake = {
    find: async () => ({ files, truncated: false }),
    read: async (name: string) => {
      read.push(name);
      return Buffer.alloc(bytes);
    },
  };
  return { read, files: fake as unknown as SandboxFiles };
}

test("all that a request may send comes back", async () => {
  const { files } = workspace(1, FILE_BYTES_MAX);
  const { files: [file] = [], filesTruncated } = await bringBack(files, ["*"], { run: {} });
  expect(file?.content).toHaveLength(Math.ceil(FILE_BYTES_MAX / 3) * 4);
  expect(filesTruncated).toBeUndefined();
});

test("an answer is no longer than is read, however much a program says and shows besides", async () => {
  const { files } = workspace(LISTED_FILES_MAX, Math.floor(FILES_BYTES_MAX / LISTED_FILES_MAX));
  const beside = {
    stdout: "\u0001".repeat(RESULT_BYTES_MAX / 6),
    shown: "x".repeat(RESULT_BYTES_MAX),
  };
  const brought = await bringBack(files, ["*"], beside);
  expect(JSON.stringify({ ...beside, ...brought }).length).toBeLessThan(ANSWER_BYTES_MAX);
  expect(brought.files?.some(({ content }) => content !== undefined)).toBe(true);
  expect(brought.files?.some(({ content }) => content === undefined)).toBe(true);
});

test("files that claim more than there is room for are not read to their end", async () => {
  const { files, read } = workspace(LISTED_FILES_MAX, FILE_BYTES_MAX);
  const { filesTruncated } = await bringBack(files, ["*"], {});
  expect(filesTruncated).toBe(true);
  expect(read.length).toBe(Math.ceil(WORKSPACE_BYTES_MAX / FILE_BYTES_MAX));
});
