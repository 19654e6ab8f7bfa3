// What goes to the service and comes back, as its description has it. Executions are told of in the words
// of `/v1`, everything else in those of `/api`; nothing is renamed on the way, and fields that are not
// known here come along.

import type { ErrorCode, FinalOutcome, Language, Outcome } from "./known.ts";

/** A language by one of its names: any string, without hiding the ids from an editor. */
export type LanguageName = Language | (string & {});

/** A file of a program. */
export type ProgramFile = {
  /** A path inside the directory the program starts in. */
  name: string;
  content: string;
  encoding?: "utf8" | "base64";
};

/** A program, and how it is to run. What is written in two ways can be sent in either. */
export type Program = {
  /** The program, where it is one file. */
  code?: string;
  /** The program, where it is several, its main file first. */
  files?: readonly ProgramFile[];
  stdin?: string;
  args?: readonly string[];
  /** A version or a range of them, such as `^3.12`. */
  version?: string;
  /** Have the compiler take its time. */
  optimize?: boolean;
  /** How long it may run, in milliseconds. */
  timeout?: number;
  runTimeout?: number;
  run_timeout?: number;
  compileTimeout?: number;
  compile_timeout?: number;
  /** Patterns of files to bring back, such as `out/*.png`. */
  outputFiles?: readonly string[];
  output_files?: readonly string[];
};

/** A program and where it is to run. */
export type ExecuteOptions = Program & {
  language: LanguageName;
  /** The session to run it in; a new one when not given. */
  sessionId?: string | null;
  session_id?: string | null;
};

/** What came of one command. */
export type Stage = {
  stdout: string;
  stderr: string;
  /** `null` when it did not exit by itself. */
  code: number | null;
  signal: string | null;
  time_ms: number;
  memory_kb: number;
  outcome: Outcome;
  stdout_bytes: number;
  stderr_bytes: number;
  stdout_truncated: boolean;
  stderr_truncated: boolean;
  stdout_is_utf8: boolean;
  stderr_is_utf8: boolean;
};

/** A value or a picture, by media type. */
export type Shown = { kind: "value" | "display"; data: { [mediaType: string]: string } };

/** A file that was asked back. */
export type ReturnedFile = {
  name: string;
  bytes: number;
  sha256: string;
  /** Absent where it was too large to come along. */
  content?: string;
  encoding?: "base64";
};

/** What came of a program. */
export type Execution = {
  id: string;
  /** `null` without a key. */
  session_id: string | null;
  state_fresh?: boolean;
  state_kept?: boolean;
  language: Language;
  version: string;
  run_timeout: number;
  /** In compiled languages. */
  compile?: Stage & { cached: boolean };
  /** Absent when the program could not be compiled. */
  run?: Stage;
  /** The text of its last value, in a session. */
  result: string | null;
  results: Shown[];
  results_truncated?: boolean;
  files?: ReturnedFile[];
  files_truncated?: boolean;
  credits?: { charged: number; remaining: number };
  /** For who has no key. */
  demo?: { remaining: number };
  /** For who has paid for this execution alone. */
  paid?: { usdc: number; transaction: string };
};

/** An execution that has begun. */
export type Started = Pick<Execution, "id" | "session_id" | "language" | "version">;

/** One that goes on by itself. */
export type Detached = Pick<Execution, "id" | "session_id" | "language"> & { state: "running" };

/** What a running program is told of by. The last one is `end`. */
export type ExecutionEvent =
  | ({ type: "start" } & Started)
  | { type: "stdout" | "stderr"; stage: "compile" | "run"; text: string }
  | ({ type: "result" } & Shown)
  | { type: "end"; execution: Execution };

type Row = Pick<Execution, "id" | "session_id" | "language"> & {
  created_at: string;
  ended_at: string | null;
  outputs_dropped?: boolean;
};

/** Why there is no report of an execution. */
export type Failed = { code: ErrorCode; message: string };

/** An execution of the history. */
export type PastExecution =
  | (Row & { state: "running" })
  | (Row & Execution & { state: "done"; outcome: FinalOutcome })
  | (Row & {
      state: "done" | "failed";
      error: Failed;
      outcome?: FinalOutcome;
      credits?: { charged: number };
    });

/** The same in a list, without what it put out. */
export type ExecutionSummary = Row & {
  state: "running" | "done" | "failed";
  version: string | null;
  outcome: FinalOutcome | null;
  code: number | null;
  signal: string | null;
  time_ms: number | null;
  memory_kb: number | null;
  credits: { charged: number };
  error?: Failed;
};

/** How an execution's webhook was told. */
export type Deliveries = {
  webhook: string | null;
  state: string | null;
  next_attempt_at?: string | null;
  attempts: {
    number: number;
    at: string;
    status: number | null;
    error: string | null;
    time_ms: number;
  }[];
};

/** Packages to install, as pip and npm write them. */
export type Packages = { pip?: readonly string[]; npm?: readonly string[] };

export type InstalledPackage = {
  manager: "pip" | "npm";
  name: string;
  version: string;
  scriptsSkipped?: boolean;
};

export type SessionInfo = {
  sessionId: string;
  /** With its version, for people. */
  language: string;
  languageId: Language;
  version: string | null;
  state: "idle" | "busy" | "deleted" | "expired" | "evicted" | "lost";
  createdAt: string;
  lastUsedAt: string;
  expiresAt: string;
  executions: number;
  kept: boolean;
  packages?: InstalledPackage[];
};

export type FileEntry = {
  name: string;
  type: "file" | "directory" | "link" | "other";
  bytes: number;
  modifiedAt: string;
};

export type WrittenFile = { name: string; bytes: number; sha256: string };

/** A key that was made. Its text is told this once. */
export type NewKey = {
  apiKey: string;
  id: string;
  name: string | null;
  accountId: string;
  /** Of a new account, like what follows. */
  plan?: string;
  credits?: number;
  ratePerMinute?: number;
};

export type Key = {
  id: string;
  name: string | null;
  prefix: string;
  last: string;
  /** Whether it is the one this was asked with. */
  current: boolean;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
};

export type Credits = {
  credits: number;
  held: number;
  freeCredits: number;
  plan: string;
  ratePerMinute: number;
  balanceMicroUsdc: number;
  heldMicroUsdc: number;
  /** What was spent of a payment that its chain took back since. */
  owingMicroUsdc: number;
};

export type LedgerEntry = {
  number: number;
  kind: string;
  credits: number;
  balance: number;
  amountMicroUsdc: number;
  balanceMicroUsdc: number;
  executionId: string | null;
  /** The transaction that brought it. */
  transaction: string | null;
  createdAt: string;
};

export type Runtime = {
  language: Language;
  name: string;
  version: string;
  aliases: string[];
  compiled: boolean;
  main_file: string;
};
