// POST /api/execute and POST /v1/execute: run one program and answer with what came of it, each in
// the words of its face.

import { execute } from "../execute.ts";
import { ApiExecuteRequest, toApiExecution, toProgram } from "../faces/api.ts";
import { fromV1, toV1Execution, V1ExecuteRequest } from "../faces/v1.ts";
import { handle } from "../handle.ts";

export const executeForApi = handle({
  body: ApiExecuteRequest,
  run: async (request, call) => {
    const program = toProgram(request);
    return { body: toApiExecution(program, await execute(call, program)) };
  },
});

export const executeForV1 = handle({
  body: V1ExecuteRequest,
  run: async (request, call) => {
    const program = fromV1(request);
    return { body: toV1Execution(program, await execute(call, program)) };
  },
});
