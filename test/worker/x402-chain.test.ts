// What the chain can do to a payment, and what payers can do to theirs: drop it, take it again, cancel
// it, empty the wallet it is from; and payers whose wallet is a contract.

import { concat, type Hex } from "viem";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Chain, newChain } from "./kit/chain.ts";
import { errorOf, PROGRAM } from "./kit/gateway.ts";
import {
  cancel,
  firstOf,
  inV2,
  leaveOf,
  openStore,
  paymentId,
  type Requirement,
  receiptIn,
  type Store,
  sign,
} from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "/api/credits/topup?usdc=1";
/** A wallet that says yes to every signature: 0x1626ba7e, whatever it is asked. */
const YES_CODE = "0x631626ba7e60e01b5f5260205ff3";
const WALLET = "0x00000000000000000000000000000000005a11e7";

let chain: Chain;
let store: Store;
let key: Awaited<ReturnType<Store["emptyKey"]>>;
let offered: Requirement;

beforeEach(async () => {
  chain = await newChain();
  store = await openStore(chain);
  key = await store.emptyKey();
  offered = firstOf(await store.ask(PATH, key.bearer));
});

async function paid() {
  const payload = await sign(await chain.payer(), offered);
  const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
  expect(response.status).toBe(200);
  return { payload, id: paymentId(payload), transaction: receiptIn(response)?.transaction ?? "0x" };
}

describe("a payment that the chain drops", () => {
  it("is taken back once, and counts again once when it comes again", async () => {
    const { payload, id } = await paid();
    await store.reorg();
    expect(await store.taken()).toBe(0);
    await store.wake(id);
    await store.wake(id);
    expect(await store.balance(key.accountId)).toBe(0);
    await store.expectExact();
    await chain.settle(leaveOf(payload));
    await store.wake(id);
    await store.wake(id);
    expect(await store.balance(key.accountId)).toBe(1_000_000);
    await store.expectExact();
  });

  it("leaves an account owing that has spent it, which is told so and can pay", async () => {
    const { id } = await paid();
    expect((await store.post("/api/execute", key.bearer, PROGRAM)).status).toBe(200);
    await store.reorg();
    await store.wake(id);
    expect(await store.balance(key.accountId)).toBe(-2_000);
    const again = firstOf(await store.ask("/api/execute", key.bearer, PROGRAM));
    const paying = inV2(again, await sign(await chain.payer(), again));
    const response = await store.post("/api/execute", { ...key.bearer, ...paying }, PROGRAM);
    expect(await response.json()).toMatchObject({ credits: { charged: 1, remaining: 3 } });
    await store.expectExact();
  });

  it("after an execution was served for it is in the books, and is served no more", async () => {
    const cheap = firstOf(await store.ask("/api/execute", {}, PROGRAM));
    const payload = await sign(await chain.payer(), cheap);
    const secret = { "Idempotency-Key": "a-secret-of-the-payers-own" };
    const headers = { ...inV2(cheap, payload), ...secret };
    expect((await store.post("/api/execute", headers, PROGRAM)).status).toBe(200);
    await store.reorg();
    await store.wake(paymentId(payload));
    const notes = await store.notes(paymentId(payload));
    expect(notes.map(({ kind, amountMicro }) => [kind, amountMicro])).toEqual([
      ["purchase", 10_000],
      ["reversal", 10_000],
    ]);
  });

  it("is not taken for dropped when a node is behind, or does not find it, or another does", async () => {
    const { id } = await paid();
    const behind = await newChain();
    await store.wake(id, { ...store.g.env, RPC_URL: behind.url });
    await store.wake(id, { ...store.g.env, RPC_URL: "http://127.0.0.1:1/" });
    await behind.mine(20);
    const both = { RPC_URL: behind.url, RPC_URL_SECOND: chain.url };
    await store.wake(id, { ...store.g.env, ...both });
    expect(await store.balance(key.accountId)).toBe(1_000_000);
    await store.expectExact();
  });
});

describe("a payment that stays", () => {
  it("is looked at until it is final, and then no more", async () => {
    const { id } = await paid();
    expect(await store.depth(id)).toBe("latest");
    await chain.mine(20);
    await store.wake(id);
    expect(await store.depth(id)).toBe("safe");
    await chain.mine(20);
    await store.wake(id);
    expect(await store.depth(id)).toBe("final");
    await store.wake(id, { ...store.g.env, RPC_URL: "http://127.0.0.1:1/" });
    expect(await store.nextLookMs(id)).toBeNull();
  });

  it("is in the operator's books, once, with its account and its transaction", async () => {
    const { id, transaction } = await paid();
    await store.wake(id);
    expect(await store.notes(id)).toMatchObject([
      { ref: id, kind: "purchase", round: 1, accountId: key.accountId, txHash: transaction },
    ]);
  });
});

describe("a payer", () => {
  it("who cancels before it comes here has bought nothing", async () => {
    const payer = await chain.payer();
    const payload = await sign(payer, offered);
    await cancel(chain, payer, payload);
    const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
    expect(response.status).toBe(409);
    expect(store.calls).toEqual([]);
    await store.expectExact();
  });

  it.each<
    [
      string,
      (
        payer: Awaited<ReturnType<Chain["payer"]>>,
        payload: Awaited<ReturnType<typeof sign>>,
      ) => Promise<unknown>,
    ]
  >([
    ["cancels", async (payer, payload) => await cancel(chain, payer, payload)],
    ["empties the wallet", async ({ address }) => await chain.transfer(address, WALLET, 10n ** 9n)],
    ["is blacklisted", async ({ address }) => await chain.asOwner("blacklist", address)],
  ])("who %s before it is settled has bought nothing", async (_name, act) => {
    const payer = await chain.payer();
    const payload = await sign(payer, offered);
    store.manners = async (settle) => {
      await act(payer, payload);
      return Response.json(await settle());
    };
    const headers = { ...key.bearer, ...inV2(offered, payload) };
    const response = await store.post(PATH, headers);
    expect([402, 503]).toContain(response.status);
    expect([402, 409]).toContain((await store.post(PATH, headers)).status);
    await store.expectExact();
    expect(await store.taken()).toBe(0);
  });

  it("is not asked for another payment while USDC is paused", async () => {
    await chain.asOwner("pause");
    const payload = await sign(await chain.payer(), offered);
    const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
    expect((await errorOf(response.clone())).code).toBe("chain_unreachable");
    expect(response.status).toBe(503);
    expect(store.calls).toEqual([]);
    await store.expectExact();
  });
});

describe("a payer whose wallet is a contract", () => {
  it("pays with a signature that only the contract understands", async () => {
    await chain.ask("anvil_setCode", [WALLET, YES_CODE]);
    await chain.mint(WALLET, 10_000_000n);
    const payload = {
      ...(await sign(await chain.payer(0n), offered, { from: WALLET })),
      signature: concat(["0x1234", `0x${"56".repeat(70)}`]),
    };
    const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
    expect(response.status).toBe(200);
    expect(await chain.balanceOf(WALLET)).toBe(9_000_000n);
    await store.expectExact();
  });

  it("that says no does not come to the facilitator", async () => {
    const other = "0x00000000000000000000000000000000005a11e8";
    await chain.ask("anvil_setCode", [other, "0x5f5f5260205ff3"]);
    await chain.mint(other, 10_000_000n);
    const payload = await sign(await chain.payer(0n), offered, { from: other });
    const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
    expect(response.status).toBe(402);
    expect(store.calls).toEqual([]);
  });

  it("by delegation of an ordinary address pays as well", async () => {
    await chain.ask("anvil_setCode", [WALLET, YES_CODE]);
    const payer = await chain.payer();
    await chain.ask<Hex>("anvil_setCode", [payer.address, concat(["0xef0100", WALLET])]);
    const payload = await sign(payer, offered);
    const response = await store.post(PATH, { ...key.bearer, ...inV2(offered, payload) });
    expect(response.status).toBe(200);
    await store.expectExact();
  });
});
