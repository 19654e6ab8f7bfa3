// The way to the objects that money comes in by. All their methods may be called again.

import type { Env } from "../env.ts";
import { insist } from "../objects.ts";
import type { Deposit } from "./deposit/deposit.ts";
import { depositSettingsOf } from "./settings.ts";
import type { Treasury } from "./treasury/treasury.ts";
import type { Wallet } from "./wallet/wallet.ts";

/** Which deposit is meant: a transaction, and the address it paid. In lower case. */
export type DepositRef = { chainId: number; txHash: `0x${string}`; recipient: `0x${string}` };

/** What a deposit is called everywhere. */
export function depositName({ chainId, txHash, recipient }: DepositRef): string {
  return `${chainId}:${txHash}:${recipient}`;
}

export async function withDeposit<Answer>(
  env: Env,
  ref: DepositRef,
  ask: (deposit: DurableObjectStub<Deposit>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.DEPOSITS.getByName(depositName(ref))));
}

/** What an account has to do with deposits on one chain. */
export async function withWallet<Answer>(
  env: Env,
  { chainId, accountId }: { chainId: number; accountId: string },
  ask: (wallet: DurableObjectStub<Wallet>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.WALLETS.getByName(`${chainId}:${accountId}`)));
}

/** The one treasury of a chain. */
export async function withTreasury<Answer>(
  env: Env,
  chainId: number,
  ask: (treasury: DurableObjectStub<Treasury>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.TREASURY.getByName(String(chainId))));
}

/** Has the treasury search on, if there is anything to search for. */
export async function wakeTreasury(env: Env): Promise<void> {
  const settings = depositSettingsOf(env);
  if (settings === undefined) return;
  await withTreasury(env, settings.network.chainId, async (treasury) => await treasury.wake());
}
