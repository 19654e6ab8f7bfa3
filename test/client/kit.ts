// A service made of answers, for what the real one cannot be made to do at will: to answer wrongly, late,
// in part or not at all. Keeps what it was sent.

import { CodeRunner } from "../../client/src/index.ts";

export type Sent = { url: string; init: RequestInit; headers: Headers; body: unknown };
type Answer = Response | Error | ((init: RequestInit) => Response | Promise<Response>);

/** A client before answers that are given one after another; the last one again and again. */
export function clientBefore(
  answers: Answer[],
  options: { apiKey?: string; retries?: number } = {},
) {
  const sent: Sent[] = [];
  const fetch = async (url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    const isJson = headers.get("content-type") === "application/json";
    const body = isJson ? JSON.parse(String(init.body)) : init.body;
    sent.push({ url, init, headers, body });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer === undefined) throw new Error("there is no answer");
    if (answer instanceof Error) throw answer;
    return typeof answer === "function" ? await answer(init) : answer.clone();
  };
  const given = { apiKey: "a-key", baseUrl: "http://service.test/", fetch, ...options };
  return { client: new CodeRunner(given), sent };
}

/** What an execution that printed `42` is told as. */
export const EXECUTION = {
  id: "exec-1",
  session_id: "6f1c",
  language: "python",
  version: "3.13.5",
  run: { stdout: "42\n", stderr: "", code: 0, signal: null, outcome: "ok" },
  result: null,
  results: [],
};

/** A refusal as the service writes it. */
export function refusal(status: number, code: string, more: object = {}): Response {
  const error = { code, message: `It is ${code}.`, requestId: "req-1", ...more };
  return Response.json({ error }, { status });
}

/** A connection that could not be had, as Node's fetch tells of it. */
export function noConnection(): Error {
  return new TypeError("fetch failed", {
    cause: Object.assign(new Error("no"), { code: "ECONNREFUSED" }),
  });
}

export type Told = [name: string, data: object];

/** One event as the service writes it. */
export function eventText([name, data]: Told): string {
  return `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
}

/**
 * A stream of events that ends as it is told to: orderly, with a broken connection, or not before its
 * reader hangs up.
 */
export function streamOf(
  events: Told[],
  how: "ends" | "breaks" | "hangs",
): (init: RequestInit) => Response {
  return (init) => {
    const encoder = new TextEncoder();
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const event of events) controller.enqueue(encoder.encode(eventText(event)));
        if (how === "ends") controller.close();
        init.signal?.addEventListener("abort", () => controller.error(init.signal?.reason));
      },
      pull(controller) {
        if (how === "breaks") controller.error(new TypeError("terminated"));
      },
    });
    return new Response(body, { headers: { "Content-Type": "text/event-stream" } });
  };
}

export const START: Told = [
  "start",
  { id: "exec-1", session_id: "6f1c", language: "python", version: "3.13.5" },
];
export const OUTPUT: Told = ["stdout", { stage: "run", text: "42\n" }];
export const END: Told = ["end", EXECUTION];
