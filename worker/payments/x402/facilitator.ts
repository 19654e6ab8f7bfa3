// Has a payment settled by a facilitator: one that is asked over HTTP, with the words of version 2
// whatever the payer spoke, or our own settler. What it says is only a hint of where to look: the chain
// decides (evidence.ts). A facilitator's refusal is told apart from its silence because after a refusal a
// payer may sign anew, and after silence he must not.

import * as z from "zod";
import { FACILITATOR_BYTES_MAX, FACILITATOR_MS_MAX } from "../../../shared/limits.ts";
import { readBytes } from "../../body.ts";
import { type Env, settingsOf } from "../../env.ts";
import { bearerFor } from "./cdp.ts";
import type { Requirement } from "./shop.ts";
import type { Authorization, Hex } from "./wire.ts";

/**
 * What a facilitator says, each with where the payment may be found. `unsent`: it is certain that nothing
 * was sent to the chain, and the payer is not to blame; `nothing`: anything may have happened.
 */
export type Settlement = {
  said: "settled" | "refused" | "unsent" | "nothing";
  hint?: Hex;
  detail?: string;
};

const Hash = z.string().regex(/^0x[0-9a-fA-F]{64}$/);
const Answer = z.object({
  success: z.boolean(),
  transaction: z.string().nullish(),
  errorReason: z.string().nullish(),
  errorMessage: z.string().nullish(),
});

/**
 * What facilitators say of a payment that they have not sent to the chain. Anything else may mean that
 * they have, as does whatever names a transaction.
 */
const REFUSALS =
  /^(?!.*(transaction|pending|confirm))(invalid_|insufficient_|unsupported_|blocked|kyt_)/;

/** The statuses of a request that was turned away before anybody read it. */
const UNHEARD = [401, 403, 404, 405, 413, 415, 429];

/** Has a payment settled. Never throws. */
export async function settle(
  env: Env,
  requirement: Requirement,
  authorization: Authorization,
): Promise<Settlement> {
  const { FACILITATOR_URL, SETTLER_KEY } = settingsOf(env);
  try {
    if (FACILITATOR_URL !== undefined) {
      return await settleAt(env, FACILITATOR_URL, requirement, authorization);
    }
    if (SETTLER_KEY === undefined) return { said: "unsent", detail: "there is no facilitator" };
    return await env.SETTLERS.getByName("settler").settle(onWire(authorization));
  } catch (thrown) {
    return { said: "nothing", detail: String(thrown).slice(0, 500) };
  }
}

/** An authorization as JSON has it: its numbers as text. */
export function onWire({ signature, value, validAfter, validBefore, ...rest }: Authorization) {
  return {
    signature,
    authorization: {
      ...rest,
      value: String(value),
      validAfter: String(validAfter),
      validBefore: String(validBefore),
    },
  };
}

async function settleAt(
  env: Env,
  base: string,
  requirement: Requirement,
  authorization: Authorization,
): Promise<Settlement> {
  const url = `${base.replace(/\/+$/, "")}/settle`;
  const payload = onWire(authorization);
  const paymentPayload = { x402Version: 2, accepted: requirement, payload };
  const bearer = await bearerFor(env, "POST", url);
  const request = new Request(url, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(bearer !== undefined && { Authorization: `Bearer ${bearer}` }),
    },
    body: JSON.stringify({ x402Version: 2, paymentPayload, paymentRequirements: requirement }),
    signal: AbortSignal.timeout(FACILITATOR_MS_MAX),
  });
  const response = await (env.FACILITATOR?.fetch(request) ?? fetch(request));
  const bytes = await readBytes(response, FACILITATOR_BYTES_MAX);
  const text = new TextDecoder().decode(bytes);
  return saidBy(response.status, text);
}

function saidBy(status: number, text: string): Settlement {
  const { success: isAnswer, data } = Answer.safeParse(jsonOf(text));
  if (!isAnswer) {
    const said = UNHEARD.includes(status) ? "unsent" : "nothing";
    return { said, detail: `${status} ${text.slice(0, 300)}` };
  }
  const hint = Hash.safeParse(data.transaction).data as Hex | undefined;
  const told = { ...(hint !== undefined && { hint }) };
  if (data.success) return { said: "settled", ...told };
  const detail = `${status} ${data.errorReason}: ${data.errorMessage}`.slice(0, 300);
  const isRefusal = hint === undefined && REFUSALS.test(data.errorReason ?? "");
  return { said: isRefusal ? "refused" : "nothing", ...told, detail };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
