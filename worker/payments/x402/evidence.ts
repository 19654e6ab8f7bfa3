// What the chain says of a payment. Nobody else is believed about one: neither a facilitator's word that
// it has settled nor its word that it has not. A payment has come when one transaction says both that
// the payer's authorization was used and, right after that, that what it was for went to us, in a block
// that the chain still has. That an authorization was used says nothing by itself: a payer can use or
// cancel his own.

import { encodeFunctionData, pad, parseAbi, toEventSelector, toHex } from "viem";
import * as z from "zod";
import type { Network } from "../../../shared/networks.ts";
import type { Flaw } from "./judge.ts";
import { type Ask, Reverted, unreachable } from "./node.ts";
import type { Authorization, Hex } from "./wire.ts";

const ABI = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
]);
const USED = toEventSelector("AuthorizationUsed(address,bytes32)");
const TRANSFER = toEventSelector("Transfer(address,address,uint256)");

/** How much further back is looked than the newest block was said to be, as nodes differ a little. */
const BLOCKS_BACK = 30;

const Quantity = z
  .string()
  .regex(/^0x[0-9a-f]{1,16}$/i)
  .transform(Number);
const Word = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]{64}$/i.test(value));
const Log = z.object({
  address: z.string(),
  topics: z.array(z.string()),
  data: z.string(),
  logIndex: Quantity,
});
const Receipt = z
  .object({
    transactionHash: Word,
    blockHash: Word,
    blockNumber: Quantity,
    status: z.string(),
    logs: z.array(Log),
  })
  .nullable();
const Block = z.object({ number: Quantity, hash: Word, timestamp: Quantity }).nullable();

/** Of a payment, what is needed to know it again on the chain. */
export type Terms = { from: Hex; to: Hex; amountMicro: number; nonce: Hex };

/** Where a payment is on the chain. */
export type Found = { transaction: Hex; block: number };

/** What would become of a payment that was settled now. */
export type Forecast = { is: "good"; head: number } | { is: "used" } | { is: "bad"; flaw: Flaw };

/** Has the chain try a payment out, which changes nothing. */
export async function foresee(
  ask: Ask,
  { usdc }: Network,
  authorization: Authorization,
): Promise<Forecast> {
  const { from, to, value, validAfter, validBefore, nonce, signature } = authorization;
  const args = [from, to, value, validAfter, validBefore, nonce, signature] as const;
  const data = encodeFunctionData({ abi: ABI, functionName: "transferWithAuthorization", args });
  const [isUsed, head, flaw] = await Promise.all([
    isAuthorizationUsed(ask, usdc, authorization),
    ask("eth_blockNumber", [], Quantity),
    ask("eth_call", [{ to: usdc, data }, "latest"], z.string()).then(() => undefined, flawOf),
  ]);
  if (isUsed) return { is: "used" };
  if (flaw === undefined) return { is: "good", head };
  // It may have been used between the one question and the other.
  return (await isAuthorizationUsed(ask, usdc, authorization))
    ? { is: "used" }
    : { is: "bad", flaw };
}

/** Where a payment is on the chain, or `undefined` when it is not there. `hint` is where it may be. */
export async function find(
  ask: Ask,
  { usdc }: Network,
  terms: Terms,
  { sinceBlock, hint }: { sinceBlock: number; hint?: Hex | undefined },
): Promise<Found | undefined> {
  const hinted = hint && (await foundIn(ask, usdc, terms, hint));
  if (hinted !== undefined) return hinted;
  const filter = {
    address: usdc,
    topics: [USED, pad(terms.from), terms.nonce],
    fromBlock: toHex(Math.max(0, sinceBlock - BLOCKS_BACK)),
    toBlock: "latest",
  };
  const logs = await ask("eth_getLogs", [filter], z.array(z.object({ transactionHash: Word })));
  for (const { transactionHash } of logs) {
    const found = await foundIn(ask, usdc, terms, transactionHash);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Whether the authorization can no longer be used, because it was, or was cancelled. */
export async function isAuthorizationUsed(
  ask: Ask,
  usdc: Hex,
  { from, nonce }: { from: Hex; nonce: Hex },
): Promise<boolean> {
  const data = encodeFunctionData({
    abi: ABI,
    functionName: "authorizationState",
    args: [from, nonce],
  });
  const word = await ask("eth_call", [{ to: usdc, data }, "latest"], Word);
  return BigInt(word) !== 0n;
}

/** The block that a node calls `latest`, `safe` or `finalized`. */
export async function blockAt(ask: Ask, tag: "latest" | "safe" | "finalized") {
  const block = await ask("eth_getBlockByNumber", [tag, false], Block);
  if (block === null) throw unreachable(`the node has no block that is ${tag}`);
  return { number: block.number, atMs: block.timestamp * 1000 };
}

async function foundIn(
  ask: Ask,
  usdc: Hex,
  terms: Terms,
  transaction: Hex,
): Promise<Found | undefined> {
  const receipt = await ask("eth_getTransactionReceipt", [transaction], Receipt);
  if (receipt === null || receipt.transactionHash.toLowerCase() !== transaction.toLowerCase()) {
    return undefined;
  }
  if (receipt.status !== "0x1" || !paysUs(receipt.logs, usdc, terms)) return undefined;
  // A receipt may be of a block that is yet to come, or was dropped.
  const number = toHex(receipt.blockNumber);
  const block = await ask("eth_getBlockByNumber", [number, false], Block);
  if (block?.hash.toLowerCase() !== receipt.blockHash.toLowerCase()) return undefined;
  return { transaction, block: receipt.blockNumber };
}

function paysUs(
  logs: readonly z.output<typeof Log>[],
  usdc: Hex,
  { from, to, amountMicro, nonce }: Terms,
): boolean {
  const used = [USED, pad(from), nonce];
  const moved = [TRANSFER, pad(from), pad(to)];
  const ours = logs.filter(({ address }) => isSame(address, usdc));
  return ours.some((log) => {
    const next = ours.find(({ logIndex }) => logIndex === log.logIndex + 1);
    return (
      isSameList(log.topics, used) &&
      next !== undefined &&
      isSameList(next.topics, moved) &&
      isSame(next.data, toHex(amountMicro, { size: 32 }))
    );
  });
}

/** Why the contract would not take a payment. Throws when that is not the payer's doing. */
function flawOf(thrown: unknown): Flaw {
  if (!(thrown instanceof Reverted)) throw thrown;
  const words = thrown.message;
  if (/exceeds balance/i.test(words)) {
    return { field: "authorization.value", predicate: "is more USDC than the payer has" };
  }
  if (/paused/i.test(words)) throw unreachable(`USDC: ${words}`);
  if (/signature/i.test(words)) return { field: "signature", predicate: "is not the payer's" };
  return { field: "authorization", predicate: "would not be taken by USDC's contract" };
}

function isSame(one: string, other: string): boolean {
  return one.toLowerCase() === other.toLowerCase();
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, at) => isSame(each, other[at] ?? ""));
}
