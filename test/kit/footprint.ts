// What a private daemon and its containers leave on the host: processes, mounts, control groups and
// folders, each compared with the containers the daemon knows. Containers that are gone must have
// left nothing; those that are there must have what a container has and no more.

import { existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { connect } from "../../runner/host/client.ts";
import { groupsOf } from "../../runner/host/container-group.ts";
import { findKeepers, mountsBelow } from "../../runner/host/leftovers.ts";
import type { EnginePaths } from "../../runner/host/paths.ts";

const CONTAINER_ID = /[0-9a-f]{64}/;
const LIST_EVERY_MS = 100;
/** A container in gVisor is kept by these, one each. */
const KEEPERS = ["containerd-shim-runc-v2", "runsc-gofer", "runsc-sandbox"];
/** Its file system and its network namespace; the daemon itself mounts its data folder once. */
const CONTAINER_MOUNTS = 2;

export class Footprint {
  readonly #paths: EnginePaths;
  /** Every container there ever was, so that what is left of one can be found by its id. */
  readonly #seen = new Set<string>();
  readonly #timer: NodeJS.Timeout;

  /** Begins to note which containers there are. */
  constructor(paths: EnginePaths) {
    this.#paths = paths;
    this.#timer = setInterval(() => void this.containers().catch(() => []), LIST_EVERY_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** The containers the daemon knows, in whatever state. */
  async containers(): Promise<string[]> {
    const found = await connect(this.#paths.socket).listContainers({ all: true });
    for (const { Id } of found) this.#seen.add(Id);
    return found.map(({ Id }) => Id);
  }

  /** Everything that is not as it should be, a sentence each. */
  async problems(): Promise<string[]> {
    const before = await this.containers();
    const kept = findKeepers(this.#paths.run).map(({ command }) => ({
      program: basename(command[0] ?? ""),
      id: command.map((arg) => CONTAINER_ID.exec(arg)?.[0]).find(Boolean) ?? "none",
    }));
    const folders = this.#folders();
    const mounts = mountsBelow([this.#paths.run, this.#paths.data]);
    const known = await this.containers();
    if (before.join() !== known.join()) return ["containers come and go"];
    return [
      ...kept
        .filter(({ id }) => !known.includes(id))
        .map(({ program, id }) => `${program} of the lost container ${id} runs`),
      ...known.flatMap((id) =>
        KEEPERS.filter(
          (keeper) => kept.filter((one) => one.id === id && one.program === keeper).length !== 1,
        ).map((keeper) => `container ${id} has not exactly one ${keeper}`),
      ),
      ...kept
        .filter(({ program }) => !KEEPERS.includes(program))
        .map(({ program, id }) => `${program} of container ${id} has not ended`),
      ...folders
        .filter((path) => !known.some((id) => path.includes(id)))
        .map((p) => `${p} is left`),
      ...[...this.#seen]
        .filter((id) => !known.includes(id))
        .flatMap((id) => groupsOf(id).filter(existsSync))
        .map((group) => `${group} is left`),
      ...(mounts.length > known.length * CONTAINER_MOUNTS + 1
        ? [`${mounts.length} mounts for ${known.length} containers: ${mounts.join(" ")}`]
        : []),
    ];
  }

  #folders(): string[] {
    const { run, execRoot, containerdState, data } = this.#paths;
    return [
      join(execRoot, "containerd"),
      join(execRoot, "runtime-runc", "moby"),
      join(containerdState, "io.containerd.runtime.v2.task", "moby"),
      join(data, "containers"),
      run,
    ].flatMap((dir) =>
      names(dir).flatMap((name) => (CONTAINER_ID.test(name) ? [join(dir, name)] : [])),
    );
  }
}

function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
