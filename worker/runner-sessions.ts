// What the gateway has a runner do with sessions and their files. File contents pass through here
// without being held.

import * as z from "zod";
import { Failure } from "../shared/errors.ts";
import { FILE_BYTES_MAX, FILE_TRANSFER_MS_MAX, PACKAGES_MS_MAX } from "../shared/limits.ts";
import type { PackagesRequest } from "../shared/packages.ts";
import {
  InstalledPackages,
  RUNNER_SESSIONS_PATH,
  RunnerSession,
  type RunnerSessionRequest,
  WorkspaceListing,
  WrittenFile,
} from "../shared/runner-api.ts";
import type { Call } from "./call.ts";
import {
  type Ask,
  askRunner,
  openRunner,
  readAnswer,
  type Upload,
  uploadToRunner,
} from "./runner-ask.ts";
import { RUNNER_CALL_MS_MAX } from "./runner-client.ts";
import {
  answerAs,
  failureFrom,
  OF_A_SESSION,
  OF_FILES,
  OF_PACKAGES,
  requireDone,
} from "./runner-failure.ts";

const Interrupted = z.object({ interrupted: z.boolean() });

/** A session of an account's; both ids are ours and need no escaping but are given it. */
export type Whose = { accountId: string; sessionId: string };

/** A file on its way out of a session. */
export type Download = {
  body: ReadableStream<Uint8Array>;
  bytes: number;
  /** As a Content-Digest. */
  digest: string | undefined;
};

/** Has the runner open a session. */
export async function openOnRunner(
  call: Call,
  request: RunnerSessionRequest,
): Promise<RunnerSession> {
  const msMax = RUNNER_CALL_MS_MAX + (request.packages === undefined ? 0 : PACKAGES_MS_MAX);
  const ask = { method: "POST", path: RUNNER_SESSIONS_PATH, body: request, msMax } as const;
  return answerAs(RunnerSession, await askRunner(call, ask), OF_PACKAGES);
}

/** Has the runner put packages into a session. */
export async function installOnRunner(
  call: Call,
  whose: Whose,
  packages: PackagesRequest,
): Promise<InstalledPackages> {
  const path = pathOf(whose, "/packages", "");
  const body = { accountId: whose.accountId, packages };
  const msMax = RUNNER_CALL_MS_MAX + PACKAGES_MS_MAX;
  const answer = await askRunner(call, { method: "POST", path, body, msMax });
  return answerAs(InstalledPackages, answer, OF_PACKAGES);
}

/** A session as the runner sees it. */
export async function sessionOnRunner(call: Call, whose: Whose): Promise<RunnerSession> {
  const ask = { method: "GET", path: pathOf(whose, "", query(whose)) } as const;
  return answerAs(RunnerSession, await askBriefly(call, ask), OF_A_SESSION);
}

/** Has the runner end a session and everything in it. */
export async function closeOnRunner(call: Call, whose: Whose): Promise<void> {
  const ask = { method: "DELETE", path: pathOf(whose, "", query(whose)) } as const;
  requireDone(await askBriefly(call, ask), OF_A_SESSION);
}

/** Interrupts what runs in a session. Says whether anything did. */
export async function interruptSessionOnRunner(call: Call, whose: Whose): Promise<boolean> {
  const answer = await tell(call, whose, "/interrupt");
  return answerAs(Interrupted, answer, OF_A_SESSION).interrupted;
}

/** Has a session begin anew over its files. */
export async function resetOnRunner(call: Call, whose: Whose): Promise<void> {
  requireDone(await tell(call, whose, "/reset"), OF_A_SESSION);
}

async function tell(call: Call, whose: Whose, what: string) {
  const body = { accountId: whose.accountId };
  return await askBriefly(call, { method: "POST", path: pathOf(whose, what, ""), body });
}

/** Puts a file into a session. */
export async function uploadFile(
  call: Call,
  whose: Whose,
  name: string,
  upload: Omit<Upload, "path" | "msMax">,
): Promise<WrittenFile> {
  const path = filePath(whose, name, query(whose));
  const answer = await uploadToRunner(call, { ...upload, path, msMax: FILE_TRANSFER_MS_MAX });
  return answerAs(WrittenFile, answer, OF_FILES);
}

/** Begins to fetch a file out of a session. */
export async function downloadFile(call: Call, whose: Whose, name: string): Promise<Download> {
  const path = filePath(whose, name, query(whose));
  const response = await openRunner(call, { method: "GET", path, msMax: FILE_TRANSFER_MS_MAX });
  if (response.status !== 200) {
    throw failureFrom(await readAnswer(response), OF_FILES);
  }
  const length = response.headers.get("Content-Length") ?? "";
  const bytes = /^\d{1,9}$/.test(length) ? Number(length) : Number.NaN;
  if (response.body === null || !(bytes <= FILE_BYTES_MAX)) {
    await response.body?.cancel();
    const detail = `the runner's file has the length ${JSON.stringify(length)}`;
    throw new Failure("runner_fault", { detail });
  }
  const digest = response.headers.get("Content-Digest") ?? undefined;
  return { body: response.body, bytes, digest };
}

/** What a directory of a session holds; the workspace itself has no name. */
export async function listFiles(
  call: Call,
  whose: Whose,
  directory: string,
): Promise<WorkspaceListing> {
  const path = filePath(whose, directory, `${query(whose)}&list=1`);
  return answerAs(WorkspaceListing, await askBriefly(call, { method: "GET", path }), OF_FILES);
}

/** Takes a file out of a session, or a directory: an empty one, or any. */
export async function deleteFile(
  call: Call,
  whose: Whose,
  name: string,
  { isRecursive }: { isRecursive: boolean },
): Promise<void> {
  const path = filePath(whose, name, `${query(whose)}${isRecursive ? "&recursive=1" : ""}`);
  requireDone(await askBriefly(call, { method: "DELETE", path }), OF_FILES);
}

async function askBriefly(call: Call, ask: Omit<Ask, "msMax">) {
  return await askRunner(call, { ...ask, msMax: RUNNER_CALL_MS_MAX });
}

function query({ accountId }: Whose): string {
  return `?accountId=${encodeURIComponent(accountId)}`;
}

function pathOf({ sessionId }: Whose, below: string, search: string): string {
  return `${RUNNER_SESSIONS_PATH}/${encodeURIComponent(sessionId)}${below}${search}`;
}

function filePath(whose: Whose, name: string, search: string): string {
  const escaped = name.split("/").map(encodeURIComponent).join("/");
  return pathOf(whose, `/files/${escaped}`, search);
}
