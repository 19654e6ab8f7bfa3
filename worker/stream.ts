// An execution told of while it runs, as server-sent events: `start`, then `stdout`, `stderr` and
// `result` as they come, and one last event, which is `end` with the whole reply or `error` with what
// would have been answered instead. What goes wrong before anything has begun is answered as ever,
// with its own status. No part of this waits for the client: what is told is bounded, so a client
// that reads slowly costs a bounded amount of memory and delays nothing. That a client has gone is
// noticed when it is told the next thing, a heartbeat at the latest.

import { HEARTBEAT_MS, OUTPUT_BYTES_MAX, RESULT_BYTES_MAX, RESULTS_MAX } from "../shared/limits.ts";
import type { ExecutionEvent } from "../shared/runner-api.ts";
import type { Call } from "./call.ts";
import { entrust } from "./courier/entrust.ts";
import type { Face } from "./courier/errands.ts";
import {
  begin,
  type Executed,
  executedBefore,
  executeLive,
  type Order,
  type Started,
} from "./execute.ts";
import { noteFailure } from "./reply.ts";

/** How a face tells of an execution. */
export type Words = {
  start: (started: Started, version: string) => object;
  /** The same as the plain reply. */
  end: (executed: Executed) => object;
  /** What it calls the field that leaves a program's input open. */
  openStdin: string;
  face: Face;
};

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "no-store",
  // Asks proxies not to gather what should be passed on at once.
  "X-Accel-Buffering": "no",
};

/** Runs a program and answers with a stream of what it does. */
export async function streamExecution(call: Call, order: Order, words: Words): Promise<Response> {
  const hangUp = new AbortController();
  const onGone = () => {
    if (order.wishes.detach !== true) hangUp.abort();
  };
  const begun = await begin(call, order);
  if ("repeats" in begun) return replay(words, await executedBefore(call, begun));
  const events = new EventStream(onGone);
  const limit = limited();
  const started = { ...begun, language: begun.admitted.language };
  if (order.wishes.detach) await entrust(call, begun, words.face);
  const first = Promise.withResolvers<void>();
  const tell = (event: ExecutionEvent) => {
    if (event.type === "start") events.say("start", words.start(started, event.version));
    else if (limit(event)) tellOf(event, events);
    first.resolve();
  };
  const executed = executeLive(call, begun, { signal: hangUp.signal, tell });
  const ended = executed.then(
    (whole) => events.end("end", words.end(whole)),
    (thrown) => events.end("error", noteFailure(thrown, call).body(call.requestId)),
  );
  await Promise.race([first.promise, executed, scheduler.wait(HEARTBEAT_MS)]);
  begun.isAnswered = true;
  call.finished = ended;
  return new Response(events.body, { headers: HEADERS });
}

/** A stream of what is over: its beginning and its end. */
function replay(words: Words, executed: Executed): Response {
  const events = new EventStream(() => undefined);
  events.say("start", words.start(executed, executed.report.version));
  events.end("end", words.end(executed));
  return new Response(events.body, { headers: HEADERS });
}

function tellOf(event: ExecutionEvent, events: EventStream): void {
  if (event.type === "stdout" || event.type === "stderr") {
    events.say(event.type, { stage: event.stage, text: event.text });
  }
  if (event.type === "shown") events.say("result", event.value);
}

/** Lets through no more than a whole reply could hold, whatever the runner says. */
export function limited(): (event: ExecutionEvent) => boolean {
  const left = { stdout: 2 * OUTPUT_BYTES_MAX, stderr: 2 * OUTPUT_BYTES_MAX };
  let shownLeft = RESULT_BYTES_MAX;
  let valuesLeft = RESULTS_MAX;
  return (event) => {
    if (event.type === "stdout" || event.type === "stderr") {
      left[event.type] -= event.text.length;
      return left[event.type] >= 0;
    }
    if (event.type !== "shown") return true;
    valuesLeft -= 1;
    for (const text of Object.values(event.value.data)) shownLeft -= text.length;
    return valuesLeft >= 0 && shownLeft >= 0;
  };
}

/** A body of server-sent events, with a comment every now and then while there is nothing to say. */
class EventStream {
  readonly body: ReadableStream<Uint8Array>;
  readonly #encoder = new TextEncoder();
  readonly #beat: ReturnType<typeof setInterval>;
  #controller: ReadableStreamDefaultController<Uint8Array> | undefined;

  /** `onGone` is told when nobody reads any more. */
  constructor(onGone: () => void) {
    this.body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.#stop();
        onGone();
      },
    });
    this.#beat = setInterval(() => {
      // Whoever has not read the last one needs no other.
      if ((this.#controller?.desiredSize ?? 0) > 0) this.#write(": beat\n\n");
    }, HEARTBEAT_MS);
  }

  say(name: string, data: object): void {
    this.#write(`event: ${name}\ndata: ${JSON.stringify(data)}\n\n`);
  }

  /** Says a last thing. */
  end(name: string, data: object): void {
    this.say(name, data);
    const controller = this.#controller;
    this.#stop();
    controller?.close();
  }

  #write(text: string): void {
    this.#controller?.enqueue(this.#encoder.encode(text));
  }

  #stop(): void {
    clearInterval(this.#beat);
    this.#controller = undefined;
  }
}
