// What a cell has of Node's modules: `require`, `module` and the names that go with them, `import`, and
// modules of the workspace that are loaded anew when their files have changed, with all that have
// loaded them.

"use strict";

const { statSync } = require("node:fs");
const Module = require("node:module");
const path = require("node:path");
const { fileURLToPath } = require("node:url");

const WORKSPACE = "/workspace";
const MAIN = process.argv[1].endsWith(".ts") ? "main.ts" : "main.js";
const OURS = `file://${WORKSPACE}/`;

/** By path: what a file was when it was loaded, who has loaded it, and how often it has changed. */
const loaded = new Map();
let current;

/** Once, before the first cell. */
exports.begin = () => {
  Module.registerHooks({ resolve, load });
};

/** Makes `name`, or what stands in for it, the main module. */
exports.enter = (name) => {
  forgetChanged();
  const filename = path.join(WORKSPACE, name || MAIN);
  if (current === filename) return;
  current = filename;
  const main = new Module(filename, undefined);
  main.filename = filename;
  main.paths = Module._nodeModulePaths(path.dirname(filename));
  process.mainModule = main;
  process.argv[1] = filename;
  const require = Module.createRequire(filename);
  define({ module: main, exports: main.exports, require });
  define({ __filename: filename, __dirname: path.dirname(filename) });
  define({ __import__: importerOf(filename), __meta__: metaOf(filename) });
};

function define(values) {
  for (const [name, value] of Object.entries(values)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
}

/** What `import` in a cell becomes: the module, which must have what is asked of it by name. */
function importerOf(filename) {
  const within = new Module(filename, undefined);
  within._compile("module.exports = (name, options) => import(name, options)", filename);
  const load = within.exports;
  return (name, options, wanted) => {
    if (wanted === undefined) return load(name, options);
    return load(name, options).then((found) => {
      const missing = wanted.find((each) => !(each in found));
      if (missing === undefined) return found;
      const what = `The requested module '${name}' does not provide an export named '${missing}'`;
      throw new SyntaxError(what);
    });
  };
}

function metaOf(filename) {
  const url = `file://${filename}`;
  const resolve = (name) => {
    const found = Module.createRequire(filename).resolve(name);
    return found.startsWith("/") ? `file://${found}` : found;
  };
  return { dirname: path.dirname(filename), filename, main: true, resolve, url };
}

// ---- changes ----

function resolve(name, context, next) {
  const found = next(name, context);
  if (!isOurs(found.url)) return found;
  const file = fileURLToPath(found.url);
  const entry = entryOf(file);
  if (context.parentURL?.startsWith(OURS)) entry.loaders.add(fileURLToPath(context.parentURL));
  if (entry.changes === 0 || !context.conditions?.includes("import")) return found;
  return { ...found, url: `${found.url.split("?")[0]}?changed=${entry.changes}` };
}

function load(url, context, next) {
  if (isOurs(url)) {
    const file = fileURLToPath(url);
    entryOf(file).state = stateOf(file);
  }
  return next(url, context);
}

function isOurs(url) {
  return url.startsWith(OURS) && !url.includes("/node_modules/");
}

function entryOf(file) {
  if (!loaded.has(file)) loaded.set(file, { state: undefined, loaders: new Set(), changes: 0 });
  return loaded.get(file);
}

function stateOf(file) {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat && `${stat.mtimeMs} ${stat.size} ${stat.ino}`;
}

function forgetChanged() {
  const changed = [...loaded].filter(([file, { state }]) => state && state !== stateOf(file));
  const stale = new Set(changed.map(([file]) => file));
  for (const file of stale) {
    const entry = loaded.get(file);
    if (entry === undefined) continue;
    entry.changes++;
    entry.state = undefined;
    delete Module._cache[file];
    for (const loader of entry.loaders) stale.add(loader);
  }
}
