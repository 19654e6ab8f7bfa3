// Asks the node of this deployment for what a payment needs. Two kinds of no are kept apart: a contract
// that reverts has answered; anything else means that nothing is known, and nothing was taken.

import type * as z from "zod";
import { Failure } from "../../../shared/errors.ts";
import { PAYMENT_RETRY_AFTER_MS } from "../../../shared/limits.ts";
import { type Env, settingsOf } from "../../env.ts";
import { RpcRefusal, rpcOf } from "../rpc.ts";

/** Asks for what `schema` describes. Throws `Reverted`, or a Failure when nothing is known. */
export type Ask = <Schema extends z.ZodType>(
  method: string,
  params: unknown[],
  schema: Schema,
) => Promise<z.output<Schema>>;

/** A contract's refusal of a call, in its own words. */
export class Reverted extends Error {}

/** The node of this deployment. */
export function nodeOf(env: Env): Ask {
  const { RPC_URL } = settingsOf(env);
  if (RPC_URL === undefined) throw new Failure("payments_disabled");
  return nodeAt(RPC_URL);
}

/** The other node, if there is one: its word is needed before anything is taken back. */
export function secondNodeOf(env: Env): Ask | undefined {
  const { RPC_URL_SECOND } = settingsOf(env);
  return RPC_URL_SECOND === undefined ? undefined : nodeAt(RPC_URL_SECOND);
}

function nodeAt(url: string): Ask {
  const rpc = rpcOf(url);
  return async (method, params, schema) => {
    try {
      return await rpc(method, params, schema);
    } catch (thrown) {
      if (thrown instanceof RpcRefusal && /: 3 |execution reverted/i.test(thrown.message)) {
        throw new Reverted(thrown.message);
      }
      throw unreachable(String(thrown));
    }
  };
}

/** The failure of a payment that nobody can look into, with nothing taken. */
export function unreachable(detail: string): Failure {
  return new Failure("chain_unreachable", {
    retryAfterMs: PAYMENT_RETRY_AFTER_MS,
    detail: detail.slice(0, 500),
  });
}

/** What the log is told of whatever was thrown. */
export function detailOf(thrown: unknown): string {
  return thrown instanceof Failure ? (thrown.detail ?? thrown.code) : String(thrown).slice(0, 300);
}
