// What a session adds to an execution, and what it saves: one small cell after another in a session
// that is awake, the first after it was frozen, and the same through the edge; and a file on its way
// in and out. Cells follow each other at once; the runner's and the edge's take turns in small blocks.

import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../launch/stack.ts";
import { FREEZE_AFTER_MS } from "../shared/limits.ts";
import { call, check, exchange, type RunnerCaller } from "./client.ts";
import { richKey } from "./contestants.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import type { CellRow, FileRow, SessionFigures } from "./results.ts";
import { untilReady } from "./settle.ts";
import { median, rounded, summarize, timeMs } from "./stats.ts";

const ACCOUNT = "sessions";
const BLOCK = 10;
const WARM_UPS = 2;
/** By then a session has been noticed to idle, and is frozen. */
const FREEZE_MS = FREEZE_AFTER_MS + 2_000;
const FILE_BYTES = 1024 * 1024;

type Options = {
  rounds: number;
  freezes: number;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Something that runs one cell of a program and gives its output. */
type Cell = () => Promise<void>;

/** Times cells of every language and files of a megabyte. */
export async function measureSessions(
  stack: Stack,
  runner: RunnerCaller,
  options: Options,
): Promise<SessionFigures> {
  const edge = await atTheEdge(stack);
  const cells: CellRow[] = [];
  for (const program of PROGRAMS) {
    cells.push(...(await measureCells(program, { runner, edge }, options)));
  }
  return { cells, files: await measureFiles(edge, options) };
}

async function measureCells(
  program: BenchProgram,
  { runner, edge }: { runner: RunnerCaller; edge: Edge },
  options: Options,
): Promise<CellRow[]> {
  const session = await runner.open(program.language, ACCOUNT);
  const sessionId = await edge.open(program.language);
  const atRunner: Cell = async () => {
    const reply = await session.execute(program.code);
    check(reply.stdout, program.expected, reply);
  };
  const throughEdge: Cell = async () => {
    const reply = await edge.execute(sessionId, program.code);
    check(`${reply.stdout}\n`, program.expected, reply);
  };
  const times = { runner: [] as number[], edge: [] as number[], frozen: [] as number[] };
  await untilReady(runner, options.signal);
  for (let done = 0; done < options.rounds; done += BLOCK) {
    options.report(
      `${program.language}, cells ${done + 1} to ${done + BLOCK} of ${options.rounds}`,
    );
    times.runner.push(...(await timeBlock(atRunner, options.signal)));
    times.edge.push(...(await timeBlock(throughEdge, options.signal)));
  }
  for (let n = 0; n < options.freezes; n++) {
    options.report(`${program.language}, frozen ${n + 1} of ${options.freezes}`);
    await sleep(FREEZE_MS, undefined, { signal: options.signal });
    times.frozen.push(await timeMs(atRunner));
  }
  await session.close();
  await edge.close(sessionId);
  return [
    rowOf(program, "runner", times.runner),
    rowOf(program, "runner, frozen before", times.frozen),
    rowOf(program, "edge", times.edge),
  ];
}

async function timeBlock(cell: Cell, signal: AbortSignal): Promise<number[]> {
  const times: number[] = [];
  for (let round = -WARM_UPS; round < BLOCK; round++) {
    signal.throwIfAborted();
    const ms = await timeMs(cell);
    if (round >= 0) times.push(ms);
  }
  return times;
}

function rowOf({ language }: BenchProgram, contestant: string, times: readonly number[]): CellRow {
  const { count, p50Ms, p99Ms } = summarize(times);
  return { language, contestant, count, p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms) };
}

async function measureFiles(edge: Edge, { rounds, report, signal }: Options): Promise<FileRow[]> {
  report("files");
  const sessionId = await edge.open("python");
  const content = randomBytes(FILE_BYTES);
  const times = { up: [] as number[], down: [] as number[] };
  for (let round = -WARM_UPS; round < rounds; round++) {
    signal.throwIfAborted();
    const up = await timeMs(() => edge.put(sessionId, content));
    const down = await timeMs(() => edge.get(sessionId, content));
    if (round >= 0) {
      times.up.push(up);
      times.down.push(down);
    }
  }
  await edge.close(sessionId);
  const row = (direction: "up" | "down") => ({
    ...{ direction, bytes: FILE_BYTES, count: times[direction].length },
    p50Ms: rounded(median(times[direction])),
  });
  return [row("up"), row("down")];
}

type Edge = Awaited<ReturnType<typeof atTheEdge>>;

/** Sessions through the edge, of an account that neither runs out nor is held back. */
async function atTheEdge(stack: Stack) {
  const bearer = { authorization: `Bearer ${await richKey(stack)}` };
  const json = { ...bearer, "content-type": "application/json" };
  const url = (path: string) => new URL(`/api/sessions${path}`, stack.url);
  const file = (sessionId: string) => url(`/${sessionId}/files/data.bin`);
  return {
    open: async (language: string) => {
      const reply = await call("POST", url(""), json, JSON.stringify({ language }));
      if (typeof reply.sessionId !== "string") throw new Error(JSON.stringify(reply));
      return reply.sessionId;
    },
    execute: (sessionId: string, code: string) =>
      call("POST", url(`/${sessionId}/execute`), json, JSON.stringify({ code })),
    put: async (sessionId: string, content: Buffer) => {
      const reply = await exchange("PUT", file(sessionId), bearer, content);
      if (!reply.includes("sha256")) throw new Error(`not uploaded: ${reply}`);
    },
    get: async (sessionId: string, content: Buffer) => {
      const reply = await exchange("GET", file(sessionId), bearer, Buffer.alloc(0));
      if (!reply.equals(content)) throw new Error("another file came back");
    },
    close: async (sessionId: string) => void (await call("DELETE", url(`/${sessionId}`), bearer)),
  };
}
