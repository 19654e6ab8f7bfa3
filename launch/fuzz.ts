// `npm run fuzz`: sends the gateway many thousand odd requests and fails if any is answered with a
// fault, not at all, or at a wrong price. It needs no engine: the runner behind it only answers.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { endProcess } from "../runner/host/identity.ts";
import { Refusal } from "../runner/host/refusal.ts";
import { startChild } from "../runner/host/spawn.ts";
import { watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { launchPaths } from "./paths.ts";

const DEFAULTS = { requests: "50000", seed: "1" };
const GRACE_MS = 20_000;

async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    options: {
      requests: { type: "string", default: DEFAULTS.requests },
      seed: { type: "string", default: DEFAULTS.seed },
      only: { type: "string" },
    },
  });
  const args = Object.entries(values).map(([name, value]) => {
    if (!/^\d{1,9}$/.test(value)) throw new Refusal(`--${name} takes a whole number.`);
    return `--${name}=${value}`;
  });
  const { repo } = launchPaths();
  const child = await startChild(
    process.execPath,
    [join(repo, "test", "fuzz", "main.ts"), ...args],
    { cwd: repo, env: process.env, output: "inherit", errors: "inherit", endWithParent: true },
  );
  const stop = () => void endProcess(child.identity, GRACE_MS);
  signal.addEventListener("abort", stop);
  if (signal.aborted) stop();
  return (await child.ended).code ?? 1;
}

const ending = watchForEnding();
try {
  process.exitCode = await main(ending.first);
} catch (thrown) {
  process.exitCode = explain(thrown, ending.first);
}
