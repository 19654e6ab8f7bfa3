// GET /api/languages and GET /v1/execute/runtimes: what can be run here, and in which version.

import { toApiLanguage } from "../faces/api.ts";
import { toV1Runtime } from "../faces/v1.ts";
import { handle, NoBody } from "../handle.ts";
import { lastWord } from "../runner-word.ts";
import { runtimesOf } from "../runtimes.ts";

export const listApiLanguages = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: runtimesOf(await lastWord(call)).map(toApiLanguage) }),
});

export const listV1Runtimes = handle({
  body: NoBody,
  run: async (_body, call) => ({ body: runtimesOf(await lastWord(call)).map(toV1Runtime) }),
});
