// Shows slow steps: spinners on a terminal, plain lines with their times elsewhere. Steps of a lane
// run one after the other, lanes side by side. When a step fails the other lanes are told to stop
// and waited for, so that nothing goes on unseen behind the message.

import { Listr, PRESET_TIMER } from "listr2";
import type { Report } from "../runner/host/refusal.ts";

export type Step = {
  title: string;
  /** Does it; what it returns becomes its title. */
  run: (report: Report, signal: AbortSignal) => Promise<string | undefined>;
};

/** What the list says of a step that failed; the caller shows why, once and in full. */
const SEE_BELOW = "see below";

/** Runs lanes of steps and throws what the first failing step threw, or why `signal` was aborted. */
export async function runSteps(
  lanes: readonly (readonly Step[])[],
  signal: AbortSignal,
): Promise<void> {
  const controller = new AbortController();
  const either = AbortSignal.any([signal, controller.signal]);
  const begun: Promise<unknown>[] = [];
  let failure: unknown;

  const tasks = lanes.map((lane) =>
    lane.map((step) => ({
      title: step.title,
      task: async (_: unknown, task: { title: string; output: string }) => {
        const work = (async () => {
          either.throwIfAborted();
          task.title = (await step.run((line) => (task.output = line), either)) ?? step.title;
        })();
        begun.push(work.catch(() => undefined));
        try {
          await work;
        } catch (error) {
          if (failure === undefined) failure = { error };
          controller.abort(error);
          throw new Error(SEE_BELOW);
        }
      },
    })),
  );
  const options = { renderer: "default", fallbackRenderer: "simple" } as const;
  const listr = new Listr(
    tasks.map((lane) => ({ task: (_, task) => task.newListr(lane, { concurrent: false }) })),
    {
      ...options,
      concurrent: true,
      registerSignalListeners: false,
      rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false, showErrorMessage: false },
      fallbackRendererOptions: { timer: PRESET_TIMER },
    },
  );
  try {
    await listr.run();
  } catch (error) {
    await Promise.all(begun);
    signal.throwIfAborted();
    throw isFailure(failure) ? failure.error : error;
  }
}

function isFailure(value: unknown): value is { error: unknown } {
  return typeof value === "object" && value !== null && "error" in value;
}
