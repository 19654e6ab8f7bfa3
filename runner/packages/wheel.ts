// Unpacks a Python wheel as an installer does, for a folder on Python's path: the archive as it is, what
// its data folder has where that belongs, and the commands it declares. Nothing in it is run.

import { type Entry, fromBufferPromise, type ZipFile } from "yauzl";
import { PACKAGES_ENTRIES_MAX } from "../../shared/limits.ts";
import {
  asRefused,
  contentOf,
  FILE_MODE,
  PROGRAM_MODE,
  pathWithin,
  refused,
  type Tree,
  tooLarge,
} from "./tree.ts";

/** Where packages lie, which is to be on Python's path, and their commands, which are to be on PATH. */
export const PYTHON_PLACE = ".packages/python";
export const PYTHON_COMMANDS = `${PYTHON_PLACE}/bin`;
const PYTHON = "/usr/bin/python3";

const TYPE_MASK = 0o170000;
const LINK_TYPE = 0o120000;
/** `name-1.0.data/scripts/x`: which of an installation's folders, and what is in it. */
const DATA = /^[^/]+\.data\/(purelib|platlib|scripts|data|headers)\/(.+)$/;
const COMMANDS = /^[^/]+\.dist-info\/entry_points\.txt$/;
/** `name = package.module:object`, perhaps with extras in brackets. */
const COMMAND = /^([A-Za-z0-9._-]+)\s*=\s*([A-Za-z0-9_.]+):([A-Za-z0-9_.]+)\s*(?:\[.*\])?$/;

/** Adds the files of a wheel to `tree`. Throws a Failure for one that is not as it should be. */
export async function unpackWheel(archive: Buffer, tree: Tree): Promise<void> {
  try {
    const zip = await fromBufferPromise(archive, { lazyEntries: true });
    if (zip.entryCount > PACKAGES_ENTRIES_MAX) throw tooLarge(`${zip.entryCount} entries`);
    for await (const entry of zip.eachEntry()) {
      if (!entry.fileName.endsWith("/")) await place(zip, entry, tree);
    }
  } catch (thrown) {
    throw asRefused(thrown);
  }
}

async function place(zip: ZipFile, entry: Entry, tree: Tree): Promise<void> {
  const unixMode = entry.externalFileAttributes >>> 16;
  if ((unixMode & TYPE_MASK) === LINK_TYPE) throw refused(`${entry.fileName}: a link`);
  const path = pathWithin(entry.fileName);
  const content = await contentOf(await zip.openReadStreamPromise(entry), tree.room);
  const mode = unixMode & 0o111 ? PROGRAM_MODE : FILE_MODE;
  const [, folder, rest = ""] = DATA.exec(path) ?? [];
  if (folder === "headers") return; // nothing is compiled against them
  if (folder === "scripts") return tree.add(PYTHON_COMMANDS, rest, PROGRAM_MODE, script(content));
  tree.add(PYTHON_PLACE, folder === undefined ? path : rest, mode, content);
  if (COMMANDS.test(path)) addCommands(content.toString("utf8"), tree);
}

/** A script whose first line asks for whatever Python it is installed for. */
function script(content: Buffer): Buffer {
  const end = content.indexOf(10);
  if (!/^#!pythonw?\b/.test(content.toString("latin1", 0, Math.max(end, 0)))) return content;
  return Buffer.concat([Buffer.from(`#!${PYTHON}`), content.subarray(end)]);
}

function addCommands(text: string, tree: Tree): void {
  let section = "";
  for (const line of text.split(/\r?\n/).map((one) => one.trim())) {
    section = /^\[\s*(.+?)\s*\]$/.exec(line)?.[1] ?? section;
    const [, name, module, object] = COMMAND.exec(line) ?? [];
    if (section !== "console_scripts" || name === undefined || object === undefined) continue;
    const lines = [
      `#!${PYTHON}`,
      "import sys",
      `from ${module} import ${object.split(".")[0]}`,
      `sys.exit(${object}())`,
      "",
    ];
    tree.add(PYTHON_COMMANDS, name, PROGRAM_MODE, Buffer.from(lines.join("\n")));
  }
}
