// GET /health: whether a sandbox could be had now.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS } from "../../shared/limits.ts";
import { handle, NoBody } from "../handle.ts";
import { RUNNER_ERRORS } from "../openapi/about.ts";
import { lastWord } from "../runner-word.ts";

const Health = z.strictObject({
  status: z.literal("ok"),
  languages: z.record(z.string(), z.string()).describe("Versions, by language."),
});

export const health = handle({
  summary: "Whether a sandbox could be had now",
  operation: "getHealth",
  access: "anyone",
  body: NoBody,
  reply: Health,
  errors: RUNNER_ERRORS,
  examples: { one: { summary: "All is well" } },
  run: async (_body, call) => {
    const { ready, languages } = await lastWord(call);
    if (!ready) throw new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
    const versions = Object.entries(languages).map(([id, { version }]) => [id, version] as const);
    return { body: { status: "ok" as const, languages: Object.fromEntries(versions) } };
  },
});
