// The steps of a sweep: what there is to move, the signatures that let it be moved, and sending those in.
// What one step writes the next one checks: an address is derived again before anything is signed for it.

import { HDKey } from "@scure/bip32";
import {
  type Address,
  createPublicClient,
  createWalletClient,
  defineChain,
  getAddress,
  type Hex,
  http,
  parseAbi,
  parseSignature,
  toHex,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import * as z from "zod";
import { NETWORK_NAMES, NETWORKS, type NetworkName } from "../shared/networks.ts";
import { depositAddress } from "../worker/payments/addresses.ts";

const ABI = parseAbi([
  "function balanceOf(address owner) view returns (uint256)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
]);

const TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

const AddressText = z.string().regex(/^0x[0-9a-fA-F]{40}$/);
const Amount = z.string().regex(/^[1-9]\d{0,17}$/);
const HexText = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]+$/i.test(value));

const Plan = z.object({
  network: z.enum(NETWORK_NAMES),
  transfers: z.array(
    z.object({ index: z.int().min(0), address: AddressText, amountMicro: Amount }),
  ),
});
export type Plan = z.infer<typeof Plan>;

const Signed = z.object({
  network: z.enum(NETWORK_NAMES),
  authorizations: z.array(
    z.object({
      from: AddressText,
      to: AddressText,
      value: Amount,
      validBefore: Amount,
      nonce: HexText,
      signature: HexText,
    }),
  ),
});
export type Signed = z.infer<typeof Signed>;

/** What there is to move from the addresses `from` to `to` below an extended public key. */
export async function plan(task: {
  network: NetworkName;
  rpcUrl: string;
  xpub: string;
  from: number;
  to: number;
  leastMicro: bigint;
}): Promise<Plan> {
  const { network } = task;
  const client = await clientOf(network, task.rpcUrl);
  const transfers: Plan["transfers"] = [];
  for (let index = task.from; index <= task.to; index += 1) {
    const address = depositAddress(task.xpub, index);
    const balance = await client.readContract({
      address: NETWORKS[network].usdc,
      abi: ABI,
      functionName: "balanceOf",
      args: [address],
    });
    const isWorthIt = balance > 0n && balance >= task.leastMicro;
    if (isWorthIt) transfers.push({ index, address, amountMicro: String(balance) });
  }
  return { network, transfers };
}

/** Signs for every transfer of a plan. Needs no network. */
export async function sign(
  written: unknown,
  { xprv, treasury, hours }: { xprv: string; treasury: string; hours: number },
): Promise<Signed> {
  const { network, transfers } = Plan.parse(written);
  const { chainId, usdc, domain } = NETWORKS[network];
  const root = HDKey.fromExtendedKey(xprv).deriveChild(0);
  const to = getAddress(treasury);
  const validBefore = BigInt(Math.floor(Date.now() / 1000) + Math.round(hours * 3600));
  const authorizations: Signed["authorizations"] = [];
  for (const { index, address, amountMicro } of transfers) {
    const { privateKey } = root.deriveChild(index);
    if (privateKey === null) throw new Error("an extended key without a private key");
    const account = privateKeyToAccount(toHex(privateKey));
    if (account.address.toLowerCase() !== address.toLowerCase()) {
      throw new Error(`${address} is not the address ${index} of this key`);
    }
    const nonce = toHex(crypto.getRandomValues(new Uint8Array(32)));
    const value = BigInt(amountMicro);
    const message = { from: account.address, to, value, validAfter: 0n, validBefore, nonce };
    const signature = await account.signTypedData({
      domain: { ...domain, chainId, verifyingContract: usdc },
      types: TYPES,
      primaryType: "TransferWithAuthorization",
      message,
    });
    const written = { value: amountMicro, validBefore: String(validBefore), nonce, signature };
    authorizations.push({ from: account.address, to, ...written });
  }
  return { network, authorizations };
}

/** Sends in what was signed, with somebody's gas. What was sent in before is left out. */
export async function submit(
  written: unknown,
  { rpcUrl, key }: { rpcUrl: string; key: string },
): Promise<{ from: string; amountMicro: string; outcome: string; txHash?: Hex }[]> {
  const { network, authorizations } = Signed.parse(written);
  const { usdc: address } = NETWORKS[network];
  const client = await clientOf(network, rpcUrl);
  const account = privateKeyToAccount(`0x${key.replace(/^0x/, "")}`);
  const wallet = createWalletClient({ account, chain: client.chain, transport: http(rpcUrl) });
  const outcomes: Awaited<ReturnType<typeof submit>> = [];
  for (const each of authorizations) {
    const from = each.from as Address;
    const told = { from, amountMicro: each.value };
    const state = [from, each.nonce] as const;
    const isUsed = await client.readContract({
      address,
      abi: ABI,
      functionName: "authorizationState",
      args: state,
    });
    if (isUsed) {
      outcomes.push({ ...told, outcome: "was sent in before" });
      continue;
    }
    const { v, r, s } = parseSignature(each.signature);
    const [value, validBefore] = [BigInt(each.value), BigInt(each.validBefore)];
    const args = [from, each.to as Address, value, 0n, validBefore, each.nonce] as const;
    const functionName = "transferWithAuthorization";
    const call = { address, abi: ABI, functionName, args: [...args, Number(v), r, s] } as const;
    // One price for gas, as the node says it: the few cents of a tip are not worth a second opinion.
    const gasPrice = await client.getGasPrice();
    const txHash = await wallet
      .writeContract({ ...call, gasPrice })
      .catch((thrown: unknown) => String(thrown));
    if (!txHash.startsWith("0x")) {
      outcomes.push({ ...told, outcome: txHash.split("\n")[0] ?? "failed" });
      continue;
    }
    const hash = txHash as Hex;
    const { status } = await client.waitForTransactionReceipt({ hash });
    outcomes.push({ ...told, outcome: status === "success" ? "moved" : "reverted", txHash: hash });
  }
  return outcomes;
}

async function clientOf(network: NetworkName, rpcUrl: string) {
  const chain = defineChain({
    id: NETWORKS[network].chainId,
    name: network,
    nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
    rpcUrls: { default: { http: [rpcUrl] } },
  });
  const client = createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 200 });
  const found = await client.getChainId();
  if (found !== chain.id) throw new Error(`the node is of chain ${found}, and not of ${network}`);
  return client;
}
