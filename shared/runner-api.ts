// What the gateway and a runner say to each other: one schema and one type per message, under one
// name. A runner parses what it is sent; the gateway parses what comes back, because neither trusts
// the other with more than this. Requests are signed (see signature.ts).

import * as z from "zod";
import { ERRORS, type ErrorCode } from "./errors.ts";
import { isSessionId } from "./ids.ts";
import { LANGUAGE_IDS, SANDBOX_KINDS } from "./languages.ts";
import {
  ARGS_BYTES_MAX,
  ARGS_MAX,
  COMPILE_TIMEOUT_MS_MAX,
  FILE_BYTES_MAX,
  FILE_NAME_BYTES_MAX,
  FILES_MAX,
  LISTED_FILES_MAX,
  LONG_RUN_TIMEOUT_MS_MAX,
  OUTPUT_PATTERNS_MAX,
  PACKAGE_REQUIREMENT_BYTES_MAX,
  PACKAGES_CHOSEN_MAX,
  RESULTS_MAX,
  RUN_TIMEOUT_MS_MIN,
  STDIN_BYTES_MAX,
  TOOL_VERSION_BYTES_MAX,
  VERSION_SELECTOR_BYTES_MAX,
} from "./limits.ts";
import { COMPILE_ERROR, OUTCOME_NAMES, type Outcome } from "./outcomes.ts";
import { PACKAGE_MANAGERS, PackagesRequest } from "./packages.ts";

/** Where a runner takes executions. */
export const RUNNER_EXECUTE_PATH = "/v1/execute";
/** Where a runner keeps sessions; below it one by its id, and below that what it holds. */
export const RUNNER_SESSIONS_PATH = "/v1/sessions";
/** Where a runner tells of executions that run or have just run, by their id. */
export const RUNNER_EXECUTIONS_PATH = "/v1/executions";
/** Where a runner says how it is. */
export const RUNNER_HEALTH_PATH = "/v1/health";

const encoder = new TextEncoder();
/** With a length divisible by four, this is base64; a regexp of groups would overflow on megabytes. */
const BASE64_CHARACTERS = /^[A-Za-z0-9+/]*={0,2}$/;

/** A string of at most `bytesMax` UTF-8 bytes. */
export function textOf(bytesMax: number) {
  return z
    .string()
    .refine((text) => text.length <= bytesMax && encoder.encode(text).length <= bytesMax, {
      error: `must be at most ${bytesMax} bytes`,
    });
}

/** A relative path inside the workspace: no `..`, no empty part, no NUL, nothing absolute. */
export const WorkspacePath = textOf(FILE_NAME_BYTES_MAX).refine(
  (path) =>
    path !== "" &&
    !path.includes("\0") &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".."),
  { error: "must be a relative path inside the workspace" },
);

/** Whether `text` is base64 as RFC 4648 has it: padded, and nothing else in it. */
export function isBase64(text: string): boolean {
  return text.length % 4 === 0 && BASE64_CHARACTERS.test(text);
}

/** The forms a shown value may have, as media types; those of pictures are base64. */
export const SHOWN_TYPES = [
  "text/plain",
  "text/html",
  "text/markdown",
  "text/latex",
  "application/json",
  "image/png",
  "image/jpeg",
  "image/svg+xml",
] as const;

/** How a file's content is written. */
export const FILE_ENCODINGS = ["utf8", "base64"] as const;

export const ProgramFile = z
  .strictObject({
    name: WorkspacePath,
    content: textOf(Math.ceil((FILE_BYTES_MAX * 4) / 3) + 4),
    encoding: z.enum(FILE_ENCODINGS).optional(),
  })
  .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
    error: "is not base64",
    path: ["content"],
  });
export type ProgramFile = z.infer<typeof ProgramFile>;

export const ProgramArgs = z
  .array(textOf(ARGS_BYTES_MAX).refine((arg) => !arg.includes("\0"), { error: "contains NUL" }))
  .max(ARGS_MAX, { error: `must be at most ${ARGS_MAX} arguments` })
  .refine((args) => encoder.encode(args.join("\0")).length <= ARGS_BYTES_MAX, {
    error: `must be at most ${ARGS_BYTES_MAX} bytes together`,
  });

/** One word of a selector: a version or a part of one, with or without a sign; or a sign alone. */
const SELECTOR_WORD = /^(?:-|latest|(?:~>?|\^|[<>]=?|=)?(?:v?[\dxX*][\w.*+-]*)?)$/;

/** Which version is wanted, in npm's notation: `*`, one version, or ranges of them. */
export const VersionSelector = textOf(VERSION_SELECTOR_BYTES_MAX).refine(
  (text) => text.split(/\s+|\|\|/).every((word) => SELECTOR_WORD.test(word)),
  { error: "must be a version or a range of versions, such as `3`, `^3.12` or `>=3.12 <4`" },
);

const SessionId = z.string().refine(isSessionId, { error: "must be the id of a session" });

/** One pattern of workspace paths: `*` and `?` stop at a slash, `**` does not. */
export const OutputPattern = textOf(FILE_NAME_BYTES_MAX).refine(
  (pattern) => pattern !== "" && WorkspacePath.safeParse(pattern).success,
  { error: "must be a pattern of relative paths inside the workspace" },
);

export const RunnerExecuteRequest = z.strictObject({
  /** The caller's id for this execution; appears in both logs. */
  executionId: z.string().min(1).max(64),
  /** Whose program this is. A sandbox serves one account only. */
  accountId: z.string().min(1).max(128),
  /** Whether the sandbox must go afterwards, because whoever shares the account may be strangers. */
  singleUse: z.boolean().optional(),
  language: z.enum(LANGUAGE_IDS),
  /** What the runner has must be in it. */
  version: VersionSelector.optional(),
  /** The first is the program, unless the language finds its main file by what is in them. */
  files: z.array(ProgramFile).min(1).max(FILES_MAX),
  /** Whether the compiler is to take its time to make the program faster. */
  optimize: z.boolean().optional(),
  args: ProgramArgs.optional(),
  stdin: textOf(STDIN_BYTES_MAX).optional(),
  runTimeoutMs: z.int().min(RUN_TIMEOUT_MS_MIN).max(LONG_RUN_TIMEOUT_MS_MAX),
  /** Only looked at where there is something to compile. */
  compileTimeoutMs: z.int().min(RUN_TIMEOUT_MS_MIN).max(COMPILE_TIMEOUT_MS_MAX),
  /**
   * Whether the first file is only a text to be run, and nothing that should then be in the workspace.
   * A language that has no cells needs it there all the same.
   */
  isSnippet: z.boolean().optional(),
  /** The session to run it in, and whether that is to be opened by it, to be kept while there is room. */
  sessionId: SessionId.optional(),
  opensSession: z.boolean().optional(),
  /** Which files to bring back when it is over. */
  outputFiles: z.array(OutputPattern).max(OUTPUT_PATTERNS_MAX).optional(),
  /** Whether the answer is to be a stream of ExecutionEvents, one JSON object a line. */
  stream: z.boolean().optional(),
  /** Whether its input stays open after `stdin`, for more to be sent while it runs. */
  openStdin: z.boolean().optional(),
  /** Whether it goes on when whoever waits for the answer hangs up; else it is interrupted then. */
  detach: z.boolean().optional(),
});
export type RunnerExecuteRequest = z.infer<typeof RunnerExecuteRequest>;

const count = z.int().nonnegative();

/** What came of one command. Durations are measured inside the sandbox, by the supervisor. */
export const StageReport = z.object({
  outcome: z.enum(OUTCOME_NAMES),
  /** `null` when the program did not exit by itself. */
  exitCode: z.int().min(0).max(255).nullable(),
  /** The name of the signal that ended it, such as `SIGKILL`, or `null`. */
  signal: z.string().max(16).nullable(),
  /** At most OUTPUT_BYTES_MAX bytes each, invalid UTF-8 replaced by U+FFFD. */
  stdout: z.string(),
  stderr: z.string(),
  /** All bytes the program wrote, kept or not. */
  stdoutBytes: count,
  stderrBytes: count,
  stdoutTruncated: z.boolean(),
  stderrTruncated: z.boolean(),
  /** Whether what the text was made of was UTF-8 throughout, so that nothing had to be replaced. */
  stdoutIsUtf8: z.boolean(),
  stderrIsUtf8: z.boolean(),
  wallMs: z.number().nonnegative(),
  cpuMs: z.number().nonnegative(),
  memoryPeakBytes: count,
});
export type StageReport = z.infer<typeof StageReport>;

/**
 * Something a program of a session shows: the value of its last expression, or what it displayed, in
 * as many forms as its language has for it, by media type. What is not text is base64.
 */
export const ShownValue = z.object({
  kind: z.enum(["value", "display"]),
  data: z.partialRecord(z.enum(SHOWN_TYPES), z.string()),
});
export type ShownValue = z.infer<typeof ShownValue>;

/** A file that was asked back, with its content in base64, or without where it was too large. */
export const OutputFile = z.object({
  name: z.string().max(FILE_NAME_BYTES_MAX),
  bytes: count,
  /** In hexadecimal. */
  sha256: z.string().length(64),
  content: z.string().optional(),
});
export type OutputFile = z.infer<typeof OutputFile>;

/** What came of an execution: of compiling, where the language is compiled, and then of running. */
export const ExecutionReport = z
  .object({
    /** Of the language's own tool, as it says itself. */
    version: z.string().max(TOOL_VERSION_BYTES_MAX),
    /** `isCached` when the same sources had been compiled before, and this is what was said then. */
    compile: StageReport.extend({ isCached: z.boolean() }).optional(),
    /** Absent when the program could not be compiled. */
    run: StageReport.optional(),
    /** How long the request waited at the runner for a sandbox, or for its turn in its session. */
    queueMs: z.number().nonnegative(),
    /** What it showed, in order, and whether there was more. Only in a session, or in a language, that shows any. */
    shown: z.array(ShownValue).max(RESULTS_MAX).optional(),
    shownTruncated: z.boolean().optional(),
    /**
     * Where it ran; whether it began without variables and the like; and whether what there is of them
     * now lives on. Files always do.
     */
    session: z.object({ id: SessionId, isFresh: z.boolean(), isStateKept: z.boolean() }).optional(),
    /** The files that were asked for, in order of their names, and whether there were more. */
    files: z.array(OutputFile).max(LISTED_FILES_MAX).optional(),
    filesTruncated: z.boolean().optional(),
  })
  .refine(({ compile, run }) => (run === undefined) === isFailed(compile), {
    error: "must have run what could be compiled, and nothing else",
  });
export type ExecutionReport = z.infer<typeof ExecutionReport>;

/** What became of an execution as a whole. */
export function outcomeOf({ run }: ExecutionReport): Outcome | typeof COMPILE_ERROR {
  return run?.outcome ?? COMPILE_ERROR;
}

function isFailed(compile: StageReport | undefined): boolean {
  return compile !== undefined && compile.outcome !== "ok";
}

/** What a streamed execution says, one line each: `start` first, and `end` or `failed` last. */
export const ExecutionEvent = z.discriminatedUnion("type", [
  z.object({ type: z.literal("start"), version: z.string().max(TOOL_VERSION_BYTES_MAX) }),
  z.object({
    type: z.enum(["stdout", "stderr"]),
    stage: z.enum(["compile", "run"]),
    text: z.string(),
  }),
  z.object({ type: z.literal("shown"), value: ShownValue }),
  z.object({ type: z.literal("beat") }),
  z.object({ type: z.literal("end"), report: ExecutionReport }),
  z.object({
    type: z.literal("failed"),
    error: z.object({
      code: z.string(),
      message: z.string(),
      retryAfterMs: count.optional(),
      ranMs: count.optional(),
    }),
  }),
]);
export type ExecutionEvent = z.infer<typeof ExecutionEvent>;

/** How a session is opened, by whom and for what. */
export const RunnerSessionRequest = z.strictObject({
  sessionId: SessionId,
  accountId: z.string().min(1).max(128),
  language: z.enum(LANGUAGE_IDS),
  version: VersionSelector.optional(),
  /** What is to be there besides what the image has. */
  packages: PackagesRequest.optional(),
});
export type RunnerSessionRequest = z.infer<typeof RunnerSessionRequest>;

/** A package that was put into a session; its own scripts are never run. */
export const InstalledPackage = z.object({
  manager: z.enum(PACKAGE_MANAGERS),
  name: z.string().max(PACKAGE_REQUIREMENT_BYTES_MAX * 2),
  version: z.string().max(PACKAGE_REQUIREMENT_BYTES_MAX),
  /** Whether it has scripts that an installation of its own would have run. */
  hasSkippedScripts: z.boolean(),
});
export type InstalledPackage = z.infer<typeof InstalledPackage>;

/** What came of a wish for packages. */
export const InstalledPackages = z.object({
  packages: z.array(InstalledPackage).max(PACKAGES_CHOSEN_MAX),
});
export type InstalledPackages = z.infer<typeof InstalledPackages>;

/** A live session, as its runner sees it. */
export const RunnerSession = z.object({
  sessionId: SessionId,
  language: z.enum(LANGUAGE_IDS),
  version: z.string().max(TOOL_VERSION_BYTES_MAX),
  state: z.enum(["idle", "busy"]),
  createdAtMs: count,
  lastUsedAtMs: count,
  expiresAtMs: count,
  executions: count,
  /** Where some were asked for with it. */
  packages: InstalledPackages.shape.packages.optional(),
});
export type RunnerSession = z.infer<typeof RunnerSession>;

/** One entry of a directory of a session's workspace. A link is told of and never followed. */
export const WorkspaceEntry = z.object({
  name: z.string().max(FILE_NAME_BYTES_MAX),
  type: z.enum(["file", "directory", "link", "other"]),
  bytes: count,
  modifiedAtMs: count,
});
export type WorkspaceEntry = z.infer<typeof WorkspaceEntry>;

/** What a directory of a workspace holds, in order of names, and whether there was more. */
export const WorkspaceListing = z.object({
  entries: z.array(WorkspaceEntry).max(LISTED_FILES_MAX),
  truncated: z.boolean(),
});
export type WorkspaceListing = z.infer<typeof WorkspaceListing>;

/** What was made of an upload. */
export const WrittenFile = OutputFile.pick({ name: true, bytes: true, sha256: true });
export type WrittenFile = z.infer<typeof WrittenFile>;

export const RunnerHealth = z.object({
  /** Whether a sandbox could be handed out now. */
  ready: z.boolean(),
  runnerId: z.string().max(64),
  /** What it can run. */
  languages: z.partialRecord(
    z.enum(LANGUAGE_IDS),
    z.object({ version: z.string().max(TOOL_VERSION_BYTES_MAX) }),
  ),
  /** Its sandboxes by kind: how many wait, and how many work or are being made ready. */
  sandboxes: z.partialRecord(z.enum(SANDBOX_KINDS), z.object({ warm: count, busy: count })),
});
export type RunnerHealth = z.infer<typeof RunnerHealth>;

/** A runner's failure, as it arrives at the gateway. */
export const RunnerError = z.object({
  error: z.object({
    code: z.enum(Object.keys(ERRORS) as [ErrorCode, ...ErrorCode[]]),
    message: z.string().max(1024),
    field: z.string().max(256).optional(),
    retryAfterMs: count.optional(),
    /** Of a program that was ended by deleting its session. */
    ranMs: count.optional(),
  }),
});
export type RunnerError = z.infer<typeof RunnerError>;

/** An execution asked for by its id: it still runs, or what came of it, or why nothing did. */
export const RunnerExecution = z.union([
  z.object({ report: ExecutionReport }),
  z.object({ error: RunnerError.shape.error }),
  z.object({ state: z.literal("running") }),
]);
export type RunnerExecution = z.infer<typeof RunnerExecution>;
