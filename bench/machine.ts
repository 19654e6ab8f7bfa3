// What a run was measured on. No host name, no path and no address: only what bears on the figures.

import { execFile } from "node:child_process";
import { cpus, release, totalmem } from "node:os";
import { promisify } from "node:util";
import Docker from "dockerode";
import type { Machine } from "./results.ts";

const ANSWER_MS_MAX = 10_000;

type Engine = { socket: string; runtime: string };

/** The facts of this machine, and of the engine where there is one. */
export async function describeMachine(engine: Engine | undefined): Promise<Machine> {
  const processors = cpus();
  return {
    processors: processors.length,
    model: processors[0]?.model.trim() ?? "unknown",
    memoryBytes: totalmem(),
    kernel: release(),
    ...(engine && (await describeEngine(engine))),
    node: process.versions.node,
  };
}

async function describeEngine(engine: Engine): Promise<{ docker: string; runsc: string }> {
  const docker = new Docker({ socketPath: engine.socket, timeout: ANSWER_MS_MAX });
  const version = await docker.version();
  const info: { Runtimes?: Record<string, { path?: string }> } = await docker.info();
  return {
    docker: version.Version,
    runsc: await runscVersion(info.Runtimes?.[engine.runtime]?.path ?? "runsc"),
  };
}

async function runscVersion(path: string): Promise<string> {
  const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: ANSWER_MS_MAX });
  return parseRunscName(stdout);
}

/** The release out of what `runsc --version` prints, gVisor's own or Debian's. */
export function parseRunscName(text: string): string {
  return /runsc version (?:release-|0\.0~)?(\S+)/.exec(text)?.[1] ?? "unknown";
}
