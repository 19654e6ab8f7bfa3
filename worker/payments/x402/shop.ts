// What is sold and how it is paid for: the chain, the address that is paid to, and the requirements of a
// payment, built from the configuration alone, in the words of both versions of x402. A caller who is
// asked to pay hears all of them; a payment has to fit one of them in every field.

import {
  PAYMENT_MICRO_DEFAULT,
  PAYMENT_MICRO_MAX,
  PAYMENT_MICRO_MIN,
  PAYMENT_MICRO_SMALL,
  PAYMENT_VALID_MS,
} from "../../../shared/limits.ts";
import { NETWORKS, type Network } from "../../../shared/networks.ts";
import type { Call } from "../../call.ts";
import { type Env, settingsOf } from "../../env.ts";
import { encode, type Hex, OFFER_HEADER } from "./wire.ts";

/** Where payments go. */
export type Shop = { network: Network; payTo: Hex };

/** What may be paid: the amounts that are offered, or also any other that can be paid at all. */
export type Price = { amountsMicro: readonly number[]; isAnyTaken: boolean };

/** The requirements of a payment in version 2. */
export type Requirement = {
  scheme: "exact";
  network: string;
  amount: string;
  asset: Hex;
  payTo: Hex;
  maxTimeoutSeconds: number;
  extra: { name: string; version: string };
};

/** The shop of this deployment, or `undefined` where nothing is sold. */
export function shopOf(env: Env): Shop | undefined {
  const { PAYMENTS_NETWORK, TREASURY_ADDRESS, RPC_URL } = settingsOf(env);
  const { FACILITATOR_URL, SETTLER_KEY } = settingsOf(env);
  if (PAYMENTS_NETWORK === undefined || TREASURY_ADDRESS === undefined) return undefined;
  if (RPC_URL === undefined || (FACILITATOR_URL ?? SETTLER_KEY) === undefined) return undefined;
  return { network: NETWORKS[PAYMENTS_NETWORK], payTo: TREASURY_ADDRESS };
}

export function requirementOf({ network, payTo }: Shop, amountMicro: number): Requirement {
  return {
    scheme: "exact",
    network: network.caip2,
    amount: String(amountMicro),
    asset: network.usdc,
    payTo,
    maxTimeoutSeconds: PAYMENT_VALID_MS / 1000,
    extra: { ...network.domain },
  };
}

/** What a caller without a key pays for one execution. */
export function runPrice(leastMicro: number): Price {
  return { amountsMicro: [Math.max(PAYMENT_MICRO_MIN, leastMicro)], isAnyTaken: false };
}

/**
 * What an account may pay that lacks `lackMicro`: just that, or more; whatever it pays it has. Where that
 * is more than one payment may be, it takes several.
 */
export function topUpPrice(lackMicro = 0): Price {
  const least = Math.min(Math.max(PAYMENT_MICRO_MIN, lackMicro), PAYMENT_MICRO_MAX);
  const larger = [PAYMENT_MICRO_SMALL, PAYMENT_MICRO_DEFAULT].filter((amount) => amount > least);
  return { amountsMicro: [least, ...larger], isAnyTaken: true };
}

/** Puts the offer into a call's reply: a header for version 2, and into the body for version 1. */
export function offer(
  call: Call,
  shop: Shop,
  { amountsMicro, what }: { amountsMicro: readonly number[]; what: string },
  error?: string,
): void {
  const { url } = call.request;
  const accepts = amountsMicro.map((amount) => requirementOf(shop, amount));
  const resource = { url, description: what, mimeType: "application/json" };
  const told = { x402Version: 2, ...(error && { error }), resource, accepts };
  call.headers.set(OFFER_HEADER, encode(told));
  // Clients of version 1 pay the first they are told, and by themselves no more than a small amount.
  const inOrder = [...accepts].sort((one, other) => Number(one.amount) - Number(other.amount));
  call.offer = { x402Version: 1, accepts: inOrder.map((each) => inV1(each, shop, resource)) };
}

function inV1(
  { network: _caip2, amount, ...requirement }: Requirement,
  { network }: Shop,
  { url, ...resource }: { url: string; description: string; mimeType: string },
): object {
  return {
    ...requirement,
    ...resource,
    network: network.name,
    maxAmountRequired: amount,
    resource: url,
  };
}
