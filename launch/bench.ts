// `npm run bench`: starts the whole stack, times it beside its peers in one run, prints a table and
// writes the figures as JSON.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import {
  atTheRunner,
  bareOnTheHost,
  byDockerExec,
  type Contestant,
  throughTheEdge,
} from "../bench/contestants.ts";
import { measureLatency } from "../bench/latency.ts";
import { latencyTable, resultsOf } from "../bench/report.ts";
import { type Engine, ensureEngine } from "../runner/host/engine.ts";
import { Refusal } from "../runner/host/refusal.ts";
import { watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { launchPaths } from "./paths.ts";
import { requireHost } from "./preflight.ts";
import { ensureImage } from "./sandbox-image.ts";
import { type Stack, startStack } from "./stack.ts";

const ROUNDS_DEFAULT = 50;

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(signal: AbortSignal): Promise<void> {
  const options = { rounds: { type: "string", default: String(ROUNDS_DEFAULT) } } as const;
  const rounds = Number(parseArgs({ options }).values.rounds);
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new Refusal("--rounds takes a whole number of at least 1.");
  }
  const paths = launchPaths();
  requireHost(paths);
  const engine = await ensureEngine({ paths: paths.engine, report: say, signal });
  try {
    const image = await ensureImage({ paths, socket: engine.socket, report: say, signal });
    const results = await measure(engine, image, rounds, signal);
    const file = join(paths.repo, "bench", "results", "latest.json");
    mkdirSync(join(paths.repo, "bench", "results"), { recursive: true });
    writeFileSync(file, `${JSON.stringify(results, null, 2)}\n`);
    process.stdout.write(`\n${latencyTable(results.latency)}\n\nWritten to ${file}\n`);
  } finally {
    await engine.release();
  }
}

async function measure(engine: Engine, image: string, rounds: number, signal: AbortSignal) {
  const { socket, runtime } = engine;
  const undo: (() => Promise<void>)[] = [];
  try {
    say("starting the runner and the gateway");
    const stack: Stack = await startStack({ socket, image, runtime });
    undo.push(stack.stop);
    const contestants: Contestant[] = [];
    for (const enter of [
      () => throughTheEdge(stack),
      async () => atTheRunner(stack),
      () => byDockerExec({ socket, image, runtime }),
      () => bareOnTheHost({ socket, image }),
    ]) {
      const contestant = await enter();
      undo.push(contestant.close);
      contestants.push(contestant);
    }
    return resultsOf(
      await measureLatency(contestants, { rounds, report: say, signal }),
      new Date(),
    );
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

const ending = watchForEnding();
try {
  await main(ending.first);
} catch (thrown) {
  process.exitCode = explain(thrown, ending.first);
}
