// The runner's HTTP face, and the only file that imports Express. Every route is signed; bodies are
// capped, then verified, then parsed; a failure becomes the one error shape, a bug becomes
// `internal` with its text in the log. One log line per request. Who hangs up before the answer of an
// execution has it interrupted, unless it was to go on without them.

import type { IncomingHttpHeaders } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Logger } from "pino";
import { asFailure, Failure } from "../shared/errors.ts";
import { isRequestId, newId } from "../shared/ids.ts";
import { HEARTBEAT_MS, REQUEST_BODY_BYTES_MAX } from "../shared/limits.ts";
import { parse } from "../shared/parse.ts";
import {
  type ExecutionEvent,
  type ExecutionReport,
  outcomeOf,
  RUNNER_EXECUTE_PATH,
  RUNNER_HEALTH_PATH,
  RunnerExecuteRequest,
  type RunnerHealth,
} from "../shared/runner-api.ts";
import { Execution, type Executions } from "./executions.ts";
import type { Answer, Route } from "./routes.ts";
import { answerFileRequest, type FileAccess, isFileRequest } from "./session-files.ts";
import { admit, admitStream, type Gatekeeper } from "./signed.ts";

export type ServerOptions = {
  keeper: Gatekeeper;
  log: Logger;
  execute: (request: RunnerExecuteRequest, execution: Execution) => Promise<ExecutionReport>;
  executions: Executions;
  health: () => RunnerHealth;
  withSession: FileAccess["withSession"];
  /** Routes besides those for executions and health. */
  routes: readonly Route[];
};

/** Answers a request that is signed, or writes the answer itself and returns what is to be logged. */
type Handle = (request: Request, response: Response, body: Buffer) => Promise<Answer | undefined>;

/** The runner's routes, ready to listen. */
export function createServer(options: ServerOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (!isFileRequest(request.originalUrl)) return next();
    void answerFiles(options, request, response);
  });
  app.use(express.raw({ type: () => true, limit: REQUEST_BODY_BYTES_MAX }));

  app.post(
    RUNNER_EXECUTE_PATH,
    signedRoute(options, (_request, response, body) => answerExecution(options, response, body)),
  );
  app.get(
    RUNNER_HEALTH_PATH,
    signedRoute(options, async () => ({ body: options.health() })),
  );
  for (const { method, path, run } of options.routes) {
    const handle: Handle = ({ params, query }, _response, body) => {
      const asked = { id: String(params.id ?? ""), query: { ...query } };
      return run({ ...asked, body: body.length === 0 ? {} : readJson(body) });
    };
    app[method](path, signedRoute(options, handle));
  }
  app.use((request: Request, response: Response) => {
    answerFailure(options.log, request, response, new Failure("not_found"));
  });
  app.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerFailure(options.log, request, response, fromExpress(thrown));
  });
  return app;
}

/** Uploads are passed on while they come, so their bodies are not read first; the others have none. */
async function answerFiles(
  options: ServerOptions,
  request: Request,
  response: Response,
): Promise<void> {
  const startedAtMs = performance.now();
  const { keeper, log, withSession } = options;
  const url = `http://runner${request.originalUrl}`;
  const { method, headers } = request;
  const signed = { method, url };
  const verify = () =>
    method === "PUT"
      ? admitStream(keeper, signed, headers, Date.now())
      : admit(keeper, { ...signed, body: new Uint8Array() }, headers, Date.now());
  try {
    const about = await answerFileRequest({ verify, withSession }, request, response);
    const ms = round(performance.now() - startedAtMs);
    log.info({ requestId: requestIdOf(headers), path: "files", method, ms, ...about });
  } catch (thrown) {
    answerFailure(log, request, response, asFailure(thrown));
  }
}

function signedRoute(options: ServerOptions, handle: Handle) {
  return async (request: Request, response: Response) => {
    const startedAtMs = performance.now();
    try {
      const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const signed = {
        method: request.method,
        url: `http://runner${request.originalUrl}`,
        body: new Uint8Array(body),
      };
      await admit(options.keeper, signed, request.headers, Date.now());
      const answer = await handle(request, response, body);
      if (!response.headersSent) leave(response, answer);
      const ms = round(performance.now() - startedAtMs);
      options.log.info({
        requestId: requestIdOf(request.headers),
        path: request.path,
        ms,
        ...answer?.log,
      });
    } catch (thrown) {
      answerFailure(options.log, request, response, asFailure(thrown));
    }
  };
}

function leave(response: Response, answer: Answer | undefined): void {
  response.status(answer?.status ?? 200);
  if (answer?.body === undefined) response.end();
  else response.json(answer.body);
}

async function answerExecution(
  options: ServerOptions,
  response: Response,
  body: Buffer,
): Promise<Answer> {
  const request = parse(RunnerExecuteRequest, readJson(body));
  const stream = request.stream === true ? streamTo(response) : undefined;
  const execution = new Execution(request, stream?.say);
  let isLeft = false;
  response.once("close", () => {
    isLeft = !response.writableEnded;
    if (isLeft && request.detach !== true) execution.interrupt();
  });
  // Whoever is gone has not heard what came of it, and somebody may ask.
  const isKept = () => isLeft || request.detach === true || request.stream === true;
  const run = () => options.execute(request, execution);
  const { executionId, accountId, language, sessionId } = request;
  const about = { executionId, accountId, language, ...(sessionId !== undefined && { sessionId }) };
  try {
    const report = await options.executions.run(execution, { isKept }, run);
    stream?.end({ type: "end", report });
    return { body: report, log: { ...about, ...timesOf(report) } };
  } catch (thrown) {
    if (stream?.hasBegun() !== true) throw thrown;
    const failure = asFailure(thrown);
    const { code, detail } = failure;
    const { requestId: _, field: __, ...error } = failure.body("").error;
    stream.end({ type: "failed", error });
    return { log: { ...about, code, detail } };
  }
}

/** Events as lines, with a beat where there is nothing to say for long. It begins with the first event. */
function streamTo(response: Response) {
  let timer: NodeJS.Timeout | undefined;
  const write = (event: ExecutionEvent) => {
    if (!response.headersSent) {
      response.status(200).set("Content-Type", "application/x-ndjson").flushHeaders();
    }
    if (!response.destroyed) response.write(`${JSON.stringify(event)}\n`);
  };
  const rest = () => {
    clearInterval(timer);
    timer = setInterval(() => write({ type: "beat" }), HEARTBEAT_MS);
  };
  response.once("close", () => clearInterval(timer));
  return {
    hasBegun: () => response.headersSent,
    say: (event: ExecutionEvent) => {
      write(event);
      rest();
    },
    end: (event: ExecutionEvent) => {
      write(event);
      clearInterval(timer);
      response.end();
    },
  };
}

function timesOf(report: ExecutionReport) {
  return {
    outcome: outcomeOf(report),
    queueMs: round(report.queueMs),
    ...(report.compile && { compileMs: round(report.compile.wallMs) }),
    ...(report.run && { wallMs: round(report.run.wallMs) }),
  };
}

function readJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    throw new Failure("invalid_request", { field: "body", message: "The body is not JSON." });
  }
}

/** Express and its body parser throw errors of their own, with an HTTP status on them. */
function fromExpress(thrown: unknown): Failure {
  const status = (thrown as { status?: unknown }).status;
  if (status === 413) return new Failure("payload_too_large");
  if (typeof status === "number" && status >= 400 && status < 500) {
    return new Failure("invalid_request", { detail: String(thrown) });
  }
  return asFailure(thrown);
}

function answerFailure(log: Logger, request: Request, response: Response, failure: Failure): void {
  const requestId = requestIdOf(request.headers);
  const level = failure.status >= 500 ? "warn" : "info";
  log[level]({ requestId, path: request.path, code: failure.code, detail: failure.detail });
  if (response.headersSent) return void response.destroy();
  if (failure.retryAfterMs !== undefined) {
    response.set("Retry-After", String(Math.ceil(failure.retryAfterMs / 1000)));
  }
  response.status(failure.status).json(failure.body(requestId));
}

function requestIdOf(headers: IncomingHttpHeaders): string {
  const given = headers["x-request-id"];
  return typeof given === "string" && isRequestId(given) ? given : newId("req");
}

function round(ms: number): number {
  return Math.round(ms * 100) / 100;
}
