// /api/executions/:executionId/…: what runs: to interrupt it, and to send it input. The account knows
// which executions are its own; the runner has them.

import { InputRequest } from "../faces/sessions.ts";
import { handle, NoBody } from "../handle.ts";
import { inputOnRunner, interruptOnRunner } from "../runner-client.ts";
import { visitExecution } from "../visit.ts";
import { idIn, running } from "./history.ts";

export const interruptExecution = handle({
  body: NoBody,
  run: async (_body, call, params) => {
    const { key, found } = await visitExecution(call, idIn(params));
    await running(interruptOnRunner(call, key.accountId, found.id));
    return { body: { id: found.id } };
  },
});

export const sendInput = handle({
  body: InputRequest,
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
