// The runner process: reads its settings, listens, clears what a dead predecessor left, fills its
// pool, and on SIGTERM, SIGINT or the end of its standard input finishes what runs and removes
// every container it made. It writes one JSON line to stdout when it listens and one when a sandbox
// of every language is warm; its log goes to stderr.

import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";
import { availableParallelism } from "node:os";
import { pino } from "pino";
import { LANGUAGE_IDS, SANDBOX_KINDS } from "../shared/languages.ts";
import { COMPILE_MEMORY_BYTES_MAX, MEMORY_BYTES_MAX } from "../shared/limits.ts";
import type { RunnerHealth } from "../shared/runner-api.ts";
import { CompileCache } from "./compile-cache.ts";
import { type RunnerConfig, readConfig } from "./config.ts";
import { connectEngine } from "./docker.ts";
import { removeLeftDoors } from "./door.ts";
import { execute } from "./execute.ts";
import { Executions } from "./executions.ts";
import { runDirOf } from "./host/paths.ts";
import { RUNTIME_ARGS } from "./host/runsc.ts";
import { watchHost } from "./host-load.ts";
import { Metrics } from "./metrics.ts";
import { Packages } from "./packages/packages.ts";
import { resolversOn } from "./packages/resolvers.ts";
import { Pool } from "./pool.ts";
import { reap, startReaper } from "./reaper.ts";
import { executionRoutes, sessionRoutes } from "./routes.ts";
import { Sandbox } from "./sandbox.ts";
import { createServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { makeSigningKey, NonceMemory } from "./signed.ts";
import { Versions } from "./versions.ts";

const READY_POLL_MS = 20;
/** Longer than a caller keeps an idle connection, so that none is closed just as it is used again. */
const KEEP_ALIVE_MS = 120_000;
/** A start keeps about one processor busy. */
const STARTS_MAX = Math.max(2, availableParallelism());
/** No sandbox is started while the host has less memory than one at its limit and some more takes. */
const MEMORY_RESERVE_BYTES = COMPILE_MEMORY_BYTES_MAX + MEMORY_BYTES_MAX;

async function main(config: RunnerConfig): Promise<void> {
  const log = pino({ level: config.logLevel }, pino.destination({ dest: 2, sync: false }));
  const engine = connectEngine({
    socket: config.dockerSocket,
    image: config.image,
    runtime: config.runtime,
    runnerId: config.runnerId,
  });
  const versions = new Versions();
  const cache = new CompileCache(config.compileCacheBytes);
  const metrics = new Metrics();
  const host = watchHost();
  let isToldOfDetour = false;
  const pool = new Pool<Sandbox>({
    start: async (kind, signal) => {
      const sandbox = await Sandbox.start(engine, kind, signal);
      versions.learn(kind, sandbox.version);
      if (!sandbox.isDirect && !isToldOfDetour) {
        isToldOfDetour = true;
        log.warn(
          { runtimeArgs: RUNTIME_ARGS },
          "sandboxes are reached through Docker, which is slower",
        );
      }
      return sandbox;
    },
    floor: config.poolFloor,
    ceiling: config.poolCeiling,
    strict: config.strictIsolation,
    startsMax: STARTS_MAX,
    hasSpareTime: host.hasSpareTime,
    hasMemory: () => host.hasMemory(MEMORY_RESERVE_BYTES),
    giveUp: () => sessions.giveUpOne(),
    events: metrics.events,
    log,
  });
  const packages = new Packages({
    sources: config.packages,
    start: resolversOn(engine),
    log,
  });
  const sessions: Sessions = new Sessions({ pool, versions, cache, packages, log });
  const executions = new Executions();
  metrics.watch({ count: (kind) => pool.count(kind), waiting: () => pool.waiting });
  const server = createServer({
    keeper: {
      key: makeSigningKey(config.secret),
      runnerId: config.runnerId,
      nonces: new NonceMemory(),
    },
    log,
    execute: (request, execution) =>
      metrics.count(
        request.language,
        execute({ pool, versions, cache, sessions }, request, execution),
      ),
    executions,
    withSession: (id, accountId, use) => sessions.find(id, accountId).use(use),
    routes: [...sessionRoutes(sessions), ...executionRoutes(executions)],
    health: () => healthOf(config, pool, versions),
  }).listen(config.port, config.host);
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  await once(server, "listening"); // before anything is started that would have to be ended
  const runDir = runDirOf(config.dockerSocket);
  const reaperOptions = { engine, runDir, log, wanted: () => containerIds(pool) };
  const stopReaper = startReaper(reaperOptions);
  const stopSessions = sessions.open();
  untilAsked().then(async (why) => {
    log.info({ why }, "draining");
    stopReaper();
    stopSessions();
    await packages.close();
    await pool.drain(); // who asks meanwhile hears `busy`, which says when to try again
    server.close();
    process.exit(0);
  });
  if (config.metrics !== undefined) {
    const { port, host } = config.metrics;
    const metricsServer = metrics.createServer().listen(port, host);
    await once(metricsServer, "listening");
    say({ event: "metrics", port: portOf(metricsServer) });
  }
  say({ event: "listening", port: portOf(server) });

  removeLeftDoors();
  await reap(reaperOptions).catch((thrown) => log.warn({ err: thrown }, "reaping failed"));
  pool.open();
  await untilWarm(pool);
  say({ event: "ready" });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function say(line: object): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}

function containerIds(pool: Pool<Sandbox>): Set<string> {
  return new Set(pool.all().flatMap((sandbox) => sandbox.containerId ?? []));
}

function healthOf(config: RunnerConfig, pool: Pool<Sandbox>, versions: Versions): RunnerHealth {
  const languages = LANGUAGE_IDS.flatMap((id) => {
    const version = versions.of(id);
    return version === undefined ? [] : [[id, { version }] as const];
  });
  const sandboxes = SANDBOX_KINDS.map((kind) => [kind, pool.levels(kind)] as const);
  return {
    ready: sandboxes.some(([, { warm }]) => warm > 0),
    runnerId: config.runnerId,
    languages: Object.fromEntries(languages),
    sandboxes: Object.fromEntries(sandboxes),
  };
}

async function untilWarm(pool: Pool<Sandbox>): Promise<void> {
  while (SANDBOX_KINDS.some((kind) => pool.levels(kind).warm === 0)) {
    await new Promise((resolve) => setTimeout(resolve, READY_POLL_MS));
  }
}

/** Resolves when this process is told to end, by a signal or by its parent's going away. */
function untilAsked(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => resolve(signal));
    process.stdin.once("end", () => resolve("stdin ended"));
    process.stdin.once("error", () => resolve("stdin failed"));
    process.stdin.resume();
  });
}

try {
  await main(readConfig(process.env));
} catch (thrown) {
  process.stderr.write(`runner: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`);
  process.exit(1);
}
