// What a route says of itself: enough to describe it to people, to programs and to the tests that hold
// it to its word. It is given where the route is defined, beside the schema its body is read with.

import * as z from "zod";
import type { ErrorCode } from "../../shared/errors.ts";

/** Who may call: anybody; who has a key; the same or a few times a day without; the operator. */
export type Access = "anyone" | "key" | "key or demo" | "operator";

/** The chapters of the description, in their order. */
export const TAGS = {
  Executions: "Run programs, and ask after those that run.",
  Sessions: "Places where state and files stay between executions.",
  Files: "What is in the workspace of a session.",
  Accounts: "Keys, plans and credits.",
  Payments: "Credits for USDC.",
  Service: "What can be run here, how the service is, and how it is described.",
  Operators: "For whoever runs this service.",
} as const;
export type Tag = keyof typeof TAGS;

/** One way a route may answer when all is well. A status without any content has no body. */
export type ReplyForm = {
  description?: string;
  json?: z.ZodType;
  /** Contents that are not JSON, by media type, and what they are. */
  other?: Record<string, { description: string; example?: string }>;
};

/** One request as somebody might send it, and a reply as it might look. */
export type Example = {
  summary: string;
  body?: object | string;
  query?: Record<string, string>;
  reply?: object;
};

/** What a route may say. Only the summary and the reply cannot be guessed. */
export type About<Reply extends z.ZodType = z.ZodType> = {
  /** What it does, in one line. */
  summary?: string;
  /** What else there is to know, in sentences. */
  description?: string;
  /** Without it, by the path. */
  tag?: Tag;
  /** The name clients may give it; without it, made of method and path. */
  operation?: string;
  /** Without it, who has a key. */
  access?: Access;
  /** What its query may say; `handle` reads it. */
  query?: z.ZodType;
  /** What is sent, where that is not JSON. */
  upload?: { type: string; description: string };
  /** Request headers it takes notice of, besides those of every route. */
  headers?: Record<string, string>;
  /** The schema of its reply with status 200, or every status and form it has. */
  reply?: Reply | Record<number, ReplyForm>;
  /** The schema of its failures, where they say more than all others. */
  failure?: z.ZodType;
  /** What may go wrong, besides what follows from who may call it and what it takes. */
  errors?: readonly ErrorCode[];
  /** By names of their own. */
  examples?: Record<string, Example>;
};

/** A route as it is described: what it says of itself, and what its body is read with. */
export type Described = About & { body: z.ZodType };

/** What a runner may be unable to do, for every route that asks one. */
export const RUNNER_ERRORS = ["runner_fault", "busy", "no_runner"] as const;

/** What may have become of a session. */
export const SESSION_ERRORS = [
  "unknown_session",
  "session_deleted",
  "session_expired",
  "session_evicted",
  "session_lost",
] as const;

/** What may become of a wish for packages. */
export const PACKAGE_ERRORS = [
  "packages_disabled",
  "packages_refused",
  "packages_too_large",
  "packages_unreachable",
  "workspace_full",
] as const;

/** What may become of a request with an Idempotency-Key. */
export const REPEAT_ERRORS = [
  "conflict",
  "idempotency_in_progress",
  "idempotency_mismatch",
] as const;

/** What an Idempotency-Key does, for the routes that take one. */
export const REPEATABLE = {
  "Idempotency-Key":
    "Made up by the caller, such as a UUID. Whoever sends the same request again gets the answer of the first, which is not done or charged again.",
};

/** What may become of a payment that comes with a request. */
export const PAYMENT_ERRORS = [
  "payment_required",
  "payment_refused",
  "payment_used",
  "payment_pending",
  "payments_disabled",
  "chain_unreachable",
] as const;

/** How a request is paid for, for the routes that take payments. */
export const PAYABLE = {
  "PAYMENT-SIGNATURE": "A payment, as x402 has it; what to pay is in `PAYMENT-REQUIRED` of a 402.",
  "X-PAYMENT": "The same in the first version of x402.",
};

/** The statuses and forms of a route's good replies. */
export function repliesOf({ reply }: About): Record<number, ReplyForm> {
  if (reply === undefined) return {};
  return reply instanceof z.ZodType ? { 200: { json: reply } } : reply;
}

/** Whether a route reads a JSON body. */
export function takesJson({ body }: Described): boolean {
  return !(body instanceof z.ZodUndefined);
}

/** Everything that may go wrong, as codes. */
export function errorsOf(route: Described): ErrorCode[] {
  const { access = "key", errors = [], query } = route;
  const codes = new Set<ErrorCode>(errors);
  if (takesJson(route)) {
    for (const code of [
      "invalid_request",
      "payload_too_large",
      "unsupported_media_type",
    ] as const) {
      codes.add(code);
    }
  }
  if (query !== undefined) codes.add("invalid_request");
  if (access !== "anyone") for (const code of ACCESS_ERRORS) codes.add(code);
  if (access !== "anyone" && access !== "operator") codes.add("rate_limited");
  codes.add("internal");
  return [...codes];
}

const ACCESS_ERRORS = ["unauthorized", "invalid_key", "busy"] as const;
