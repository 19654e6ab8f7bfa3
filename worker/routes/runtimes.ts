// GET /api/languages and GET /v1/execute/runtimes: what can be run here, and in which version.

import * as z from "zod";
import { ApiLanguage, toApiLanguage } from "../faces/api.ts";
import { toV1Runtime, V1Runtime } from "../faces/v1.ts";
import { handle, NoBody } from "../handle.ts";
import { RUNNER_ERRORS } from "../openapi/about.ts";
import { lastWord } from "../runner-word.ts";
import { runtimesOf } from "../runtimes.ts";

export const listApiLanguages = handle({
  summary: "What can be run here",
  tag: "Service",
  operation: "listLanguages",
  access: "anyone",
  body: NoBody,
  reply: z.array(ApiLanguage),
  errors: RUNNER_ERRORS,
  examples: { all: { summary: "Every language" } },
  run: async (_body, call) => ({ body: runtimesOf(await lastWord(call)).map(toApiLanguage) }),
});

export const listV1Runtimes = handle({
  summary: "What can be run here, in other words",
  tag: "Service",
  operation: "listRuntimesV1",
  access: "anyone",
  body: NoBody,
  reply: z.array(V1Runtime),
  errors: RUNNER_ERRORS,
  examples: { all: { summary: "Every language" } },
  run: async (_body, call) => ({ body: runtimesOf(await lastWord(call)).map(toV1Runtime) }),
});
