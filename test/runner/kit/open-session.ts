// Sessions over played sandboxes, with a clock that only tests move, and one that is open already.

import { afterEach, beforeEach, vi } from "vitest";
import { Failure } from "../../../shared/errors.ts";
import { cellOf, fakeSessions, ID } from "./fake-sessions.ts";

export const OWN = { sessionId: ID, accountId: "a", language: "python" } as const;

let closes: (() => void)[] = [];

/** To be called once, at the top of a test file. */
export function usePlayedClock(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    closes = [];
  });
  afterEach(() => {
    for (const close of closes) close();
    vi.useRealTimers();
  });
}

export const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
export const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "none",
    (thrown: unknown) => (thrown instanceof Failure ? thrown.code : String(thrown)),
  );
export const absence = (
  sessions: ReturnType<typeof fakeSessions>["sessions"],
  account = "a",
  id = ID,
) => codeOf(Promise.resolve().then(() => sessions.find(id, account)));

/** Sessions that are looked after, with one that `a` has opened. */
export async function opened(options: { ceiling?: number } = {}) {
  const all = fakeSessions(options);
  closes.push(all.sessions.open());
  const creating = all.sessions.create(OWN);
  await pass();
  await creating;
  const [sandbox] = all.sandboxes;
  if (sandbox === undefined) throw new Error("no sandbox was started");
  return { ...all, sandbox };
}

/** Runs a cell to its end. */
export async function cell({ sessions, sandbox }: Awaited<ReturnType<typeof opened>>, code = "1") {
  const running = sessions.execute(cellOf(code));
  await pass();
  sandbox.end();
  return await running;
}
