// Removes containers that nobody wants any more: those of a runner process that no longer lives,
// at start and from time to time. What belongs to another living runner, or is not ours at all, is
// never touched.

import type { Logger } from "pino";
import { type Engine, listContainers, removeContainer } from "./docker.ts";

const REAP_EVERY_MS = 30_000;
/** A container this young may be one that is just being started. */
const YOUNG_MS = 60_000;

export type ReaperOptions = {
  engine: Engine;
  log: Logger;
  /** The containers this process holds. */
  wanted: () => ReadonlySet<string>;
};

/** Removes every stray container once; returns how many there were. */
export async function reap(options: ReaperOptions): Promise<number> {
  const wanted = options.wanted();
  const containers = await listContainers(options.engine);
  const strays = containers.filter(({ id, owner, createdAtMs }) => {
    if (owner !== "self") return owner === "gone";
    return !wanted.has(id) && Date.now() - createdAtMs > YOUNG_MS;
  });
  for (const { id, runnerId } of strays) {
    options.log.warn({ container: id.slice(0, 12), runnerId }, "removing a stray container");
    await removeContainer(options.engine, id);
  }
  return strays.length;
}

/** Reaps from time to time until the returned function is called. */
export function startReaper(options: ReaperOptions): () => void {
  const timer = setInterval(() => {
    reap(options).catch((thrown) => options.log.warn({ err: thrown }, "reaping failed"));
  }, REAP_EVERY_MS);
  return () => clearInterval(timer);
}
