// The runner's last word about how it is and what it has. It is believed for a few seconds, so that
// watching the gateway, or asking it what it can run, costs the runner nothing.

import { Failure } from "../shared/errors.ts";
import { HEALTH_CACHE_MS } from "../shared/limits.ts";
import type { RunnerHealth } from "../shared/runner-api.ts";
import type { Call } from "./call.ts";
import type { Env } from "./env.ts";
import { healthOfRunner } from "./runner-client.ts";

type Word = { atMs: number; health: RunnerHealth | Failure };

const lastWordByEnv = new WeakMap<Env, Word>();

/** How the runner is, by its last word. Throws the Failure that was all there was to hear. */
export async function lastWord(call: Call): Promise<RunnerHealth> {
  const health = await heard(call);
  if (health instanceof Failure) throw health;
  return health;
}

async function heard(call: Call): Promise<Word["health"]> {
  const known = lastWordByEnv.get(call.env);
  if (known !== undefined && Date.now() - known.atMs < HEALTH_CACHE_MS) return known.health;
  const health = await healthOfRunner(call).catch((thrown: unknown) => {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  });
  lastWordByEnv.set(call.env, { atMs: Date.now(), health });
  return health;
}
