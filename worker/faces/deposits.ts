// How deposits are claimed and told of, in the words of both faces.

import * as z from "zod";
import { DEPOSIT_MICRO_MIN } from "../../shared/limits.ts";
import { CREDIT_MICRO, USDC_MICRO } from "../../shared/money.ts";
import type { Network } from "../../shared/networks.ts";
import type { Listed } from "../payments/wallet/wallet.ts";

type Hex = `0x${string}`;

const hashRule = { error: "must be the hash of a transaction: 0x and 64 hexadecimal digits" };
const signatureRule = { error: "must be a signature: 0x and from 130 to 8192 hexadecimal digits" };

/** The hash of a transaction, in lower case. */
export const TxHash = z
  .string()
  .regex(/^0x[0-9a-fA-F]{64}$/, hashRule)
  .transform((text) => text.toLowerCase() as Hex);
const Signature = z
  .string()
  .regex(/^0x([0-9a-fA-F]{2}){65,4096}$/, signatureRule)
  .transform((text) => text.toLowerCase() as Hex)
  .nullish();

/** What `POST /api/deposits` takes. */
export const ApiClaimRequest = z.object({ txHash: TxHash, signature: Signature });

/** The same in the words of `/v1`. */
export const V1ClaimRequest = z.object({ tx_hash: TxHash, signature: Signature });

/** A deposit as the `/api` face tells of it. */
export function toApiDeposit({ ref, state, amountMicro, ...deposit }: Omit<Listed, "seenAtMs">) {
  return {
    txHash: ref.txHash,
    address: ref.recipient,
    state,
    amountUsdc: amountMicro / USDC_MICRO,
    amountMicroUsdc: amountMicro,
    credits: amountMicro / CREDIT_MICRO,
    confirmations: Math.min(deposit.confirmations, deposit.required),
    confirmationsRequired: deposit.required,
    blockNumber: deposit.blockNumber,
  };
}

/** The same in the words of `/v1`. */
export function toV1Deposit(deposit: Parameters<typeof toApiDeposit>[0]) {
  const told = toApiDeposit(deposit);
  return {
    tx_hash: told.txHash,
    address: told.address,
    state: told.state,
    amount_usdc: told.amountUsdc,
    amount_micro_usdc: told.amountMicroUsdc,
    credits: told.credits,
    confirmations: told.confirmations,
    confirmations_required: told.confirmationsRequired,
    block_number: told.blockNumber,
  };
}

/** Where to pay to, and what has come. */
export function toApiDeposits(address: Hex, network: Network, deposits: readonly Listed[]) {
  return {
    address,
    network: network.name,
    chainId: network.chainId,
    token: network.usdc,
    minimumUsdc: DEPOSIT_MICRO_MIN / USDC_MICRO,
    confirmationsRequired: network.confirmations,
    deposits: deposits.map((deposit) => ({ ...toApiDeposit(deposit), seenAt: seenAt(deposit) })),
  };
}

/** The same in the words of `/v1`. */
export function toV1Deposits(address: Hex, network: Network, deposits: readonly Listed[]) {
  const told = toApiDeposits(address, network, []);
  return {
    address,
    network: told.network,
    chain_id: told.chainId,
    token: told.token,
    minimum_usdc: told.minimumUsdc,
    confirmations_required: told.confirmationsRequired,
    deposits: deposits.map((deposit) => ({ ...toV1Deposit(deposit), seen_at: seenAt(deposit) })),
  };
}

function seenAt({ seenAtMs }: Listed): string {
  return new Date(seenAtMs).toISOString();
}
