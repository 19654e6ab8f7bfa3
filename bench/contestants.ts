// The ways of running one small program that the benchmark times beside each other. The engine's own
// two are here: through the edge and at the runner. The rest are in bench/peers.ts. Each checks that
// the program's output came back, so that a wrong answer can never be a fast one.

import type { Stack } from "../launch/stack.ts";
import { call, check, type RunnerCaller } from "./client.ts";
import { bareOnTheHost, byDockerExec, byDockerRun, type PeerEngine } from "./peers.ts";
import type { BenchProgram } from "./programs.ts";

/** One way of running a program. */
export type Contestant = {
  name: string;
  /** How much of the rounds it takes part in; a slow one in fewer. */
  share: number;
  /** Runs it once and checks its output. */
  run: (program: BenchProgram) => Promise<void>;
  close: () => Promise<void>;
};

/** A slow contestant's share of the rounds. */
const SLOW_SHARE = 0.2;

/** Every contestant, ready to run; the caller closes them. */
export async function enterAll(
  stack: Stack,
  runner: RunnerCaller,
  engine: PeerEngine,
): Promise<Contestant[]> {
  const nothing = async () => undefined;
  const exec = await byDockerExec(engine);
  try {
    const bare = await bareOnTheHost(engine);
    return [
      { name: "edge", share: 1, run: await throughTheEdge(stack), close: nothing },
      { name: "runner", share: 1, run: atTheRunner(runner, "bench"), close: nothing },
      { name: "bare host", share: 1, ...bare },
      { name: "docker exec", share: 1, ...exec },
      { name: "docker run", share: SLOW_SHARE, run: byDockerRun(engine), close: nothing },
    ];
  } catch (thrown) {
    await exec.close();
    throw thrown;
  }
}

/** `POST /api/execute` with an account that neither runs out nor is held back. */
async function throughTheEdge(stack: Stack): Promise<Contestant["run"]> {
  const key = await richKey(stack);
  const url = new URL("/api/execute", stack.url);
  const headers = { "content-type": "application/json", authorization: `Bearer ${key}` };
  return async ({ language, code, expected }) => {
    const reply = await call("POST", url, headers, JSON.stringify({ language, code }));
    check(`${reply.stdout}\n`, expected, reply);
  };
}

/** A signed request straight to the runner, for one account. */
export function atTheRunner(runner: RunnerCaller, accountId: string): Contestant["run"] {
  return async (program) => {
    const reply = await runner.execute(program, accountId);
    check(reply.stdout, program.expected, reply);
  };
}

/** The key of an account that neither runs out nor is held back. */
export async function richKey(stack: Stack): Promise<string> {
  const made = await call("POST", new URL("/api/keys", stack.url), {});
  const url = new URL(`/admin/accounts/${made.accountId}`, stack.url);
  const headers = {
    "content-type": "application/json",
    authorization: `Bearer ${stack.adminToken}`,
  };
  const change = JSON.stringify({ grantCredits: 1_000_000, ratePerMinute: 1_000_000 });
  await call("PATCH", url, headers, change);
  return String(made.apiKey);
}
