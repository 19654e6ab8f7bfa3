// What a program reads: nothing, a text that is there at once, or what comes while it runs. A pipe that is
// never closed holds nobody up: what has not ended shortly after the start is sent along piece by piece.

import { isUtf8 } from "node:buffer";
import { fstatSync, readFileSync } from "node:fs";
import { isatty } from "node:tty";
import { Stop } from "./exit.ts";

export type Input =
  | { kind: "none" }
  | { kind: "text"; text: string }
  /** What comes while it runs; `isTyped` when somebody at a terminal writes it. */
  | { kind: "open"; pieces: AsyncIterable<Buffer>; isTyped: boolean };

/** How long a pipe may take to end before it is sent piece by piece. */
const PATIENCE_MS = 25;
const STDIN = 0;

const NONE: Input = { kind: "none" };

/**
 * The command's own input, for the program. `textBytesMax` is what one request may carry of it; more than
 * one can only be sent by who has a key (`canSendLater`).
 */
export async function readInput(textBytesMax: number, canSendLater: boolean): Promise<Input> {
  const kind = kindOfStdin();
  if (kind === "nothing") return NONE;
  if (kind === "terminal") {
    return canSendLater && isInForeground()
      ? { kind: "open", pieces: typed(), isTyped: true }
      : NONE;
  }
  const pieces: Buffer[] = kind === "file" ? [readFileSync(STDIN)] : [];
  const isWhole = kind === "file" || (await endsSoon(pieces));
  if (!isWhole && !canSendLater) pieces.push(await readAllInput());
  const text = isWhole || !canSendLater ? textOf(pieces, textBytesMax) : undefined;
  if (text === "") return NONE;
  if (text !== undefined) return { kind: "text", text };
  if (canSendLater) return { kind: "open", pieces: rest(pieces, isWhole), isTyped: false };
  throw new Stop(
    "account",
    `Without a key, input must be text of at most ${textBytesMax} bytes. Take a key with \`coderunner login --new\`.`,
  );
}

/** What was read, if it is text that is not too long. */
function textOf(pieces: readonly Buffer[], bytesMax: number): string | undefined {
  const all = Buffer.concat(pieces);
  return all.length <= bytesMax && isUtf8(all) ? all.toString("utf8") : undefined;
}

/** The whole input, for what is written there itself: a program, a key, a file. */
export async function readAllInput(): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of process.stdin) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

export function isInputTerminal(): boolean {
  return isatty(STDIN);
}

function kindOfStdin(): "nothing" | "terminal" | "file" | "pipe" {
  if (isatty(STDIN)) return "terminal";
  try {
    const stat = fstatSync(STDIN);
    if (stat.isFile()) return "file";
    return stat.isFIFO() || stat.isSocket() ? "pipe" : "nothing";
  } catch {
    return "nothing";
  }
}

/** Gathers what comes; true when it has ended by itself. */
async function endsSoon(pieces: Buffer[]): Promise<boolean> {
  const { stdin } = process;
  return await new Promise((resolve) => {
    const finish = (isWhole: boolean) => {
      clearTimeout(timer);
      stdin.pause();
      stdin.off("data", take);
      resolve(isWhole);
    };
    const take = (piece: Buffer) => pieces.push(piece);
    const timer = setTimeout(finish, PATIENCE_MS, false);
    stdin.on("data", take);
    stdin.once("end", () => finish(true));
    stdin.once("error", () => finish(true));
  });
}

async function* rest(pieces: readonly Buffer[], isWhole: boolean): AsyncGenerator<Buffer> {
  yield* pieces;
  if (!isWhole) yield* typed();
}

async function* typed(): AsyncGenerator<Buffer> {
  try {
    for await (const piece of process.stdin) yield piece as Buffer;
  } catch {
    // A terminal that has gone, or a pipe that broke, has ended.
  }
}

/** A job in the background would be stopped for reading from the terminal. Only Linux says so. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync("/proc/self/stat", "utf8");
    const [, , group, , , terminalGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return group === terminalGroup;
  } catch {
    return true;
  }
}
