// GET /health: whether a sandbox could be had now. It asks the runner and believes the answer for a
// few seconds, so that watching the gateway costs the runner nothing.

import { Failure } from "../../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS, HEALTH_CACHE_MS } from "../../shared/limits.ts";
import type { RunnerHealth } from "../../shared/runner-api.ts";
import type { Call } from "../call.ts";
import type { Env } from "../env.ts";
import { handle, NoBody } from "../handle.ts";
import { healthOfRunner } from "../runner-client.ts";

type Word = { atMs: number; health: RunnerHealth | Failure };

const lastWordByEnv = new WeakMap<Env, Word>();

export const health = handle({
  body: NoBody,
  run: async (_body, call) => {
    const word = await lastWord(call);
    if (word instanceof Failure) throw word;
    if (!word.ready) throw new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
    const languages = Object.entries(word.languages).map(([id, { version }]) => [id, version]);
    return { body: { status: "ok", languages: Object.fromEntries(languages) } };
  },
});

async function lastWord(call: Call): Promise<Word["health"]> {
  const known = lastWordByEnv.get(call.env);
  if (known !== undefined && Date.now() - known.atMs < HEALTH_CACHE_MS) return known.health;
  const health = await healthOfRunner(call).catch((thrown: unknown) => {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  });
  lastWordByEnv.set(call.env, { atMs: Date.now(), health });
  return health;
}
