// POST /api/execute: runs one program and answers with what came of it.

import { execute } from "../execute.ts";
import { ApiExecuteRequest, toApiExecution, toProgram } from "../faces/api.ts";
import { handle } from "../handle.ts";

export const executeProgram = handle({
  body: ApiExecuteRequest,
  run: async (request, call) => {
    const program = toProgram(request);
    return { body: toApiExecution(program, await execute(call, program)) };
  },
});
