// Runs a program and shows it: its output as it comes or at its end, its own exit code, and what became of
// it where that says more. Whatever ends the command early ends the program too.

import type { ExecutionStream } from "../../client/src/stream.ts";
import type { Execution, ExecutionEvent, Stage } from "../../client/src/types.ts";
import { STDIN_BYTES_MAX } from "../../shared/limits.ts";
import type { Context } from "./command.ts";
import { EXITS, exitOfSignal, Stop } from "./exit.ts";
import type { Input } from "./input.ts";
import { saveFiles } from "./save.ts";
import { harmless, startSpinner } from "./terminal.ts";

/** How long an interrupted program may take to end before the command leaves all the same. */
const ENDING_MS_MAX = 3_000;

export type Mode = {
  isLive: boolean;
  isJson: boolean;
  isQuiet: boolean;
  /** Whether the last value is worth a line, as in a session. */
  showsResult: boolean;
  /** Where files that were asked back are put. */
  folder: string;
};

/** Sees a program through to its end and returns the exit code. */
export async function showExecution(
  context: Context,
  stream: ExecutionStream,
  { mode, input, leave }: { mode: Mode; input: Input; leave: (reason: unknown) => void },
): Promise<number> {
  const { output, interrupts, access } = context;
  const spinner = startSpinner(process.stderr, "waiting for a sandbox");
  const release = interrupts.take(() => {
    spinner.say("interrupting");
    // Without a key nothing can be interrupted by its id: hanging up is what there is.
    if (access.key === undefined) return leave(interrupts.interrupted());
    setTimeout(() => leave(interrupts.interrupted()), ENDING_MS_MAX).unref();
    stream.interrupt().catch(() => leave(interrupts.interrupted()));
  });
  output.onProblem(() => interrupts.raise("SIGPIPE"));
  try {
    if (input.kind === "open") feed(stream, input.pieces);
    let execution: Execution | undefined;
    for await (const event of stream) {
      if (event.type === "start") spinner.say("running");
      if (isShownNow(event, mode) || (event.type === "start" && isTyped(input))) spinner.stop();
      if (interrupts.interrupted() === undefined || mode.isLive) showEvent(context, event, mode);
      if (event.type === "end") execution = event.execution;
    }
    if (execution === undefined) throw new Error("a stream has ended without its end");
    spinner.stop();
    if (!mode.isLive) showWhole(context, execution, mode);
    if (execution.files) saveFiles(context, execution, mode.folder);
    if (!mode.isJson) explainEnd(context, execution, mode);
    return interrupts.interrupted()?.exitCode ?? exitOf(execution);
  } finally {
    spinner.stop();
    release();
  }
}

/** The exit code a program's end comes to. */
export function exitOf({ compile, run }: Pick<Execution, "compile" | "run">): number {
  const last = run ?? compile;
  if (last === undefined) return EXITS.bug.code;
  if (run?.outcome === "timeout" || compile?.outcome === "timeout") return EXITS.limit.code;
  if (last.code !== null) return last.code;
  return last.signal === null ? EXITS.refused.code : exitOfSignal(last.signal);
}

function isTyped(input: Input): boolean {
  return input.kind === "open" && input.isTyped;
}

function isShownNow(event: ExecutionEvent, { isLive }: Mode): boolean {
  return isLive && (event.type === "stdout" || event.type === "stderr");
}

function showEvent(
  { output }: Context,
  event: ExecutionEvent,
  { isLive, isJson, isQuiet }: Mode,
): void {
  if (!isLive) return;
  if (isJson) return output.line(JSON.stringify(event));
  if (event.type !== "stdout" && event.type !== "stderr") return;
  // What a compiler says is about the program and never its output.
  if (event.type === "stdout" && event.stage === "run") output.write(event.text);
  else if (!isQuiet) process.stderr.write(event.text);
}

function showWhole({ output }: Context, execution: Execution, { isJson, isQuiet }: Mode): void {
  if (isJson) return output.json(execution);
  const { compile, run } = execution;
  if (!isQuiet && compile) process.stderr.write(`${compile.stdout}${compile.stderr}`);
  if (run) output.write(run.stdout);
  if (!isQuiet && run) process.stderr.write(run.stderr);
}

/** What became of it, where its output and its exit code do not say so. */
function explainEnd(
  { output }: Context,
  execution: Execution,
  { isQuiet, showsResult }: Mode,
): void {
  const { run, compile, result, language, version, credits, session_id, state_kept } = execution;
  const last = run ?? compile;
  if (last === undefined || isQuiet) return;
  if (result !== null && (showsResult || process.stderr.isTTY))
    process.stderr.write(`=> ${harmlessLines(result)}\n`);
  const sentence = sentenceOf(last, { isCompiler: run === undefined });
  if (sentence !== undefined) output.failure(sentence);
  if (last.stdout_truncated || last.stderr_truncated) {
    output.failure("Its output was longer than is kept; the rest is not shown.");
  }
  if (!process.stderr.isTTY) return;
  const parts = [
    `${language} ${version}`,
    `${last.time_ms} ms`,
    `${Math.ceil(last.memory_kb / 1024)} MB`,
    credits && `${credits.remaining} credits left`,
    state_kept && session_id && `--session ${session_id}`,
  ];
  output.note(harmless(parts.filter(Boolean).join(" · ")));
}

function harmlessLines(text: string): string {
  return text.split("\n").map(harmless).join("\n");
}

function sentenceOf(
  { outcome, signal }: Stage,
  { isCompiler }: { isCompiler: boolean },
): string | undefined {
  const what = isCompiler ? "Its compiler" : "The program";
  if (outcome === "timeout")
    return `${what} reached its time limit and was stopped; see --timeout.`;
  if (outcome === "memory") return `${what} reached the memory limit and was stopped.`;
  if (outcome === "output_limit") return `${what} wrote far past the output limit and was stopped.`;
  if (outcome === "file_limit")
    return `${what} was stopped for writing a file larger than allowed.`;
  if (outcome === "signal") return `${what} was ended by ${signal}.`;
  return undefined;
}

/** Sends on what comes, in order. That a program ends without having read everything is no failure. */
async function feed(stream: ExecutionStream, pieces: AsyncIterable<Buffer>): Promise<void> {
  try {
    for await (const piece of pieces) {
      for (let from = 0; from < piece.length; from += STDIN_BYTES_MAX) {
        await stream.write(piece.subarray(from, from + STDIN_BYTES_MAX));
      }
    }
    await stream.end();
  } catch {
    // It is over, and its end is told elsewhere.
  }
}

/** What a flag says of a time, in milliseconds: `500ms`, `10s`, `2m`, or a bare number of seconds. */
export function timeoutMsOf(text: string | undefined, flag = "--timeout"): number | undefined {
  if (text === undefined) return undefined;
  const [, number, unit = "s"] = /^(\d+(?:\.\d+)?)(ms|s|m)?$/.exec(text) ?? [];
  const ms = Math.round(Number(number) * { ms: 1, s: 1000, m: 60_000 }[unit as "ms" | "s" | "m"]);
  if (number !== undefined && ms > 0) return ms;
  throw new Stop("usage", `${flag} ${text} is no time; write one such as 500ms, 10s or 2m.`);
}
