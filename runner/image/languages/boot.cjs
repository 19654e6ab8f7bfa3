// Waits, warm, for one Node program. Node loads this file ahead of the program's own main file
// (--require) and it blocks until the job arrives; then it returns, and Node goes on to load main
// exactly as it always does, so that nothing of ours is in the program's stack, module tree or
// arguments. The exit code goes to the supervisor the moment exit handlers have run, because taking
// V8 apart takes longer than most programs.

"use strict";

const { isMainThread } = require("node:worker_threads");
let cells;
if (isMainThread) boot();

function boot() {
  const fs = require("node:fs");
  const control = 15;
  warmUp();
  reportExit(fs, control);
  fs.writeSync(control, `R${process.versions.node}`);

  const message = Buffer.alloc(65536);
  const length = fs.readSync(control, message);
  if (length === 0) process.reallyExit(0);
  const [count, rest] = split(message.toString("utf8", 0, length), "\n");
  const [name, ...words] = rest.split("\0").slice(0, Number(count));
  if (name === "/cell") return openSession([name, ...words]);
  takeMain(`/workspace/${name}`);
  process.argv.push(...words);
  forget();
}

/** What a program could find out about how it was started. */
function forget() {
  process.execArgv = process.execArgv.filter((option) => /^--(exp|disable-w)/.test(option));
  delete require.cache[__filename];
}

/** Has Node load what runs cells in place of a program; it is loaded already, and goes on by itself. */
function openSession(words) {
  delete process.emit; // the end of a cell is not that of a program
  takeMain(`${__dirname}/warm.${process.argv[1].endsWith(".ts") ? "mts" : "mjs"}`);
  forget();
  cells.open(words);
}

/** Runs the paths a short program takes: both module systems, both output streams, common modules. */
function warmUp() {
  for (const name of ["fs", "path", "util", "events", "stream", "timers", "url", "crypto"]) {
    require(`node:${name}`);
  }
  const kinds = process.argv[1]?.endsWith(".ts") ? ["ts", "mts"] : ["cjs", "mjs"];
  for (const kind of kinds) {
    const path = `${__dirname}/warm.${kind}`;
    require(path);
    delete require.cache[path];
  }
  cells = require("./node/cells.cjs");
  cells.warmUp();
  for (const path of Object.keys(require.cache)) {
    if (path.startsWith(`${__dirname}/node/`)) delete require.cache[path];
  }
  console.error("warm");
  // Opening them made them non-blocking, which a program that writes to them itself does not expect.
  for (const stream of [process.stdout, process.stderr]) stream._handle?.setBlocking?.(true);
}

/**
 * Has Node load `path` as the main file. It was started with another, whose name it has settled on by
 * now; but it looks for that file only after this one, in the one place where that can be changed.
 */
function takeMain(path) {
  const expected = process.argv[1];
  if (path === expected) return;
  process.argv[1] = path;
  const Module = require("node:module");
  const find = Module._findPath;
  Module._findPath = (request, ...rest) =>
    find(request === expected && rest[1] ? path : request, ...rest);
  queueMicrotask(() => {
    Module._findPath = find;
  });
}

/** Tells the supervisor the exit code once every exit handler has run. */
function reportExit(fs, control) {
  const emit = process.emit;
  const ownPid = process.pid;
  const identity = fs.fstatSync(control);
  let uncaught = false;
  const report = function (event, ...rest) {
    if (event === "uncaughtExceptionMonitor") uncaught = true;
    const handled = Reflect.apply(emit, this, [event, ...rest]);
    if (event !== "exit" || uncaught || process.pid !== ownPid) return handled;
    const code = Number(process.exitCode ?? 0) & 0xff;
    // Node itself still has something to print about a promise that never settled.
    if (code === 13 || !isSame(fs, control, identity)) return handled;
    fs.writeSync(control, Buffer.from([68, code]));
    fs.readSync(control, Buffer.alloc(1)); // the supervisor measures this process and then kills it
    return handled;
  };
  Object.defineProperty(process, "emit", { value: report, configurable: true, writable: true });
}

/** Whether the control socket is still what it was; a program may close any descriptor. */
function isSame(fs, descriptor, identity) {
  try {
    const { dev, ino, mode } = fs.fstatSync(descriptor);
    return dev === identity.dev && ino === identity.ino && mode === identity.mode;
  } catch {
    return false;
  }
}

function split(text, separator) {
  const at = text.indexOf(separator);
  return [text.slice(0, at), text.slice(at + 1)];
}
