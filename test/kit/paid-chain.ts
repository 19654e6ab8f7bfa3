// A chain with the real USDC for tests outside of workerd: payers with money on it, and what a gateway
// has to be told to sell there and to settle by itself.

import { encodeFunctionData, parseAbi, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { USDC, USDC_OWNER } from "../chain/addresses.ts";
import { startAnvil } from "../chain/anvil.ts";
import { askerOf, plantUsdc } from "../chain/usdc.ts";

const ABI = parseAbi([
  "function mint(address to, uint256 amount) returns (bool)",
  "function balanceOf(address owner) view returns (uint256)",
]);

export type PaidChain = Awaited<ReturnType<typeof startPaidChain>>;

export async function startPaidChain() {
  const anvil = await startAnvil();
  const ask = askerOf(anvil.url);
  await plantUsdc(anvil.url);
  const settlerKey = generatePrivateKey();
  const payTo = privateKeyToAccount(generatePrivateKey()).address;
  const { address } = privateKeyToAccount(settlerKey);
  await ask("anvil_setBalance", [address, toHex(10n ** 18n)]);
  return {
    stop: anvil.stop,
    /** What a gateway has to be told. */
    vars: {
      PAYMENTS_NETWORK: "base",
      RPC_URL: anvil.url,
      TREASURY_ADDRESS: payTo,
      SETTLER_KEY: settlerKey,
    },
    /** Somebody with USDC. */
    async payer(amountMicro = 1_000_000_000n) {
      const account = privateKeyToAccount(generatePrivateKey());
      const data = encodeFunctionData({
        abi: ABI,
        functionName: "mint",
        args: [account.address, amountMicro],
      });
      const mint = { from: USDC_OWNER, to: USDC, data, gasPrice: "0x0" };
      await ask("eth_sendTransaction", [mint]);
      while ((await balanceOf(account.address)) < amountMicro);
      return account;
    },
    /** What came in. */
    taken: async () => Number(await balanceOf(payTo)),
  };

  async function balanceOf(owner: `0x${string}`): Promise<bigint> {
    const data = encodeFunctionData({ abi: ABI, functionName: "balanceOf", args: [owner] });
    return BigInt(await ask<string>("eth_call", [{ to: USDC, data }, "latest"]));
  }
}
