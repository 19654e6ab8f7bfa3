// What the gateway itself takes, before a runner that answers at once: what it adds to one execution,
// how many a second it lets through with the two calls to its objects that each one costs, and how
// late the latest are at half of that.

import { Agent, request as httpRequest } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { type EdgeStack, richAccount } from "./edge-stack.ts";
import { cpuMsOf } from "./processes.ts";
import type { Edge } from "./results.ts";
import { percentile, rounded, summarize, timeMs } from "./stats.ts";

export type EdgeOptions = {
  /** Executions one after another, and as many answers of the stub's own. */
  single: number;
  /** How long it is kept busy, and how long it then has half as much to do. */
  loadMs: number;
  report: (text: string) => void;
  signal: AbortSignal;
};

const BODY = JSON.stringify({ language: "python", code: "print(1)", timeout: 5000 });
const STUB_BODY = JSON.stringify({ accountId: "bench", language: "python" });
const ACCOUNTS = 20;
const AT_ONCE = 32;
const BLOCK = 50;
const WARM_UP = 500;

/** Measures the gateway of a stack. */
export async function measureEdge(stack: EdgeStack, options: EdgeOptions): Promise<Edge> {
  const agent = new Agent({ keepAlive: true, maxSockets: 4 * AT_ONCE });
  try {
    const keys: string[] = [];
    for (let count = 0; count < ACCOUNTS; count += 1) keys.push((await richAccount(stack)).apiKey);
    const execute = executor(stack, agent, keys);
    for (let count = 0; count < WARM_UP; count += 1) await execute();
    const single = await measureSingle(execute, stubAsker(stack, agent), options);
    const full = await measureFull(execute, stack, options);
    const half = await measureAt(execute, full.perSecond / 2, options);
    return { ...single, full, half };
  } finally {
    agent.destroy();
  }
}

type Ask = () => Promise<void>;

/** Executes by one account after another. */
function executor({ url }: EdgeStack, agent: Agent, keys: readonly string[]): Ask {
  let turn = 0;
  return async () => {
    turn += 1;
    const headers = { Authorization: `Bearer ${keys[turn % keys.length]}` };
    await post(`${url}/api/execute`, BODY, headers, agent);
  };
}

/** Asks the stub itself, as the gateway would. */
function stubAsker({ stub }: EdgeStack, agent: Agent): Ask {
  return async () => await post(`${stub.url}/v1/execute`, STUB_BODY, {}, agent);
}

async function post(
  url: string,
  body: string,
  headers: Record<string, string>,
  agent: Agent,
): Promise<void> {
  const length = Buffer.byteLength(body);
  const all = { ...headers, "Content-Type": "application/json", "Content-Length": length };
  const status = await new Promise<number>((resolve, reject) => {
    const request = httpRequest(url, { method: "POST", headers: all, agent }, (response) => {
      response.resume();
      response.once("end", () => resolve(response.statusCode ?? 0));
      response.once("error", reject);
    });
    request.once("error", reject);
    request.end(body);
  });
  if (status !== 200) throw new Error(`${url} answered ${status}`);
}

/** One at a time over one connection, the gateway and the bare stub in turns. */
async function measureSingle(
  execute: Ask,
  askStub: Ask,
  { single, report, signal }: EdgeOptions,
): Promise<Pick<Edge, "count" | "edge" | "stub">> {
  report(`${single} executions one after another`);
  const edgeMs: number[] = [];
  const stubMs: number[] = [];
  while (edgeMs.length < single) {
    signal.throwIfAborted();
    for (let count = 0; count < BLOCK; count += 1) edgeMs.push(await timeMs(execute));
    for (let count = 0; count < BLOCK; count += 1) stubMs.push(await timeMs(askStub));
  }
  const short = (times: readonly number[]) => {
    const { p50Ms, p99Ms } = summarize(times);
    return { p50Ms: rounded(p50Ms), p99Ms: rounded(p99Ms) };
  };
  return { count: edgeMs.length, edge: short(edgeMs), stub: short(stubMs) };
}

/** As many as go through, and what processor time of the gateway's they take. */
async function measureFull(
  execute: Ask,
  { gateway }: EdgeStack,
  { loadMs, report, signal }: EdgeOptions,
): Promise<Edge["full"]> {
  report(`${AT_ONCE} executions at a time`);
  const startedAt = performance.now();
  const cpuAtStart = cpuMsOf(gateway.identity.pid);
  let done = 0;
  const client = async () => {
    while (performance.now() - startedAt < loadMs) {
      signal.throwIfAborted();
      await execute();
      done += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  const ms = performance.now() - startedAt;
  const cpuMs = cpuMsOf(gateway.identity.pid) - cpuAtStart;
  return {
    atOnce: AT_ONCE,
    done,
    ms: rounded(ms),
    cpuMs: rounded(cpuMs),
    perSecond: rounded((done * 1000) / ms),
    perCoreSecond: rounded((done * 1000) / cpuMs),
  };
}

/** So many a second, begun on time whether or not earlier ones have ended; late is counted from then. */
async function measureAt(
  execute: Ask,
  perSecond: number,
  { loadMs, report, signal }: EdgeOptions,
): Promise<Edge["half"]> {
  report(`${Math.round(perSecond)} executions a second`);
  const timesMs: number[] = [];
  const running: Promise<void>[] = [];
  const startedAt = performance.now();
  const count = Math.floor((perSecond * loadMs) / 1000);
  for (let index = 0; index < count; index += 1) {
    const dueAt = startedAt + (index * 1000) / perSecond;
    signal.throwIfAborted();
    const waitMs = dueAt - performance.now();
    if (waitMs > 0) await sleep(waitMs);
    running.push(execute().then(() => void timesMs.push(performance.now() - dueAt)));
  }
  await Promise.all(running);
  return {
    perSecond: rounded(perSecond),
    count,
    p50Ms: rounded(percentile(timesMs, 0.5)),
    p99Ms: rounded(percentile(timesMs, 0.99)),
  };
}
