// The wire to the runner: signs what it sends, waits only so long, and tells what kind of trouble it
// was when no answer came. What an answer means is for those who ask.

import { Failure } from "../shared/errors.ts";
import { ANSWER_BYTES_MAX, BUSY_RETRY_AFTER_MS } from "../shared/limits.ts";
import { sign, signStream } from "../shared/signature.ts";
import { readBytes } from "./body.ts";
import type { Call } from "./call.ts";
import { settingsOf, signingKeyOf } from "./env.ts";

export type Ask = {
  method: "GET" | "POST" | "DELETE";
  /** With its query. */
  path: string;
  body?: object;
  /** For how long at most, all of the answer included. */
  msMax: number;
  /** Gives up earlier. */
  signal?: AbortSignal;
};

/** A body that is passed on while it arrives. `bytes` is `undefined` where nobody has told its length. */
export type Upload = {
  path: string;
  body: ReadableStream<Uint8Array>;
  bytes: number | undefined;
  /** What its sender says it is, as a Content-Digest. */
  digest: string | undefined;
  msMax: number;
};

/** An answer that was read to its end. */
export type Answer = { status: number; text: string };

/** Asks the runner, and reads its answer whole. Throws a `Failure` when there is none. */
export async function askRunner(call: Call, ask: Ask): Promise<Answer> {
  const response = await openRunner(call, ask);
  return await readAnswer(response);
}

/** Asks the runner, and returns its answer as soon as it begins. */
export async function openRunner(call: Call, ask: Ask): Promise<Response> {
  const { method, path, body, msMax, signal } = ask;
  const { RUNNER_URL, RUNNER_ID } = settingsOf(call.env);
  const url = new URL(path, RUNNER_URL).href;
  const text = body === undefined ? "" : JSON.stringify(body);
  const bytes = new Uint8Array(new TextEncoder().encode(text));
  const key = await signingKeyOf(call.env);
  const signature = await sign(key, RUNNER_ID, { method, url, body: bytes }, Date.now());
  const timeout = AbortSignal.timeout(msMax);
  return await send(call, url, {
    method,
    headers: { ...signature, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: bytes }),
    signal: signal === undefined ? timeout : AbortSignal.any([timeout, signal]),
  });
}

/** Passes a body on to the runner. */
export async function uploadToRunner(call: Call, upload: Upload): Promise<Answer> {
  const { path, body, bytes, digest, msMax } = upload;
  const { RUNNER_URL, RUNNER_ID } = settingsOf(call.env);
  const url = new URL(path, RUNNER_URL).href;
  const headers = {
    ...(bytes !== undefined && { "content-length": String(bytes) }),
    ...(digest !== undefined && { "content-digest": digest }),
  };
  const key = await signingKeyOf(call.env);
  const signature = await signStream(key, RUNNER_ID, { method: "PUT", url, headers }, Date.now());
  const response = await send(call, url, {
    method: "PUT",
    headers: { ...headers, ...signature, "content-type": "application/octet-stream" },
    body: bytes === undefined ? body : body.pipeThrough(new FixedLengthStream(bytes)),
    signal: AbortSignal.timeout(msMax),
  });
  return await readAnswer(response);
}

/** Reads an answer to its end, or until it is more than any answer may be. */
export async function readAnswer(response: Response): Promise<Answer> {
  try {
    const read = await readBytes(response, ANSWER_BYTES_MAX);
    return { status: response.status, text: new TextDecoder().decode(read) };
  } catch (thrown) {
    throw unreachable(thrown);
  }
}

async function send(
  { env, requestId }: Call,
  url: string,
  init: RequestInit & { headers: Record<string, string> },
): Promise<Response> {
  const request: RequestInit = {
    ...init,
    headers: { ...init.headers, "x-request-id": requestId },
    redirect: "manual",
  };
  try {
    return await (env.RUNNER ? env.RUNNER.fetch(url, request) : fetch(url, request));
  } catch (thrown) {
    throw unreachable(thrown);
  }
}

/** Silence is a fault of the runner. A connection refused or lost means there is no runner there. */
export function unreachable(thrown: unknown): Failure {
  const isLate = thrown instanceof Error && thrown.name === "TimeoutError";
  const detail = `the runner could not be asked: ${thrown}`;
  if (isLate) return new Failure("runner_fault", { detail });
  return new Failure("no_runner", { detail, retryAfterMs: BUSY_RETRY_AFTER_MS });
}
