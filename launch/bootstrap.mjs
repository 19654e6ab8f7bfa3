// The first thing `npm start` and `npm test` run, on whatever Node the machine has. It makes sure of
// the dependencies, then hands over to launch/<command>.ts under the Node that comes with them,
// passing on arguments, signals and the exit code. It imports nothing that is not part of Node 20.

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const COMMANDS = ["start", "test", "bench", "soak", "fuzz"];
const NODE_MIN = [20, 0];
/** From here on Node runs TypeScript by itself. */
const NODE_WITH_TYPES_MIN = [22, 18];
const PARENT_POLL_MS = 1_000;

const repo = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(repo, "node_modules");
const lockFile = join(repo, "package-lock.json");
const stampFile = join(modules, ".agent-coderunner-lock");

main(process.argv.slice(2));

function main([command, ...args]) {
  if (!COMMANDS.includes(command)) refuse(`say which: ${COMMANDS.join(", ")}.`);
  if (process.platform !== "linux") refuse("this needs Linux; run it on a Linux machine.");
  if (!isAtLeast(process.versions.node, NODE_MIN)) {
    refuse(
      `this needs Node ${NODE_MIN[0]} or later and found ${process.version}; install a newer one.`,
    );
  }
  ensureDependencies();
  handOver(findNode(), [join(repo, "launch", `${command}.ts`), ...args]);
}

function refuse(sentence) {
  process.stderr.write(`agent-coderunner: ${sentence}\n`);
  process.exit(1);
}

function isAtLeast(version, [major, minor]) {
  const [hasMajor = 0, hasMinor = 0] = version.split(".").map(Number);
  return hasMajor > major || (hasMajor === major && hasMinor >= minor);
}

function ensureDependencies() {
  const lock = readFileSync(lockFile);
  const stamp = createHash("sha256").update(lock).digest("hex");
  if (read(stampFile) === stamp) return;
  if (!matchesLock(JSON.parse(lock.toString()))) installDependencies();
  writeFileSync(stampFile, stamp);
}

/** Whether npm's own record of what it installed agrees with the lock, package by package. */
function matchesLock(lock) {
  const text = read(join(modules, ".package-lock.json"));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    if (path === "") return true;
    const found = installed[path];
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true;
    return found.version === wanted.version && found.integrity === wanted.integrity;
  });
}

function installDependencies() {
  process.stdout.write("Installing the dependencies with npm ci (about half a minute) ...\n");
  const startedAt = Date.now();
  const npm = process.env.npm_execpath;
  const [program, first] = npm?.endsWith(".js") ? [process.execPath, [npm]] : ["npm", []];
  const args = [...first, "ci", "--no-audit", "--no-fund", "--loglevel=error"];
  const kinds = ["--include=dev", "--include=optional"];
  const { status, error } = spawnSync(program, [...args, ...kinds], {
    cwd: repo,
    stdio: "inherit",
  });
  if (error !== undefined) refuse(`npm could not be started: ${error.message}; install npm.`);
  if (status !== 0) refuse("npm ci failed; its own messages above say why.");
  process.stdout.write(`Installed in ${Math.round((Date.now() - startedAt) / 1000)} s.\n`);
}

function findNode() {
  const packaged = join(modules, ".bin", "node");
  if (existsSync(packaged)) return packaged;
  if (isAtLeast(process.versions.node, NODE_WITH_TYPES_MIN)) return process.execPath;
  return refuse(
    `there is no Node for ${process.arch} among the dependencies; install Node ${NODE_WITH_TYPES_MIN.join(".")} or later.`,
  );
}

function handOver(node, args) {
  const path = [join(modules, ".bin"), process.env.PATH].filter(Boolean).join(delimiter);
  // The channel tells the launcher when this process is gone, however it went.
  const child = spawn(node, args, {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, PATH: path },
  });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"])
    process.on(signal, () => child.kill(signal));
  watchNpm();
  child.on("error", (error) => refuse(`${node} could not be started: ${error.message}.`));
  child.on("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}

/** npm passes signals on but cannot when it is killed outright; its script then ends in order too. */
function watchNpm() {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, "SIGTERM");
  }, PARENT_POLL_MS).unref();
}

function read(file) {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined;
  }
}
