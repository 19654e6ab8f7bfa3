// What sessions cost that nobody uses: a hundred of one language in a real runner, each with something
// in it, once all are frozen.

import type { Runner } from "../launch/runner.ts";
import { type Callee, check, runnerCaller } from "./client.ts";
import { untilFrozen, watchIdle } from "./idle.ts";
import { type HostProcess, pssBytesOf } from "./processes.ts";
import type { Kept } from "./results.ts";
import { untilQuiet } from "./settle.ts";
import { median } from "./stats.ts";

const LANGUAGE = "python";
/** The sandboxes that wait beside them are measured too, and are few. */
export const KEPT_POOL_FLOOR = 1;

type Options = {
  sessions: number;
  socket: string;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Opens sessions one after the other, puts a variable into each, and watches them idle. */
export async function measureKept(
  callee: Callee & { runner: Runner },
  { sessions, socket, report, signal }: Options,
): Promise<Kept> {
  const caller = runnerCaller(callee);
  await untilQuiet(caller, signal);
  for (let n = 1; n <= sessions; n++) {
    signal.throwIfAborted();
    const session = await caller.open(LANGUAGE, `account-${n}`);
    const reply = await session.execute(`x = ${n}\nprint(x)`);
    check(reply.stdout, `${n}\n`, reply);
    if (n % 10 === 0) report(`opened ${n} of ${sessions} sessions`);
  }
  report("waiting for all to be frozen");
  const sandboxes = await untilFrozen(socket, callee.runnerId, sessions, signal);
  const idle = await watchIdle(callee.runner, sandboxes, { report, signal });
  return {
    language: LANGUAGE,
    sessions,
    idle,
    bytesEach: Math.round(median(sandboxes.map(bytesOf))),
  };
}

function bytesOf(processes: readonly HostProcess[]): number {
  return processes.reduce((sum, { pid }) => sum + pssBytesOf(pid), 0);
}
