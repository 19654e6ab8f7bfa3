// Credits that are bought with a payment in the request, on a real chain with the real USDC.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Chain, newChain } from "./kit/chain.ts";
import { errorOf } from "./kit/gateway.ts";
import {
  firstOf,
  inV1,
  offerIn,
  openStore,
  receiptIn,
  type Store,
  sign,
  signed,
} from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const SECRET = { "Idempotency-Key": "a-secret-of-the-payers-own" };

let chain: Chain;
let store: Store;
beforeEach(async () => {
  chain ??= await newChain();
  store = await openStore(chain);
});

describe("a top-up without a payment", () => {
  it("is told how to pay, in both versions, and nobody is asked", async () => {
    const response = await store.post("/api/credits/topup?usdc=1");
    expect(response.status).toBe(402);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    expect(offerIn(response)).toMatchObject({
      x402Version: 2,
      resource: { mimeType: "application/json" },
    });
    expect(offerIn(response).accepts).toEqual([
      {
        scheme: "exact",
        network: "eip155:8453",
        amount: "1000000",
        asset: "0x833589fCD6eDb6E08f4c7C32D4f71b54bdA02913",
        payTo: store.payTo,
        maxTimeoutSeconds: 120,
        extra: { name: "USD Coin", version: "2" },
      },
    ]);
    const resource = "https://gateway.test/api/credits/topup?usdc=1";
    expect(await response.json()).toMatchObject({
      x402Version: 1,
      error: { code: "payment_required" },
      accepts: [{ network: "base", maxAmountRequired: "1000000", resource }],
    });
    expect(store.calls).toEqual([]);
  });

  it("names two amounts where none was asked for, each version its own first", async () => {
    const response = await store.post("/v1/credits/topup");
    expect(offerIn(response).accepts.map(({ amount }) => amount)).toEqual(["1000000", "100000"]);
    const { accepts } = await response.json<{ accepts: { maxAmountRequired: string }[] }>();
    expect(accepts.map((each) => each.maxAmountRequired)).toEqual(["100000", "1000000"]);
  });

  it.each(["0", "0.009999", "1000.000001", "1e3", "-1", "1.0000001", "", "NaN", "0x10"])(
    "of %j USDC is no amount that can be paid",
    async (usdc) => {
      const response = await store.post(`/api/credits/topup?usdc=${usdc}`);
      expect(response.status).toBe(400);
      expect((await errorOf(response)).field).toBe("usdc");
    },
  );

  it("is refused with a key that is not valid, before anything is offered", async () => {
    const bearer = { Authorization: `Bearer cr_live_${"0".repeat(64)}_${"0".repeat(32)}_00000000` };
    const response = await store.post("/api/credits/topup", bearer);
    expect(response.status).toBe(401);
    expect(response.headers.has("PAYMENT-REQUIRED")).toBe(false);
  });

  it("is refused where nothing is sold", async () => {
    const closed = await openStore(chain, { settings: { TREASURY_ADDRESS: "" } });
    const response = await closed.post("/api/credits/topup");
    expect(response.status).toBe(403);
    expect((await errorOf(response)).code).toBe("payments_disabled");
  });

  it.each([
    ["GET", 405],
    ["HEAD", 405],
    ["PUT", 405],
    ["OPTIONS", 204],
  ])("by %s does nothing, with a payment or without", async (method, status) => {
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1"));
    const headers = await signed(await chain.payer(), offered);
    const response = await store.g.send("/api/credits/topup?usdc=1", { method, headers });
    expect(response.status).toBe(status);
    expect(store.calls).toEqual([]);
    await store.expectExact();
  });

  it.each([
    "//api/credits/topup",
    "/api/credits/top%75p",
    "/api/credits/topup%2f",
    "/API/credits/topup",
  ])("at %s is nothing", async (path) => {
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1"));
    const response = await store.post(path, await signed(await chain.payer(), offered));
    expect(response.status).toBe(404);
    expect(await store.taken()).toBe(0);
  });
});

describe("a top-up of a key", () => {
  it.each([
    ["/api/credits/topup?usdc=0.1", 100_000, 50],
    ["/api/credits/topup?usdc=1", 1_000_000, 500],
    ["/v1/credits/topup?usdc=12.345679", 12_345_679, 6172],
  ])("by %s adds exactly what was paid", async (path, amountMicro, credits) => {
    const { bearer, accountId } = await store.emptyKey();
    const offered = firstOf(await store.ask(path, bearer));
    const paying = await signed(await chain.payer(), offered);
    const response = await store.post(path, { ...bearer, ...paying });
    expect(response.status).toBe(200);
    expect(response.headers.get("Cache-Control")).toBe("no-store");
    const body = await response.json<{ credits: number; payment: { transaction: string } }>();
    expect(body.credits).toBe(credits);
    expect(await store.balance(accountId)).toBe(amountMicro);
    const { transaction } = body.payment;
    const network = "eip155:8453";
    expect(receiptIn(response)).toMatchObject({ success: true, transaction, network });
    expect((await chain.receipt(transaction as `0x${string}`))?.status).toBe("0x1");
    await store.expectExact();
  });

  it("is paid in version 1 as well, and told in its words", async () => {
    const { bearer } = await store.emptyKey();
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=0.1", bearer));
    const paying = inV1(await sign(await chain.payer(), offered));
    const response = await store.post("/api/credits/topup?usdc=0.1", { ...bearer, ...paying });
    expect(response.status).toBe(200);
    expect(receiptIn(response, "X-PAYMENT-RESPONSE")).toMatchObject({ network: "base" });
    await store.expectExact();
  });

  it("makes the account Pro, and stands in its ledger with its transaction", async () => {
    const { bearer } = await store.emptyKey();
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1", bearer));
    const paying = await signed(await chain.payer(), offered);
    const paid = await store.post("/api/credits/topup?usdc=1", { ...bearer, ...paying });
    const { transaction } = receiptIn(paid) ?? {};
    const credits = await store.g.send("/api/credits", { headers: bearer });
    expect(await credits.json()).toMatchObject({ plan: "pro", credits: 500 });
    const ledger = await store.g.send("/api/credits/ledger?limit=1", { headers: bearer });
    const entry = { kind: "purchase", amountMicroUsdc: 1_000_000, transaction };
    expect(await ledger.json()).toMatchObject({ entries: [entry] });
  });

  it("told again adds nothing and answers the same", async () => {
    const { bearer } = await store.emptyKey();
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1", bearer));
    const headers = { ...bearer, ...(await signed(await chain.payer(), offered)) };
    const first = await store.post("/api/credits/topup?usdc=1", headers);
    const second = await store.post("/api/credits/topup?usdc=1", headers);
    expect(second.status).toBe(200);
    expect(await second.json()).toEqual(await first.json());
    expect(store.calls).toEqual(["/x402/settle"]);
    await store.expectExact();
  });

  it("is for the key it was paid for, and for no other", async () => {
    const [one, other] = [await store.emptyKey(), await store.emptyKey()];
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1", one.bearer));
    const paying = await signed(await chain.payer(), offered);
    const path = "/api/credits/topup?usdc=1";
    const replies = await Promise.all(
      [one, other, one, other].map(
        async ({ bearer }) => await store.post(path, { ...bearer, ...paying }),
      ),
    );
    expect(replies.filter(({ status }) => status === 200).length).toBeGreaterThan(0);
    const balances = [await store.balance(one.accountId), await store.balance(other.accountId)];
    expect(balances.sort()).toEqual([0, 1_000_000]);
    await store.expectExact();
  });

  it("sent twenty times at once is settled once", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const offered = firstOf(await store.ask("/api/credits/topup?usdc=1", bearer));
    const headers = { ...bearer, ...(await signed(await chain.payer(), offered)) };
    const replies = await Promise.all(
      Array.from(
        { length: 20 },
        async () => await store.post("/api/credits/topup?usdc=1", headers),
      ),
    );
    const statuses = new Set(replies.map(({ status }) => status));
    expect([...statuses].filter((status) => status !== 200 && status !== 503)).toEqual([]);
    expect(store.calls).toEqual(["/x402/settle"]);
    expect(await store.balance(accountId)).toBe(1_000_000);
    await store.expectExact();
  });
});

describe("a key that is bought", () => {
  const path = "/api/credits/topup?usdc=1";

  async function buy(headers: Record<string, string> = {}) {
    const paying = await signed(await chain.payer(), firstOf(await store.ask(path)));
    const response = await store.post(path, { ...paying, ...headers });
    const body = await response.json<{ apiKey: string; accountId: string; credits: number }>();
    store.watch(body.accountId);
    return { paying, response, body };
  }

  it("has what was paid and no free credits, and opens its account", async () => {
    const { response, body } = await buy();
    expect(response.status).toBe(201);
    expect(body).toMatchObject({ credits: 500, balanceMicroUsdc: 1_000_000 });
    const run = await store.g.run(body.apiKey);
    expect(await run.json()).toMatchObject({ credits: { charged: 1, remaining: 499 } });
    await store.expectExact();
  });

  it("is told again to whoever has the payer's secret, and is the same", async () => {
    const { paying, body } = await buy(SECRET);
    const again = await store.post(path, { ...paying, ...SECRET });
    expect(again.status).toBe(201);
    expect(await again.json()).toEqual(body);
    await store.expectExact();
  });

  it.each([
    ["nothing but the header, which anybody can read from the chain", {}],
    ["another secret", { "Idempotency-Key": "another-secret-of-somebody" }],
    ["a short secret, which can be counted through", { "Idempotency-Key": "a-short-secret" }],
  ])("is not told again to whoever has %s", async (_name, headers) => {
    const { paying, body } = await buy(SECRET);
    const stolen = await store.post(path, { ...paying, ...headers });
    expect(stolen.status).toBe(409);
    const text = await stolen.text();
    expect(text).toContain("payment_used");
    expect(text).not.toContain(body.apiKey);
    expect(text).not.toContain(body.accountId);
    await store.expectExact();
  });

  it("is not told again where no secret was sent the first time", async () => {
    const { paying } = await buy();
    expect((await store.post(path, paying)).status).toBe(409);
    expect((await store.post(path, { ...paying, ...SECRET })).status).toBe(409);
    await store.expectExact();
  });

  it("is of a payment that does nothing else", async () => {
    const { bearer } = await store.emptyKey();
    const { paying } = await buy(SECRET);
    expect((await store.post(path, { ...paying, ...bearer })).status).toBe(409);
    await store.expectExact();
  });
});
