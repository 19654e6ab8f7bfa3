// What the sandbox image is made from in this checkout: its folder, and the Node binary and
// the packages for programs that come with the dependencies.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { ensureImage as ensureImageOf } from "../runner/host/image.ts";
import type { Report } from "../runner/host/refusal.ts";
import { LANGUAGE_IDS, LANGUAGES, languageOf } from "../shared/languages.ts";
import type { Paths } from "./paths.ts";

export type ImageOptions = {
  paths: Paths;
  socket: string;
  report: Report;
  signal?: AbortSignal | undefined;
};

/** Makes sure of the sandbox image of this checkout and returns its name. */
export function ensureImage({ paths, ...options }: ImageOptions): Promise<string> {
  return ensureImageOf({
    ...options,
    paths: paths.engine,
    dir: join(paths.repo, "runner", "image"),
    node: nodeOf(paths.repo),
    libraries: librariesOf(paths.repo),
    versionCommands: versionCommands(),
    dotnetImage: process.env.CODERUNNER_DOTNET_IMAGE || undefined,
  });
}

/** Warm languages tell their versions themselves, each time one of their sandboxes is warm. */
function versionCommands(): Record<string, string> {
  const entries = LANGUAGE_IDS.flatMap((id) => {
    const { version } = languageOf(id);
    return version === undefined ? [] : [[id, version] as const];
  });
  return Object.fromEntries(entries);
}

/** The packages are among this project's own dependencies, which is how their versions are pinned. */
function librariesOf(repo: string) {
  const packages = LANGUAGES.javascript.libraries.map((name) => {
    return { name, version: versionOf(join(repo, "node_modules", name)) };
  });
  return { dir: repo, packages };
}

function versionOf(folder: string): string {
  const manifest: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return z.object({ version: z.string() }).parse(manifest).version;
}

function nodeOf(repo: string): { binary: string; version: string } {
  const folder = join(repo, "node_modules", `node-linux-${process.arch}`);
  const binary = join(folder, "bin", "node");
  if (!existsSync(binary)) return { binary: process.execPath, version: process.versions.node };
  return { binary, version: versionOf(folder) };
}
