// /api/v2/execute and /api/v2/runtimes, and the same below /api/v2/piston, where Piston's public instance
// has them: for programs that were written for Piston. One program is run in a fresh sandbox, and followed
// while it runs, because `output` has both streams in the order in which they came.

import * as z from "zod";
import { type ErrorBody, Failure } from "../../shared/errors.ts";
import type { ExecutionEvent } from "../../shared/runner-api.ts";
import type { Call } from "../call.ts";
import { begin, type Executed, executedBefore, executeLive, type Order } from "../execute.ts";
import { PISTON_EXAMPLES } from "../faces/examples.ts";
import {
  fromPiston,
  type Output,
  PistonExecution,
  PistonFailure,
  PistonRequest,
  PistonRuntime,
  pistonLanguage,
  toPiston,
  toPistonRuntime,
  toPistonSentence,
} from "../faces/piston.ts";
import { type Handler, handle, NoBody, type RouteMatch } from "../handle.ts";
import { REPEAT_ERRORS, REPEATABLE, RUNNER_ERRORS } from "../openapi/about.ts";
import { refuse } from "../reply.ts";
import { lastWord } from "../runner-word.ts";
import { runtimesOf } from "../runtimes.ts";

export const executeForPiston = executing("as Piston does", "executePiston");
export const executeForPublicPiston = executing(
  "as Piston's public instance does",
  "executePublicPiston",
);
export const listPistonRuntimes = listing("as Piston lists it", "listRuntimesPiston");
export const listPublicPistonRuntimes = listing(
  "as Piston's public instance lists it",
  "listRuntimesPublicPiston",
);

function executing(how: string, operation: string): Handler {
  return inPistonsWords(
    handle({
      summary: `Run a program, ${how}`,
      description:
        "For programs that were written for Piston's API, version 2: the same fields, replies and sentences. Limits of memory and of processor time are taken and passed over; the service's own hold.",
      tag: "Executions",
      operation,
      access: "key or demo",
      body: PistonRequest,
      headers: REPEATABLE,
      reply: PistonExecution,
      failure: PistonFailure,
      errors: [
        "unknown_language",
        "unknown_version",
        "no_credits",
        ...REPEAT_ERRORS,
        ...RUNNER_ERRORS,
      ],
      examples: PISTON_EXAMPLES,
      run: async (request, call) => {
        const language = pistonLanguage(request);
        if (language === undefined) throw unknownRuntime(request, "unknown_language");
        try {
          const { executed, output } = await executeInOrder(call, fromPiston(request, language));
          return { body: toPiston(executed, output) };
        } catch (thrown) {
          const isUnknown = thrown instanceof Failure && thrown.code === "unknown_version";
          throw isUnknown ? unknownRuntime(request, thrown.code) : thrown;
        }
      },
    }),
  );
}

function listing(how: string, operation: string): Handler {
  return inPistonsWords(
    handle({
      summary: `What can be run here, ${how}`,
      tag: "Service",
      operation,
      access: "anyone",
      body: NoBody,
      reply: z.array(PistonRuntime),
      failure: PistonFailure,
      errors: RUNNER_ERRORS,
      examples: { all: { summary: "Every language" } },
      run: async (_body, call) => ({ body: runtimesOf(await lastWord(call)).map(toPistonRuntime) }),
    }),
  );
}

/** Has a route say what goes wrong as Piston would, and take JSON that calls itself text. */
function inPistonsWords(handler: Handler): Handler {
  const wrapped = async (match: RouteMatch, call: Call): Promise<Response> => {
    try {
      call.request = asJson(call.request);
      return await handler(match, call);
    } catch (thrown) {
      const response = refuse(thrown, call);
      const { error } = await response.json<ErrorBody>();
      const message = toPistonSentence(error.message);
      return Response.json({ message, error }, { status: response.status });
    }
  };
  return Object.assign(wrapped, { about: handler.about });
}

/** Piston's own client for Node says no type, which makes it text. */
function asJson(request: Request): Request {
  if (!/^text\/plain\b/i.test(request.headers.get("Content-Type") ?? "")) return request;
  const headers = new Headers(request.headers);
  headers.set("Content-Type", "application/json");
  return new Request(request, { headers });
}

/** Runs a program, and gathers what it puts out as it comes. What ran before has no order left. */
async function executeInOrder(
  call: Call,
  order: Order,
): Promise<{ executed: Executed; output?: Output }> {
  const begun = await begin(call, order);
  if ("repeats" in begun) return { executed: await executedBefore(call, begun) };
  const output: Output = { compile: "", run: "" };
  const tell = (event: ExecutionEvent) => {
    if (event.type === "stdout" || event.type === "stderr") output[event.stage] += event.text;
  };
  const { signal } = new AbortController();
  return { executed: await executeLive(call, begun, { signal, tell }), output };
}

function unknownRuntime(
  { language, version }: PistonRequest,
  code: "unknown_language" | "unknown_version",
): Failure {
  return new Failure(code, { message: `${language}-${version} runtime is unknown.` });
}
