// How many random cases a property is held against, and which to repeat: what PROPERTY_RUNS,
// PROPERTY_SEED and PROPERTY_PATH say, which the tests' set-up passes on.

import { env } from "cloudflare:workers";

type Given = { PROPERTY_RUNS?: string; PROPERTY_SEED?: string; PROPERTY_PATH?: string };

/** What was asked for; `runs` is `usual` where nothing was. */
export function propertySettings(usual: number): { runs: number; seed?: number; path?: string } {
  const { PROPERTY_RUNS, PROPERTY_SEED, PROPERTY_PATH } = env as Given;
  return {
    runs: Number(PROPERTY_RUNS || usual),
    ...(PROPERTY_SEED && { seed: Number(PROPERTY_SEED) }),
    ...(PROPERTY_PATH && { path: PROPERTY_PATH }),
  };
}
