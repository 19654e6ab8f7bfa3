// What the tests of packages share: a resolver that a test writes itself, in the place of pip's and npm's,
// and what is needed to get packages with it from a registry on this machine.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { StartResolver } from "../../../runner/packages/chooser.ts";
import { Packages } from "../../../runner/packages/packages.ts";
import { sourcesOf } from "../../../runner/packages/sources.ts";
import type { PackageRegistry } from "../../kit/package-registry.ts";

/** Who asks, where that does not matter. */
export const ASKER = { accountId: "ordinary" };

export type Heard = { status: number; url: string; body: Buffer };
/** What a resolver does: it may read, and what it returns is its last word, as bytes of a line. */
export type Script = (
  order: { source: string; requirements: string[] },
  read: (url: string) => Promise<Heard>,
) => Promise<unknown>;

/** Starts resolvers that follow `script`; `ended` counts those that are gone. */
export function scripted(script: Script): { start: StartResolver; ended: () => number } {
  let ended = 0;
  const start: StartResolver = async (_manager, { onData }) => {
    const waiting = new Map<number, (heard: Heard) => void>();
    let count = 0;
    let heard = Buffer.alloc(0);
    let isBegun = false;
    const say = (message: unknown) => onData(Buffer.from(`${JSON.stringify(message)}\n`));
    const read = (url: string) => {
      const id = ++count;
      return new Promise<Heard>((resolve) => {
        waiting.set(id, resolve);
        say({ id, get: url, accept: "*/*" });
      });
    };
    const take = () => {
      for (let end = heard.indexOf(10); end >= 0; end = heard.indexOf(10)) {
        const message = JSON.parse(heard.toString("utf8", 0, end));
        const after = end + 1 + (isBegun ? message.bytes : 0);
        if (heard.length < after) return;
        const body = heard.subarray(end + 1, after);
        heard = heard.subarray(after);
        if (isBegun) waiting.get(message.id)?.({ ...message, body });
        else void script(message, read).then((last) => last !== undefined && say(last));
        isBegun = true;
      }
    };
    return {
      write: (bytes) => {
        heard = Buffer.concat([heard, Buffer.from(bytes)]);
        take();
      },
      end: async () => {
        ended += 1;
      },
    };
  };
  return { start, ended: () => ended };
}

/** Chooses every file that the index lists for what was asked, whatever it is. */
export const everyWheel: Script = async ({ source, requirements }, read) => {
  const chosen: unknown[] = [];
  for (const requirement of requirements) {
    const page = await read(`${source}${requirement}/`);
    if (page.status !== 200) return { refused: `ERROR: no ${requirement}` };
    chosen.push(...JSON.parse(page.body.toString()).files);
  }
  return { chosen };
};

/** Chooses the newest version of what was asked, and nothing it depends on. */
export const newestNpm: Script = async ({ source, requirements }, read) => {
  const chosen: unknown[] = [];
  for (const name of requirements) {
    const page = await read(`${source}${name}`);
    if (page.status !== 200) return { refused: `no ${name}` };
    const { versions, "dist-tags": tags } = JSON.parse(page.body.toString());
    const { version, dist, bin = {} } = versions[tags.latest];
    const { tarball: url, integrity } = dist;
    const location = `node_modules/${name}`;
    chosen.push({ name, version, url, integrity, location, bin, hasScripts: false });
  }
  return { chosen };
};

export type Setting = {
  registry: PackageRegistry;
  script?: Script;
  furtherOrigins?: string[];
  cacheDir?: string;
  msMax?: number;
};

/** Packages from a registry of this machine, and a function that clears up after them. */
export function packagesFrom(setting: Setting) {
  const { registry, script = everyWheel, furtherOrigins = [], msMax = 5_000 } = setting;
  const cacheDir = setting.cacheDir ?? mkdtempSync(join(tmpdir(), "packages-"));
  const resolver = scripted(script);
  const sources = sourcesOf({
    pipIndex: registry.index,
    npmRegistry: registry.npm,
    furtherOrigins,
    cacheDir,
    cacheBytesMax: 1 << 26,
  });
  const log = { info: () => undefined, warn: () => undefined };
  const packages = new Packages({ sources, start: resolver.start, log, msMax });
  const remove = async () => {
    await packages.close();
    rmSync(cacheDir, { recursive: true, force: true });
  };
  return { packages, cacheDir, remove, ended: resolver.ended };
}
