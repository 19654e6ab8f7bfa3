// `npm run soak`: makes sure of the engine and the image, then runs thousands of programs of every
// kind through a runner and fails if any answer is wrong or anything grows that should not.

import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ensureEngine } from "../runner/host/engine.ts";
import { endProcess } from "../runner/host/identity.ts";
import { Refusal } from "../runner/host/refusal.ts";
import { startChild } from "../runner/host/spawn.ts";
import { watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { launchPaths } from "./paths.ts";
import { requireHost } from "./preflight.ts";
import { ensureImage } from "./sandbox-image.ts";

const EXECUTIONS_DEFAULT = "5000";
const EXECUTIONS_MIN = 100;
const GRACE_MS = 60_000;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(signal: AbortSignal): Promise<number> {
  const { executions, output } = parseArgs({
    options: {
      executions: { type: "string", default: EXECUTIONS_DEFAULT },
      output: { type: "string" },
    },
  }).values;
  if (!/^\d+$/.test(executions) || Number(executions) < EXECUTIONS_MIN) {
    throw new Refusal(`--executions takes a whole number of at least ${EXECUTIONS_MIN}.`);
  }
  const paths = launchPaths();
  requireHost(paths);
  const engine = await ensureEngine({ paths: paths.engine, report: say, notice: say, signal });
  try {
    const image = await ensureImage({ paths, socket: engine.socket, report: say, signal });
    const script = join(paths.repo, "test", "soak", "main.ts");
    const file = resolve(output ?? join(paths.repo, "bench", "results", "soak.json"));
    const child = await startChild(
      process.execPath,
      [script, `--executions=${executions}`, `--output=${file}`],
      {
        cwd: paths.repo,
        env: {
          ...process.env,
          CODERUNNER_ENGINE_DIR: paths.engine.root,
          CODERUNNER_DOCKER_SOCKET: engine.socket,
          CODERUNNER_RUNTIME: engine.runtime,
          CODERUNNER_IMAGE: image,
        },
        output: "inherit",
        errors: "inherit",
        endWithParent: true,
      },
    );
    const stop = () => void endProcess(child.identity, GRACE_MS);
    signal.addEventListener("abort", stop);
    if (signal.aborted) stop();
    return (await child.ended).code ?? 1;
  } finally {
    await engine.release();
  }
}

const ending = watchForEnding();
try {
  process.exitCode = await main(ending.first);
} catch (thrown) {
  process.exitCode = explain(thrown, ending.first);
}
