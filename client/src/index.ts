// The package's front door: what a program that uses it can name.

export type { Keys } from "./account.ts";
export { CodeRunner } from "./client.ts";
export { type ClientCode, CodeRunnerError } from "./error.ts";
export type { ExecutionQuery, Executions, Input } from "./executions.ts";
export type { Files } from "./files.ts";
export type { CallOptions, ClientOptions, RepeatableOptions, Upload } from "./http.ts";
export type { ErrorCode, FinalOutcome, Language, Outcome } from "./known.ts";
export type { List, Page } from "./list.ts";
export type { DetachOptions, StreamOptions } from "./runs.ts";
export type { OpenOptions, Session, Sessions } from "./sessions.ts";
export type { ExecutionStream } from "./stream.ts";
export type * from "./types.ts";
