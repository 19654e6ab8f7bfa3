// Programs that have been compiled before, so that the same sources need not be again. What is kept
// came out of an account's sandbox and goes back into sandboxes of that account only: the account is
// part of the key, because whoever could choose what another's sources become would own the other.
// It is opaque here, bounded in size, and gone with the runner.

import { createHash } from "node:crypto";
import { LRUCache } from "lru-cache";
import type { StageReport } from "../shared/runner-api.ts";

/** What a compiled program is known by; all of it must be equal for it to be the same program. */
export type Recipe = {
  accountId: string;
  language: string;
  version: string;
  args: readonly string[];
  files: readonly { name: string; content: Buffer }[];
};

/** A compiled program, and what its compiler said. */
export type Compiled = { program: Buffer; report: StageReport };

/** What an entry takes besides the program: its report's texts and this cache's own book-keeping. */
function sizeOf({ program, report }: Compiled): number {
  return program.length + 2 * (report.stdout.length + report.stderr.length) + 1024;
}

export class CompileCache {
  readonly #entries: LRUCache<string, Compiled>;

  /** Keeps at most `bytesMax` in all, dropping what has not been used for longest. */
  constructor(bytesMax: number) {
    this.#entries = new LRUCache({ maxSize: bytesMax, sizeCalculation: sizeOf });
  }

  get(key: string): Compiled | undefined {
    return this.#entries.get(key);
  }

  /** Keeps `compiled`, unless it alone is more than all may be. */
  keep(key: string, compiled: Compiled): void {
    this.#entries.set(key, compiled);
  }
}

/** The key of a recipe. Every part is preceded by its length, so that no two recipes look alike. */
export function keyOf({ accountId, language, version, args, files }: Recipe): string {
  const hash = createHash("sha256");
  const add = (part: string | Buffer) => {
    hash.update(`${Buffer.byteLength(part)}:`).update(part);
  };
  for (const part of [accountId, language, version, String(args.length), ...args]) add(part);
  for (const { name, content } of files) {
    add(name);
    add(content);
  }
  return hash.digest("base64url");
}
