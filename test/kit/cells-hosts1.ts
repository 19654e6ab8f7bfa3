// One real sandbox that runs cells, as a session does. Owns its start and its end; a test that is over
// leaves it with a fresh process and no files.

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { connectEngine } from "../../runner/docker.ts";
import type { StageResult } from "../../runner/running.ts";
import { Sandbox, type Stage } from "../../runner/sandbox.ts";
import { randomText } from "../../shared/ids.ts";
import type { SandboxKind } from "../../shared/languages.ts";
import { MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import { engineSettings, removeContainersOf } from "./runner-process.ts";

export type CellOptions = {
  stdin?: string;
  name?: string;
  wallMs?: number;
  files?: Stage["files"];
};

/** Starts a sandbox for this file's tests, and gives each of them cells 1, 2, 3 of a session. */
export function shareCells(kind: SandboxKind) {
  const runnerId = `test-${randomText(8)}`;
  let sandbox: Sandbox;
  let count = 0;

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

  afterEach(async () => {
    await sandbox.recycle();
    count = 0;
    expect(sandbox.fault).toBeUndefined();
  });

  afterAll(async () => {
    await sandbox?.remove();
    await removeContainersOf(runnerId);
  });

  const cell = (source: string, options: CellOptions = {}): Promise<StageResult> => {
    const { stdin, name = "", wallMs = 8000, files = [] } = options;
    const input = stdin === undefined ? "none" : "input";
    return sandbox.run({
      kind: "cell",
      files,
      source: Buffer.from(source),
      args: ["/cell", String(++count), input, name],
      stdin: Buffer.from(stdin ?? ""),
      wallMs,
      memoryBytes: MEMORY_BYTES_MAX,
    });
  };

  return {
    cell,
    sandbox: () => sandbox,
    /** What came of a cell, in a form that is easily compared. */
    async of(source: string, options: CellOptions = {}): Promise<Summary> {
      return summaryOf(await cell(source, options));
    },
    /** Runs a cell and interrupts it after a while. */
    async interrupted(source: string, options: CellOptions & { afterMs?: number } = {}) {
      const running = cell(source, options);
      await new Promise((resolve) => setTimeout(resolve, options.afterMs ?? 500));
      sandbox.interrupt();
      return summaryOf(await running);
    },
  };
}

export type Summary = {
  code: number | null;
  signal: number | null;
  out: string;
  err: string;
  value?: string | undefined;
  kept: boolean;
};

function summaryOf({ exit, stdout, stderr, shown }: StageResult): Summary {
  const value = shown.values.findLast(({ kind }) => kind === "value")?.data["text/plain"];
  return {
    code: exit.code,
    signal: exit.signal,
    out: stdout.text,
    err: stderr.text,
    ...(value !== undefined && { value }),
    kept: exit.isWaiting,
  };
}
