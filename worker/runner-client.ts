// Talks to the runner: signs what it sends, waits only so long, and believes an answer only if it
// parses. Whatever goes wrong here is ours and never the caller's: no runner, a busy one, or a fault.
// What the runner said beyond that goes to the log.

import { type ErrorCode, Failure } from "../shared/errors.ts";
import {
  BUSY_RETRY_AFTER_MS,
  HEALTH_REQUEST_MS_MAX,
  REQUEST_BODY_BYTES_MAX,
} from "../shared/limits.ts";
import {
  ExecutionReport,
  RUNNER_EXECUTE_PATH,
  RUNNER_HEALTH_PATH,
  RunnerError,
  type RunnerExecuteRequest,
  RunnerHealth,
} from "../shared/runner-api.ts";
import { sign } from "../shared/signature.ts";
import { readBytes } from "./body.ts";
import type { Call } from "./call.ts";
import { settingsOf, signingKeyOf } from "./env.ts";

const DETAIL_CHARACTERS_MAX = 500;

type Ask = { method: "GET" | "POST"; path: string; body?: string; msMax: number };
type Answer = { status: number; text: string };

/**
 * Has a program run, and waits for the answer for at most `msMax`. Throws a `Failure` when it was
 * not run, or when that is not certain.
 */
export async function runOnRunner(
  call: Call,
  request: RunnerExecuteRequest,
  msMax: number,
): Promise<ExecutionReport> {
  const body = JSON.stringify(request);
  const answer = await ask(call, { method: "POST", path: RUNNER_EXECUTE_PATH, body, msMax });
  if (answer.status !== 200) throw failureFrom(answer);
  const report = ExecutionReport.safeParse(jsonOf(answer));
  if (!report.success) throw fault(answer, "not a report");
  return report.data;
}

/** How the runner is, as it says itself. Throws a `Failure` when it does not say. */
export async function healthOfRunner(call: Call): Promise<RunnerHealth> {
  const msMax = HEALTH_REQUEST_MS_MAX;
  const answer = await ask(call, { method: "GET", path: RUNNER_HEALTH_PATH, msMax });
  const health = RunnerHealth.safeParse(jsonOf(answer));
  if (!health.success) throw fault(answer, "not a word about its health");
  return health.data;
}

async function ask(call: Call, { method, path, body, msMax }: Ask): Promise<Answer> {
  const { env, requestId } = call;
  const { RUNNER_URL, RUNNER_ID } = settingsOf(env);
  const url = new URL(path, RUNNER_URL).href;
  const bytes = new Uint8Array(new TextEncoder().encode(body ?? ""));
  const key = await signingKeyOf(env);
  const signature = await sign(key, RUNNER_ID, { method, url, body: bytes }, Date.now());
  const send: Fetcher["fetch"] = (input, init) =>
    env.RUNNER ? env.RUNNER.fetch(input, init) : fetch(input, init);
  try {
    const response = await send(url, {
      method,
      headers: { ...signature, "content-type": "application/json", "x-request-id": requestId },
      ...(body === undefined ? {} : { body: bytes }),
      redirect: "manual",
      signal: AbortSignal.timeout(msMax),
    });
    const read = await readBytes(response, REQUEST_BODY_BYTES_MAX);
    return { status: response.status, text: new TextDecoder().decode(read) };
  } catch (thrown) {
    throw unreachable(thrown);
  }
}

/** Silence is a fault of the runner. A connection refused or lost means there is no runner there. */
function unreachable(thrown: unknown): Failure {
  const isLate = thrown instanceof Error && thrown.name === "TimeoutError";
  const detail = `the runner could not be asked: ${thrown}`;
  if (isLate) return new Failure("runner_fault", { detail });
  return new Failure("no_runner", { detail, retryAfterMs: BUSY_RETRY_AFTER_MS });
}

/** What only a runner can know of a request is passed on to the caller, ... */
const CALLERS_FAULTS: readonly ErrorCode[] = [
  "invalid_request",
  "payload_too_large",
  "unknown_version",
];
/** ... if it is about what the caller wrote. A runner that dislikes anything else blames us. */
const CALLERS_FIELDS = /^(files|version|args|stdin)\b/;

/** A lack of room and what is the caller's fault are passed on; all else is a fault of ours. */
function failureFrom(answer: Answer): Failure {
  const parsed = RunnerError.safeParse(jsonOf(answer));
  if (!parsed.success) return fault(answer, "not a report and not an error");
  const { code, message, field, retryAfterMs = BUSY_RETRY_AFTER_MS } = parsed.data.error;
  const detail = `the runner answered ${answer.status} ${code}: ${message}`;
  if (CALLERS_FAULTS.includes(code) && CALLERS_FIELDS.test(field ?? ""))
    return new Failure(code, { message, field, detail });
  if (code === "payload_too_large") return new Failure(code, { detail });
  if (code === "busy" || code === "no_runner") return new Failure(code, { retryAfterMs, detail });
  return new Failure("runner_fault", { detail });
}

function fault(answer: Answer, what: string): Failure {
  const start = answer.text.slice(0, DETAIL_CHARACTERS_MAX);
  return new Failure("runner_fault", {
    detail: `the runner's answer is ${what}: ${answer.status} ${start}`,
  });
}

function jsonOf(answer: Answer): unknown {
  try {
    return JSON.parse(answer.text);
  } catch {
    return undefined;
  }
}
