// Archives that were fetched before, in a folder of this machine, each under the digest of its content.
// What is taken out is compared with that digest again, so nobody who can write to the folder can have
// a session run anything else. What has not been used for longest goes when there is too much.

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Digest, matches } from "./hash.ts";

/** A file somebody has begun to write and not finished this long after will not be finished. */
const STALE_MS = 10 * 60_000;

export class PackageStore {
  readonly #dir: string;
  readonly #bytesMax: number;

  constructor(dir: string, bytesMax: number) {
    this.#dir = dir;
    this.#bytesMax = bytesMax;
  }

  /** The archive of this digest, if it is here and whole. */
  async get(digest: Digest): Promise<Buffer | undefined> {
    const file = this.#fileOf(digest);
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined) return undefined;
    if (!(await matches(content, digest))) {
      await rm(file, { force: true });
      return undefined;
    }
    const now = new Date();
    await utimes(file, now, now).catch(() => undefined); // another runner may just have dropped it
    return content;
  }

  /** Keeps an archive whose digest has been verified. */
  async put(digest: Digest, content: Buffer): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    const file = this.#fileOf(digest);
    const making = `${file}.${randomUUID()}.new`;
    try {
      await writeFile(making, content, { mode: 0o600, flag: "wx" });
      await rename(making, file);
    } catch (thrown) {
      await rm(making, { force: true });
      throw thrown;
    }
    await this.#drop();
  }

  #fileOf({ algorithm, hex }: Digest): string {
    return join(this.#dir, `${algorithm}-${hex}`);
  }

  async #drop(): Promise<void> {
    const names = await readdir(this.#dir);
    const files = await Promise.all(names.map((name) => this.#look(name)));
    const newestFirst = files.flat().sort((a, b) => b.usedAtMs - a.usedAtMs);
    let bytes = 0;
    for (const { file, size, usedAtMs } of newestFirst) {
      const isStale = file.endsWith(".new") && Date.now() - usedAtMs > STALE_MS;
      bytes += size;
      if (bytes > this.#bytesMax || isStale) await rm(file, { force: true });
    }
  }

  async #look(name: string) {
    const file = join(this.#dir, name);
    const found = await stat(file).catch(() => undefined);
    return found?.isFile() ? [{ file, size: found.size, usedAtMs: found.mtimeMs }] : [];
  }
}
