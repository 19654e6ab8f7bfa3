// Searches a chain for transfers of USDC to known addresses, in bounded ranges of blocks and batches of
// addresses. It stays behind the newest block by as many as a deposit needs on top, so that what it finds
// can be credited, and goes over the last blocks again each time, because a short reorganisation may have
// put something there. What it finds is only a hint: each deposit looks for itself.

import * as z from "zod";
import {
  DEPOSIT_MICRO_MIN,
  SCAN_ADDRESSES_MAX,
  SCAN_OVERLAP_BLOCKS,
  SCAN_QUESTIONS_MAX,
} from "../../../shared/limits.ts";
import { BLOCK_MS, type Network } from "../../../shared/networks.ts";
import { Hash, Quantity, type Rpc, RpcTrouble } from "../rpc.ts";
import { headOf, Log, requireChain, TRANSFER_TOPIC, transferOf } from "../transfers.ts";

type Hex = `0x${string}`;

/** A transaction that has brought something to an address of ours. */
export type Found = { txHash: Hex; recipient: Hex; blockNumber: number; blockHash: Hex };

const FoundLog = Log.extend({ transactionHash: Hash, blockHash: Hash, blockNumber: Quantity });
type FoundLog = z.output<typeof FoundLog>;

/** What came to these addresses since the last search. Throws `RpcTrouble`. */
export async function search(
  rpc: Rpc,
  network: Network,
  task: {
    addresses: Hex[];
    /** The block up to which was searched before. */
    searchedTo: number | undefined;
    /** How long ago the first of the addresses was made: there is nothing before. */
    agoMs: number;
    /** Most blocks that one question may cover. */
    blocksMax: number;
  },
): Promise<{ transfers: Found[]; searchedTo: number; isBehind: boolean }> {
  await requireChain(rpc, network);
  const last = (await headOf(rpc)) - network.confirmations;
  const first = last - Math.ceil(task.agoMs / BLOCK_MS);
  const from = Math.max(0, (task.searchedTo ?? first) - SCAN_OVERLAP_BLOCKS);
  const batches = batchesOf(task.addresses);
  const ranges = Math.max(1, Math.floor(SCAN_QUESTIONS_MAX / batches.length));
  const to = Math.min(last, from + ranges * task.blocksMax - 1);
  const logs: FoundLog[] = [];
  for (let start = from; start <= to; start += task.blocksMax) {
    const range = { from: start, to: Math.min(to, start + task.blocksMax - 1) };
    for (const batch of batches) logs.push(...(await logsOf(rpc, network, batch, range)));
  }
  // A node that is behind must not make it go back.
  const searchedTo = Math.max(to, task.searchedTo ?? 0);
  return { transfers: worthwhile(logs), searchedTo, isBehind: to < last };
}

/** Notes what was found; what is known in the same block changes nothing. */
export function noteFound(
  sql: SqlStorage,
  { txHash, recipient, blockNumber, blockHash }: Found,
): void {
  sql.exec(
    `INSERT INTO found SELECT ?1, ?2, account_id, ?3, ?4, 0 FROM address WHERE address = ?2
     ON CONFLICT (tx_hash, recipient) DO UPDATE SET block_number = ?3, block_hash = ?4, is_done = 0
       WHERE block_hash <> ?4`,
    txHash,
    recipient,
    blockNumber,
    blockHash,
  );
}

function batchesOf(addresses: Hex[]): Hex[][] {
  const count = Math.ceil(addresses.length / SCAN_ADDRESSES_MAX);
  return Array.from({ length: count }, (_, index) =>
    addresses.slice(index * SCAN_ADDRESSES_MAX, (index + 1) * SCAN_ADDRESSES_MAX),
  );
}

async function logsOf(
  rpc: Rpc,
  network: Network,
  batch: Hex[],
  { from, to }: { from: number; to: number },
): Promise<FoundLog[]> {
  const filter = {
    address: network.usdc,
    fromBlock: `0x${from.toString(16)}`,
    toBlock: `0x${to.toString(16)}`,
    topics: [
      TRANSFER_TOPIC,
      null,
      batch.map((address) => `0x${address.slice(2).padStart(64, "0")}`),
    ],
  };
  const logs = await rpc("eth_getLogs", [filter], z.array(FoundLog));
  const usdc = network.usdc.toLowerCase();
  const wanted = new Set(batch);
  for (const log of logs) {
    const to_ = transferOf(log)?.to;
    const isIn = log.blockNumber >= from && log.blockNumber <= to && log.address === usdc;
    if (!isIn || to_ === undefined || !wanted.has(to_)) {
      throw new RpcTrouble("eth_getLogs: a log that was not asked for");
    }
  }
  return logs.filter(({ removed }) => removed !== true);
}

/** Of each transaction and address one, where it came to enough. */
function worthwhile(logs: FoundLog[]): Found[] {
  const sums = new Map<string, Found & { amountMicro: bigint }>();
  for (const log of logs) {
    const transfer = transferOf(log);
    if (transfer === undefined) continue;
    const { transactionHash: txHash, blockHash, blockNumber } = log;
    const name = `${txHash} ${transfer.to}`;
    const before = sums.get(name)?.amountMicro ?? 0n;
    const amountMicro = before + transfer.amountMicro;
    sums.set(name, { txHash, recipient: transfer.to, blockNumber, blockHash, amountMicro });
  }
  return [...sums.values()].filter(({ amountMicro }) => amountMicro >= BigInt(DEPOSIT_MICRO_MIN));
}
