// Puts files that a program has made into a folder of the caller's, and nowhere else: the names come from
// the program's side.

import { mkdirSync, realpathSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import type { Execution } from "../../client/src/types.ts";
import type { Context } from "./command.ts";
import { codeOf } from "./config.ts";
import { Stop } from "./exit.ts";

/** Writes the files that came back with an execution. */
export function saveFiles(
  { output }: Context,
  { files = [], files_truncated }: Execution,
  folder: string,
): void {
  for (const { name, content } of files) {
    if (content === undefined) {
      output.failure(
        `${name} is too large to come along; fetch it from a session with \`coderunner files get\`.`,
      );
    } else writeWhole(placeIn(folder, name), Buffer.from(content, "base64"));
  }
  if (files_truncated) output.failure("There were more files than come along.");
}

/** Where a file of that name belongs in a folder. */
export function placeIn(folder: string, name: string): string {
  const place = resolve(folder, name);
  const way = relative(resolve(folder), place);
  if (way === "" || way.split(sep)[0] === ".." || isAbsolute(way)) {
    throw new Stop("refused", `${name} would lie outside ${folder}; nothing was written.`);
  }
  return place;
}

/** Writes to a place that the caller has named: a pipe or a device is written to, and not replaced. */
export function writeTo(place: string, content: Uint8Array): void {
  writing(place, () => {
    const found = statSync(place, { throwIfNoEntry: false });
    if (found === undefined || found.isDirectory()) return writeWhole(place, content);
    if (found.isFile()) return writeWhole(realpathSync(place), content);
    writeFileSync(place, content);
  });
}

/** Writes a file so that it is there whole or as it was before. */
export function writeWhole(file: string, content: Uint8Array): void {
  const making = join(dirname(file), `.coderunner-${process.pid}`);
  writing(file, () => {
    try {
      mkdirSync(dirname(file), { recursive: true });
      rmSync(making, { force: true });
      // Never through what somebody else has put there.
      writeFileSync(making, content, { flag: "wx" });
      renameSync(making, file);
    } catch (thrown) {
      rmSync(making, { force: true });
      throw thrown;
    }
  });
}

function writing(file: string, write: () => void): void {
  try {
    write();
  } catch (thrown) {
    if (thrown instanceof Stop) throw thrown;
    throw new Stop("usage", `${file} cannot be written (${codeOf(thrown)}).`);
  }
}
