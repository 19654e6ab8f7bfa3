// One real sandbox whose one process runs cell after cell, as a session's does: either for all tests of
// a file, or with a fresh process and no files for each of them.

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { StageResult } from "../../runner/running.ts";
import { Sandbox } from "../../runner/sandbox.ts";
import type { Stage } from "../../runner/stage.ts";
import { randomText } from "../../shared/ids.ts";
import type { SandboxKind } from "../../shared/languages.ts";
import { MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import { removeContainersOf } from "./runner-process.ts";
import { testEngine } from "./test-engine.ts";

export type CellOptions = {
  stdin?: string;
  /** The file that the text stands for. */
  name?: string;
  wallMs?: number;
  interruptAfterMs?: number;
  files?: Stage["files"];
};

/** What came of a cell: its outputs, its value as text, and how it ended. */
export type CellEnd = {
  code: number | null;
  signal: number | null;
  stdout: string;
  stderr: string;
  value?: string;
  isWaiting: boolean;
  result: StageResult;
};

/** The same in few words, to be compared as a whole. */
export type Summary = {
  code: number | null;
  signal: number | null;
  out: string;
  err: string;
  value?: string | undefined;
  kept: boolean;
};

/** One process for all tests of a file. To be called once, at its top. */
export function shareCells(kind: SandboxKind) {
  const { run, renew } = useSandbox(kind);
  const cell = async (source: string, options?: CellOptions): Promise<CellEnd> => {
    const result = await run(source, options);
    const value = shownValueOf(result);
    return {
      code: result.exit.code,
      signal: result.exit.signal,
      stdout: result.stdout.text,
      stderr: result.stderr.text,
      ...(value !== undefined && { value }),
      isWaiting: result.exit.isWaiting,
      result,
    };
  };
  /** What a cell prints, or what it comes to, that must end well and say nothing on stderr. */
  const textOf = async (source: string, options?: CellOptions): Promise<string> => {
    const { code, stderr, stdout, value } = await cell(source, options);
    expect([code, stderr], source).toEqual([0, ""]);
    return stdout + (value ?? "");
  };
  return { cell, textOf, reset: renew };
}

/** A fresh process for each test of a file, with cells 1, 2, 3. To be called once, at its top. */
export function freshCells(kind: SandboxKind) {
  const { run, renew, sandbox } = useSandbox(kind);
  afterEach(renew);
  const of = async (source: string, options?: CellOptions): Promise<Summary> => {
    const result = await run(source, options);
    const value = shownValueOf(result);
    return {
      code: result.exit.code,
      signal: result.exit.signal,
      out: result.stdout.text,
      err: result.stderr.text,
      ...(value !== undefined && { value }),
      kept: result.exit.isWaiting,
    };
  };
  /** Runs a cell and interrupts it after a while. */
  const interrupted = (source: string, options: CellOptions & { afterMs?: number } = {}) =>
    of(source, { ...options, interruptAfterMs: options.afterMs ?? 500 });
  return { cell: run, of, interrupted, sandbox };
}

function shownValueOf({ shown }: StageResult): string | undefined {
  return shown.values.findLast(({ kind }) => kind === "value")?.data["text/plain"];
}

function useSandbox(kind: SandboxKind) {
  const runnerId = `test-${randomText(8)}`;
  let sandbox: Sandbox;
  let number = 0;

  beforeAll(async () => {
    const engine = testEngine(runnerId);
    sandbox = await Sandbox.start(engine, kind);
  });

  afterAll(async () => {
    await sandbox?.remove();
    await removeContainersOf(runnerId);
  });

  const run = (source: string, options: CellOptions = {}): Promise<StageResult> => {
    const { stdin, name = "", wallMs = 8000, files = [], interruptAfterMs } = options;
    const running = sandbox.run({
      kind: "cell",
      files,
      source: Buffer.from(source),
      args: ["/cell", String(++number), stdin === undefined ? "none" : "input", name],
      stdin: Buffer.from(stdin ?? ""),
      wallMs,
      memoryBytes: MEMORY_BYTES_MAX,
    });
    if (interruptAfterMs !== undefined) setTimeout(() => sandbox.interrupt(), interruptAfterMs);
    return running;
  };
  const renew = async (): Promise<void> => {
    number = 0;
    await sandbox.recycle();
    expect(sandbox.fault).toBeUndefined();
  };
  return { run, renew, sandbox: () => sandbox };
}
