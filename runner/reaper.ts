// Removes what nobody wants any more: containers of a runner process that no longer lives, and, on a
// private daemon, processes of containers the daemon has lost; at start and from time to time. What
// belongs to another living runner, or is not ours at all, is never touched.

import type { Logger } from "pino";
import { type Engine, knownContainers, listContainers, removeContainer } from "./docker.ts";
import { endOrphans } from "./host/orphans.ts";

const REAP_EVERY_MS = 15_000;
/** A container this young may be one that is just being started, or a resolver's at its work. */
export const YOUNG_MS = 60_000;

export type ReaperOptions = {
  engine: Engine;
  /** Where a private daemon keeps its sockets; of another's processes we know nothing. */
  runDir: string | undefined;
  log: Pick<Logger, "warn">;
  /** The containers this process holds. */
  wanted: () => ReadonlySet<string>;
};

/** Removes every stray container and orphan once; returns how many there were. */
export async function reap(options: ReaperOptions): Promise<number> {
  const strays = await reapContainers(options);
  const orphans = await reapOrphans(options);
  return strays + orphans;
}

async function reapContainers({ engine, log, wanted }: ReaperOptions): Promise<number> {
  const held = wanted();
  const containers = await listContainers(engine);
  const strays = containers.filter(({ id, owner, createdAtMs }) => {
    if (owner !== "self") return owner === "gone";
    return !held.has(id) && Date.now() - createdAtMs > YOUNG_MS;
  });
  for (const { id, runnerId } of strays) {
    log.warn({ container: id.slice(0, 12), runnerId }, "removing a stray container");
    await removeContainer(engine, id);
  }
  return strays.length;
}

async function reapOrphans({ engine, runDir, log }: ReaperOptions): Promise<number> {
  if (runDir === undefined) return 0;
  const ids = await endOrphans(runDir, () => knownContainers(engine));
  for (const id of ids) {
    log.warn({ container: id.slice(0, 12) }, "ended what was left of a lost container");
  }
  return ids.length;
}

/** Reaps from time to time, one round after the other, until the returned function is called. */
export function startReaper(options: ReaperOptions): () => void {
  let isReaping = false;
  const timer = setInterval(async () => {
    if (isReaping) return;
    isReaping = true;
    try {
      await reap(options);
    } catch (thrown) {
      options.log.warn({ err: thrown }, "reaping failed");
    } finally {
      isReaping = false;
    }
  }, REAP_EVERY_MS);
  return () => clearInterval(timer);
}
