// How long compiled programs take: the first time, when the source has to be compiled, and when the
// same source comes again. Beside it the same toolchain, out of the same image, started by hand on
// the host in no sandbox at all. They take turns.

import { execFile } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { randomText } from "../shared/ids.ts";
import { check, type RunnerCaller } from "./client.ts";
import { COMPILED_PROGRAMS, type CompiledProgram } from "./compiled-programs.ts";
import { type PeerEngine, unpackedImage } from "./peers.ts";
import type { CompiledRow } from "./results.ts";
import { untilReady } from "./settle.ts";
import { median, rounded, timeMs } from "./stats.ts";

const ACCOUNT = "bench-compiled";
/** The first of each are not counted: they find cold what the others have pushed out. */
const WARM_UPS = 2;
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
  try {
    const rows: CompiledRow[] = [];
    for (const program of COMPILED_PROGRAMS) {
      rows.push(await measureProgram(program, runner, image.root, options));
    }
    return rows;
  } finally {
    await image.close();
  }
}

async function measureProgram(
  program: CompiledProgram,
  runner: RunnerCaller,
  root: string,
  { rounds, report, signal }: Options,
): Promise<CompiledRow> {
  const { language } = program;
  const ways = {
    freshMs: () => fresh(program, runner),
    againMs: () => again(program, runner),
    bareFreshMs: () => byHand(program, root, `${program.compile} && ${program.run}`),
    bareAgainMs: () => byHand(program, root, program.run),
  };
  const times = { freshMs: [], againMs: [], bareFreshMs: [], bareAgainMs: [] } as Record<
    keyof typeof ways,
    number[]
  >;
  report(`${language}, ${rounds} rounds`);
  for (let round = -WARM_UPS; round < rounds; round++) {
    for (const [name, way] of Object.entries(ways) as [keyof typeof ways, () => Promise<void>][]) {
      signal.throwIfAborted();
      const ms = await timeMs(way);
      if (round >= 0) times[name].push(ms);
      await untilReady(runner, signal);
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

async function fresh({ language, code, expected }: CompiledProgram, runner: RunnerCaller) {
  const reply = await runner.execute({ language, code: code(randomText(8)) }, ACCOUNT);
  check(reply.stdout, expected, reply);
}

async function again({ language, code, expected }: CompiledProgram, runner: RunnerCaller) {
  const reply = await runner.execute({ language, code: code("again") }, ACCOUNT);
  check(reply.stdout, expected, reply);
}

/** In a folder that is there already, so that only what is asked is timed; with what devices there must be. */
async function byHand(program: CompiledProgram, root: string, command: string): Promise<void> {
  const dir = join(root, "bench", program.language);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, program.file), program.code("by hand"));
  const script = `mount -t proc proc "$0/proc" && mount --bind /dev "$0/dev" && exec chroot "$0" /bin/sh -c "cd /bench/${program.language} && ${command}"`;
  const args = ["--mount", "--fork", "--pid", "sh", "-c", script, root];
  const { stdout } = await promisify(execFile)("unshare", args, { timeout: PROGRAM_MS_MAX });
  check(stdout, program.expected, { stdout });
}
