// Sends one signed request to a runner, as the gateway would, and gives back everything of the
// answer. Each part of the signature can be replaced, for tests of what a runner refuses.

import { importSigningKey, type SignatureHeaders, sign } from "../../shared/signature.ts";

export type Target = { port: number; runnerId: string; secret: string };

export type Call = {
  method?: string;
  path: string;
  /** Sent as it is when it is text or bytes, as JSON otherwise. */
  payload?: unknown;
  headers?: Record<string, string>;
  nowMs?: number;
  /** Changes the signature's headers before they are sent. */
  tamper?: (signed: SignatureHeaders) => Partial<SignatureHeaders>;
};

export type Answer = {
  status: number;
  headers: Headers;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test looks at whatever came back
  body: any;
};

/** Calls the runner at `target` on this machine. */
export async function callRunner(target: Target, call: Call): Promise<Answer> {
  const method = call.method ?? (call.payload === undefined ? "GET" : "POST");
  const url = `http://127.0.0.1:${target.port}${call.path}`;
  const body = bytesOf(call.payload);
  const key = await importSigningKey(target.secret);
  const request = { method, url, body };
  const signed = await sign(key, target.runnerId, request, call.nowMs ?? Date.now());
  const response = await fetch(url, {
    method,
    headers: { ...(call.tamper?.(signed) ?? signed), ...call.headers },
    ...(method === "GET" || method === "HEAD" ? {} : { body }),
  });
  return answerOf(response);
}

/** Reads a response to its end. */
export async function answerOf(response: Response): Promise<Answer> {
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: jsonOf(text) };
}

function bytesOf(payload: unknown): Uint8Array<ArrayBuffer> {
  if (payload instanceof Uint8Array) return new Uint8Array(payload);
  if (payload === undefined) return new Uint8Array();
  const text = typeof payload === "string" ? payload : JSON.stringify(payload);
  return new Uint8Array(new TextEncoder().encode(text));
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
