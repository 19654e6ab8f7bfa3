// A caller of the gateway, as any program would be: plain HTTP, nothing of the project's own.

import { inject } from "vitest";

export type Reply = { status: number; headers: Headers; body: Record<string, unknown> };

const { url, adminToken } = inject("gateway");

/** Sends JSON, or a string as it is, and reads the JSON that comes back. */
export async function call(
  method: string,
  path: string,
  options: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Reply> {
  const { key, body } = options;
  const text = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
      ...(text === undefined ? {} : { "Content-Type": "application/json" }),
      ...options.headers,
    },
    ...(text === undefined ? {} : { body: text }),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** A fresh account as `POST /api/keys` gives it. */
export async function newKey(): Promise<{ key: string; accountId: string }> {
  const { status, body } = await call("POST", "/api/keys");
  if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
  return { key: String(body.apiKey), accountId: String(body.accountId) };
}

/** A fresh account that may run as often as a test likes. */
export async function richKey(): Promise<string> {
  const { key, accountId } = await newKey();
  await change(accountId, { grantCredits: 10_000, ratePerMinute: 100_000 });
  return key;
}

/** An operator's change to an account. */
export async function change(accountId: string, body: object): Promise<Reply> {
  return call("PATCH", `/admin/accounts/${accountId}`, { key: adminToken, body });
}

/** Runs a program and returns the reply's body; anything but 200 is an error of the test. */
export async function execute(
  key: string,
  language: string,
  code: string,
  more: object = {},
): Promise<Record<string, unknown>> {
  const reply = await call("POST", "/api/execute", { key, body: { language, code, ...more } });
  if (reply.status !== 200) throw new Error(`${reply.status}: ${JSON.stringify(reply.body)}`);
  return reply.body;
}
