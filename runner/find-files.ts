// Finds the files of a workspace that patterns mean (glob.ts), by listing the directories that may hold
// any. A program can make a workspace as large and as deep as it likes, so what is looked at is bounded
// in every way there is; that something may have been missed is told.

import { Failure } from "../shared/errors.ts";
import { FILE_NAME_BYTES_MAX, LISTED_FILES_MAX } from "../shared/limits.ts";
import type { WorkspaceListing } from "../shared/runner-api.ts";
import { Glob, type Progress } from "./glob.ts";

const ENTRIES_MAX = 20_000;
const DIRECTORIES_MAX = 1000;
const STEPS_MAX = 20_000_000;
const SEARCH_MS_MAX = 3000;

/** Files in order of their names; links are none. `truncated`: there may be more. */
export type FoundFiles = { files: { name: string; bytes: number }[]; truncated: boolean };

/** Lists at most `max` entries of the directory at `path`. */
export type ListDirectory = (path: string, max: number) => Promise<WorkspaceListing>;

type Directory = { path: string; progress: Progress };

/** The files that any of `patterns` means. */
export async function findFiles(
  list: ListDirectory,
  patterns: readonly string[],
): Promise<FoundFiles> {
  const search = new Search(list, patterns);
  await search.run();
  const files = search.files.sort((a, b) => (a.name < b.name ? -1 : 1));
  const truncated = search.isCut || files.length > LISTED_FILES_MAX;
  return { files: files.slice(0, LISTED_FILES_MAX), truncated };
}

class Search {
  readonly files: FoundFiles["files"] = [];
  isCut = false;
  readonly #list: ListDirectory;
  readonly #glob: Glob;
  readonly #directories: Directory[];
  readonly #lateAtMs = performance.now() + SEARCH_MS_MAX;
  #entriesLeft = ENTRIES_MAX;

  constructor(list: ListDirectory, patterns: readonly string[]) {
    this.#list = list;
    this.#glob = new Glob(patterns, { steps: STEPS_MAX });
    this.#directories = [{ path: "", progress: this.#glob.begin() }];
  }

  /** Directory by directory, those nearest to the top first. */
  async run(): Promise<void> {
    for (const [index, directory] of this.#directories.entries()) {
      if (index >= DIRECTORIES_MAX || this.#isSpent()) {
        this.isCut = true;
        return;
      }
      await this.#look(directory);
    }
    this.isCut ||= this.#glob.isSpent;
  }

  #isSpent(): boolean {
    return this.#entriesLeft <= 0 || this.#glob.isSpent || performance.now() > this.#lateAtMs;
  }

  async #look({ path, progress }: Directory): Promise<void> {
    const { entries, truncated } = await this.#list(path, this.#entriesLeft).catch(
      nothingIfRemoved,
    );
    this.#entriesLeft -= entries.length;
    this.isCut ||= truncated;
    for (const { name, type, bytes } of entries) {
      if (type !== "file" && type !== "directory") continue;
      const reached = this.#glob.enter(progress, name);
      const isFile = type === "file";
      if (!(isFile ? this.#glob.isMatch(reached) : this.#glob.mayHold(reached))) continue;
      const whole = path === "" ? name : `${path}/${name}`;
      if (Buffer.byteLength(whole) > FILE_NAME_BYTES_MAX) this.isCut = true;
      else if (isFile) this.files.push({ name: whole, bytes });
      else this.#directories.push({ path: whole, progress: reached });
    }
  }
}

/** A directory that the program has removed meanwhile, or made something else, holds nothing. */
function nothingIfRemoved(thrown: unknown): WorkspaceListing {
  const isGone =
    thrown instanceof Failure && ["unknown_file", "invalid_request"].includes(thrown.code);
  if (isGone) return { entries: [], truncated: false };
  throw thrown;
}
