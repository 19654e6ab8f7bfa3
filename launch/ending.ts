// When to end: on Ctrl-C, SIGTERM, a closed terminal or the end of the process that launched us. The
// first request ends everything in order, letting what runs finish; a later one only shortens the
// waiting, so that nothing is ever left behind.

export type EndingRequest = {
  /** Aborted at the first request. */
  first: AbortSignal;
  /** Aborted when somebody asks again. */
  again: AbortSignal;
  /** Asks from inside, as a part that cannot be kept running does. */
  request: (why: string) => void;
};

/** A terminal and npm both pass on one Ctrl-C; what comes this soon after it is the same one. */
const SAME_REQUEST_MS = 1_000;

/** Begins to listen for requests to end. */
export function watchForEnding(): EndingRequest {
  const first = new AbortController();
  const again = new AbortController();
  let firstAt = 0;
  const request = (why: string) => {
    if (!first.signal.aborted) {
      firstAt = performance.now();
      first.abort(new Error(why));
    } else if (performance.now() - firstAt > SAME_REQUEST_MS) again.abort();
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => request(signal));
  }
  process.on("disconnect", () => request("the process that started this has ended"));
  process.channel?.unref();
  // A terminal that is gone must not keep the ending from being done.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
  return { first: first.signal, again: again.signal, request };
}

/** Resolves when `signal` is aborted. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
