// What is only for people: colours, and a spinner while there is nothing to show. Both are there on a
// terminal only; NO_COLOR takes the colours, TERM=dumb takes both.

import type { WriteStream } from "node:tty";

export type Style = Record<"bold" | "dim" | "red", (text: string) => string>;

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39] } as const;
const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];
const FRAME_MS = 80;
/** What is over sooner than this needs no spinner. */
const PATIENCE_MS = 200;

/** Whether a stream is a terminal that can do more than print. */
export function isTerminal(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY === true && process.env.TERM !== "dumb";
}

export function styleFor(stream: NodeJS.WriteStream): Style {
  const isPlain = !isTerminal(stream) || (process.env.NO_COLOR ?? "") !== "";
  const style = ([on, off]: readonly [number, number]) =>
    isPlain ? (text: string) => text : (text: string) => `\x1b[${on}m${text}\x1b[${off}m`;
  return { bold: style(CODES.bold), dim: style(CODES.dim), red: style(CODES.red) };
}

/**
 * `text` without what could move a terminal's cursor or change its colours: names and messages come
 * from elsewhere, and programs choose the names of their files.
 */
export function harmless(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is to be kept out
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ");
}

export type Spinner = { say: (what: string) => void; stop: () => void };

const NO_SPINNER: Spinner = { say: () => undefined, stop: () => undefined };

let shown: Spinner | undefined;

/** Leaves the terminal as it was, for whoever ends without further ado. */
export function clearSpinner(): void {
  shown?.stop();
}

/** A spinner on a terminal, and nothing anywhere else. It is gone when it is stopped. */
export function startSpinner(stream: NodeJS.WriteStream, what: string): Spinner {
  if (!isTerminal(stream)) return NO_SPINNER;
  const { dim } = styleFor(stream);
  const startedAt = performance.now();
  let said = what;
  let isShown = false;
  let frame = 0;
  const timer = setInterval(() => {
    if (performance.now() - startedAt < PATIENCE_MS) return;
    isShown = true;
    frame = (frame + 1) % FRAMES.length;
    const seconds = Math.floor((performance.now() - startedAt) / 1000);
    const line = `${FRAMES[frame]} ${said}${seconds > 0 ? ` ${seconds} s` : ""}`;
    stream.write(`\r\x1b[K${dim(line.slice(0, Math.max(10, widthOf(stream) - 1)))}`);
  }, FRAME_MS);
  timer.unref();
  shown = {
    say: (next) => {
      said = next;
    },
    stop: () => {
      clearInterval(timer);
      if (isShown) stream.write("\r\x1b[K");
      isShown = false;
    },
  };
  return shown;
}

function widthOf(stream: NodeJS.WriteStream): number {
  return (stream as WriteStream).columns || 80;
}
