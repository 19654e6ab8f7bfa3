// What the description says of all routes alike: how to begin, the parts of paths, and the headers
// that replies have in common.

import {
  CREDIT_SPAN_MS,
  DEMO_RUNS_PER_DAY,
  FREE_CREDITS,
  RATE_PER_MINUTE,
} from "../../shared/limits.ts";
import type { JsonSchema } from "./schemas.ts";

type Header = { description: string; schema: JsonSchema };

export const INTRODUCTION = `Runs untrusted code and answers in milliseconds. Take a key with \`POST /api/keys\`, send it as \`Authorization: Bearer KEY\`, and run a program with \`POST /api/execute\`. A key comes with ${FREE_CREDITS} executions; one of up to ${CREDIT_SPAN_MS / 1000} seconds costs one credit, each further ${CREDIT_SPAN_MS / 1000} seconds begun one more. Without a key, ${DEMO_RUNS_PER_DAY} executions a day can be tried. The free plan runs ${RATE_PER_MINUTE.free} a minute, the greater one ${RATE_PER_MINUTE.pro}.

A program that fails is not an HTTP error: the reply is 200, and its \`outcome\` says what became of the program. HTTP errors are about the request or about us, have one shape, and cost nothing. Fields that a public route does not know are ignored, in requests as they should be in replies, which may get more of them.

Every route answers HEAD as it answers GET, and OPTIONS with the methods it has; a method it does not have is \`method_not_allowed\` (405), a path that does not exist \`not_found\` (404). Any web page may call: there are no cookies.`;

/** The parts of paths that are not fixed. A route with one that is not here cannot be described. */
export const PARAMETERS: Readonly<Record<string, { description: string; example: string }>> = {
  sessionId: {
    description: "The id of a session: `sess-…`, or the bare UUID.",
    example: "sess-0f8fad5bd9cb469fa16570867728950e",
  },
  executionId: { description: "The id of an execution.", example: "exec-0123456789abcdefghjk" },
  txHash: { description: "The hash of a transaction.", example: `0x${"0".repeat(64)}` },
  keyId: { description: "The id of a key.", example: "key-0123456789abcdefghjk" },
  accountId: { description: "The id of an account.", example: "0".repeat(64) },
  path: {
    description:
      "A path in the workspace; its slashes are slashes of the URL's path, and every other odd character is escaped.",
    example: "data/in.csv",
  },
};

/** Headers of every reply. */
export const COMMON_HEADERS: Record<string, Header> = {
  "X-Request-Id": {
    description: "Under which the log knows the request; a well-formed one of yours is taken over.",
    schema: { type: "string" },
  },
};

/** Headers of replies that count against a rate. */
export const RATE_HEADERS: Record<string, Header> = {
  RateLimit: {
    description: 'What is left of the rate, and for how long: `"executions";r=9;t=60`.',
    schema: { type: "string" },
  },
  "RateLimit-Policy": {
    description: 'The rate: `"executions";q=10;w=60`.',
    schema: { type: "string" },
  },
};

/** Headers of failures that pass. */
export const CAUTIONS: Record<string, Header> = {
  "Retry-After": {
    description: "Seconds that it pays to wait, where that is known.",
    schema: { type: "integer" },
  },
};
