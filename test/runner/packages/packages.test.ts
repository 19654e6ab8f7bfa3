// What comes of asking for packages, good and bad, with a registry on this machine and a resolver that
// the test writes itself. That the real resolvers do their part is tested on the whole path.

import { createHash } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Packages } from "../../../runner/packages/packages.ts";
import { Failure } from "../../../shared/errors.ts";
import {
  PACKAGE_ARCHIVE_BYTES_MAX,
  PACKAGE_INDEX_BYTES_MAX,
  PACKAGES_BYTES_MAX,
  PACKAGES_CHOSEN_MAX,
} from "../../../shared/limits.ts";
import type { PackagesRequest } from "../../../shared/packages.ts";
import { tarballOf, wheelOf, zipOf } from "../../kit/archives.ts";
import { PackageRegistry } from "../../kit/package-registry.ts";
import { ASKER, newestNpm, packagesFrom, type Script, type Setting, scripted } from "./kit.ts";

let registry: PackageRegistry;
let undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  registry = await PackageRegistry.start();
});

afterEach(async () => {
  for (const one of undo) await one();
  undo = [];
  await registry.stop();
});

function make(setting: Partial<Setting> = {}) {
  const made = packagesFrom({ registry, ...setting });
  undo.push(made.remove);
  return made;
}

/** The code of the failure that `request` ends with. */
async function codeOf(request: PackagesRequest, setting: Partial<Setting> = {}): Promise<string> {
  const { packages } = make(setting);
  return packages.get(request, ASKER).then(
    ({ files }) => `no failure but ${files.map(({ name }) => name)}`,
    (thrown) => (thrown instanceof Failure ? thrown.code : String(thrown)),
  );
}

const GREET = wheelOf("greet", "1.0", [{ name: "greet/__init__.py", content: "HELLO = 1\n" }]);
const GREET_FILE = "greet-1.0-py3-none-any.whl";
const PIP = { pip: ["greet"] };

describe("packages that are as they should be", () => {
  it("become files of the workspace", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    const { packages, ended } = make();
    const { files, bytes, packages: told } = await packages.get(PIP, ASKER);
    expect(files.map(({ name }) => name)).toEqual([
      ".packages/python/greet/__init__.py",
      ".packages/python/greet-1.0.dist-info/METADATA",
      ".packages/python/greet-1.0.dist-info/WHEEL",
      ".packages/python/greet-1.0.dist-info/RECORD",
    ]);
    expect(files[0]?.content.toString()).toBe("HELLO = 1\n");
    expect(bytes).toBe(3 * 4096);
    expect(told).toEqual([
      { manager: "pip", name: "greet", version: "1.0", hasSkippedScripts: false },
    ]);
    expect(ended()).toBe(1);
  });

  it("are fetched once, and looked for once", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    const { packages, cacheDir } = make();
    const [first, second] = [await packages.get(PIP, ASKER), await packages.get(PIP, ASKER)];
    expect(second).toEqual(first);
    expect(registry.requests).toEqual(["/simple/greet/", `/files/${GREET_FILE}`]);
    await make({ cacheDir }).packages.get(PIP, ASKER);
    expect(registry.requests.slice(2)).toEqual(["/simple/greet/"]);
  });

  it("are fetched again when what was kept is not what it was", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    const { packages, cacheDir } = make();
    const first = await packages.get(PIP, ASKER);
    const [kept = ""] = readdirSync(cacheDir);
    writeFileSync(join(cacheDir, kept), "something else");
    const other = make({ cacheDir });
    expect(await other.packages.get(PIP, ASKER)).toEqual(first);
  });

  it("may come from a redirect to where they may come from", async () => {
    registry.addWheel("greet", GREET_FILE, GREET, {
      url: `${registry.origin}/moved/${GREET_FILE}`,
    });
    registry.on(`/moved/${GREET_FILE}`, (_, response) =>
      response.writeHead(302, { location: `/files/${GREET_FILE}` }).end(),
    );
    expect((await make().packages.get(PIP, ASKER)).files).toHaveLength(4);
  });

  it("are npm's as well, with their commands", async () => {
    const archive = await tarballOf([
      { name: "package/package.json", content: "{}" },
      { name: "package/cli.js", content: "#!/usr/bin/env node\n" },
      { name: "package/link", type: "symlink", linkname: "/etc/passwd" },
    ]);
    registry.addNpm(
      { name: "tool", version: "2.0.0", bin: { tool: "./cli.js", "@a/too": "cli.js" } },
      archive,
    );
    const { files } = await make({ script: newestNpm }).packages.get({ npm: ["tool"] }, ASKER);
    expect(files.map(({ name, mode }) => [name, mode])).toEqual([
      ["node_modules/tool/package.json", 0o644],
      ["node_modules/tool/cli.js", 0o755],
      ["node_modules/.bin/tool", 0o755],
      ["node_modules/.bin/too", 0o755],
    ]);
  });
});

describe("what is refused", () => {
  it("is everything where the operator has named no source", async () => {
    const log = { info: () => undefined, warn: () => undefined };
    const { start } = scripted(newestNpm);
    const packages = new Packages({ sources: undefined, start, log });
    for (const request of [PIP, { npm: ["tool"] }]) {
      await expect(packages.get(request, ASKER)).rejects.toMatchObject({
        code: "packages_disabled",
      });
    }
    expect((await packages.get({}, ASKER)).files).toEqual([]);
  });

  it("is an archive that is not what the index says", async () => {
    registry.addWheel("greet", GREET_FILE, GREET, { sha256: "0".repeat(64) });
    expect(await codeOf(PIP)).toBe("packages_refused");
    const archive = await tarballOf([{ name: "package/a", content: "a" }]);
    const integrity = `sha512-${Buffer.alloc(64).toString("base64")}`;
    registry.addNpm({ name: "tool", version: "1.0.0", integrity }, archive);
    expect(await codeOf({ npm: ["tool"] }, { script: newestNpm })).toBe("packages_refused");
  });

  it("is an archive of which the index says too little", async () => {
    registry.addWheel("greet", GREET_FILE, GREET, { sha256: "" });
    expect(await codeOf(PIP)).toBe("packages_refused");
    const archive = await tarballOf([{ name: "package/a", content: "a" }]);
    const integrity = `sha1-${createHash("sha1").update(archive).digest("base64")}`;
    registry.addNpm({ name: "tool", version: "1.0.0", integrity }, archive);
    expect(await codeOf({ npm: ["tool"] }, { script: newestNpm })).toBe("packages_refused");
  });

  it("is a source archive", async () => {
    registry.addWheel("greet", "greet-1.0.tar.gz", GREET);
    expect(await codeOf(PIP)).toBe("packages_refused");
  });

  const strange: [string, string][] = [
    ["above", "../above"],
    ["above, further in", "a/../../above"],
    ["from the root", "/etc/passwd"],
    ["with backslashes", "..\\above"],
    ["on a drive", "c:/above"],
    ["with a line in it", "a\nb"],
    ["below its data folder", "greet-1.0.data/data/../../../above"],
    ["below its scripts", "greet-1.0.data/scripts/../../above"],
    ["too long", "a/".repeat(150)],
  ];
  it.each(strange)("is a wheel with a name that is %s", async (_, name) => {
    const content = name.endsWith("/") ? `${name}x` : name;
    registry.addWheel("greet", GREET_FILE, zipOf([{ name: content, content: "x" }]));
    expect(await codeOf(PIP)).toBe("packages_refused");
  });

  it.each(strange.slice(0, 6))("is a tarball with a name that is %s", async (_, name) => {
    const archive = await tarballOf([{ name: `package/${name}`, content: "x" }]);
    const absolute = await tarballOf([{ name, content: "x" }]);
    registry.addNpm({ name: "one", version: "1.0.0" }, archive);
    registry.addNpm({ name: "two", version: "1.0.0" }, absolute);
    const codes = [
      name.startsWith("/")
        ? "packages_refused"
        : await codeOf({ npm: ["one"] }, { script: newestNpm }),
      await codeOf({ npm: ["two"] }, { script: newestNpm }),
    ];
    expect(codes).toEqual(["packages_refused", "packages_refused"]);
  });

  it("is a wheel with a link, or a file in the place of a folder", async () => {
    const link = { name: "a", content: "/etc/passwd", mode: 0o120777 };
    registry.addWheel("greet", GREET_FILE, zipOf([link]));
    expect(await codeOf(PIP)).toBe("packages_refused");
    const both = [
      { name: "a", content: "x" },
      { name: "a/b", content: "x" },
    ];
    for (const entries of [both, both.toReversed()]) {
      registry.addWheel("other", "other-1.0-py3-none-any.whl", zipOf(entries));
      expect(await codeOf({ pip: ["other"] })).toBe("packages_refused");
    }
  });

  it("is what is no archive at all", async () => {
    registry.addWheel("greet", GREET_FILE, Buffer.from("no archive"));
    expect(await codeOf(PIP)).toBe("packages_refused");
    registry.addNpm({ name: "tool", version: "1.0.0" }, gzipSync("no archive"));
    expect(await codeOf({ npm: ["tool"] }, { script: newestNpm })).toBe("packages_refused");
  });

  it("is a command whose name or file leads elsewhere", async () => {
    const archive = await tarballOf([{ name: "package/cli.js", content: "x" }]);
    registry.addNpm({ name: "one", version: "1.0.0", bin: { a: "../../cli.js" } }, archive);
    registry.addNpm({ name: "two", version: "1.0.0", bin: { "a/..": "cli.js" } }, archive);
    expect(await codeOf({ npm: ["one"] }, { script: newestNpm })).toBe("packages_refused");
    expect(await codeOf({ npm: ["two"] }, { script: newestNpm })).toBe("packages_refused");
  });

  it("is what the resolver refuses, with its words", async () => {
    const { packages } = make();
    await expect(packages.get(PIP, ASKER)).rejects.toMatchObject({
      code: "packages_refused",
      message: "These packages cannot be installed: no greet",
    });
  });
});

describe("many requests", () => {
  it("of one account come one after the other, and those of others in between", async () => {
    const began: string[] = [];
    const release = Promise.withResolvers<void>();
    const script: Script = async ({ requirements }) => {
      began.push(requirements[0] ?? "");
      await release.promise;
      return { chosen: [] };
    };
    const { packages } = make({ script });
    const ask = (accountId: string, name: string) => packages.get({ pip: [name] }, { accountId });
    const asked = [ask("a", "a1"), ask("a", "a2"), ask("b", "b1"), ask("c", "c1")];
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(began).toEqual(["a1", "b1"]);
    release.resolve();
    await Promise.all(asked);
    expect(began.toSorted()).toEqual(["a1", "a2", "b1", "c1"]);
  });

  it("of one account are refused when very many wait", async () => {
    const { packages } = make({ script: () => new Promise(() => undefined), msMax: 300 });
    const asked = Array.from({ length: 20 }, () => packages.get(PIP, ASKER));
    const codes = (await Promise.allSettled(asked)).map((one) => String(Object(one).reason));
    expect(codes.filter((code) => code.includes("Too many wait"))).toHaveLength(11);
  });
});

describe("what is too large", () => {
  const zeros = (bytes: number) => Buffer.alloc(bytes);

  it("is a wheel or tarball that unpacks to more than there is room for", async () => {
    const entries = [{ name: "zeros", content: zeros(PACKAGES_BYTES_MAX + 1) }];
    registry.addWheel("greet", GREET_FILE, zipOf(entries));
    expect(await codeOf(PIP)).toBe("packages_too_large");
    const archive = await tarballOf(
      entries.map((one) => ({ ...one, name: `package/${one.name}` })),
    );
    registry.addNpm({ name: "tool", version: "1.0.0" }, archive);
    expect(await codeOf({ npm: ["tool"] }, { script: newestNpm })).toBe("packages_too_large");
  });

  it("is a wheel that lies about how large it is", async () => {
    const zip = zipOf([{ name: "zeros", content: zeros(1 << 20) }]);
    zip.writeUInt32LE(10, 22);
    zip.writeUInt32LE(10, zip.lastIndexOf("PK\x01\x02") + 24);
    registry.addWheel("greet", GREET_FILE, zip);
    expect(await codeOf(PIP)).toBe("packages_refused");
  });

  it("is a tarball that unpacks without end to what nobody sees", async () => {
    registry.addNpm({ name: "tool", version: "1.0.0" }, gzipSync(zeros(3 * PACKAGES_BYTES_MAX)));
    expect(await codeOf({ npm: ["tool"] }, { script: newestNpm })).toMatch(/^packages_/);
  });

  it("is many small files", async () => {
    const entries = Array.from({ length: 13_000 }, (_, n) => ({ name: `a/${n}`, content: "" }));
    registry.addWheel("greet", GREET_FILE, zipOf(entries));
    expect(await codeOf(PIP)).toBe("packages_too_large");
  });

  it("is an archive that does not end, whether it says so or not", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    registry.on(`/files/${GREET_FILE}`, (_, response) =>
      response.writeHead(200, { "content-length": PACKAGE_ARCHIVE_BYTES_MAX + 1 }).write("a"),
    );
    expect(await codeOf(PIP)).toBe("packages_too_large");
    registry.on(`/files/${GREET_FILE}`, (_, response) => {
      const more = () => response.write(zeros(1 << 20)) && setImmediate(more);
      response.on("drain", more);
      more();
    });
    expect(await codeOf(PIP)).toBe("packages_too_large");
  });

  it("is a page that unpacks to more than a page may be", async () => {
    const page = gzipSync(zeros(PACKAGE_INDEX_BYTES_MAX + 1));
    registry.on("/simple/greet/", (_, response) =>
      response.writeHead(200, { "content-encoding": "gzip" }).end(page),
    );
    expect(await codeOf(PIP)).toBe("packages_too_large");
  });

  it("is all that is read while choosing, however it is asked for", async () => {
    const page = zeros(PACKAGE_INDEX_BYTES_MAX - 1);
    for (let n = 0; n < 6; n++) registry.put(`/simple/${n}`, page);
    const script: Script = async ({ source }, read) => {
      const pages = Array.from({ length: 6 }, (_, n) => read(`${source}${n}`));
      const statuses = (await Promise.all(pages)).map(({ status }) => status);
      return { refused: `ERROR: read ${statuses}` };
    };
    expect(await codeOf(PIP, { script })).toBe("packages_too_large");
  });

  it("is a choice of very many", async () => {
    const script: Script = async () => ({
      chosen: Array.from({ length: PACKAGES_CHOSEN_MAX + 1 }, () => ({ url: "x", hashes: {} })),
    });
    expect(await codeOf(PIP, { script })).toBe("packages_too_large");
  });
});
