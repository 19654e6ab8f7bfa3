// The project's own source files, with what they import, for the tests that keep its shape.

import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

/** One TypeScript file: its path from the root, its text, and what it imports. */
export type Source = {
  path: string;
  text: string;
  /** Packages as written; files of ours as paths from the root. */
  imports: string[];
};

const ROOT = new URL("../..", import.meta.url).pathname;

/** Every file of the project that git knows or would know, without what is generated. */
export function listFiles(): string[] {
  const args = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", args, { cwd: ROOT, encoding: "utf8" });
  return listed.split("\n").filter((path) => path !== "");
}

/** Every TypeScript source under one of `folders`. */
export function readSources(...folders: string[]): Source[] {
  return listFiles()
    .filter(
      (path) => path.endsWith(".ts") && folders.some((folder) => path.startsWith(`${folder}/`)),
    )
    .filter((path) => !path.startsWith("runner/image/") && !/\/programs\/|\/samples\//.test(path))
    .map((path) => {
      const text = readText(path);
      return { path, text, imports: importsOf(path, text) };
    });
}

export function readText(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

function importsOf(path: string, text: string): string[] {
  const found = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\b[^"';]*?from\s+"([^"]+)"|import\("([^"]+)"\)/g,
  );
  return [...found].map(([, fixed, dynamic]) => {
    const target = fixed ?? dynamic ?? "";
    return target.startsWith(".") ? normalize(join(dirname(path), target)) : target;
  });
}
