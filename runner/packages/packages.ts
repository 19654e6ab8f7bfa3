// Packages for sessions: what a session asks for, as files to be put into its workspace. A sandbox has no
// network, so the runner fetches: wheels and npm's archives only, from where its operator says, and never
// runs anything of them. Everything is checked and counted before the caller has a single file.

import { LRUCache } from "lru-cache";
import type { Logger } from "pino";
import { Failure } from "../../shared/errors.ts";
import {
  PACKAGE_ARCHIVE_BYTES_MAX,
  PACKAGES_ARCHIVED_BYTES_MAX,
  PACKAGES_MS_MAX,
} from "../../shared/limits.ts";
import type { PackagesRequest } from "../../shared/packages.ts";
import type { InstalledPackage } from "../../shared/runner-api.ts";
import {
  ChosenTarball,
  ChosenWheel,
  choose,
  late,
  type Manager,
  type StartResolver,
} from "./chooser.ts";
import { type Digest, digestOfHashes, digestOfIntegrity, matches } from "./hash.ts";
import { Reader } from "./reader.ts";
import type { PackageSources } from "./sources.ts";
import { PackageStore } from "./store.ts";
import { unpackTarball } from "./tarball.ts";
import { type PackageFile, Tree } from "./tree.ts";
import { Turns } from "./turns.ts";
import { unpackWheel } from "./wheel.ts";

/** How long it is believed what a resolver has chosen for the same request. */
const CHOICE_MS = 10 * 60_000;
const CHOICES_MAX = 500;
const REQUESTS_AT_ONCE = 2;
const REQUESTS_WAITING_MAX = 32;
const ACCOUNT_WAITING_MAX = 8;
const ACCOUNTS_MAX = 1000;
const FETCHES_AT_ONCE = 8;

/** What was asked for and what that needs, without what the image has. */
export type PackageSet = {
  /** To be written below the workspace, as they are. */
  files: PackageFile[];
  /** What they take of it. */
  bytes: number;
  packages: InstalledPackage[];
};

type Archive = InstalledPackage & {
  url: string;
  digest: Digest;
  unpack: (content: Buffer, tree: Tree) => Promise<void>;
};

export type PackagesOptions = {
  /** `undefined` where the operator has named none. */
  sources: PackageSources | undefined;
  start: StartResolver;
  log: Pick<Logger, "info" | "warn">;
  /** How long one request may take. */
  msMax?: number;
};

/** Who asks, and what says that nobody waits for it any more. */
export type Asker = { accountId: string; signal?: AbortSignal | undefined };

export class Packages {
  readonly #options: PackagesOptions;
  readonly #reader: Reader;
  readonly #store: PackageStore;
  readonly #choices = new LRUCache<string, Archive[]>({ max: CHOICES_MAX, ttl: CHOICE_MS });
  readonly #closing = new AbortController();
  readonly #unfinished = new Set<Promise<unknown>>();
  /** Of accounts that asked lately; more than can be waiting at a time. */
  readonly #accounts = new LRUCache<string, Turns>({ max: ACCOUNTS_MAX });
  readonly #turns = new Turns(REQUESTS_AT_ONCE, REQUESTS_WAITING_MAX);

  constructor(options: PackagesOptions) {
    const { origins = [], cacheDir = "", cacheBytesMax = 0 } = options.sources ?? {};
    this.#options = options;
    this.#reader = new Reader(origins);
    this.#store = new PackageStore(cacheDir, cacheBytesMax);
  }

  /**
   * Gets what `request` asks for. Throws a Failure: `packages_disabled` before anything is fetched,
   * `packages_refused` where there is no such package or a bad one, `packages_too_large`, and
   * `packages_unreachable`, which alone may go well another time.
   */
  async get(request: PackagesRequest, { accountId, signal }: Asker): Promise<PackageSet> {
    this.#admit(request);
    const deadline = AbortSignal.timeout(this.#options.msMax ?? PACKAGES_MS_MAX);
    const given = signal === undefined ? [] : [signal];
    const until = AbortSignal.any([...given, deadline, this.#closing.signal]);
    const work = () => this.#turns.take(until, () => this.#make(request, until));
    return this.#keepTillOver(this.#turnsOf(accountId).take(until, work));
  }

  /** One account's requests come one after the other, so that it cannot keep the others waiting. */
  #turnsOf(accountId: string): Turns {
    const turns = this.#accounts.get(accountId) ?? new Turns(1, ACCOUNT_WAITING_MAX);
    this.#accounts.set(accountId, turns);
    return turns;
  }

  /** Gives up whatever is under way; resolves when nothing is left of it. */
  async close(): Promise<void> {
    this.#closing.abort();
    while (this.#unfinished.size > 0) await Promise.allSettled(this.#unfinished);
    this.#reader.close();
  }

  async #make({ pip = [], npm = [] }: PackagesRequest, until: AbortSignal): Promise<PackageSet> {
    const archives = [
      ...(await this.#choose("pip", pip, until)),
      ...(await this.#choose("npm", npm, until)),
    ];
    const contents = await this.#fetchAll(archives, until);
    const tree = new Tree();
    for (const [n, archive] of archives.entries()) {
      await archive.unpack(contents[n] ?? Buffer.alloc(0), tree);
      if (until.aborted) throw late();
    }
    return { files: tree.files, bytes: tree.bytes, packages: archives.map(told) };
  }

  #admit({ pip = [], npm = [] }: PackagesRequest): void {
    const { pipIndex, npmRegistry } = this.#options.sources ?? {};
    if (pip.length > 0 && pipIndex === undefined) throw disabled("pip");
    if (npm.length > 0 && npmRegistry === undefined) throw disabled("npm");
  }

  async #choose(
    manager: Manager,
    asked: readonly string[],
    signal: AbortSignal,
  ): Promise<Archive[]> {
    const requirements = [...new Set(asked)].sort();
    if (requirements.length === 0) return [];
    const key = JSON.stringify([manager, ...requirements]);
    const known = this.#choices.get(key);
    if (known !== undefined) return known;
    const startedAtMs = performance.now();
    const archives = await this.#ask(manager, requirements, signal);
    const ms = Math.round(performance.now() - startedAtMs);
    this.#options.log.info(
      { manager, requirements, chosen: archives.length, ms },
      "packages chosen",
    );
    this.#choices.set(key, archives);
    return archives;
  }

  async #ask(manager: Manager, requirements: string[], signal: AbortSignal): Promise<Archive[]> {
    const { pipIndex = "", npmRegistry = "" } = this.#options.sources ?? {};
    const common = { manager, requirements };
    const ways = {
      start: this.#options.start,
      reader: this.#reader,
      signal,
      ending: (end: Promise<void>) =>
        this.#keepTillOver(end.catch((thrown) => this.#complain(thrown))),
    };
    if (manager === "pip") {
      const order = { ...common, source: pipIndex, shape: ChosenWheel };
      return (await choose(order, ways)).map(wheel);
    }
    const order = { ...common, source: npmRegistry, shape: ChosenTarball };
    return (await choose(order, ways)).map(tarball);
  }

  #complain(thrown: unknown): void {
    this.#options.log.warn({ err: thrown }, "a resolver's container could not be removed");
  }

  /** Has `close` wait for `work`. */
  #keepTillOver<T>(work: Promise<T>): Promise<T> {
    this.#unfinished.add(work);
    const drop = () => void this.#unfinished.delete(work);
    work.then(drop, drop);
    return work;
  }

  async #fetchAll(archives: readonly Archive[], signal: AbortSignal): Promise<Buffer[]> {
    const failed = new AbortController();
    const until = AbortSignal.any([signal, failed.signal]);
    const fetching = new Turns(FETCHES_AT_ONCE, archives.length);
    let bytes = 0;
    const fetchOne = async (archive: Archive) => {
      const content = await this.#fetch(archive, PACKAGES_ARCHIVED_BYTES_MAX - bytes, until);
      bytes += content.length;
      if (bytes > PACKAGES_ARCHIVED_BYTES_MAX) throw new Failure("packages_too_large");
      return content;
    };
    try {
      return await Promise.all(archives.map((one) => fetching.take(until, () => fetchOne(one))));
    } catch (thrown) {
      failed.abort();
      throw signal.aborted ? late() : thrown;
    }
  }

  async #fetch({ url, digest }: Archive, room: number, signal: AbortSignal): Promise<Buffer> {
    const kept = await this.#store.get(digest);
    if (kept !== undefined) return kept;
    const bytesMax = Math.min(PACKAGE_ARCHIVE_BYTES_MAX, room);
    const { status, body } = await this.#reader.read(url, { accept: "*/*", bytesMax, signal });
    if (status !== 200) {
      throw new Failure("packages_unreachable", { detail: `${url}: status ${status}` });
    }
    if (!(await matches(body, digest))) {
      throw new Failure("packages_refused", {
        message: "A package is not what its index says it is.",
        detail: `${url}: not ${digest.algorithm} ${digest.hex}`,
      });
    }
    await this.#store.put(digest, body).catch((thrown) => {
      this.#options.log.warn({ err: thrown }, "a package could not be kept");
    });
    return body;
  }
}

function disabled(field: Manager): Failure {
  return new Failure("packages_disabled", { field: `packages.${field}` });
}

function told({ manager, name, version, hasSkippedScripts }: Archive): InstalledPackage {
  return { manager, name, version, hasSkippedScripts };
}

/** `name-version-…-tags.whl`, the last step of a wheel's address, says what it is. */
const WHEEL = /^([A-Za-z0-9._]+)-([A-Za-z0-9._+!]+)-(?:[^-]+-)?[^-]+-[^-]+-[^-]+\.whl$/;

function wheel({ url, hashes }: ChosenWheel): Archive {
  const file = URL.parse(url)?.pathname.split("/").at(-1) ?? "";
  const [, name, version] = WHEEL.exec(file.replace(/%2b/gi, "+").replace(/%21/g, "!")) ?? [];
  if (name === undefined || version === undefined) throw unnamed(url);
  const digest = needDigest(digestOfHashes(hashes), url);
  return {
    manager: "pip",
    name,
    version,
    hasSkippedScripts: false,
    url,
    digest,
    unpack: unpackWheel,
  };
}

function tarball(chosen: ChosenTarball): Archive {
  const { name, version, url, integrity, location, bin, hasScripts } = chosen;
  const digest = needDigest(digestOfIntegrity(integrity), url);
  const unpack = (content: Buffer, tree: Tree) => unpackTarball(content, { location, bin }, tree);
  return { manager: "npm", name, version, hasSkippedScripts: hasScripts, url, digest, unpack };
}

function needDigest(digest: Digest | undefined, url: string): Digest {
  if (digest !== undefined) return digest;
  throw new Failure("packages_refused", {
    message: "A package's index does not say what its archive has to be.",
    detail: url,
  });
}

function unnamed(url: string): Failure {
  return new Failure("packages_refused", {
    message: "A package is not a wheel.",
    detail: url,
  });
}
