// One real sandbox for all tests of a file, cleaned after each, with its files behind HTTP.

import { afterAll, afterEach, beforeAll, expect } from "vitest";
import type { StageListener, StageResult } from "../../runner/running.ts";
import { Sandbox } from "../../runner/sandbox.ts";
import { randomText } from "../../shared/ids.ts";
import { MEMORY_BYTES_MAX } from "../../shared/limits.ts";
import type { WorkspaceListing } from "../../shared/runner-api.ts";
import { type FileAnswer, type FileServer, serveFiles } from "./file-server.ts";
import { removeContainersOf } from "./runner-process.ts";
import { testEngine } from "./test-engine.ts";

export type RunOptions = { wallMs?: number; listener?: StageListener };

export type RealSandbox = {
  sandbox: () => Sandbox;
  server: () => FileServer;
  /** Runs a Python program to its end. */
  run: (code: string, options?: RunOptions) => Promise<StageResult>;
  /** The same for one that must end well; returns what it has printed. */
  outputOf: (code: string) => Promise<string>;
  put: (path: string, body: Buffer | string) => Promise<FileAnswer>;
  get: (path: string) => Promise<FileAnswer>;
  /** The names in a directory of the workspace. */
  namesIn: (path?: string) => Promise<string[]>;
};

/** To be called once, at the top of a test file. */
export function useRealSandbox(): RealSandbox {
  const runnerId = `test-${randomText(8)}`;
  let start: (() => Promise<Sandbox>) | undefined;
  let started: Sandbox | undefined;
  let served: FileServer | undefined;

  beforeAll(async () => {
    const engine = testEngine(runnerId);
    start = () => Sandbox.start(engine, "python");
    started = await start();
    served = await serveFiles(() => sandbox().files);
  });

  afterEach(async () => {
    const { fault } = sandbox();
    if (fault !== undefined) await renew();
    expect(fault).toBeUndefined();
    // A tree that is too deep or too large is not cleaned up: its sandbox goes.
    await sandbox().recycle().catch(renew);
    expect((await sandbox().files.list("")).entries).toEqual([]);
  });

  afterAll(async () => {
    served?.close();
    await started?.remove();
    await removeContainersOf(runnerId);
  });

  const renew = async () => {
    await started?.remove();
    started = await start?.();
  };
  const sandbox = () => there(started);
  const server = () => there(served);
  const run = async (code: string, { wallMs = 20_000, listener }: RunOptions = {}) => {
    await sandbox().files.put("main.py", [Buffer.from(code)]);
    return await sandbox().run({
      files: [],
      args: ["main.py"],
      stdin: Buffer.alloc(0),
      wallMs,
      memoryBytes: MEMORY_BYTES_MAX,
      kind: "last",
      ...(listener && { listener }),
    });
  };
  return {
    sandbox,
    server,
    run,
    outputOf: async (code) => {
      const { exit, stdout, stderr } = await run(code);
      expect(`${exit.reason} ${exit.code} ${stderr.text}`).toBe("ended 0 ");
      return stdout.text;
    },
    put: (path, body) => server().call({ method: "PUT", path, body: Buffer.from(body) }),
    get: (path) => server().call({ path }),
    namesIn: async (path = "") => {
      const { body } = await server().call({ path, query: "&list=1" });
      const { entries } = JSON.parse(body.toString()) as WorkspaceListing;
      return entries.map(({ name }) => name).filter((name) => name !== "main.py");
    },
  };
}

function there<T>(value: T | undefined): T {
  if (value === undefined) throw new Error("the sandbox has not started");
  return value;
}
