// Sessions over a real pool of played sandboxes: a stage of theirs lasts until the test ends it.

import { CompileCache } from "../../../runner/compile-cache.ts";
import type { StartKind } from "../../../runner/frames.ts";
import { SandboxFault } from "../../../runner/link.ts";
import type { Packages } from "../../../runner/packages/packages.ts";
import { Pool } from "../../../runner/pool.ts";
import type { StageResult } from "../../../runner/running.ts";
import type { Sandbox } from "../../../runner/sandbox.ts";
import { Sessions } from "../../../runner/sessions.ts";
import type { Stage } from "../../../runner/stage.ts";
import { Versions } from "../../../runner/versions.ts";
import { Failure } from "../../../shared/errors.ts";
import { SANDBOX_KINDS, type SandboxKind } from "../../../shared/languages.ts";
import type { RunnerExecuteRequest } from "../../../shared/runner-api.ts";
import { resultOf } from "./report.ts";

export class FakeSandbox {
  readonly kind: SandboxKind;
  accountId: string | undefined;
  isWorn = false;
  isFrozen = false;
  isWaiting = true;
  fault: Error | undefined;
  /** What was done with it, in order. */
  readonly did: string[] = [];
  readonly stages: Stage[] = [];
  /** Its workspace, by name. */
  readonly workspace = new Map<string, string>();
  readonly files = {
    putAll: async (files: readonly { name: string; content: Buffer }[]) => {
      for (const { name, content } of files) this.workspace.set(name, content.toString());
    },
    delete: async (name: string) => {
      const names = [...this.workspace.keys()].filter((one) => one.startsWith(`${name}/`));
      if (names.length === 0) throw new Failure("unknown_file", { field: "path" });
      for (const one of names) this.workspace.delete(one);
    },
    find: async () => ({
      files: [...this.workspace].map(([name, text]) => ({ name, bytes: text.length })),
      truncated: false,
    }),
    read: async (name: string) => Buffer.from(this.workspace.get(name) ?? ""),
  };
  #end: { resolve: (result: StageResult) => void; reject: (fault: Error) => void } | undefined;

  constructor(kind: SandboxKind) {
    this.kind = kind;
  }

  get isRunning(): boolean {
    return this.#end !== undefined;
  }

  async freeze(): Promise<void> {
    this.isFrozen = true;
    this.did.push("freeze");
  }

  async thaw(): Promise<void> {
    this.isFrozen = false;
  }

  async check(): Promise<void> {
    this.did.push("check");
  }

  interrupt(): void {
    if (!this.isRunning) return;
    this.did.push("interrupt");
    this.end({ exit: { signal: 2, isWaiting: true } });
  }

  feed(data: Buffer): void {
    this.did.push(`feed ${data}`);
  }

  run(stage: Stage): Promise<StageResult> {
    this.isFrozen = false;
    this.stages.push(stage);
    this.did.push(stage.kind);
    stage.onBegun?.();
    return new Promise((resolve, reject) => {
      this.#end = { resolve, reject };
    });
  }

  /** Ends the stage that runs; as its kind does, unless told otherwise. */
  end({ exit = {}, ...more }: { exit?: object } & Partial<Omit<StageResult, "exit">> = {}): void {
    const kind: StartKind = this.stages.at(-1)?.kind ?? "last";
    const result = resultOf({ isWaiting: kind !== "last", ...exit });
    this.isWaiting = result.exit.isWaiting;
    const end = this.#end;
    this.#end = undefined;
    end?.resolve({ ...result, ...more });
  }

  async recycle({ keepsFiles = false } = {}): Promise<void> {
    if (this.fault !== undefined) throw this.fault;
    this.did.push(keepsFiles ? "renew" : "recycle");
    this.isWaiting = true;
  }

  /** As when the sandbox dies under whatever it does. */
  fail(reason = "it died"): void {
    this.fault ??= new SandboxFault(reason);
    const end = this.#end;
    this.#end = undefined;
    end?.reject(this.fault);
  }

  async remove(): Promise<void> {
    this.did.push("remove");
    this.fail("the sandbox was removed");
  }
}

const noPackages: Packages["get"] = () => Promise.reject(new Failure("packages_disabled"));

/** Sessions that may have `ceiling` sandboxes, and all of those there ever were. */
export function fakeSessions({ ceiling = 8, getPackages = noPackages } = {}) {
  const sandboxes: FakeSandbox[] = [];
  const log = { warn: () => undefined };
  const versions = new Versions();
  for (const kind of SANDBOX_KINDS) {
    versions.learn(kind, kind === "general" ? "c=14.2.0;perl=5.40.1;" : "3.13.5");
  }
  const pool = new Pool<FakeSandbox>({
    start: async (kind) => {
      const sandbox = new FakeSandbox(kind);
      sandboxes.push(sandbox);
      return sandbox;
    },
    floor: 0,
    ceiling,
    strict: false,
    startsMax: 8,
    giveUp: () => sessions.giveUpOne(),
    log,
  });
  const cache = new CompileCache(2 ** 20);
  const packages = { get: getPackages } as unknown as Packages;
  const ours = pool as unknown as Pool<Sandbox>;
  const sessions: Sessions = new Sessions({ pool: ours, versions, cache, packages, log });
  return { sessions, pool, sandboxes };
}

export const ID = "00000000-0000-4000-8000-000000000000";
export const idOf = (n: number) => ID.slice(0, -3) + String(n).padStart(3, "0");

export function cellOf(
  code: string,
  more: Partial<Omit<RunnerExecuteRequest, "sessionId">> & { sessionId?: string } = {},
) {
  return {
    executionId: "exec-1",
    accountId: "a",
    language: "python" as const,
    files: [{ name: "main.py", content: code }],
    isSnippet: true,
    sessionId: ID,
    runTimeoutMs: 1000,
    compileTimeoutMs: 1000,
    ...more,
  };
}
