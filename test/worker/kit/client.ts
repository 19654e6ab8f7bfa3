// Somebody with a key and money enough, before a runner that keeps sessions.

import { expect } from "vitest";
import type { ErrorCode } from "../../../shared/errors.ts";
import { errorOf, gateway } from "./gateway.ts";
import { type SessionRunner, sessionRunner } from "./session-runner.ts";

/** An account with a runner that keeps sessions. */
export async function client(fake: SessionRunner = sessionRunner()) {
  const g = gateway(fake.runner);
  const { apiKey, accountId } = await g.open();
  await g.change(accountId, { ratePerMinute: 100_000, grantCredits: 1000 });
  const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
  const call = async (method: string, path: string, body?: object) =>
    await g.send(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const openSession = async (language = "python") => {
    const response = await call("POST", "/api/sessions", { language });
    return (await response.json<{ sessionId: string }>()).sessionId;
  };
  const execute = (id: string, body: object = { code: "x = 42" }) =>
    call("POST", `/api/sessions/${id}/execute`, body);
  const credits = async () => {
    const response = await g.change(accountId, { plan: "pro" });
    return (await response.json<{ credits: number }>()).credits;
  };
  return { g, fake, call, openSession, execute, credits, accountId, apiKey };
}

/** The bare id of a session, as `/v1` and the runner write it. */
export function uuidOf(word: string): string {
  return word.replace(/^sess-(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Expects a refusal with this code and status. */
export async function expectRefused(
  response: Response,
  code: ErrorCode,
  status: number,
): Promise<void> {
  expect(response.status).toBe(status);
  expect((await errorOf(response)).code).toBe(code);
}
