// One program in one sandbox, from its files to what came of it: compiled if its language is and it
// has not been before, and then run. Where its files are put is the caller's business.

import { PROGRAM_NAME, refuseBadFiles } from "../shared/files.ts";
import { languageOf } from "../shared/languages.ts";
import {
  COMPILE_MEMORY_BYTES_MAX,
  MEMORY_BYTES_MAX,
  PROGRAM_KEPT_BYTES_MAX,
} from "../shared/limits.ts";
import type { ExecutionReport, ProgramFile, RunnerExecuteRequest } from "../shared/runner-api.ts";
import { compileArgs, type Names, runArgs } from "./commands.ts";
import { type CompileCache, keyOf } from "./compile-cache.ts";
import { reportOf } from "./report.ts";
import type { StageListener, StageResult } from "./running.ts";
import type { Sandbox } from "./sandbox.ts";

/** A file as a sandbox takes it. */
export type SandboxFile = { name: string; mode?: number; content: Buffer };
export type SandboxFiles = readonly SandboxFile[];

/** A request with what was found out about it: the version it gets, its files' contents and names. */
export type Job = {
  request: RunnerExecuteRequest;
  version: string;
  files: SandboxFiles;
  names: Names;
};

/** What a program is run with besides its sandbox. */
export type Means = {
  cache: CompileCache;
  /** Puts files into the workspace; what it returns is still to be sent with the next stage. */
  place: (files: SandboxFiles) => Promise<SandboxFiles>;
  /** Who hears what each stage says. */
  listenerFor?: ((stage: "compile" | "run") => StageListener) | undefined;
  /** Called once the program can be given more to read. */
  onReading?: (() => void) | undefined;
};

export type Stages = Pick<ExecutionReport, "compile" | "run" | "shown" | "shownTruncated">;

const NO_INPUT = Buffer.alloc(0);
const PROGRAM_MODE = 0o755;

/** Throws Failure when the request's files cannot be one program. */
export function jobOf(request: RunnerExecuteRequest, version: string): Job {
  const files = request.files.map(decodeFile);
  refuseBadFiles(files.map(({ name, content }) => ({ name, bytes: content.length })));
  const names = files.map(({ name }) => name);
  const [main = languageOf(request.language).mainFile, ...rest] = names;
  return { request, version, files, names: [main, ...rest] };
}

/** Compiles and runs it; its process ends with it. Throws SandboxFault when there is no outcome. */
export async function runProgram(sandbox: Sandbox, job: Job, means: Means): Promise<Stages> {
  const { request, names, files } = job;
  const args = compileArgs(request.language, names, { optimize: request.optimize === true });
  if (args === undefined) return await run(sandbox, job, { means, files });
  const key = keyOf({ ...request, version: job.version, args, files });
  const known = request.singleUse === true ? undefined : means.cache.get(key);
  if (known !== undefined) {
    const program = { name: PROGRAM_NAME, mode: PROGRAM_MODE, content: known.program };
    const ran = await run(sandbox, job, { means, files: [...files, program] });
    return { compile: { ...known.report, wallMs: 0, cpuMs: 0, isCached: true }, ...ran };
  }
  const compile = { ...(await compileIn(sandbox, job, { means, args })), isCached: false };
  if (compile.outcome !== "ok") return { compile };
  if (request.singleUse !== true) {
    const { result, content } = await sandbox.readFile(PROGRAM_NAME, {
      bytesMax: PROGRAM_KEPT_BYTES_MAX,
    });
    if (result === "whole") means.cache.keep(key, { program: content, report: compile });
  }
  return { compile, ...(await run(sandbox, job, { means, files: [] })) };
}

/** What a stage that was run shows and how it ended, as a report tells it. */
export function ranOf(result: StageResult): Stages {
  const { values, truncated } = result.shown;
  return {
    run: reportOf(result),
    ...(values.length > 0 && { shown: values }),
    ...(truncated && { shownTruncated: true }),
  };
}

async function compileIn(
  sandbox: Sandbox,
  { request, files }: Job,
  { means, args }: { means: Means; args: readonly string[] },
) {
  const result = await sandbox.run({
    kind: "stage",
    files: await means.place(files),
    args,
    stdin: NO_INPUT,
    wallMs: request.compileTimeoutMs,
    memoryBytes: COMPILE_MEMORY_BYTES_MAX,
    ...listening(means, "compile"),
  });
  return reportOf(result);
}

async function run(
  sandbox: Sandbox,
  { request, names }: Job,
  { means, files }: { means: Means; files: SandboxFiles },
): Promise<Stages> {
  const result = await sandbox.run({
    kind: "last",
    files: await means.place(files),
    args: runArgs(request.language, names, request.args ?? []),
    stdin: Buffer.from(request.stdin ?? "", "utf8"),
    ...(request.openStdin === true && { keepsStdinOpen: true, onBegun: means.onReading }),
    wallMs: request.runTimeoutMs,
    memoryBytes: MEMORY_BYTES_MAX,
    ...listening(means, "run"),
  });
  return ranOf(result);
}

function listening({ listenerFor }: Means, stage: "compile" | "run") {
  return listenerFor === undefined ? {} : { listener: listenerFor(stage) };
}

function decodeFile({ name, content, encoding }: ProgramFile): SandboxFile {
  return { name, content: Buffer.from(content, encoding ?? "utf8") };
}
