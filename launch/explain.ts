// What a person reads when a command fails: a refusal is a sentence, anything else is a bug and
// shows where it happened.

import { Refusal } from "../runner/host/refusal.ts";

/** Says on the terminal why a command failed and returns its exit code. */
export function explain(error: unknown, ending: AbortSignal): number {
  if (error instanceof Refusal) {
    process.stderr.write(`agent-coderunner: ${error.message}\n`);
    return 1;
  }
  if (ending.aborted) {
    process.stderr.write("Stopped before it was ready.\n");
    return 130;
  }
  process.stderr.write(`agent-coderunner failed by a bug of its own:\n${stackOf(error)}\n`);
  return 1;
}

function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
