// Asks a node of a chain, in JSON-RPC. A node is not trusted: its answers are bounded in time and size
// and must have the shape they should have, and whatever else comes is trouble, which is never taken for
// an answer. It is a client of its own, because a library's believes what it is told, and tries again
// by itself for longer than a caller here may be kept waiting.

import * as z from "zod";
import { RPC_BYTES_MAX, RPC_MS_MAX } from "../../shared/limits.ts";
import { readBytes } from "../body.ts";

/** A node did not answer, or not as a node may. Nothing was learned. */
export class RpcTrouble extends Error {}

/** A node has understood the question and refuses to answer it. */
export class RpcRefusal extends RpcTrouble {}

/** Asks one node one question, whose answer is as `schema` says. Throws `RpcTrouble`. */
export type Rpc = <Schema extends z.ZodType>(
  method: string,
  params: unknown[],
  schema: Schema,
) => Promise<z.output<Schema>>;

/** A number as nodes write it; all that is counted here fits into a JavaScript number. */
export const Quantity = z
  .string()
  .regex(/^0x(0|[1-9a-f][0-9a-f]{0,12})$/i)
  .transform(Number);
export const Hash = z
  .string()
  .regex(/^0x[0-9a-f]{64}$/i)
  .transform((text) => text.toLowerCase() as `0x${string}`);
export const Address = z
  .string()
  .regex(/^0x[0-9a-f]{40}$/i)
  .transform((text) => text.toLowerCase() as `0x${string}`);
export const Bytes = z
  .string()
  .regex(/^0x([0-9a-f]{2})*$/i)
  .transform((text) => text.toLowerCase() as `0x${string}`);

const Answer = z.object({
  jsonrpc: z.literal("2.0"),
  id: z.literal(1),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

/** The node at `url`. */
export function rpcOf(url: string): Rpc {
  return async (method, params, schema) => {
    const trouble = (what: string) => new RpcTrouble(`${method}: ${what}`);
    let text: string | undefined;
    try {
      text = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
    } catch (thrown) {
      throw trouble(String(thrown));
    }
    if (text === undefined) throw trouble("the answer is too long");
    const answer = Answer.safeParse(parsed(text));
    if (!answer.success) throw trouble("this is no answer");
    const { result, error } = answer.data;
    if (error !== undefined) {
      throw new RpcRefusal(`${method}: ${error.code} ${error.message.slice(0, 200)}`);
    }
    const known = schema.safeParse(result);
    if (!known.success) throw trouble(`not what a node may say: ${known.error.issues[0]?.path}`);
    return known.data;
  };
}

async function post(url: string, body: string): Promise<string | undefined> {
  const headers = { "Content-Type": "application/json" };
  // Not AbortSignal.timeout, whose clock runs on after the answer and keeps an object awake.
  const giveUp = new AbortController();
  const timer = setTimeout(() => giveUp.abort(new Error("no answer in time")), RPC_MS_MAX);
  try {
    const response = await fetch(url, { method: "POST", headers, body, signal: giveUp.signal });
    const bytes = await readBytes(response, RPC_BYTES_MAX);
    // Some nodes put a JSON-RPC error under a status of its own; a plain 429 or 502 does not parse.
    return bytes && new TextDecoder().decode(bytes);
  } finally {
    clearTimeout(timer);
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
