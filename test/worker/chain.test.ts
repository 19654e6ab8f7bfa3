// What the tests of payments take for granted: that the chain they run on is a real one with the real
// USDC, and that it can be made to do what chains do.

import { recoverTypedDataAddress } from "viem";
import { beforeAll, describe, expect, it } from "vitest";
import { AUTHORIZATION_TYPES, type Chain, newChain, USDC, USDC_DOMAIN } from "./kit/chain.ts";

/** What the contract on Base itself says. */
const DOMAIN_SEPARATOR = "0x02fa7265e7c5d81118673727957699e4d68f74cd74b7db77da710fe8a2c7834f";
const SOMEBODY = "0x00000000000000000000000000000000000000b0";

describe("a chain of the tests", () => {
  let chain: Chain;
  beforeAll(async () => {
    chain = await newChain();
  });

  it("is Base by its id, and has USDC where Base has it", async () => {
    expect(Number(await chain.ask("eth_chainId"))).toBe(8453);
    const call = [{ to: USDC, data: "0x3644e515" }, "latest"];
    expect(await chain.ask("eth_call", call)).toBe(DOMAIN_SEPARATOR);
  });

  it("transfers what somebody has, and reverts what they have not", async () => {
    const payer = await chain.payer(10n);
    const good = await chain.transfer(payer.address, SOMEBODY, 7n);
    const bad = await chain.transfer(payer.address, SOMEBODY, 7n);
    expect((await chain.receipt(good))?.status).toBe("0x1");
    expect((await chain.receipt(bad))?.status).toBe("0x0");
    expect(await chain.balanceOf(payer.address)).toBe(3n);
  });

  it("sends to several in one transaction", async () => {
    const other = (await chain.payer(0n)).address;
    const one = (await chain.payer(0n)).address;
    const hash = await chain.batch([
      { to: one, amountMicro: 5n },
      { to: other, amountMicro: 6n },
      { to: one, amountMicro: 7n },
    ]);
    expect((await chain.receipt(hash))?.logs).toHaveLength(3);
    expect([await chain.balanceOf(one), await chain.balanceOf(other)]).toEqual([12n, 6n]);
  });

  it("settles what was signed for, once", async () => {
    const payer = await chain.payer(10n);
    const leave = await chain.authorize(payer, SOMEBODY, 4n);
    const signer = await recoverTypedDataAddress({
      domain: USDC_DOMAIN,
      types: AUTHORIZATION_TYPES,
      primaryType: "TransferWithAuthorization",
      message: leave,
      signature: leave.signature,
    });
    expect(signer).toBe(payer.address);
    expect((await chain.receipt(await chain.settle(leave)))?.status).toBe("0x1");
    expect((await chain.receipt(await chain.settle(leave)))?.status).toBe("0x0");
    expect(await chain.balanceOf(payer.address)).toBe(6n);
  });

  it("drops a transaction, and takes it back in another block", async () => {
    const payer = await chain.payer(10n);
    const { hash, raw } = await chain.signedTransfer(payer, SOMEBODY, 4n);
    const first = await chain.receipt(hash);
    await chain.mine(3);
    await chain.reorg(4);
    expect(await chain.receipt(hash)).toBeNull();
    expect(await chain.balanceOf(payer.address)).toBe(10n);
    await chain.reorg(2, [{ raw, block: 1 }]);
    const second = await chain.receipt(hash);
    expect(second?.transactionHash).toBe(hash);
    expect(second?.blockHash).not.toBe(first?.blockHash);
    expect(await chain.balanceOf(payer.address)).toBe(6n);
  });

  it("stalls while mining is stopped", async () => {
    const payer = await chain.payer(10n);
    await chain.setMining(false);
    const hash = await chain.transfer(payer.address, SOMEBODY, 1n);
    expect(await chain.receipt(hash)).toBeNull();
    await chain.setMining(true);
    await chain.mine(1);
    expect(await chain.receipt(hash)).not.toBeNull();
  });

  it("has blocks that are safe, and fewer that are final", async () => {
    await chain.mine(40);
    const at = async (tag: string) => {
      const block = await chain.ask<{ number: string }>("eth_getBlockByNumber", [tag, false]);
      return Number(block.number);
    };
    const head = await chain.head();
    expect([await at("safe"), await at("finalized")]).toEqual([head - 16, head - 32]);
  });
});
