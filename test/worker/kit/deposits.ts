// Accounts that pay by deposit, on a chain of the test's own; and the one sum that must always be right:
// what all accounts were given for their deposits is what came to the addresses in USDC.

import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import type { PrivateKeyAccount } from "viem/accounts";
import { expect } from "vitest";
import { NETWORKS } from "../../../shared/networks.ts";
import { claimDomain, DEPOSIT_CLAIM_TYPES } from "../../../worker/payments/claim-signature.ts";
import { depositName } from "../../../worker/payments/objects.ts";
import { CHAIN_ID, type Chain, TREASURY } from "./chain.ts";
import { gateway } from "./gateway.ts";

type Hex = `0x${string}`;
type Answer = {
  status: number;
  retryAfter: string | null;
  body: {
    state?: string;
    confirmations?: number;
    amountMicroUsdc?: number;
    error?: { code: string; field?: string; message: string };
  };
};

export const FREE_MICRO = 100_000;

export type Depositor = Awaited<ReturnType<typeof depositor>>;

/** A new account with its deposit address. */
export async function depositor() {
  const g = gateway();
  const { apiKey, accountId } = await g.open();
  const authorization = { Authorization: `Bearer ${apiKey}` };
  const get = async <Body>(path: string) =>
    await (await g.send(path, { headers: authorization })).json<Body>();
  const { address } = await get<{ address: Hex }>("/api/deposits");
  const claim = async (txHash: string, signature?: string): Promise<Answer> => {
    const response = await g.post("/api/deposits", { txHash, signature }, authorization);
    const { status, headers } = response;
    return { status, retryAfter: headers.get("Retry-After"), body: await response.json() };
  };
  /** What it was given beyond what it began with. */
  const grantedMicro = async () => {
    const { balanceMicroUsdc } = await get<{ balanceMicroUsdc: number }>("/api/credits");
    return balanceMicroUsdc - FREE_MICRO;
  };
  const credits = async () => await get<Record<string, unknown>>("/api/credits");
  const deposits = async () =>
    (await get<{ deposits: Record<string, unknown>[] }>("/api/deposits")).deposits;
  return {
    g,
    apiKey,
    accountId,
    address,
    authorization,
    get,
    claim,
    grantedMicro,
    credits,
    deposits,
  };
}

/** The object of a deposit. */
export function depositOf(txHash: Hex, recipient: Hex) {
  const ref = { chainId: CHAIN_ID, txHash, recipient: recipient.toLowerCase() as Hex };
  return env.DEPOSITS.getByName(depositName(ref));
}

/** Rings the alarm of a deposit, which looks at the chain again. */
export async function lookAgain(txHash: Hex, recipient: Hex): Promise<boolean> {
  return await runDurableObjectAlarm(depositOf(txHash, recipient));
}

/** Rings the treasury's alarm, which searches the chain. */
export async function searchChain(): Promise<boolean> {
  return await runDurableObjectAlarm(env.TREASURY.getByName(String(CHAIN_ID)));
}

/** Expects that all accounts together were given what their addresses, and claimed transfers, have. */
export async function expectBalanced(
  chain: Chain,
  accounts: Depositor[],
  treasuryMicro = 0n,
): Promise<void> {
  let received = treasuryMicro;
  let granted = 0;
  for (const { address, grantedMicro } of accounts) {
    received += await chain.balanceOf(address);
    granted += await grantedMicro();
  }
  expect(BigInt(granted)).toBe(received);
}

/** The signature by which the sender of a transfer to the treasury claims it for an account. */
export async function signClaim(
  sender: PrivateKeyAccount,
  txHash: Hex,
  accountId: string,
): Promise<Hex> {
  return await sender.signTypedData({
    domain: claimDomain(NETWORKS.base),
    types: DEPOSIT_CLAIM_TYPES,
    primaryType: "DepositClaim",
    message: { txHash, accountId },
  });
}

export { TREASURY };
