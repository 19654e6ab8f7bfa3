// The search for files by patterns: where it looks, where it does not, and that it ends.

import { describe, expect, it } from "vitest";
import { findFiles, type ListDirectory } from "../../runner/find-files.ts";
import { Failure } from "../../shared/errors.ts";
import { LISTED_FILES_MAX } from "../../shared/limits.ts";
import type { WorkspaceEntry } from "../../shared/runner-api.ts";

const entry = (name: string, type: WorkspaceEntry["type"] = "file") => ({
  name,
  type,
  bytes: name.length,
  modifiedAtMs: 0,
});

/** A workspace of these directories; notes which of them are looked at. */
function workspace(tree: Record<string, WorkspaceEntry[]>) {
  const looked: string[] = [];
  const list: ListDirectory = async (path, max) => {
    looked.push(path);
    const entries = tree[path];
    if (entries === undefined) throw new Failure("unknown_file");
    return { entries: entries.slice(0, max), truncated: entries.length > max };
  };
  return { list, looked };
}

describe("a search", () => {
  it("looks only where something may be, and follows no link", async () => {
    const { list, looked } = workspace({
      "": [entry("a", "directory"), entry("b", "directory"), entry("l", "link"), entry("x.txt")],
      a: [entry("deep", "directory"), entry("y.txt"), entry("p.txt", "other")],
      b: [entry("z.txt")],
      "a/deep": [entry("w.txt")],
    });
    const found = await findFiles(list, ["a/*.txt", "l/**"]);
    expect(found).toEqual({ files: [{ name: "a/y.txt", bytes: 5 }], truncated: false });
    expect(looked).toEqual(["", "a"]);
  });

  it("goes on where a directory has gone, but not where the session has", async () => {
    const tree = { "": [entry("gone", "directory"), entry("here")] };
    expect(await findFiles(workspace(tree).list, ["**"])).toEqual({
      files: [{ name: "here", bytes: 4 }],
      truncated: false,
    });
    const reset: ListDirectory = () => Promise.reject(new Failure("conflict"));
    await expect(findFiles(reset, ["**"])).rejects.toMatchObject({ code: "conflict" });
  });

  it("ends, and says so, in a workspace without end", async () => {
    let looks = 0;
    const endless: ListDirectory = async () => {
      looks++;
      return { entries: [entry("a", "directory"), entry("b", "directory")], truncated: false };
    };
    expect(await findFiles(endless, ["**/x"])).toEqual({ files: [], truncated: true });
    expect(looks).toBeLessThanOrEqual(1000);
  });

  it("ends, and says so, where there are too many files or matching costs too much", async () => {
    const many = Array.from({ length: 30_000 }, (_, i) => entry(`${"a".repeat(200)}${i}`));
    const found = await findFiles(workspace({ "": many }).list, ["*"]);
    expect([found.files.length, found.truncated]).toEqual([LISTED_FILES_MAX, true]);
    const startedAtMs = performance.now();
    const patterns = Array.from({ length: 16 }, () => `${"*a".repeat(100)}b`);
    const dear = await findFiles(workspace({ "": many }).list, patterns);
    expect(dear).toEqual({ files: [], truncated: true });
    expect(performance.now() - startedAtMs).toBeLessThan(2000);
  });

  it("of a directory that was listed in part says so", async () => {
    const list: ListDirectory = async () => ({ entries: [entry("a")], truncated: true });
    expect(await findFiles(list, ["*"])).toEqual({
      files: [{ name: "a", bytes: 1 }],
      truncated: true,
    });
  });
});
