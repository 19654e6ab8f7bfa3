// One sandbox of a language for all tests of a file, whose one process runs cell after cell.

import { afterAll, beforeAll, expect } from "vitest";
import { connectEngine } from "../../runner/docker.ts";
import type { StageResult } from "../../runner/running.ts";
import { Sandbox } from "../../runner/sandbox.ts";
import { randomText } from "../../shared/ids.ts";
import type { SandboxKind } from "../../shared/languages.ts";
import { MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import { engineSettings, removeContainersOf } from "./runner-process.ts";

export type CellOptions = {
  /** The file that the text stands for. */
  name?: string;
  stdin?: string;
  interruptAfterMs?: number;
  wallMs?: number;
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

export type Cells = {
  cell: (source: string, options?: CellOptions) => Promise<CellEnd>;
  /** What a cell prints, or what it comes to, that must end well and say nothing on stderr. */
  textOf: (source: string, options?: CellOptions) => Promise<string>;
  /** A fresh process. */
  reset: () => Promise<void>;
};

/** To be called once, at the top of a test file. */
export function shareCells(kind: SandboxKind): Cells {
  const runnerId = `test-${randomText(8)}`;
  let sandbox: Sandbox;
  let number = 0;

  beforeAll(async () => {
    const settings = engineSettings();
    const engine = connectEngine({
      socket: settings.CODERUNNER_DOCKER_SOCKET,
      image: settings.CODERUNNER_IMAGE,
      runtime: settings.CODERUNNER_RUNTIME,
      runnerId,
    });
    sandbox = await Sandbox.start(engine, kind);
  });

  afterAll(async () => {
    await sandbox?.remove();
    await removeContainersOf(runnerId);
  });

  const cell: Cells["cell"] = async (source, options = {}) => {
    const running = sandbox.run({
      kind: "cell",
      files: [],
      source: Buffer.from(source),
      args: [
        "/cell",
        String(++number),
        options.stdin === undefined ? "none" : "input",
        options.name ?? "",
      ],
      stdin: Buffer.from(options.stdin ?? ""),
      wallMs: options.wallMs ?? 8000,
      memoryBytes: MEMORY_BYTES_MAX,
    });
    const { interruptAfterMs } = options;
    if (interruptAfterMs !== undefined) setTimeout(() => sandbox.interrupt(), interruptAfterMs);
    const result = await running;
    const value = result.shown.values.find((shown) => shown.kind === "value")?.data["text/plain"];
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
  const textOf: Cells["textOf"] = async (source, options) => {
    const { code, stderr, stdout, value } = await cell(source, options);
    expect([code, stderr], source).toEqual([0, ""]);
    return stdout + (value ?? "");
  };
  const reset = async () => {
    number = 0;
    await sandbox.recycle();
    expect(sandbox.fault).toBeUndefined();
  };
  return { cell, textOf, reset };
}
