// Reads the events of a streamed execution from the runner, one JSON object a line, and believes none
// that is not what was agreed: the first is `start`, the last is `end` or `failed`, and no line is
// longer than a whole answer may be.

import { ERRORS, Failure } from "../shared/errors.ts";
import { ANSWER_BYTES_MAX } from "../shared/limits.ts";
import { ExecutionEvent, RunnerError } from "../shared/runner-api.ts";
import { unreachable } from "./runner-ask.ts";
import { type Believed, failureOfRunner } from "./runner-failure.ts";

const NEWLINE = 10;

/** A stream that broke off. Its program may have run all the same; if it has not, this is why. */
export class BrokenOff extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/**
 * The events of `body` up to and including its end. Throws the `Failure` that the runner ended it
 * with, or `BrokenOff` where it did not end as it should, be it for `signal`.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  believed: Believed,
  signal: AbortSignal,
): AsyncGenerator<ExecutionEvent> {
  let hasStarted = false;
  for await (const line of readLines(body, signal)) {
    const event = eventOf(line);
    if (event.type === "failed") throw failedWith(event.error, believed);
    if (event.type === "start" && hasStarted) throw nonsense("a second start");
    if (event.type === "start") hasStarted = true;
    else if (!hasStarted && event.type !== "beat") throw nonsense(`${event.type} before start`);
    yield event;
    if (event.type === "end") return;
  }
  throw nonsense("a stream without an end");
}

function eventOf(line: string): ExecutionEvent {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw nonsense("not JSON");
  }
  const event = ExecutionEvent.safeParse(value);
  if (!event.success) throw nonsense("not an event");
  return event.data;
}

function failedWith(error: unknown, believed: Believed): Failure | BrokenOff {
  const parsed = RunnerError.safeParse({ error });
  if (!parsed.success) return nonsense("a failure nobody knows");
  const { code } = parsed.data.error;
  return failureOfRunner(parsed.data.error, String(ERRORS[code].status), believed);
}

function nonsense(what: string): BrokenOff {
  const detail = `the runner's stream is wrong: ${what}`;
  return new BrokenOff(new Failure("runner_fault", { detail }));
}

/** The lines of a body, without their ends. What comes after the last line's end is no line. */
async function* readLines(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readChunks(body, signal)) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      parts.push(chunk.subarray(from, at));
      yield decode(parts);
      parts = [];
      length = 0;
      from = at + 1;
    }
    parts.push(chunk.slice(from));
    length += chunk.length - from;
    if (length > ANSWER_BYTES_MAX) throw nonsense("a line without an end");
  }
}

/** The pieces of a body; whatever goes wrong with its connection breaks it off. */
async function* readChunks(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  // What is still to come is of no interest then, nor is how the runner takes that.
  const leave = () => reader.cancel().catch(() => undefined);
  signal.addEventListener("abort", leave);
  if (signal.aborted) await leave();
  try {
    for (;;) {
      const { done, value } = await reader.read().catch((thrown: unknown) => {
        throw new BrokenOff(unreachable(thrown));
      });
      if (done) return;
      yield value;
    }
  } finally {
    signal.removeEventListener("abort", leave);
    await leave();
  }
}

function decode(parts: readonly Uint8Array[]): string {
  const decoder = new TextDecoder();
  return parts.map((part) => decoder.decode(part, { stream: true })).join("") + decoder.decode();
}
