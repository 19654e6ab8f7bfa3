// Deposits as they should be: an address, a transfer, some blocks, credits; found without a claim, or
// claimed sooner; told of in both faces.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { depositAddress } from "../../worker/payments/addresses.ts";
import { CHAIN_ID, type Chain, newChain, USDC } from "./kit/chain.ts";
import { depositor, expectBalanced, lookAgain, searchChain } from "./kit/deposits.ts";
import { ADMIN_TOKEN, errorOf, gateway } from "./kit/gateway.ts";
import { Nodes } from "./kit/nodes.ts";

// Mining and reorganising take their time where much else runs.
vi.setConfig({ testTimeout: 30_000 });

let chain: Chain;
beforeAll(async () => {
  chain = await newChain();
  new Nodes(chain);
});
afterAll(() => void vi.restoreAllMocks());

describe("GET /api/deposits", () => {
  it("gives every account an address of its own, and always the same", async () => {
    const [one, other] = [await depositor(), await depositor()];
    expect(one.address).not.toBe(other.address);
    expect(await one.get("/api/deposits")).toEqual({
      address: one.address,
      network: "base",
      chainId: CHAIN_ID,
      token: USDC,
      minimumUsdc: 0.01,
      confirmationsRequired: 10,
      deposits: [],
    });
    expect(await one.get("/v1/deposits")).toEqual({
      address: one.address,
      network: "base",
      chain_id: CHAIN_ID,
      token: USDC,
      minimum_usdc: 0.01,
      confirmations_required: 10,
      deposits: [],
    });
  });

  it("asks the treasury for an address once", async () => {
    const { get } = await depositor();
    const treasury = env.TREASURY.getByName(String(CHAIN_ID));
    const asked = await runInDurableObject(treasury, (object) =>
      vi.spyOn(Object.getPrototypeOf(object), "addressOf"),
    );
    await get("/api/deposits");
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  it("says that there are no payments where none are set up, and what to do", async () => {
    const g = gateway(undefined, { PAYMENTS_NETWORK: "" });
    const { apiKey } = await g.open();
    const headers = { Authorization: `Bearer ${apiKey}` };
    for (const path of ["/api/deposits", "/v1/deposits"]) {
      const response = await g.send(path, { headers });
      expect(response.status).toBe(403);
      const { code, message } = await errorOf(response);
      expect([code, message]).toEqual(["payments_disabled", expect.stringMatching(/operator/)]);
    }
    expect((await g.post("/api/deposits", {}, headers)).status).toBe(403);
  });

  it("is for the owner only", async () => {
    const g = gateway();
    expect((await g.send("/api/deposits")).status).toBe(401);
    const claim = { txHash: `0x${"1".repeat(64)}` };
    expect((await g.post("/api/deposits", claim)).status).toBe(401);
  });
});

describe("a deposit", () => {
  it("is pending until it is ten blocks deep, then credited to the micro-USDC, and makes Pro", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 5_000_001n);
    await chain.mine(3);
    const first = await owner.claim(hash);
    expect(first).toMatchObject({
      status: 202,
      retryAfter: "14",
      body: { state: "pending", confirmations: 3, amountMicroUsdc: 5_000_001 },
    });
    expect(await owner.grantedMicro()).toBe(0);
    await chain.mine(7);
    expect(await owner.claim(hash)).toMatchObject({
      status: 200,
      retryAfter: null,
      body: { state: "credited", confirmations: 10 },
    });
    expect(await owner.credits()).toMatchObject({ credits: 2550, plan: "pro", ratePerMinute: 120 });
    const { entries } = await owner.get<{ entries: object[] }>("/api/credits/ledger");
    expect(entries[0]).toMatchObject({
      kind: "deposit",
      transaction: hash,
      amountMicroUsdc: 5_000_001,
    });
    await expectBalanced(chain, [owner]);
  });

  it("goes on by alarm, from pending to final, with nobody asking", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 1_000_000n);
    await owner.claim(hash);
    const states: unknown[] = [];
    for (const blocks of [10, 10, 20, 0]) {
      await chain.mine(blocks);
      await lookAgain(hash, owner.address);
      states.push((await owner.deposits())[0]?.state);
    }
    expect(states).toEqual(["credited", "safe", "final", "final"]);
    expect(await lookAgain(hash, owner.address)).toBe(false);
    await expectBalanced(chain, [owner]);
  });

  it("is found by the search with no claim, and told of", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 2_500_000n);
    await chain.mine(9);
    await searchChain();
    expect(await owner.deposits()).toEqual([]);
    await chain.mine(1);
    await searchChain();
    const told = {
      txHash: hash,
      address: owner.address,
      state: "credited",
      amountUsdc: 2.5,
      amountMicroUsdc: 2_500_000,
      credits: 1250,
      confirmations: 10,
      confirmationsRequired: 10,
      blockNumber: (await chain.head()) - 10,
    };
    const [listed] = await owner.deposits();
    expect(listed).toEqual({ ...told, seenAt: expect.stringMatching(/Z$/) });
    expect(await owner.get(`/api/deposits/${hash}`)).toEqual(told);
    expect(await owner.get(`/v1/deposits/${hash.toUpperCase().replace("X", "x")}`)).toEqual({
      tx_hash: hash,
      address: owner.address,
      state: "credited",
      amount_usdc: 2.5,
      amount_micro_usdc: 2_500_000,
      credits: 1250,
      confirmations: 10,
      confirmations_required: 10,
      block_number: told.blockNumber,
    });
    await searchChain();
    expect((await owner.claim(hash)).status).toBe(200);
    await expectBalanced(chain, [owner]);
  });

  it("is claimed by /v1 in its own words", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 20_000n);
    const post = async (body: object) =>
      await owner.g.post("/v1/deposits", body, owner.authorization);
    const pending = await post({ tx_hash: hash });
    expect(pending.status).toBe(202);
    expect(await pending.json()).toMatchObject({ tx_hash: hash, confirmations: 0 });
    await chain.mine(10);
    expect(await (await post({ tx_hash: hash })).json()).toMatchObject({ state: "credited" });
    const wrong = await errorOf(await post({ tx_hash: "0x12" }));
    expect([wrong.code, wrong.field]).toEqual(["invalid_request", "tx_hash"]);
  });

  it("in several transfers of one transaction is their sum, for each of those it pays", async () => {
    const [one, other] = [await depositor(), await depositor()];
    const hash = await chain.batch([
      { to: one.address, amountMicro: 30_000n },
      { to: other.address, amountMicro: 50_000n },
      { to: one.address, amountMicro: 7n },
    ]);
    await chain.mine(10);
    expect((await one.claim(hash)).body.amountMicroUsdc).toBe(30_007);
    expect((await other.claim(hash)).body.amountMicroUsdc).toBe(50_000);
    await searchChain();
    await expectBalanced(chain, [one, other]);
  });

  it("that was paid by an authorization, without gas, is a deposit like others", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.settle(await chain.authorize(payer, owner.address, 1_000_000n));
    await chain.mine(10);
    expect(await owner.claim(hash)).toMatchObject({ status: 200, body: { state: "credited" } });
    await expectBalanced(chain, [owner]);
  });
});

describe("the operator's books", () => {
  const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };

  it("have every amount with its transaction, in pages, and who has which address", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 1_000_000n);
    const second = await chain.transfer(payer.address, owner.address, 2_000_000n);
    await chain.mine(10);
    await owner.claim(hash);
    await owner.claim(second);
    const g = gateway();
    const payments: { accountId: string; transaction: string; amountMicroUsdc: number }[] = [];
    let cursor: string | null = "0";
    while (cursor !== null) {
      const response = await g.send(`/admin/payments?limit=1&cursor=${cursor}`, { headers });
      const page: { payments: typeof payments; cursor: string | null } = await response.json();
      payments.push(...page.payments);
      cursor = page.cursor;
    }
    const own = payments.filter(({ accountId }) => accountId === owner.accountId);
    expect(own).toEqual([
      expect.objectContaining({ kind: "deposit", transaction: hash, amountMicroUsdc: 1_000_000 }),
      expect.objectContaining({ transaction: second, amountMicroUsdc: 2_000_000 }),
    ]);
    type Given = { index: number; address: string; accountId: string };
    const given = await g.send("/admin/payments/addresses?limit=200", { headers });
    const { addresses } = await given.json<{ addresses: Given[] }>();
    const { index = -1 } = addresses.find(({ accountId }) => accountId === owner.accountId) ?? {};
    expect(depositAddress(String(env.DEPOSIT_XPUB), index)).toBe(owner.address);
  });

  it.each(["/admin/payments", "/admin/payments/addresses"])(
    "%s is for the operator",
    async (path) => {
      const { authorization, g } = await depositor();
      expect((await g.send(path)).status).toBe(401);
      expect((await g.send(path, { headers: authorization })).status).toBe(401);
      expect((await g.send(`${path}?cursor=x`, { headers })).status).toBe(400);
    },
  );
});
