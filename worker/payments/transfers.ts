// Reads from a node what a transaction has brought to an address in USDC: the sum of all transfers of
// the real token to it, in a block that the chain really has. Only the sum counts, because a log's index
// changes when a chain reorganises. A node that contradicts itself is trouble and no evidence.

import * as z from "zod";
import type { Network } from "../../shared/networks.ts";
import { Address, Bytes, Hash, Quantity, type Rpc, RpcTrouble } from "./rpc.ts";

type Hex = `0x${string}`;

/** keccak256 of `Transfer(address,address,uint256)`. */
export const TRANSFER_TOPIC = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/** keccak256 of `AuthorizationUsed(address,bytes32)`: somebody was charged as they had signed for. */
const AUTHORIZED_TOPIC = "0x98de503528ee59b575ef0c0a2576a82497bfc029a5685b209e9ec333479b10a5";

const LOGS_MAX = 5000;

export type Block = { number: number; hash: Hex };

/** What a node says of a transaction and an address. */
export type Evidence =
  /** No node knows it; it waits; it failed; or what was there is gone, with its block. */
  | { kind: "unknown" | "waiting" | "reverted" | "gone" }
  /** It brought nothing here. `payees` are those it did bring USDC to. */
  | { kind: "none"; payees: Hex[] }
  | {
      kind: "found";
      amountMicro: number;
      block: Block;
      /** Blocks on top of its own. */
      confirmations: number;
      senders: Hex[];
      /** Whether some of it was paid by an authorization, as x402 pays. */
      isAuthorized: boolean;
    };

export const Log = z.object({
  address: Address,
  topics: z.array(Hash).max(4),
  data: Bytes,
  removed: z.boolean().optional(),
});
type Log = z.output<typeof Log>;

const Receipt = z.object({
  transactionHash: Hash,
  blockHash: Hash,
  blockNumber: Quantity,
  status: z.enum(["0x0", "0x1"]),
  logs: z.array(Log).max(LOGS_MAX),
});

const BlockHeader = z.object({ hash: Hash, number: Quantity });
const Transaction = z.object({ hash: Hash });

/** Throws unless the node is one of this network. */
export async function requireChain(rpc: Rpc, { chainId }: Network): Promise<void> {
  const found = await rpc("eth_chainId", [], Quantity);
  if (found !== chainId) throw new RpcTrouble(`this is chain ${found} and not ${chainId}`);
}

/**
 * What the transaction has brought to `recipient`. `last` is the block it was seen in before: what was
 * there once is only gone when the node has another block in its place and enough on top of that.
 */
export async function readTransfers(
  rpc: Rpc,
  network: Network,
  { txHash, recipient, last }: { txHash: Hex; recipient: Hex; last?: Block | undefined },
): Promise<Evidence> {
  await requireChain(rpc, network);
  const receipt = await rpc("eth_getTransactionReceipt", [txHash], Receipt.nullable());
  if (receipt === null) {
    if (last !== undefined) return await requireGone(rpc, network, last);
    const transaction = await rpc("eth_getTransactionByHash", [txHash], Transaction.nullable());
    return { kind: transaction === null ? "unknown" : "waiting" };
  }
  if (receipt.transactionHash !== txHash) throw new RpcTrouble("a receipt of another transaction");
  const { blockNumber: number, blockHash: hash } = receipt;
  const [block, head] = await Promise.all([blockAt(rpc, number), headOf(rpc)]);
  // Some nodes tell of blocks that are still being made; those are not in the chain yet.
  if (block === null || head < number) return { kind: "waiting" };
  if (block.hash !== hash) throw new RpcTrouble("a receipt of a block that the chain has not");
  if (receipt.status === "0x0") return { kind: "reverted" };
  return { ...sumUp(receipt.logs, network, recipient, { number, hash }, head - number) };
}

/** Up to which block the chain is safe, and up to which it is final. */
export async function readDepths(rpc: Rpc): Promise<{ safe: number; finalized: number }> {
  const at = async (tag: string) => await rpc("eth_getBlockByNumber", [tag, false], BlockHeader);
  const [safe, finalized] = await Promise.all([at("safe"), at("finalized")]);
  return { safe: safe.number, finalized: finalized.number };
}

/** The number of the newest block. */
export async function headOf(rpc: Rpc): Promise<number> {
  return await rpc("eth_blockNumber", [], Quantity);
}

async function blockAt(rpc: Rpc, number: number) {
  const params = [`0x${number.toString(16)}`, false];
  return await rpc("eth_getBlockByNumber", params, BlockHeader.nullable());
}

/** A node that is behind, or has lost something, must not be taken for a chain that has changed. */
async function requireGone(rpc: Rpc, network: Network, last: Block): Promise<Evidence> {
  const [head, block] = await Promise.all([headOf(rpc), blockAt(rpc, last.number)]);
  const isBuried = head >= last.number + network.confirmations;
  if (!isBuried || block === null) throw new RpcTrouble("the node is behind");
  if (block.hash === last.hash) throw new RpcTrouble("the node has the block and not its receipt");
  return { kind: "gone" };
}

function sumUp(
  logs: Log[],
  { usdc }: Network,
  recipient: Hex,
  block: Block,
  confirmations: number,
): Evidence {
  const token = usdc.toLowerCase();
  const own = logs.filter(({ address, removed }) => address === token && removed !== true);
  const transfers = own.flatMap((log) => transferOf(log) ?? []);
  const hits = transfers.filter(({ to }) => to === recipient);
  if (hits.length === 0) {
    const payees = [...new Set(transfers.map(({ to }) => to))];
    return { kind: "none", payees };
  }
  const sum = hits.reduce((total, { amountMicro }) => total + amountMicro, 0n);
  if (sum > BigInt(Number.MAX_SAFE_INTEGER)) throw new RpcTrouble("more USDC than there is");
  return {
    kind: "found",
    amountMicro: Number(sum),
    block,
    confirmations,
    senders: [...new Set(hits.map(({ from }) => from))],
    isAuthorized: own.some(({ topics }) => topics[0] === AUTHORIZED_TOPIC),
  };
}

/** A log as the transfer it tells of, if it does. */
export function transferOf({ topics, data }: Log) {
  const [topic, from, to, ...more] = topics;
  if (topic !== TRANSFER_TOPIC || from === undefined || to === undefined) return undefined;
  if (more.length > 0 || data.length !== 66) return undefined;
  return { from: addressIn(from), to: addressIn(to), amountMicro: BigInt(data) };
}

function addressIn(topic: Hex): Hex {
  return `0x${topic.slice(26)}`;
}
