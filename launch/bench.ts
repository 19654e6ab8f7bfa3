// `npm run bench`: makes sure of the engine and the image, has the benchmark measured, prints its
// tables and keeps its figures. A complete run replaces those that the README shows; a run of some
// parts, or one in which a part failed, replaces nothing.

import { writeFileSync } from "node:fs";
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describeMachine } from "../bench/machine.ts";
import { BENCH_HELP, type BenchOptions, parseBenchOptions } from "../bench/options.ts";
import type { PeerEngine } from "../bench/peers.ts";
import { reportOf } from "../bench/report.ts";
import { LATEST, PART_NAMES, PARTIAL, Results } from "../bench/results.ts";
import { needNoEngine, type RunResult, runParts } from "../bench/run.ts";
import { writeDocs } from "../docs/tables.ts";
import { ensureEngine } from "../runner/host/engine.ts";
import { watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { launchPaths } from "./paths.ts";
import { requireHost } from "./preflight.ts";
import { ensureImage } from "./sandbox-image.ts";

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Runs the benchmark; resolves with the exit code. */
async function main(options: BenchOptions, signal: AbortSignal): Promise<number> {
  const paths = launchPaths();
  if (needNoEngine(options.parts)) return await measure(options, undefined, signal);
  requireHost(paths);
  const engine = await ensureEngine({ paths: paths.engine, report: say, signal });
  try {
    const { socket, runtime } = engine;
    const image = await ensureImage({ paths, socket, report: say, signal });
    return await measure(options, { socket, runtime, image }, signal);
  } finally {
    await engine.release();
  }
}

async function measure(
  { rounds, parts }: BenchOptions,
  engine: PeerEngine | undefined,
  signal: AbortSignal,
): Promise<number> {
  const machine = await describeMachine(engine);
  const result = await runParts({ engine, parts, rounds, say, signal });
  const takenAt = new Date().toISOString();
  const results = Results.parse({ takenAt, rounds, machine, ...result.measured });
  process.stdout.write(`\n${reportOf(results)}\n\n`);
  await keep(results);
  return tellFailures(result);
}

async function keep(results: Results): Promise<void> {
  const text = `${JSON.stringify(results, null, 2)}\n`;
  if (PART_NAMES.some((part) => results[part] === undefined)) {
    writeFileSync(PARTIAL, text);
    say(`Not a complete run, so it is kept apart, in ${nameOf(PARTIAL)}.`);
    return;
  }
  writeFileSync(LATEST.json, text);
  await writeDocs();
  say(`Kept in ${nameOf(LATEST.json)}; its pictures and the README are in step with it.`);
}

function tellFailures({ failed }: RunResult): number {
  for (const { part, error } of failed) {
    say(`\nThe part "${part}" failed:\n${error instanceof Error ? error.stack : String(error)}`);
  }
  return failed.length === 0 ? 0 : 1;
}

function nameOf(file: URL): string {
  return relative(launchPaths().repo, fileURLToPath(file));
}

const ending = watchForEnding();
try {
  const options = parseBenchOptions(process.argv.slice(2));
  if (options.help) process.stdout.write(BENCH_HELP);
  else process.exitCode = await main(options, ending.first);
} catch (thrown) {
  process.exitCode = explain(thrown, ending.first);
}
