// A facilitator of one's own: sends payments to the chain itself and pays for the gas. There is one
// object for the one key it signs with, because transactions of a key are numbered and two that take
// the same number are one; and it numbers them one after the other. It waits for nothing: whether a
// payment has come is read from the chain by whoever asked.

import { DurableObject } from "cloudflare:workers";
import { encodeFunctionData, parseAbi } from "viem";
import { privateKeyToAccount } from "viem/accounts";
import * as z from "zod";
import { NETWORKS } from "../../../shared/networks.ts";
import { type Env, settingsOf } from "../../env.ts";
import type { onWire, Settlement } from "./facilitator.ts";
import { type Ask, detailOf, nodeOf, Reverted } from "./node.ts";
import type { Hex } from "./wire.ts";

const ABI = parseAbi([
  "function transferWithAuthorization(address from, address to, uint256 value, uint256 validAfter, uint256 validBefore, bytes32 nonce, bytes signature)",
]);

/** What is given to have a transaction taken, in wei for a unit of gas; a hundredth of a cent in all. */
const TIP_WEI = 1_000_000n;
/** How long a number that was given is remembered; a node may be behind by less. */
const REMEMBERED_MS = 20_000;

const Amount = z
  .string()
  .regex(/^0x[0-9a-f]{1,64}$/i)
  .transform(BigInt);
const Hash = z.custom<Hex>((value) => typeof value === "string" && /^0x[0-9a-f]{64}$/i.test(value));
const Block = z.object({ baseFeePerGas: Amount.optional() });

export class Settler extends DurableObject<Env> {
  #turn: Promise<unknown> = Promise.resolve();
  #last: { number: number; atMs: number } | undefined;

  /** Sends one payment to the chain. */
  async settle({ authorization, signature }: ReturnType<typeof onWire>): Promise<Settlement> {
    const { PAYMENTS_NETWORK, SETTLER_KEY } = settingsOf(this.env);
    if (PAYMENTS_NETWORK === undefined || SETTLER_KEY === undefined) return { said: "unsent" };
    const { usdc, chainId } = NETWORKS[PAYMENTS_NETWORK];
    const { from, to, value, validAfter, validBefore, nonce } = authorization;
    const numbers = [BigInt(value), BigInt(validAfter), BigInt(validBefore)] as const;
    const args = [from, to, ...numbers, nonce, signature] as const;
    const data = encodeFunctionData({ abi: ABI, functionName: "transferWithAuthorization", args });
    const ask = nodeOf(this.env);
    const account = privateKeyToAccount(SETTLER_KEY);
    const sender = account.address;
    try {
      const call = { from: sender, to: usdc, data };
      const [gas, { baseFeePerGas = 0n }] = await Promise.all([
        ask("eth_estimateGas", [call], Amount),
        ask("eth_getBlockByNumber", ["latest", false], Block),
      ]);
      const fees = { maxFeePerGas: 2n * baseFeePerGas + TIP_WEI, maxPriorityFeePerGas: TIP_WEI };
      return await this.#inTurn(async () => {
        const number = await this.#nextNumber(ask, sender);
        const raw = await account.signTransaction({
          chainId,
          type: "eip1559",
          to: usdc,
          data,
          gas: (gas * 5n) / 4n,
          nonce: number,
          ...fees,
        });
        return await this.#send(ask, raw, number);
      });
    } catch (thrown) {
      return { said: thrown instanceof Reverted ? "refused" : "unsent", detail: detailOf(thrown) };
    }
  }

  async #send(ask: Ask, raw: Hex, number: number): Promise<Settlement> {
    try {
      const hint = await ask("eth_sendRawTransaction", [raw], Hash);
      this.#last = { number, atMs: Date.now() };
      return { said: "settled", hint };
    } catch (thrown) {
      this.#last = undefined;
      const detail = detailOf(thrown);
      // Without money for gas nothing is taken; anything else may have been before the answer was lost.
      return { said: /insufficient funds/i.test(detail) ? "unsent" : "nothing", detail };
    }
  }

  async #nextNumber(ask: Ask, sender: Hex): Promise<number> {
    const told = Number(await ask("eth_getTransactionCount", [sender, "pending"], Amount));
    const last = this.#last;
    if (last === undefined || Date.now() - last.atMs > REMEMBERED_MS) return told;
    return Math.max(told, last.number + 1);
  }

  async #inTurn<Result>(act: () => Promise<Result>): Promise<Result> {
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => undefined);
    return await mine;
  }
}
