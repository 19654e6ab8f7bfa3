// The chains on which USDC is taken: where each has it, what wallets sign for it there, and how deep a
// transfer must be before it counts. An operator names one of them; there is no other place where an
// address of a token or the number of a chain is written.

/** How often a Base chain has a block. */
export const BLOCK_MS = 2_000;

export type Network = {
  /** As operators write it, and as x402 wrote it in its first version. */
  name: string;
  chainId: number;
  /** As x402 writes it now: CAIP-2. */
  caip2: `eip155:${number}`;
  /** The USDC contract. */
  usdc: `0x${string}`;
  /** What the contract's signatures are made for (EIP-712); with `chainId` and `usdc` it is all of it. */
  domain: { name: string; version: string };
  /** Blocks on top of a transfer's own before it is credited. */
  confirmations: number;
};

export const NETWORKS = {
  base: {
    name: "base",
    chainId: 8453,
    caip2: "eip155:8453",
    usdc: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
    domain: { name: "USD Coin", version: "2" },
    confirmations: 10,
  },
  "base-sepolia": {
    name: "base-sepolia",
    chainId: 84532,
    caip2: "eip155:84532",
    usdc: "0x036CbD53842c5426634e7929541eC2318f3dCF7e",
    // The test network's token has another name than the real one.
    domain: { name: "USDC", version: "2" },
    confirmations: 10,
  },
} as const satisfies Record<string, Network>;

export type NetworkName = keyof typeof NETWORKS;

export const NETWORK_NAMES = Object.keys(NETWORKS) as [NetworkName, ...NetworkName[]];

/** The network with this chain id. */
export function networkOf(chainId: number): Network {
  const network = Object.values(NETWORKS).find((each) => each.chainId === chainId);
  if (network === undefined) throw new Error(`no network has the chain id ${chainId}`);
  return network;
}
