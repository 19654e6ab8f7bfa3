// Unpacks an npm package to the folder it belongs in, as npm does: without the archive's topmost folder
// and without links, and with its commands executable. Nothing in it is run.

import { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract } from "tar-stream";
import { PACKAGES_BYTES_MAX } from "../../shared/limits.ts";
import {
  asRefused,
  contentOf,
  FILE_MODE,
  PROGRAM_MODE,
  pathWithin,
  type Tree,
  tooLarge,
} from "./tree.ts";

/** Where packages lie, and the commands of those that lie there directly, which are to be on PATH. */
export const NODE_PLACE = "node_modules";
export const NODE_COMMANDS = `${NODE_PLACE}/.bin`;

/** What all of an archive may unpack to: its files, and a header and filling for each. */
const UNPACKED_BYTES_MAX = 2 * PACKAGES_BYTES_MAX;

export type Placement = {
  /** Where it goes: `node_modules/a`, or deeper. */
  location: string;
  /** Its commands, and the file of the package each is. */
  bin: Readonly<Record<string, string>>;
};

/** Adds the files of a package to `tree`. Throws a Failure for one that is not as it should be. */
export async function unpackTarball(
  archive: Buffer,
  { location, bin }: Placement,
  tree: Tree,
): Promise<void> {
  const commands = Object.entries(bin).map(([name, file]) => ({ name, file: pathWithin(file) }));
  const programs = new Set(commands.map(({ file }) => file));
  const entries = extract();
  const unpacking = pipeline(
    Readable.from([archive]),
    createGunzip(),
    atMost(UNPACKED_BYTES_MAX),
    entries,
  );
  unpacking.catch(() => undefined); // it ends the loop below
  try {
    for await (const entry of entries) {
      const { type, name, mode = 0 } = entry.header;
      const path = type === "file" ? withoutTop(name) : undefined;
      if (path === undefined) {
        entry.resume();
        continue;
      }
      const content = await contentOf(entry as AsyncIterable<Buffer>, tree.room);
      const isProgram = (mode & 0o111) !== 0 || programs.has(path);
      tree.add(location, path, isProgram ? PROGRAM_MODE : FILE_MODE, content);
    }
    await unpacking;
  } catch (thrown) {
    entries.destroy();
    throw asRefused(thrown);
  }
  if (location.indexOf("/node_modules/") < 0) addCommands(location, commands, tree);
}

type Command = { name: string; file: string };

/** npm makes links; a file that hands over does the same where there must be none. */
function addCommands(location: string, commands: readonly Command[], tree: Tree): void {
  for (const { name, file } of commands) {
    const target = `${location.slice(NODE_PLACE.length + 1)}/${file}`;
    const command = name.split("/").at(-1) ?? name; // a scope is no part of a command
    const text = `#!/bin/sh\nexec "$(dirname "$0")"/${quoted(`../${target}`)} "$@"\n`;
    tree.add(NODE_COMMANDS, command, PROGRAM_MODE, Buffer.from(text));
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** `package/lib/a.js` as `lib/a.js`; `undefined` for what is nothing below the topmost folder. */
function withoutTop(name: string): string | undefined {
  const path = pathWithin(name);
  const at = path.indexOf("/");
  return at < 0 ? undefined : path.slice(at + 1);
}

/** Passes on as much as an archive may unpack to, so that its headers cannot fill the memory either. */
function atMost(bytesMax: number): Transform {
  let bytes = 0;
  return new Transform({
    transform(part: Buffer, _encoding, done) {
      bytes += part.length;
      done(bytes > bytesMax ? tooLarge("an archive unpacks without end") : null, part);
    },
  });
}
