// /api/executions/:executionId/…: what runs: to interrupt it, and to send it input. The account knows
// which executions are its own; the runner has them.

import * as z from "zod";
import { InputRequest } from "../faces/sessions.ts";
import { handle, NoBody } from "../handle.ts";
import { RUNNER_ERRORS } from "../openapi/about.ts";
import { inputOnRunner, interruptOnRunner } from "../runner-client.ts";
import { visitExecution } from "../visit.ts";
import { idIn, running } from "./history.ts";

const ToldExecution = z.strictObject({ id: z.string() });

export const interruptExecution = handle({
  summary: "Interrupt an execution",
  description: "As Ctrl-C would; a program that does not end by itself is stopped soon after.",
  body: NoBody,
  reply: ToldExecution,
  errors: ["unknown_execution", "not_running", ...RUNNER_ERRORS],
  examples: { one: { summary: "One that runs" } },
  run: async (_body, call, params) => {
    const { key, found } = await visitExecution(call, idIn(params));
    await running(interruptOnRunner(call, key.accountId, found.id));
    return { body: { id: found.id } };
  },
});

export const sendInput = handle({
  summary: "Send a program more of its input",
  description: "For executions that were begun with `openStdin`.",
  operation: "sendInput",
  body: InputRequest,
  reply: ToldExecution,
  errors: ["unknown_execution", "not_running", ...RUNNER_ERRORS],
  examples: { line: { summary: "A last line", body: { data: "yes\n", end: true } } },
  run: async ({ data, encoding, end }, call, params) => {
    const { key, found } = await visitExecution(call, idIn(params));
    const input = {
      ...(typeof data === "string" && { data }),
      ...(encoding && { encoding }),
      ...(end && { end }),
    };
    await running(inputOnRunner(call, key.accountId, found.id, input));
    return { body: { id: found.id } };
  },
});
