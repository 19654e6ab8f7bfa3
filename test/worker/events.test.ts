// A runner's events are the same however the network cuts them into pieces.

import { describe, expect, it } from "vitest";
import type { ExecutionEvent } from "../../shared/runner-api.ts";
import { BrokenOff, readEvents } from "../../worker/events.ts";
import { OF_EXECUTING } from "../../worker/runner-failure.ts";
import { REPORT } from "./kit/gateway.ts";
import { randomFrom } from "./kit/ledger.ts";

const EVENTS: ExecutionEvent[] = [
  { type: "start", version: "3.13.5" },
  { type: "stdout", stage: "run", text: "ü€😀\n\u2028\u0000" },
  { type: "beat" },
  { type: "stderr", stage: "compile", text: "" },
  { type: "shown", value: { kind: "display", data: { "text/html": "<p>\n</p>" } } },
  { type: "end", report: REPORT },
];

/** `bytes` as a body, in pieces of up to `most` bytes. */
function inPieces(bytes: Uint8Array, most: number, random: () => number) {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const end = at + Math.floor(random() * (most + 1));
      controller.enqueue(bytes.subarray(at, end));
      at = end;
      if (at >= bytes.length) controller.close();
    },
  });
}

async function read(body: ReadableStream<Uint8Array>): Promise<ExecutionEvent[]> {
  const events: ExecutionEvent[] = [];
  const { signal } = new AbortController();
  for await (const event of readEvents(body, OF_EXECUTING, signal)) events.push(event);
  return events;
}

const bytes = new TextEncoder().encode(
  EVENTS.map((event) => `${JSON.stringify(event)}\n`).join(""),
);

describe("events", () => {
  it.each([1, 2, 3, 7, 64, 1000])("are read from pieces of up to %d bytes", async (most) => {
    for (let seed = 1; seed <= 5; seed += 1) {
      expect(await read(inPieces(bytes, most, randomFrom(seed)))).toEqual(EVENTS);
    }
  });

  it("are over with the end, whatever comes after it", async () => {
    const more = new TextEncoder().encode("no event at all\n");
    const body = inPieces(new Uint8Array([...bytes, ...more]), 50, randomFrom(1));
    expect(await read(body)).toEqual(EVENTS);
  });

  it.each([0, 1, 30, 100])("break off when only %d of their bytes come", async (length) => {
    const body = inPieces(bytes.subarray(0, length), 10, randomFrom(1));
    await expect(read(body)).rejects.toBeInstanceOf(BrokenOff);
  });

  it("break off when nobody wants them any more", async () => {
    const caller = new AbortController();
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(bytes.subarray(0, 80)),
    });
    const events = readEvents(body, OF_EXECUTING, caller.signal);
    expect((await events.next()).value).toEqual(EVENTS[0]);
    const next = events.next();
    caller.abort();
    await expect(next).rejects.toBeInstanceOf(BrokenOff);
  });
});
