// Chooses npm packages for what a session asks, with npm's own resolver, and says which go where. It
// runs alone in a container without network: what the resolver wants to read comes to a server in this
// same process, which asks the runner for it on standard output and gets it on standard input. Nothing
// is downloaded or installed, and no code of a package ever runs. What the image has counts as there.
//
// The words are those of choose.py, but several documents may be asked for at a time; `chosen` is
// [{name, version, url, integrity, location, bin, hasScripts}].

import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createRequire } from "node:module";
import { join } from "node:path";

const PROJECT = "/tmp/project";
const require = createRequire("/opt/coderunner/packages/npm/node_modules/");
const Arborist = require("@npmcli/arborist");
const npa = require("npm-package-arg");
const semver = require("semver");

/** What a resolver looks at. Bundled packages come with the archive, so they are not looked for. */
const READ = ["name", "version", "dependencies", "optionalDependencies", "peerDependencies"].concat(
  ["peerDependenciesMeta", "bin", "os", "cpu", "libc", "engines", "hasInstallScript", "dist"],
);

let heard = Buffer.alloc(0);
const chunks = process.stdin[Symbol.asyncIterator]();

async function hearMore() {
  const { value, done } = await chunks.next();
  if (done) process.exit(1);
  return value;
}

async function hearLine() {
  for (;;) {
    const end = heard.indexOf(10);
    if (end >= 0) {
      const line = heard.subarray(0, end).toString();
      heard = heard.subarray(end + 1);
      return JSON.parse(line);
    }
    heard = Buffer.concat([heard, await hearMore()]);
  }
}

async function hearBytes(count) {
  const parts = [heard];
  for (let length = heard.length; length < count; length += parts.at(-1).length) {
    parts.push(await hearMore());
  }
  const all = Buffer.concat(parts);
  heard = all.subarray(count);
  return all.subarray(0, count);
}

function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

const asked = new Map();
let count = 0;

/** Asks the runner to read `url`. */
function get(url) {
  const id = ++count;
  const answer = new Promise((resolve) => asked.set(id, resolve));
  say({ id, get: url, accept: "application/vnd.npm.install-v1+json, application/json;q=0.8" });
  return answer;
}

async function hearAnswers() {
  for (;;) {
    const answer = await hearLine();
    const body = await hearBytes(answer.bytes);
    asked.get(answer.id)({ ...answer, body });
    asked.delete(answer.id);
  }
}

/** A package's document with nothing in it but what is looked at; `undefined` for what is none. */
function essence(text) {
  try {
    return essenceOf(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function essenceOf(document) {
  const versions = Object.entries(document.versions ?? {}).map(([version, manifest]) => {
    const kept = READ.filter((key) => manifest[key] !== undefined);
    const hasInstallScript = ["preinstall", "install", "postinstall"].some(
      (name) => manifest.scripts?.[name] !== undefined,
    );
    const essential = Object.fromEntries(kept.map((key) => [key, manifest[key]]));
    return [version, { ...(hasInstallScript && { hasInstallScript }), ...essential }];
  });
  const { name, "dist-tags": tags } = document;
  return JSON.stringify({ name, "dist-tags": tags, versions: Object.fromEntries(versions) });
}

function serve(registry) {
  const server = createServer(async (request, response) => {
    const answer = await get(`${registry}${request.url.slice(1)}`);
    const document = answer.status === 200 ? essence(answer.body.toString()) : "{}";
    const status = document === undefined ? 502 : answer.status || 502;
    response.writeHead(status, { "content-type": "application/json" });
    response.end(document);
  });
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => resolve(`http://127.0.0.1:${server.address().port}/`));
  });
}

/** Whether the image has what `requirement` asks for, and that asks for more than the newest. */
function isThere(requirement) {
  const { name, rawSpec, type } = npa(requirement);
  const file = join("/node_modules", name, "package.json");
  if (!existsSync(file)) return false;
  if (rawSpec === "*" || rawSpec === "") return true;
  const { version } = JSON.parse(readFileSync(file, "utf8"));
  return (type === "version" || type === "range") && semver.satisfies(version, rawSpec);
}

/** Commands by name; a package with a single one need not name it. */
function commandsOf(name, bin = {}) {
  return typeof bin === "string" ? { [name.split("/").at(-1)]: bin } : bin;
}

async function choose({ source, requirements }) {
  mkdirSync(PROJECT, { recursive: true });
  const wanted = requirements.filter((requirement) => !isThere(requirement));
  if (wanted.length === 0) return [];
  const arborist = new Arborist({
    path: PROJECT,
    cache: "/tmp/cache",
    registry: await serve(source),
    replaceRegistryHost: "never",
    fetchRetries: 0,
    allowGit: "none",
    allowRemote: "none",
    allowFile: "none",
    allowDirectory: "none",
    audit: false,
    engineStrict: false,
    omit: ["dev"],
  });
  hearAnswers();
  const tree = await arborist.buildIdealTree({ add: wanted });
  const nodes = [...tree.inventory.values()].filter((node) => !node.isRoot && !node.inert);
  return nodes.map(({ name, version, resolved, integrity, location, package: manifest }) => ({
    name,
    version,
    url: resolved,
    integrity,
    location,
    bin: commandsOf(name, manifest.bin),
    hasScripts: manifest.hasInstallScript === true,
  }));
}

const answer = await choose(await hearLine()).then(
  (chosen) => ({ chosen }),
  (error) => ({ refused: String(error?.message ?? error) }),
);
process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(0));
