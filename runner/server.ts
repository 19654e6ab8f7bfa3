// The runner's HTTP face, and the only file that imports Express. Every route is signed; bodies are
// capped, then verified, then parsed; a failure becomes the one error shape, a bug becomes
// `internal` with its text in the log. One log line per request.

import type { IncomingHttpHeaders } from "node:http";
import express, { type Express, type NextFunction, type Request, type Response } from "express";
import type { Logger } from "pino";
import { asFailure, Failure } from "../shared/errors.ts";
import { isRequestId, newId } from "../shared/ids.ts";
import { REQUEST_BODY_BYTES_MAX } from "../shared/limits.ts";
import { parse } from "../shared/parse.ts";
import {
  type ExecutionReport,
  outcomeOf,
  RUNNER_EXECUTE_PATH,
  RUNNER_HEALTH_PATH,
  RunnerExecuteRequest,
  type RunnerHealth,
} from "../shared/runner-api.ts";
import { admit, type Gatekeeper } from "./signed.ts";

export type ServerOptions = {
  keeper: Gatekeeper;
  log: Logger;
  execute: (request: RunnerExecuteRequest) => Promise<ExecutionReport>;
  health: () => RunnerHealth;
};

type Reply = { body: object; log?: object };

/** The runner's routes, ready to listen. */
export function createServer(options: ServerOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("etag");
  app.use(express.raw({ type: () => true, limit: REQUEST_BODY_BYTES_MAX }));

  app.post(
    RUNNER_EXECUTE_PATH,
    signedRoute(options, async (body) => {
      const request = parse(RunnerExecuteRequest, readJson(body));
      const report = await options.execute(request);
      return {
        body: report,
        log: {
          executionId: request.executionId,
          accountId: request.accountId,
          language: request.language,
          outcome: outcomeOf(report),
          queueMs: round(report.queueMs),
          ...(report.compile && { compileMs: round(report.compile.wallMs) }),
          ...(report.run && { wallMs: round(report.run.wallMs) }),
        },
      };
    }),
  );
  app.get(
    RUNNER_HEALTH_PATH,
    signedRoute(options, async () => ({ body: options.health() })),
  );
  app.use((request: Request, response: Response) => {
    answerFailure(options.log, request, response, new Failure("not_found"));
  });
  app.use((thrown: unknown, request: Request, response: Response, _next: NextFunction) => {
    answerFailure(options.log, request, response, fromExpress(thrown));
  });
  return app;
}

function signedRoute(options: ServerOptions, handle: (body: Buffer) => Promise<Reply>) {
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
      const reply = await handle(body);
      response.json(reply.body);
      const ms = round(performance.now() - startedAtMs);
      options.log.info({
        requestId: requestIdOf(request.headers),
        path: request.path,
        ms,
        ...reply.log,
      });
    } catch (thrown) {
      answerFailure(options.log, request, response, asFailure(thrown));
    }
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
