// How long compiled programs take: the first time, when the source has to be compiled, and when the
// same source comes again. Beside it the same toolchain, out of the same image, started by hand on
// the host in no sandbox at all. They take turns.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { randomText } from "../shared/ids.ts";
import { BareShell } from "./bare-shell.ts";
import { check, type RunnerCaller } from "./client.ts";
import { COMPILED_PROGRAMS, type CompiledProgram } from "./compiled-programs.ts";
import { type PeerEngine, unpackedImage } from "./peers.ts";
import type { CompiledRow } from "./results.ts";
import { untilReady } from "./settle.ts";
import { median, rounded, timeMs } from "./stats.ts";

const ACCOUNT = "bench-compiled";
/** How often one way is gone before it is another's turn. */
const BLOCK = 5;
/** The first of each block are not counted: they find cold what the others have pushed out. */
const WARM_UPS = 2;
/** Between runs, after the pool has made ready what the last one used. */
const PAUSE_MS = 50;
const PROGRAM_MS_MAX = 60_000;

type Options = {
  rounds: number;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Times every compiled language, `rounds` times each way. */
export async function measureCompiled(
  runner: RunnerCaller,
  engine: PeerEngine,
  options: Options,
): Promise<CompiledRow[]> {
  options.report("unpacking the image");
  const image = await unpackedImage(engine);
  const shell = new BareShell(image.root);
  try {
    const rows: CompiledRow[] = [];
    for (const program of COMPILED_PROGRAMS) {
      writeSource(program, image.root);
      rows.push(await measureProgram(program, runner, shell, options));
    }
    return rows;
  } finally {
    await shell.close();
    await image.close();
  }
}

async function measureProgram(
  program: CompiledProgram,
  runner: RunnerCaller,
  shell: BareShell,
  { rounds, report, signal }: Options,
): Promise<CompiledRow> {
  const { language } = program;
  const ways = {
    freshMs: () => fresh(program, runner),
    againMs: () => again(program, runner),
    bareFreshMs: () => byHand(program, shell, `${program.compile} && ${program.run}`),
    bareAgainMs: () => byHand(program, shell, program.run),
  };
  const times = { freshMs: [], againMs: [], bareFreshMs: [], bareAgainMs: [] } as Record<
    keyof typeof ways,
    number[]
  >;
  report(`${language}, ${rounds} rounds`);
  for (let done = 0; done < rounds; done += BLOCK) {
    const size = Math.min(BLOCK, rounds - done);
    for (const [name, way] of Object.entries(ways) as [keyof typeof ways, () => Promise<void>][]) {
      times[name].push(...(await timeBlock(way, size, { runner, signal })));
    }
  }
  const p50 = (name: keyof typeof ways) => rounded(median(times[name]));
  return {
    language,
    rounds,
    freshMs: p50("freshMs"),
    againMs: p50("againMs"),
    bareFreshMs: p50("bareFreshMs"),
    bareAgainMs: p50("bareAgainMs"),
  };
}

async function timeBlock(
  way: () => Promise<void>,
  size: number,
  { runner, signal }: { runner: RunnerCaller; signal: AbortSignal },
): Promise<number[]> {
  const times: number[] = [];
  for (let round = -WARM_UPS; round < size; round++) {
    signal.throwIfAborted();
    const ms = await timeMs(way);
    if (round >= 0) times.push(ms);
    await untilReady(runner, signal);
    await sleep(PAUSE_MS, undefined, { signal });
  }
  return times;
}

async function fresh({ language, code, expected }: CompiledProgram, runner: RunnerCaller) {
  const reply = await runner.execute({ language, code: code(randomText(8)) }, ACCOUNT);
  check(reply.stdout, expected, reply);
}

async function again({ language, code, expected }: CompiledProgram, runner: RunnerCaller) {
  const reply = await runner.execute({ language, code: code("again") }, ACCOUNT);
  check(reply.stdout, expected, reply);
}

/** In a folder of the unpacked image that is there already, so that only what is asked is timed. */
async function byHand(program: CompiledProgram, shell: BareShell, command: string): Promise<void> {
  const stdout = await shell.run(`cd /bench/${program.language} && ${command}`, PROGRAM_MS_MAX);
  check(stdout, program.expected, { stdout });
}

function writeSource({ language, file, code }: CompiledProgram, root: string): void {
  const dir = join(root, "bench", language);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, file), code("by hand"));
}
