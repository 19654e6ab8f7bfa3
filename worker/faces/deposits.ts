// How deposits are claimed and told of, in the words of both faces.

import * as z from "zod";
import { DEPOSIT_MICRO_MIN } from "../../shared/limits.ts";
import { CREDIT_MICRO, USDC_MICRO } from "../../shared/money.ts";
import type { Network } from "../../shared/networks.ts";
import { named } from "../openapi/named.ts";
import { DEPOSIT_STATES } from "../payments/deposit/judge.ts";
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

const count = z.int().nonnegative();
const state = z
  .enum(DEPOSIT_STATES)
  .describe("`pending` until it is deep enough, `review` where an operator has to let it in.");
const usdc = z.number().nonnegative();
const microUsdc = count.describe("Exactly, in millionths of a USDC.");
const credits = z.number().nonnegative().describe("What it is worth; fractions count.");
const where = {
  address: z.string().describe("Where to send USDC; it is the account's own for good."),
  network: z.string(),
};
const token = z.string().describe("The address of the USDC contract.");
const seen = z.iso.datetime();

const apiFields = {
  txHash: z.string(),
  address: z.string(),
  state,
  amountUsdc: usdc,
  amountMicroUsdc: microUsdc,
  credits,
  confirmations: count,
  confirmationsRequired: count,
  blockNumber: count.nullable(),
};

export const ApiDeposit = named("Deposit", z.strictObject(apiFields));
/** One whose block is not known yet. */
export const ApiWaiting = z.strictObject({
  txHash: z.string(),
  state: z.literal("pending"),
  confirmations: count,
  confirmationsRequired: count,
});
export const ApiDeposits = named(
  "Deposits",
  z.strictObject({
    ...where,
    chainId: count,
    token,
    minimumUsdc: usdc,
    confirmationsRequired: count,
    deposits: z.array(z.strictObject({ ...apiFields, seenAt: seen })),
  }),
);

const v1Fields = {
  tx_hash: z.string(),
  address: z.string(),
  state,
  amount_usdc: usdc,
  amount_micro_usdc: microUsdc,
  credits,
  confirmations: count,
  confirmations_required: count,
  block_number: count.nullable(),
};

export const V1Deposit = named("V1Deposit", z.strictObject(v1Fields));
export const V1Waiting = z.strictObject({
  tx_hash: z.string(),
  state: z.literal("pending"),
  confirmations: count,
  confirmations_required: count,
});
export const V1Deposits = named(
  "V1Deposits",
  z.strictObject({
    ...where,
    chain_id: count,
    token,
    minimum_usdc: usdc,
    confirmations_required: count,
    deposits: z.array(z.strictObject({ ...v1Fields, seen_at: seen })),
  }),
);

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
