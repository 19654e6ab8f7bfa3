// Finds out what is to be run: the text or the files, and the language they are in.

import { isUtf8 } from "node:buffer";
import { readFileSync } from "node:fs";
import { basename, dirname, extname, isAbsolute, relative, sep } from "node:path";
import type { ProgramFile } from "../../client/src/types.ts";
import { findLanguage, LANGUAGE_IDS, languageOf } from "../../shared/languages.ts";
import { FILE_BYTES_MAX } from "../../shared/limits.ts";
import { codeOf } from "./config.ts";
import { Stop } from "./exit.ts";

/** The language of a file, by its name or by the line it begins with. */
export function languageOfFile(name: string, content: string): string | undefined {
  const ending = extname(name).toLowerCase();
  const [, interpreter] = /^#!\s*\S*?\/?([\w+#-]+?)[\d.]*(?:\s|$)/.exec(withoutEnv(content)) ?? [];
  if (ending === "") return interpreter === undefined ? undefined : findLanguage(interpreter);
  const byMainFile = LANGUAGE_IDS.find(
    (id) => extname(languageOf(id).mainFile).toLowerCase() === ending,
  );
  const bySource = LANGUAGE_IDS.find((id) => languageOf(id).compile?.sources.includes(ending));
  // `.mjs` and `.cts` are said of the same languages as `.js` and `.ts`.
  return byMainFile ?? bySource ?? findLanguage(ending.slice(1).replace(/^[mc](?=[jt]s$)/, ""));
}

function withoutEnv(content: string): string {
  const line = content.split("\n", 1)[0] ?? "";
  return line.replace(/^#!\s*\S*\/env\s+(?:-S\s+)?/, "#!");
}

/** Reads files as a program's, the first one being its main file. */
export function readProgram(paths: readonly string[]): ProgramFile[] {
  const base = [dirname(paths[0] ?? "."), "."].find((folder) =>
    paths.every((path) => isIn(folder, path)),
  );
  return paths.map((path) => {
    const name = base === undefined ? basename(path) : relative(base, path).split(sep).join("/");
    const bytes = readLocal(path);
    return isUtf8(bytes)
      ? { name, content: bytes.toString("utf8") }
      : { name, content: bytes.toString("base64"), encoding: "base64" };
  });
}

/** Files below one folder keep their paths from there, so that they find each other; others their names. */
function isIn(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return !way.startsWith("..") && !isAbsolute(way);
}

/** A file of the caller's, whole. */
export function readLocal(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (thrown) {
    throw new Stop(
      "usage",
      `${path} ${WHY[codeOf(thrown)] ?? `cannot be read (${codeOf(thrown)})`}.`,
    );
  }
  if (bytes.length <= FILE_BYTES_MAX) return bytes;
  throw new Stop("usage", `${path} is larger than a file may be (${FILE_BYTES_MAX} bytes).`);
}

const WHY: Readonly<Record<string, string>> = {
  ENOENT: "is not there",
  EISDIR: "is a directory, and a file is wanted",
  EACCES: "may not be read",
};
