// `npm test`: the checks of style and types and every test, on a real engine, ending in one line that
// says how many passed and failed. It fails, and says why, where no sandbox can be had; it never
// skips. What it was given after `--` goes to vitest, as in `npm test -- --project worker`.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../runner/host/engine.ts";
import { endProcess, signalProcess } from "../runner/host/identity.ts";
import { findProcesses } from "../runner/host/leftovers.ts";
import { run, startChild } from "../runner/host/spawn.ts";
import { watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { launchPaths, type Paths } from "./paths.ts";
import { requireHost } from "./preflight.ts";
import { runSteps, type Step } from "./progress.ts";
import { type Sandboxes, sandboxSteps } from "./steps.ts";
import { type Tally, tallyLine, tallyOf } from "./tally.ts";

/** Leaves the engine out, for a part of the tests that needs none. */
const WITHOUT_ENGINE = "--without-engine";
const VITEST_GRACE_MS = 20_000;
const REMOVAL_MS_MAX = 45_000;

const CHECKS = [
  { title: "Style", program: "@biomejs/biome/bin/biome", args: ["check", "."] },
  { title: "Types", program: "typescript/bin/tsc", args: ["--noEmit", "-p", "tsconfig.json"] },
  {
    title: "Types of the gateway",
    program: "typescript/bin/tsc",
    args: ["--noEmit", "-p", "worker/tsconfig.json"],
  },
  {
    title: "Types of the client",
    program: "typescript/bin/tsc",
    args: ["--noEmit", "-p", "client/tsconfig.json"],
  },
];

const ending = watchForEnding();
const tally: Tally = { passed: 0, failed: 0 };

async function main(args: readonly string[]): Promise<void> {
  const paths = launchPaths();
  const withEngine = !args.includes(WITHOUT_ENGINE);
  if (withEngine) requireHost(paths);
  const made: Sandboxes = {};
  const problems: string[] = [];
  const lanes = [CHECKS.map((check) => checkStep(check, paths, problems))];
  try {
    const socket = process.env.CODERUNNER_DOCKER_SOCKET || undefined;
    const runtime = process.env.CODERUNNER_RUNTIME || undefined;
    if (withEngine) lanes.unshift(sandboxSteps({ paths, socket, runtime }, made));
    await runSteps(lanes, ending.first);
    for (const problem of problems) process.stdout.write(`\n${problem}\n`);
    await runVitest(
      args.filter((arg) => arg !== WITHOUT_ENGINE),
      paths,
      made,
    );
  } finally {
    if (made.engine !== undefined) await leave(made.engine, paths);
  }
}

function checkStep(check: (typeof CHECKS)[number], paths: Paths, problems: string[]): Step {
  return {
    title: check.title,
    run: async (_, signal) => {
      const program = join(paths.repo, "node_modules", check.program);
      const options = { cwd: paths.repo, mayFail: true, signal };
      const result = await run(process.execPath, [program, ...check.args], options);
      tally[result.code === 0 ? "passed" : "failed"] += 1;
      if (result.code === 0) return undefined;
      problems.push(`${check.title}:\n${result.stdout}${result.stderr}`.trim());
      return `${check.title}: not as it should be`;
    },
  };
}

async function runVitest(
  args: readonly string[],
  paths: Paths,
  { engine, image }: Sandboxes,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "agent-coderunner-test-"));
  const reportFile = join(dir, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const vitest = join(paths.repo, "node_modules", "vitest", "vitest.mjs");
  try {
    const child = await startChild(process.execPath, [vitest, "run", ...reporters, ...args], {
      cwd: paths.repo,
      env: {
        ...process.env,
        CODERUNNER_ENGINE_DIR: paths.engine.root,
        ...(engine && {
          CODERUNNER_DOCKER_SOCKET: engine.socket,
          CODERUNNER_RUNTIME: engine.runtime,
        }),
        ...(image && { CODERUNNER_IMAGE: image }),
      },
      output: "inherit",
      errors: "inherit",
      endWithParent: true,
    });
    const stop = async () => {
      signalProcess(child.identity, "SIGINT");
      await endProcess(child.identity, VITEST_GRACE_MS);
    };
    ending.first.addEventListener("abort", stop);
    if (ending.first.aborted) await stop();
    const { code } = await child.ended;
    const counted = tallyOf(readJson(reportFile), code ?? 1);
    tally.passed += counted.passed;
    tally.failed += counted.failed;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Leaves the engine, and counts as a failure whatever the tests have left in or of it. */
async function leave(engine: Engine, paths: Paths): Promise<void> {
  const isLast = engine.isPrivate && engine.othersUsing() === 0;
  const containers = isLast ? await containersLeft(engine) : 0;
  if (containers > 0) fail(`The tests have left ${containers} containers behind.`);
  await engine.release();
  const processes = isLast && engine.othersUsing() < 0 ? findProcesses(paths.engine.run) : [];
  if (processes.length > 0) {
    fail(`The engine has left processes: ${processes.map(({ pid }) => pid).join(", ")}.`);
  }
}

/** How many containers stay. Docker may still be removing those of a runner that has just ended. */
async function containersLeft(engine: Engine): Promise<number> {
  const deadline = performance.now() + REMOVAL_MS_MAX;
  let left = await engine.countContainers();
  while (left > 0 && performance.now() < deadline) {
    await sleep(500);
    left = await engine.countContainers();
  }
  return left;
}

function fail(sentence: string): void {
  process.stdout.write(`${sentence}\n`);
  tally.failed += 1;
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return undefined;
  }
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  explain(error, ending.first);
  tally.failed += 1;
}
process.stdout.write(`${tallyLine(tally)}\n`);
process.exit(tally.failed === 0 && tally.passed > 0 ? 0 : 1);
