// An executor over one fake sandbox that does what a test says, and what execute() did with it.

import { expect } from "vitest";
import { CompileCache } from "../../../runner/compile-cache.ts";
import { execute } from "../../../runner/execute.ts";
import type { Pool } from "../../../runner/pool.ts";
import type { StageResult } from "../../../runner/running.ts";
import type { FileRead, Sandbox } from "../../../runner/sandbox.ts";
import type { Sessions } from "../../../runner/sessions.ts";
import type { Stage } from "../../../runner/stage.ts";
import { Versions } from "../../../runner/versions.ts";
import { Failure } from "../../../shared/errors.ts";
import { SANDBOX_KINDS } from "../../../shared/languages.ts";
import type { RunnerExecuteRequest } from "../../../shared/runner-api.ts";
import { resultOf } from "./report.ts";

export type Behaviour = {
  /** What comes of the stage with this number; all of them end well unless told otherwise. */
  stage?: (stage: Stage, index: number) => Promise<StageResult>;
  /** What is found when a file is asked for. */
  file?: (name: string, bytesMax: number) => Promise<FileRead>;
  /** Why there is no sandbox to be had. */
  refusal?: Failure;
  /** What has been compiled before. */
  cache?: CompileCache;
};

/** A built program as a sandbox gives it. */
export function programOf(text: string): FileRead {
  const content = Buffer.from(text);
  return { result: "whole", mode: 0o755, bytes: content.length, content };
}

/** Nobody here asks for one. */
const NO_SESSIONS = {} as Sessions;

/** Runs `request` against a pool of one sandbox that does as `behaviour` says. */
export async function runWith(request: RunnerExecuteRequest, behaviour: Behaviour = {}) {
  const { stage = async () => resultOf(), file = async () => programOf("built") } = behaviour;
  const stages: Stage[] = [];
  const taken: [string, string][] = [];
  const released: unknown[] = [];
  const read: string[] = [];
  const sandbox = {
    run: (given: Stage) => stage(given, stages.push(given) - 1),
    files: { find: async () => ({ files: [], truncated: false }) },
    readFile: (name: string, { bytesMax }: { bytesMax: number }) => {
      read.push(name);
      return file(name, bytesMax);
    },
  };
  const pool = {
    take: async (accountId: string, kind: string) => {
      if (behaviour.refusal !== undefined) throw behaviour.refusal;
      taken.push([accountId, kind]);
      return sandbox;
    },
    release: (given: unknown, options: unknown) => {
      expect(given).toBe(sandbox);
      released.push(options);
    },
  };
  const means = {
    pool: pool as unknown as Pool<Sandbox>,
    versions: someVersions(),
    cache: behaviour.cache ?? new CompileCache(2 ** 20),
  };
  const result = await execute({ ...means, sessions: NO_SESSIONS }, request).then(
    (report) => ({ report, thrown: undefined }),
    (thrown: unknown) => ({ report: undefined, thrown }),
  );
  const failure = result.thrown instanceof Failure ? result.thrown : undefined;
  return { ...result, failure, stages, taken, released, read };
}

function someVersions(): Versions {
  const versions = new Versions();
  for (const kind of SANDBOX_KINDS) {
    versions.learn(kind, kind === "general" ? "c=14.2.0;cpp=14.2.0;perl=5.40.1;" : "3.13.5");
  }
  return versions;
}
