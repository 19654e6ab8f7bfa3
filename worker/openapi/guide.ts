// llms.txt: how an agent uses this API, on one page of plain text. What can be told from the
// description is; the rest is what an agent would otherwise find out by making mistakes.

import { LANGUAGE_IDS } from "../../shared/languages.ts";
import {
  CODE_BYTES_MAX,
  CREDIT_SPAN_MS,
  DEMO_RUNS_PER_DAY,
  FREE_CREDITS,
  LONG_RUN_TIMEOUT_MS_MAX,
  OUTPUT_BYTES_MAX,
  RATE_PER_MINUTE,
  RUN_TIMEOUT_MS_MAX,
  SESSION_IDLE_MS_MAX,
} from "../../shared/limits.ts";
import { COMPILE_ERROR, OUTCOMES } from "../../shared/outcomes.ts";
import type { OpenApi } from "./document.ts";

/** The page, made of a description. */
export function guideOf(api: OpenApi): string {
  return `# ${api.info.title}

> One HTTPS API that runs untrusted code in a sandbox without a network and answers in milliseconds.

## Begin

1. Take a key, once; it is free, needs no sign-up and is shown only now:
   POST /api/keys with body {} -> {"apiKey": "cr_live_…", "credits": ${FREE_CREDITS}, …}
2. Send it with every request: Authorization: Bearer KEY
3. Run a program:
   POST /api/execute
   Content-Type: application/json
   ${JSON.stringify(exampleOf(api))}
   -> {"outcome": "ok", "exitCode": 0, "stdout": "499500", "stderr": "", "credits": {…}, …}

Without a key, ${DEMO_RUNS_PER_DAY} programs a day can be tried.

## Rules worth knowing

- HTTP 200 means that the program was run or compiled, not that it succeeded: look at outcome and exitCode.
  outcome is one of ${[...Object.keys(OUTCOMES), COMPILE_ERROR].join(", ")}.
- HTTP errors are {"error": {"code", "message", "requestId", "field"?, "retryAfterMs"?}}. They cost nothing.
  Repeat a request on 429, 502 and 503 after Retry-After; do not repeat one on 400 to 413 unchanged.
- There is no network inside a sandbox: send what is needed in files or stdin.
- Print what you want to see; the last expression's value comes back as result only in a session.
- Outputs are kept up to ${OUTPUT_BYTES_MAX} bytes each; stdoutTruncated says when there was more.
- code is at most ${CODE_BYTES_MAX} bytes. A run lasts at most ${RUN_TIMEOUT_MS_MAX / 1000} s (timeout, in ms), by POST /v1/execute ${LONG_RUN_TIMEOUT_MS_MAX / 1000} s (run_timeout).
- A credit pays for ${CREDIT_SPAN_MS / 1000} s begun. The free plan runs ${RATE_PER_MINUTE.free} programs a minute; RateLimit says what is left.
- Each execution is alone unless it is in a session. To keep variables and files, POST /api/sessions
  {"language": "…"} and then POST /api/sessions/{sessionId}/execute; it is gone after ${SESSION_IDLE_MS_MAX / 60_000} idle minutes.
- "stream": true answers with server-sent events: start, stdout, stderr, result, and at last end or error.
- language is one of ${LANGUAGE_IDS.join(", ")}. GET /api/languages has versions and other names.

## Routes

${routesOf(api)}

The whole description: /openapi.json. The same for people: /docs.
`;
}

/** The first request that the description shows for running a program. */
function exampleOf({ paths }: OpenApi): unknown {
  const content = paths["/api/execute"]?.post?.requestBody?.content["application/json"];
  return Object.values(content?.examples ?? {})[0]?.value;
}

function routesOf({ paths }: OpenApi): string {
  const routes = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, { tags }]) => !tags.includes("Operators"))
      .map(([method, { summary }]) => `- ${method.toUpperCase()} ${path}: ${summary}`),
  );
  return routes.join("\n");
}
