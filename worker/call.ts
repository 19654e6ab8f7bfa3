// One request on its way through the gateway: what came in, under which id it is known, what its
// reply's headers and its log line will say. Each part of the gateway adds what it learns; the line
// is written once, when the reply is ready, and holds no key, no address, no program and no file.

import type { ErrorCode } from "../shared/errors.ts";
import { isRequestId, newId } from "../shared/ids.ts";
import type { COMPILE_ERROR, Outcome } from "../shared/outcomes.ts";
import type { Env } from "./env.ts";

export type Call = {
  request: Request;
  env: Env;
  ctx: Pick<ExecutionContext, "waitUntil">;
  requestId: string;
  startedAtMs: number;
  /** Headers the reply will carry, whatever becomes of it; a `Headers` would cost a crossing each. */
  headers: HeaderMap;
  line: LogLine;
  /** What was asked for, once it has been read and understood. */
  body?: unknown;
  /** Whether a payment that comes with it is taken. */
  takesPayments?: boolean;
  /** What was paid for the one execution of a caller without a key. */
  run?: { id: string; paidMicro: number; transaction: string; isProven: boolean };
  /** How to pay, in the words of x402's first version; said in the body of a refusal for want of money. */
  offer?: object;
  /** By which somebody without a key finds again what is run for this. */
  alias?: string;
  /** When the reply is done, where it goes on after it has begun. */
  finished?: Promise<unknown>;
};

/** Headers by their names, in whatever letters they are set. */
export class HeaderMap extends Map<string, string> {
  override set(name: string, value: string): this {
    return super.set(name.toLowerCase(), value);
  }
}

/** What is known of a request beyond its id, route, status and time. */
export type LogLine = {
  account?: string;
  sessionId?: string;
  executionId?: string;
  outcome?: Outcome | typeof COMPILE_ERROR;
  code?: ErrorCode;
  /** Why a failure happened, for the operator only. */
  detail?: string;
  queueMs?: number;
  compileMs?: number;
  runMs?: number;
  chargedMicro?: number;
  /** The payment that came with it. */
  payment?: string;
  /** What of the tools was called, or which other method. */
  tool?: string;
  /** What an operator changed. */
  change?: object;
};

/** Begins a call. A caller's own request id is taken over when it is well formed. */
export function begin(request: Request, env: Env, ctx: Call["ctx"]): Call {
  const given = request.headers.get("X-Request-Id") ?? "";
  return {
    request,
    env,
    ctx,
    requestId: isRequestId(given) ? given : newId("req"),
    startedAtMs: Date.now(),
    headers: new HeaderMap(),
    line: {},
  };
}

/** Writes the one log line of a call. */
export function logCall(call: Call, route: string, status: number): void {
  const { requestId, request, startedAtMs, line } = call;
  const ms = Date.now() - startedAtMs;
  console.log(JSON.stringify({ requestId, method: request.method, route, status, ms, ...line }));
}

/** Logs trouble that comes after the reply, under the same request id. */
export function logTrouble(call: Call, detail: string): void {
  console.error(JSON.stringify({ requestId: call.requestId, account: call.line.account, detail }));
}
