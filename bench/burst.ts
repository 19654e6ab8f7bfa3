// Fifty executions at once from one account, against as many containers one after another. Bursts
// and containers alternate; before each burst the pool is as it is when nobody asks for anything.

import type { Reply, RunnerCaller } from "./client.ts";
import { type BenchProgram, PROGRAMS } from "./programs.ts";
import type { Burst } from "./results.ts";
import { untilQuiet } from "./settle.ts";
import { rounded, timeMs } from "./stats.ts";

const LANGUAGE = "python";
const SIZE = 50;

type Options = {
  bursts: number;
  /** How many real containers; fewer than the burst has executions are scaled up to it. */
  dockerRuns: number;
  /** Resolves when the runner's pool is as it is when nobody asks for anything. */
  rest: () => Promise<void>;
  /** Runs a program in a container of its own. */
  dockerRun: (program: BenchProgram) => Promise<void>;
  report: (text: string) => void;
  signal: AbortSignal;
};

/** Measures bursts at the runner and the same number of executions by containers of their own. */
export async function measureBurst(runner: RunnerCaller, options: Options): Promise<Burst> {
  const { bursts, dockerRuns, rest, report, signal } = options;
  const program = PROGRAMS.find(({ language }) => language === LANGUAGE) as BenchProgram;
  const taken: Burst["bursts"] = [];
  let dockerRunsMs = 0;
  let dockerRunsDone = 0;
  for (let burst = 1; burst <= bursts; burst++) {
    report(`waiting for the pool to be at rest, then burst ${burst} of ${bursts}`);
    await rest();
    taken.push(await measureOne(runner, program, `burst-${burst}`, report));
    await untilQuiet(runner, signal);
    const until = Math.round((dockerRuns * burst) / bursts);
    report(`containers ${dockerRunsDone + 1} to ${until} of ${dockerRuns}, one after another`);
    for (; dockerRunsDone < until; dockerRunsDone++) {
      signal.throwIfAborted();
      dockerRunsMs += await timeMs(() => options.dockerRun(program));
    }
  }
  return {
    ...{ language: LANGUAGE, size: SIZE, bursts: taken, dockerRuns },
    dockerRunsMs: rounded(dockerRunsMs),
  };
}

async function measureOne(
  runner: RunnerCaller,
  program: BenchProgram,
  accountId: string,
  report: Options["report"],
): Promise<Burst["bursts"][number]> {
  let succeeded = 0;
  let failure: unknown;
  const ms = await timeMs(() =>
    Promise.all(
      Array.from({ length: SIZE }, async () => {
        const reply = await runner.execute(program, accountId).catch(unanswered);
        if (reply.stdout === program.expected) succeeded++;
        else failure = reply;
      }),
    ),
  );
  if (failure !== undefined) {
    report(`${SIZE - succeeded} of ${SIZE} failed, the last with ${JSON.stringify(failure)}`);
  }
  return { ms: rounded(ms), succeeded };
}

/** A request without an answer is a failed execution like any other. */
function unanswered(error: unknown): Reply {
  return { error: String(error) };
}
