// Packages from end to end: pip's and npm's own resolvers in their containers, a registry on this machine,
// and programs in sandboxes that use what came. And once with the registries that this machine is set up
// with, where those answer; where they do not, with the same packages from the registry here.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { connectEngine } from "../../runner/docker.ts";
import { connect } from "../../runner/host/client.ts";
import { type PackageSet, Packages } from "../../runner/packages/packages.ts";
import { resolversOn } from "../../runner/packages/resolvers.ts";
import { sourcesOf } from "../../runner/packages/sources.ts";
import type { PackageFile } from "../../runner/packages/tree.ts";
import { tarballOf, type WheelOptions, wheelOf, type ZipEntry } from "../kit/archives.ts";
import { type NpmManifest, PackageRegistry } from "../kit/package-registry.ts";
import { containersOf, engineSettings } from "../kit/runner-process.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const ASKER = { accountId: "ordinary" };
const RUNNER_ID = `packages-${process.pid}`;
const { outputOf } = shareRunner();
let registry: PackageRegistry;
let packages: Packages;
const undo: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  registry = await PackageRegistry.start();
  await fill();
  packages = packagesFrom({ pipIndex: registry.index, npmRegistry: registry.npm });
});

afterAll(async () => {
  for (const one of undo) await one();
  await registry.stop();
  expect(await containersOf(RUNNER_ID)).toEqual([]);
});

type From = { pipIndex: string; npmRegistry: string; furtherOrigins?: string[] };

function packagesFrom({ furtherOrigins = [], ...from }: From): Packages {
  const cacheDir = mkdtempSync(join(tmpdir(), "packages-"));
  const settings = engineSettings();
  const engine = connectEngine({
    socket: settings.CODERUNNER_DOCKER_SOCKET,
    image: settings.CODERUNNER_IMAGE,
    runtime: settings.CODERUNNER_RUNTIME,
    runnerId: RUNNER_ID,
  });
  const log = { info: () => undefined, warn: () => undefined };
  const sources = sourcesOf({ ...from, furtherOrigins, cacheDir, cacheBytesMax: 1 << 28 });
  const made = new Packages({ sources, start: resolversOn(engine), log });
  undo.push(async () => {
    await made.close();
    rmSync(cacheDir, { recursive: true, force: true });
  });
  return made;
}

type Listing = WheelOptions & { tags?: string };

function addWheel(name: string, version: string, entries: ZipEntry[], listing: Listing = {}) {
  const { tags = "py3-none-any", python, ...options } = listing;
  const wheel = wheelOf(name, version, entries, listing);
  const further = python === undefined ? {} : { requiresPython: python };
  registry.addWheel(name, `${name}-${version}-${tags}.whl`, wheel, { ...options, ...further });
}

async function addNpm(manifest: NpmManifest, files: Record<string, string>) {
  const { integrity: _, ...described } = manifest;
  const all = { "package.json": JSON.stringify(described), ...files };
  const entries = Object.entries(all).map(([name, content]) => ({
    name: `package/${name}`,
    content,
  }));
  registry.addNpm(manifest, await tarballOf(entries));
}

async function fill() {
  const module = (name: string, text: string) => [{ name: `${name}/__init__.py`, content: text }];
  addWheel("alpha", "1.0", module("alpha", "V = 1\n"));
  addWheel("alpha", "2.0", module("alpha", "V = 2\n"));
  addWheel("alpha", "3.0", module("alpha", "V = 3\n"), { python: ">=4" });
  addWheel("alpha", "4.0", module("alpha", "V = 4\n"), { tags: "cp313-cp313-win_amd64" });
  const needs = { requires: ["alpha<2", "numpy>=1", 'gone; sys_platform == "win32"'] };
  const command = {
    name: "beta-1.0.dist-info/entry_points.txt",
    content: "[console_scripts]\nbeta = beta:main\n",
  };
  const main = "import alpha\ndef main():\n    print('beta', alpha.V)\n";
  addWheel("beta", "1.0", [...module("beta", main), command], needs);
  addWheel("clash", "1.0", module("clash", ""), { requires: ["alpha==1.0", "alpha==2.0"] });
  const platform = `cp313-cp313-manylinux_2_17_${process.arch === "arm64" ? "aarch64" : "x86_64"}`;
  addWheel("native", "1.0", module("native", "V = 'native'\n"), { tags: platform });
  registry.addWheel("sources", "sources-1.0.tar.gz", Buffer.from("setup.py would run here"));
  addWheel(
    "inflection",
    "0.5.1",
    module("inflection", "def pluralize(word):\n    return word + 's'\n"),
  );

  await addNpm({ name: "one", version: "1.0.0", main: "a.js" }, { "a.js": "module.exports = 1;" });
  await addNpm({ name: "one", version: "2.0.0", main: "a.js" }, { "a.js": "module.exports = 2;" });
  const scripts = { postinstall: "touch /tmp/ran", install: "exit 1" };
  await addNpm(
    { name: "two", version: "1.0.0", scripts, dependencies: { one: "^1.0.0" }, bin: "cli.js" },
    { "index.js": "module.exports = 'two ' + require('one');", "cli.js": "#!/usr/bin/env node\n" },
  );
  const optional = { optionalDependencies: { elsewhere: "1.0.0", missing: "1.0.0" } };
  await addNpm({ name: "elsewhere", version: "1.0.0", os: ["win32"] }, { "index.js": "" });
  await addNpm({ name: "three", version: "1.0.0", ...optional }, { "index.js": "" });
  for (const [name, spec] of Object.entries({
    git: "git+ssh://git@127.0.0.1/a.git",
    web: `${registry.origin}/a.tgz`,
    file: "file:/etc",
  })) {
    await addNpm(
      { name: `by-${name}`, version: "1.0.0", dependencies: { a: spec } },
      { "index.js": "" },
    );
  }
  const pad = "module.exports = (text, width, fill) => String(text).padStart(width, fill);";
  await addNpm({ name: "left-pad", version: "1.3.0" }, { "index.js": pad });
}

function namesOf({ packages: told }: PackageSet): string[] {
  return told.map(({ name, version }) => `${name} ${version}`).sort();
}

function programFiles(files: readonly PackageFile[]) {
  return files.map(({ name, content }) => {
    return { name, content: content.toString("base64"), encoding: "base64" as const };
  });
}

const PATHED = "import sys; sys.path.insert(0, '.packages/python')\n";

function runPython({ files }: PackageSet, code: string): Promise<string> {
  return outputOf("python", PATHED + code, { files: programFiles(files) });
}

function runNode({ files }: PackageSet, code: string): Promise<string> {
  return outputOf("javascript", code, { files: programFiles(files) });
}

describe("Python's packages", () => {
  it("are the newest wheels for the Python and the platform of the image", async () => {
    const set = await packages.get({ pip: ["alpha", "native"] }, ASKER);
    expect(namesOf(set)).toEqual(["alpha 2.0", "native 1.0"]);
    const code = "import alpha, native; print(alpha.V, native.V)";
    expect(await runPython(set, code)).toBe("2 native\n");
  });

  it("come with what they need, but not with what the image has", async () => {
    const set = await packages.get({ pip: ["beta"] }, ASKER);
    expect(namesOf(set)).toEqual(["alpha 1.0", "beta 1.0"]);
    expect(registry.requests.filter((path) => path.includes("numpy"))).toEqual([]);
    expect((await packages.get({ pip: ["numpy", "requests>=2"] }, ASKER)).files).toEqual([]);
  });

  it("bring their commands", async () => {
    const { files } = await packages.get({ pip: ["beta"] }, ASKER);
    const code = "PYTHONPATH=.packages/python python3 .packages/python/bin/beta\n";
    expect(await outputOf("bash", code, { files: programFiles(files) })).toBe("beta 1\n");
  });

  const refused: [string, string, RegExp][] = [
    ["there are none of", "absent", /absent/],
    ["there are only sources of", "sources", /sources/],
    ["there is no such version of", "alpha==9", /alpha==9/],
    ["contradict each other in", "clash", /alpha==1\.0.*alpha==2\.0/],
  ];
  it.each(refused)("are refused where %s %s", async (_, requirement, words) => {
    const asked = packages.get({ pip: [requirement] }, ASKER);
    await expect(asked).rejects.toMatchObject({
      code: "packages_refused",
      message: expect.stringMatching(words),
    });
  });
});

describe("npm's packages", () => {
  it("lie where Node looks for them, each with the version it needs", async () => {
    const set = await packages.get({ npm: ["one", "two"] }, ASKER);
    expect(namesOf(set)).toEqual(["one 1.0.0", "one 2.0.0", "two 1.0.0"]);
    const code = "console.log(require('one'), require('two'))";
    expect(await runNode(set, code)).toBe("2 two 1\n");
  });

  it("have no script run, and say that they have some", async () => {
    const { packages: told, files } = await packages.get({ npm: ["two"] }, ASKER);
    const skipped = told.filter(({ hasSkippedScripts }) => hasSkippedScripts);
    expect(skipped.map(({ name }) => name)).toEqual(["two"]);
    expect(files.find(({ name }) => name === "node_modules/.bin/two")?.mode).toBe(0o755);
  });

  it("leave out what is for another platform, and what is in the image", async () => {
    expect(namesOf(await packages.get({ npm: ["three", "lodash", "zod@>=3"] }, ASKER))).toEqual([
      "three 1.0.0",
    ]);
  });

  const refused: [string, string][] = [
    ["there are none of", "absent"],
    ["there is no such version of", "one@^9"],
    ["what is needed is in a repository by", "by-git"],
    ["what is needed is at an address by", "by-web"],
    ["what is needed is a folder by", "by-file"],
  ];
  it.each(refused)("are refused where %s %s", async (_, requirement) => {
    const asked = packages.get({ npm: [requirement] }, ASKER);
    await expect(asked).rejects.toMatchObject({ code: "packages_refused" });
    expect(registry.requests).not.toContain("/a.tgz");
  });
});

describe("a resolver", () => {
  it("is alone, without network or rights, and gone when it took too long", async () => {
    const heard = Promise.withResolvers<void>();
    registry.on("/simple/silent/", () => heard.resolve()); // and never an answer
    const given = new AbortController();
    const asked = packages.get({ pip: ["silent"] }, { ...ASKER, signal: given.signal });
    const refused = expect(asked).rejects.toMatchObject({ code: "packages_unreachable" });
    await heard.promise;
    const [id = ""] = await containersOf(RUNNER_ID);
    const docker = connect(engineSettings().CODERUNNER_DOCKER_SOCKET);
    const { HostConfig, Config, Mounts } = await docker.getContainer(id).inspect();
    expect(HostConfig).toMatchObject({
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapAdd: [],
      CapDrop: ["ALL"],
      Runtime: engineSettings().CODERUNNER_RUNTIME,
    });
    expect([Config.User, Mounts.filter(({ RW }) => RW)]).toEqual(["65534:65534", []]);
    expect(Config.Env.join("\n")).not.toMatch(/CODERUNNER|SECRET|http/);
    given.abort();
    await refused;
    await vi.waitFor(async () => expect(await containersOf(RUNNER_ID)).toEqual([]), 10_000);
  });
});

describe("the registries this machine is set up with", () => {
  it("serve packages that programs can use", async () => {
    const found = await registriesHere();
    console.log(found === undefined ? "none answers; the one of this test serves" : "they answer");
    const from = found ?? { pipIndex: registry.index, npmRegistry: registry.npm };
    const set = await packagesFrom(from).get(
      {
        pip: ["inflection==0.5.1"],
        npm: ["left-pad@1.3.0"],
      },
      ASKER,
    );
    expect(namesOf(set)).toEqual(["inflection 0.5.1", "left-pad 1.3.0"]);
    expect(await runPython(set, "import inflection; print(inflection.pluralize('post'))")).toBe(
      "posts\n",
    );
    expect(await runNode(set, "console.log(require('left-pad')(7, 3, '0'))")).toBe("007\n");
  });
});

/** Where the clients of this machine would look: as they say themselves, or the runner's settings. */
async function registriesHere(): Promise<From | undefined> {
  const npmRegistry =
    process.env.CODERUNNER_NPM_REGISTRY ?? said("npm", ["config", "get", "registry"]);
  const pipIndex =
    process.env.CODERUNNER_PIP_INDEX ??
    said("pip", ["config", "get", "global.index-url"]) ??
    (await outputOf("python", DEFAULT_INDEX)).trim();
  if (npmRegistry === undefined) return undefined;
  try {
    const slashed = pipIndex.endsWith("/") ? pipIndex : `${pipIndex}/`;
    const headers = { accept: "application/vnd.pypi.simple.v1+json" };
    const signal = AbortSignal.timeout(10_000);
    const page = await fetch(`${slashed}inflection/`, { headers, signal });
    const { files } = (await page.json()) as { files: { url: string }[] };
    const file = new URL(files[0]?.url ?? "", page.url).origin;
    if (!(await fetch(new URL("left-pad", npmRegistry), { signal })).ok) return undefined;
    return { pipIndex, npmRegistry, furtherOrigins: [file] };
  } catch {
    return undefined;
  }
}

/** Where pip looks when it is told nothing, in its own words. */
const DEFAULT_INDEX = `import sys; sys.path.insert(0, "/opt/coderunner/packages/pip")
from pip._internal.models.index import PyPI; print(PyPI.simple_url)`;

function said(program: string, args: string[]): string | undefined {
  try {
    const options = { encoding: "utf8", stdio: "pipe", timeout: 20_000 } as const;
    return execFileSync(program, args, options).trim() || undefined;
  } catch {
    return undefined;
  }
}
