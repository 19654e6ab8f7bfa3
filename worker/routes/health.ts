// GET /health: whether a sandbox could be had now.

import { Failure } from "../../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS } from "../../shared/limits.ts";
import { handle, NoBody } from "../handle.ts";
import { lastWord } from "../runner-word.ts";

export const health = handle({
  body: NoBody,
  run: async (_body, call) => {
    const { ready, languages } = await lastWord(call);
    if (!ready) throw new Failure("busy", { retryAfterMs: BUSY_RETRY_AFTER_MS });
    const versions = Object.entries(languages).map(([id, { version }]) => [id, version]);
    return { body: { status: "ok", languages: Object.fromEntries(versions) } };
  },
});
