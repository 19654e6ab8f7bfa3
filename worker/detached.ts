// Executions that go on by themselves: answered as soon as the runner has taken them on, and seen to
// their end by this Worker for as long as the platform lets it, and by the account's courier after
// that. What can be told at once, that it cannot run, is told at once.

import { asFailure } from "../shared/errors.ts";
import { DETACHED_ANSWER_MS_MAX } from "../shared/limits.ts";
import { type Call, logTrouble } from "./call.ts";
import { entrust } from "./courier/entrust.ts";
import type { Face } from "./courier/errands.ts";
import { type Begun, begin, executeLive, LostSight, type Order, type Started } from "./execute.ts";
import { HISTORY_WORDS } from "./faces/executions.ts";
import type { Reply } from "./handle.ts";
import { noteReplay } from "./idempotency.ts";

/** Begins to run a program and answers with its id. */
export async function executeDetached(call: Call, order: Order, face: Face): Promise<Reply> {
  const begun = await begin(call, order);
  if ("repeats" in begun) {
    noteReplay(call);
    const { id, sessionId, language } = begun.repeats.execution;
    return started({ executionId: id, sessionId, language }, face);
  }
  await entrust(call, begun, face);
  const taken = Promise.withResolvers<void>();
  const live = { signal: new AbortController().signal, tell: () => taken.resolve() };
  const executed = executeLive(call, begun, live);
  const over = executed.catch(unlessLost);
  await Promise.race([taken.promise, over, scheduler.wait(DETACHED_ANSWER_MS_MAX)]);
  begun.isAnswered = true;
  // The log line is not kept waiting: the platform may end this Worker before the program ends.
  call.ctx.waitUntil(executed.catch((thrown: unknown) => logEnd(call, begun, thrown)));
  return started({ ...begun, language: begun.admitted.language }, face);
}

/** What we have lost sight of may run on, and its caller is told where to ask for it. */
function unlessLost(thrown: unknown): void {
  if (!(thrown instanceof LostSight)) throw thrown;
}

function logEnd(call: Call, { executionId }: Begun, thrown: unknown): void {
  const { code, detail } = asFailure(thrown);
  logTrouble(call, `the detached execution ${executionId} ended with ${code}: ${detail ?? ""}`);
}

function started(what: Started, face: Face): Reply {
  return { status: 202, body: HISTORY_WORDS[face].started(what) };
}
