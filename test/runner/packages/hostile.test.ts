// Registries that lead elsewhere, say nothing or say it slowly, and resolvers that are no longer what they
// were: none of them makes the runner read what it may not, wait for ever or believe what it is told.

import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isPrivate, lookupPublic } from "../../../runner/packages/addresses.ts";
import { digestOfHashes, digestOfIntegrity } from "../../../runner/packages/hash.ts";
import { Lines } from "../../../runner/packages/lines.ts";
import { sourcesOf } from "../../../runner/packages/sources.ts";
import { PackageStore } from "../../../runner/packages/store.ts";
import { YOUNG_MS } from "../../../runner/reaper.ts";
import { PACKAGES_MS_MAX } from "../../../shared/limits.ts";
import { PackagesRequest } from "../../../shared/packages.ts";
import { wheelOf } from "../../kit/archives.ts";
import { PackageRegistry } from "../../kit/package-registry.ts";
import { ASKER, packagesFrom, type Script, type Setting } from "./kit.ts";

const GREET = wheelOf("greet", "1.0", [{ name: "greet.py", content: "" }]);
const GREET_FILE = "greet-1.0-py3-none-any.whl";
const THERE = `/there/${GREET_FILE}`;
const PIP = { pip: ["greet"] };

let registry: PackageRegistry;
let other: PackageRegistry;
let undo: (() => Promise<void>)[] = [];

beforeEach(async () => {
  [registry, other] = await Promise.all([PackageRegistry.start(), PackageRegistry.start()]);
});

afterEach(async () => {
  for (const one of undo) await one();
  undo = [];
  await Promise.all([registry.stop(), other.stop()]);
});

function make(setting: Partial<Setting> = {}) {
  const made = packagesFrom({ registry, ...setting });
  undo.push(made.remove);
  return made;
}

function codeOf(setting: Partial<Setting> = {}): Promise<string> {
  return make(setting)
    .packages.get(PIP, ASKER)
    .then(
      () => "no failure",
      (thrown) => thrown.code ?? String(thrown),
    );
}

describe("a registry that leads elsewhere", () => {
  it.each([
    ["names a file there", "listed"],
    ["redirects a file there", "file"],
    ["redirects a page there", "page"],
  ])("is not followed when it %s", async (_, how) => {
    other.put(THERE, GREET);
    const url = `${other.origin}${THERE}`;
    const away = (path: string) =>
      registry.on(path, (_request, response) => response.writeHead(302, { location: url }).end());
    registry.addWheel("greet", GREET_FILE, GREET, how === "listed" ? { url } : {});
    if (how === "file") away(`/files/${GREET_FILE}`);
    if (how === "page") away("/simple/greet/");
    expect(await codeOf()).toBe("packages_refused");
    expect(other.requests).toEqual([]);
  });

  it("is followed to a further origin, but not to a private address", async () => {
    other.put(THERE, GREET);
    registry.addWheel("greet", GREET_FILE, GREET, { url: `${other.origin}${THERE}` });
    expect(await codeOf({ furtherOrigins: [other.origin] })).toBe("packages_refused");
    expect(other.requests).toEqual([]);
    const byName = other.origin.replace("127.0.0.1", "localhost");
    registry.addWheel("named", "named-1.0-py3-none-any.whl", GREET, { url: `${byName}${THERE}` });
    const { packages } = make({ furtherOrigins: [byName] });
    const asked = packages.get({ pip: ["named"] }, ASKER);
    await expect(asked).rejects.toMatchObject({ code: "packages_refused" });
    expect(other.requests).toEqual([]);
  });

  it.each([
    "file:///etc/",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1/",
    "http:///",
    "http://127.0.0.1:1/",
  ])("is not followed to %s", async (folder) => {
    registry.addWheel("greet", GREET_FILE, GREET, { url: `${folder}${GREET_FILE}` });
    expect(await codeOf()).toBe("packages_refused");
  });

  it("is left when it redirects in a circle", async () => {
    registry.on("/simple/greet/", (_, response) =>
      response.writeHead(302, { location: "/simple/greet/" }).end(),
    );
    expect(await codeOf()).toBe("packages_unreachable");
    expect(registry.requests.length).toBeLessThan(10);
  });
});

describe("a registry that does not answer well", () => {
  it("is waited for so long and no longer", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    registry.on(`/files/${GREET_FILE}`, (_, response) => {
      const timer = setInterval(() => response.write("a"), 20);
      response.on("close", () => clearInterval(timer));
    });
    const startedAtMs = performance.now();
    expect(await codeOf({ msMax: 400 })).toBe("packages_unreachable");
    expect(performance.now() - startedAtMs).toBeLessThan(3_000);
  });

  it("is asked again on a new connection when it has closed the one that was kept", async () => {
    registry.addWheel("greet", GREET_FILE, GREET);
    let isFirst = true;
    registry.on(`/files/${GREET_FILE}`, (request, response) => {
      if (isFirst) request.socket.resetAndDestroy();
      else response.end(GREET);
      isFirst = false;
    });
    expect((await make().packages.get(PIP, ASKER)).files).toHaveLength(4);
  });

  it.each([500, 503, 429])("with %i is unreachable, not without the package", async (status) => {
    registry.on("/simple/greet/", (_, response) => response.writeHead(status).end());
    expect(await codeOf()).toBe("packages_unreachable");
  });

  it("is unreachable when it breaks off, or speaks a packing nobody asked for", async () => {
    registry.on("/simple/greet/", (_, response) => {
      response.writeHead(200, { "content-length": 100 });
      response.write("a", () => response.destroy());
    });
    expect(await codeOf()).toBe("packages_unreachable");
    registry.on("/simple/greet/", (_, response) =>
      response.writeHead(200, { "content-encoding": "br" }).end("a"),
    );
    expect(await codeOf()).toBe("packages_unreachable");
  });

  it("sees the operator's user and password, and nobody else does", async () => {
    const { origins, pipIndex } = sourcesOf({
      pipIndex: "http://me:s%40fe@index.example/simple",
      npmRegistry: "http://registry.example/",
      furtherOrigins: ["http://files.example"],
      cacheDir: "",
      cacheBytesMax: 0,
    });
    expect(pipIndex).toBe("http://index.example/simple/");
    const basic = `Basic ${Buffer.from("me:s@fe").toString("base64")}`;
    expect(origins.map(({ authorization }) => authorization)).toEqual([
      basic,
      undefined,
      undefined,
    ]);
    expect(origins.map(({ mayBePrivate }) => mayBePrivate)).toEqual([true, true, false]);
  });
});

describe("a resolver that is not what it was", () => {
  const words: [string, unknown][] = [
    ["says what is no message", { anything: 1 }],
    ["chooses what is no list", { chosen: "x" }],
    ["chooses what has no address", { chosen: [{ hashes: {} }] }],
  ];
  it.each(words)("is not believed when it %s", async (_, word) => {
    expect(await codeOf({ script: async () => word })).toBe("runner_fault");
  });

  it("cannot place a package outside node_modules", async () => {
    for (const location of ["../a", "node_modules/..", "node_modules/../../a", "a", "/a"]) {
      const chosen = { name: "a", version: "1.0.0", url: "x", integrity: "", location, bin: {} };
      const script: Script = async () => ({ chosen: [{ ...chosen, hasScripts: false }] });
      const { packages } = make({ script });
      const asked = packages.get({ npm: ["a"] }, ASKER);
      await expect(asked, location).rejects.toMatchObject({ code: "runner_fault" });
    }
  });

  it("cannot have anything else read", async () => {
    other.put("/secret", "x");
    const script: Script = async (_, read) => {
      const { status } = await read(`${other.origin}/secret`);
      return { refused: `ERROR: status ${status}` };
    };
    expect(await codeOf({ script })).toBe("packages_refused");
    expect(other.requests).toEqual([]);
  });

  it("is waited for so long and no longer, and is ended", async () => {
    const { packages, ended } = make({ script: () => new Promise(() => undefined), msMax: 200 });
    await expect(packages.get(PIP, ASKER)).rejects.toMatchObject({ code: "packages_unreachable" });
    expect(ended()).toBe(1);
  });

  it("is ended when the runner ends, or whoever asked has gone", async () => {
    const { packages, ended } = make({ script: () => new Promise(() => undefined) });
    const gone = new AbortController();
    const asked = [
      packages.get(PIP, { ...ASKER, signal: gone.signal }),
      packages.get(PIP, ASKER),
      packages.get(PIP, ASKER),
    ];
    const settled = Promise.allSettled(asked);
    gone.abort();
    await expect(asked[0]).rejects.toMatchObject({ code: "packages_unreachable" });
    await packages.close();
    expect((await settled).map(({ status }) => status)).toEqual([
      "rejected",
      "rejected",
      "rejected",
    ]);
    expect(ended()).toBeGreaterThan(0);
  });
});

describe("an address", () => {
  it.each([
    "127.0.0.1",
    "10.1.2.3",
    "172.31.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "::1",
    "::",
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "fd00::1",
    "fe80::1",
    "64:ff9b::7f00:1",
  ])("%s is private", (address) => {
    expect(isPrivate(address)).toBe(true);
  });

  it.each(["1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:1.1.1.1"])(
    "%s is not",
    (address) => {
      expect(isPrivate(address)).toBe(false);
    },
  );

  it("that a name stands for is looked at too", async () => {
    const error = await new Promise((resolve) => lookupPublic("localhost", {}, resolve));
    expect(String(error)).toContain("stands for a private address");
  });
});

describe("a request", () => {
  const good: [string, string][] = [
    ["pip", "requests"],
    ["pip", "requests==2.32.3"],
    ["pip", "rich[jupyter]>=13,<15"],
    ["pip", "zope.interface ~= 6.0"],
    ["npm", "left-pad@1.3.0"],
    ["npm", "@types/node@^24"],
    ["npm", "lodash@>=4 <5"],
    ["npm", "a@latest"],
  ];
  it.each(good)("of %s may be %s", (manager, text) => {
    expect(PackagesRequest.safeParse({ [manager]: [text] }).success).toBe(true);
  });

  const bad: [string, string][] = [
    ["pip", ""],
    ["pip", "-r/etc/passwd"],
    ["pip", "--index-url=http://a"],
    ["pip", "a @ http://127.0.0.1/a.whl"],
    ["pip", "http://127.0.0.1/a.whl"],
    ["pip", "./a"],
    ["pip", "a; python_version > '3'"],
    ["pip", "a\n-r b"],
    ["npm", "a@file:../b"],
    ["npm", "a@git+ssh://b/c"],
    ["npm", "a@npm:b"],
    ["npm", "a@http://127.0.0.1/b.tgz"],
    ["npm", "b/c"],
    ["npm", "../a"],
    ["npm", "a@b/c"],
    ["npm", "--registry=http://a"],
    ["npm", "."],
    ["pip", "a".repeat(201)],
  ];
  it.each(bad)("of %s may not be %j", (manager, text) => {
    expect(PackagesRequest.safeParse({ [manager]: [text] }).success).toBe(false);
  });
});

describe("the small parts", () => {
  it("are done with a resolver before its container could be taken for a stray", () => {
    expect(PACKAGES_MS_MAX).toBeLessThan(YOUNG_MS);
  });

  it("take the strongest digest, and none that can be forged", () => {
    const of = (algorithm: string) => createHash(algorithm).update("a");
    const hex = Object.fromEntries(
      ["md5", "sha1", "sha256"].map((one) => [one, of(one).digest("hex")]),
    );
    expect(digestOfHashes(hex)).toEqual({ algorithm: "sha256", hex: hex.sha256 });
    expect(
      digestOfHashes({ md5: hex.md5 ?? "", sha1: hex.sha1 ?? "", sha256: "../../a" }),
    ).toBeUndefined();
    const integrity = ["sha1", "sha256", "sha512"].map(
      (one) => `${one}-${of(one).digest("base64")}`,
    );
    expect(digestOfIntegrity(integrity.join(" "))?.algorithm).toBe("sha512");
    expect(digestOfIntegrity(integrity[0] ?? "")).toBeUndefined();
  });

  it("part lines however they come, and give up on one without end", () => {
    const lines = new Lines(5);
    const pushed = ["ab", "c\nd", "\n\nef"].map((text) => lines.push(Buffer.from(text)));
    expect(pushed).toEqual([[], ["abc"], ["d", ""]]);
    expect(lines.push(Buffer.from("ghij"))).toBeUndefined();
  });

  it("keep no more than they may, and drop what was not used for longest", async () => {
    const dir = mkdtempSync(join(tmpdir(), "store-"));
    undo.push(async () => rmSync(dir, { recursive: true, force: true }));
    const store = new PackageStore(dir, 2500);
    const contents = ["a", "b", "c"].map((letter) => Buffer.alloc(1000, letter));
    const digests = contents.map((content) => {
      const digest = digestOfHashes({ sha256: createHash("sha256").update(content).digest("hex") });
      if (digest === undefined) throw new Error("no digest");
      return digest;
    });
    for (const [n, digest] of digests.entries()) {
      await store.put(digest, contents[n] ?? Buffer.alloc(0));
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (n === 1 && digests[0] !== undefined) await store.get(digests[0]);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const kept = await Promise.all(digests.map((digest) => store.get(digest)));
    expect(kept.map((content) => content?.length)).toEqual([1000, undefined, 1000]);
  });
});
