// Executions that are paid for: with a key whose account is empty, and without any key.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { type Chain, newChain } from "./kit/chain.ts";
import {
  answering,
  anyAddress,
  errorOf,
  failing,
  PROGRAM,
  REPORT,
  type Runner,
} from "./kit/gateway.ts";
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

const PATH = "/api/execute";
const V1_PROGRAM = {
  language: "python",
  files: [{ name: "main.py", content: "print(1)" }],
  version: null,
};
const SECRET = { "Idempotency-Key": "a-secret-of-the-payers-own" };

let chain: Chain;
let store: Store;
let seen: RunnerExecuteRequest[];
let runner: Runner;
beforeEach(async () => {
  chain ??= await newChain();
  seen = [];
  runner = answering({}, seen);
  store = await openStore(chain, { runner: async (request) => await runner(request) });
});

describe("an execution with a key whose account is empty", () => {
  it("is told what to pay, and runs on what was paid", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const refusal = await store.post(PATH, bearer, PROGRAM);
    expect(refusal.status).toBe(402);
    expect((await errorOf(refusal.clone())).code).toBe("no_credits");
    const amounts = offerIn(refusal).accepts.map(({ amount }) => amount);
    expect(amounts).toEqual(["10000", "100000", "1000000"]);
    const paying = await signed(await chain.payer(), firstOf(offerIn(refusal)));
    const response = await store.post(PATH, { ...bearer, ...paying }, PROGRAM);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      stdout: "499500",
      credits: { charged: 1, remaining: 4 },
    });
    expect(receiptIn(response)?.success).toBe(true);
    expect(await store.balance(accountId)).toBe(8_000);
    await store.expectExact();
  });

  it("runs on any of what was offered, in either version", async () => {
    const { bearer } = await store.emptyKey();
    const offers = await store.ask("/v1/execute", bearer, V1_PROGRAM);
    const last = offers.accepts.at(-1);
    if (last === undefined) throw new Error("nothing is offered");
    const paying = inV1(await sign(await chain.payer(), last));
    const response = await store.post(PATH, { ...bearer, ...paying }, PROGRAM);
    expect(await response.json()).toMatchObject({ credits: { remaining: 499 } });
    await store.expectExact();
  });

  it("costs nothing but what it used when it fails, and credits stay", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const offered = firstOf(await store.ask(PATH, bearer, PROGRAM));
    const headers = { ...bearer, ...(await signed(await chain.payer(), offered)) };
    runner = failing(502, "runner_fault");
    expect((await store.post(PATH, headers, PROGRAM)).status).toBe(502);
    expect(await store.balance(accountId)).toBe(10_000);
    runner = answering({}, seen);
    expect((await store.post(PATH, headers, PROGRAM)).status).toBe(200);
    expect(await store.balance(accountId)).toBe(8_000);
    expect(store.calls).toHaveLength(1);
    await store.expectExact();
  });

  it("that owes is told all that it owes", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const account = store.g.account(accountId);
    const ref = "brought-and-taken-back";
    await account.apply({ kind: "purchase", ref, amountMicro: 50_000, transaction: "0x1" });
    await store.g.run(bearer.Authorization.slice(7));
    await account.apply({ kind: "reversal", ref });
    const { amount } = firstOf(await store.ask(PATH, bearer, PROGRAM));
    expect(Number(amount)).toBe(Math.max(10_000, 2_000 + 2_000));
  });

  it("is refused as ever where nothing is sold", async () => {
    const closed = await openStore(chain, { settings: { PAYMENTS_NETWORK: "" } });
    const { bearer } = await closed.emptyKey();
    const refusal = await closed.post(PATH, bearer, PROGRAM);
    expect(refusal.status).toBe(402);
    expect(refusal.headers.has("PAYMENT-REQUIRED")).toBe(false);
    expect(Object.keys(await refusal.json())).toEqual(["error"]);
  });
});

describe("an execution without a key", () => {
  it("has its demo runs as ever, and then is told how to pay", async () => {
    const demo = await openStore(chain, { settings: { DEMO_RUNS_PER_DAY: "1" } });
    const address = { "CF-Connecting-IP": anyAddress() };
    expect((await demo.g.post(PATH, PROGRAM, address)).status).toBe(200);
    const refusal = await demo.g.post(PATH, PROGRAM, address);
    expect(refusal.status).toBe(402);
    expect((await errorOf(refusal.clone())).message).toContain("POST /api/keys");
    expect(offerIn(refusal).accepts.map(({ amount }) => amount)).toEqual(["10000"]);
  });

  it("is told how to pay where there is no demo, and where it is too long for one", async () => {
    expect(firstOf(await store.ask(PATH, {}, PROGRAM)).amount).toBe("10000");
    const demo = await openStore(chain, { settings: { DEMO_RUNS_PER_DAY: "5" } });
    const long = { ...V1_PROGRAM, run_timeout: 300_000 };
    expect(firstOf(await demo.ask("/v1/execute", {}, long)).amount).toBe("20000");
  });

  it("is paid for by itself, in a sandbox that nobody else has", async () => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const paying = await signed(await chain.payer(), offered);
    const response = await store.post(PATH, paying, PROGRAM);
    expect(response.status).toBe(200);
    const { transaction } = receiptIn(response) ?? {};
    expect(await response.json()).toMatchObject({
      stdout: "499500",
      paid: { usdc: 0.01, transaction },
    });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toMatchObject({ singleUse: true, runTimeoutMs: 30_000 });
    await store.expectExact({ runsMicro: 10_000 });
  });

  it("is paid for and told of while it runs", async () => {
    const offered = firstOf(await store.ask("/api/execute", {}, PROGRAM));
    runner = () =>
      new Response(
        [
          { type: "start", version: "3.13.5" },
          { type: "stdout", stage: "run", text: "1" },
          { type: "end", report: REPORT },
        ]
          .map((event) => `${JSON.stringify(event)}\n`)
          .join(""),
      );
    const paying = await signed(await chain.payer(), offered);
    const response = await store.post(PATH, paying, { ...PROGRAM, stream: true });
    expect(response.headers.get("Content-Type")).toContain("text/event-stream");
    expect(await response.text()).toContain("event: end");
    await store.expectExact({ runsMicro: 10_000 });
  });

  it.each([
    ["in a session", { ...V1_PROGRAM, session_id: crypto.randomUUID() }],
    ["that goes on by itself", { ...V1_PROGRAM, detach: true }],
  ])("%s is refused before it is paid for", async (_name, request) => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const paying = await signed(await chain.payer(), offered);
    const response = await store.post("/v1/execute", paying, request);
    expect(response.status).toBe(401);
    expect(store.calls).toEqual([]);
    await store.expectExact();
  });

  it("that cannot be right is refused before it is paid for", async () => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const paying = await signed(await chain.payer(), offered);
    for (const wrong of [{}, { language: "klingon", code: "1" }, { ...PROGRAM, timeout: 1e9 }]) {
      expect((await store.post(PATH, paying, wrong)).status).toBe(400);
    }
    expect(store.calls).toEqual([]);
    await store.expectExact();
  });

  it("of one payment runs once, however often it is sent at once", async () => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const headers = { ...SECRET, ...(await signed(await chain.payer(), offered)) };
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => await store.post(PATH, headers, PROGRAM)),
    );
    const served = replies.filter(({ status }) => status === 200);
    expect(served.length).toBeGreaterThan(0);
    expect(new Set(replies.map(({ status }) => status)).has(402)).toBe(false);
    expect(seen).toHaveLength(1);
    expect(store.calls).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });

  it("is told again to whoever has the secret, word for word, and does not run again", async () => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const headers = { ...SECRET, ...(await signed(await chain.payer(), offered)) };
    const first = await (await store.post(PATH, headers, PROGRAM)).json();
    const again = await store.post(PATH, headers, PROGRAM);
    expect(again.status).toBe(200);
    expect(receiptIn(again)?.success).toBe(true);
    expect(await again.json()).toEqual(first);
    expect(seen).toHaveLength(1);
  });

  it.each<[string, Record<string, string>, object, string]>([
    ["without the secret", {}, PROGRAM, PATH],
    ["with another secret", { "Idempotency-Key": "x".repeat(20) }, PROGRAM, PATH],
    ["for another program", SECRET, { ...PROGRAM, code: "print(2)" }, PATH],
    ["at another route", SECRET, PROGRAM, "/v1/execute"],
    ["for credits", SECRET, {}, "/api/credits/topup?usdc=0.01"],
  ])("is not told again, nor anything else, %s", async (_name, secret, program, path) => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const paying = await signed(await chain.payer(), offered);
    await store.post(PATH, { ...SECRET, ...paying }, PROGRAM);
    const body = path === "/v1/execute" ? V1_PROGRAM : program;
    const response = await store.post(path, { ...secret, ...paying }, body);
    expect(response.status).toBe(409);
    expect((await errorOf(response)).code).toBe("payment_used");
    expect(seen).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });

  it("that we failed to run is run again for nothing, for whoever has the secret", async () => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const paying = await signed(await chain.payer(), offered);
    const headers = { ...SECRET, ...paying };
    runner = failing(502, "runner_fault");
    const failed = await store.post(PATH, headers, PROGRAM);
    expect(failed.status).toBe(502);
    expect(receiptIn(failed)?.success).toBe(true);
    runner = answering({}, seen);
    expect((await store.post(PATH, paying, PROGRAM)).status).toBe(409);
    expect((await store.post(PATH, headers, { ...PROGRAM, code: "2" })).status).toBe(409);
    expect(seen).toEqual([]);
    const replies = await Promise.all(
      [1, 2, 3].map(async () => await store.post(PATH, headers, PROGRAM)),
    );
    expect(replies.some(({ status }) => status === 200)).toBe(true);
    expect(seen).toHaveLength(1);
    expect(store.calls).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });

  it.each(["GET", "HEAD", "OPTIONS"])("by %s is never run", async (method) => {
    const offered = firstOf(await store.ask(PATH, {}, PROGRAM));
    const headers = await signed(await chain.payer(), offered);
    const response = await store.g.send(PATH, { method, headers });
    expect([204, 405]).toContain(response.status);
    expect([...seen, ...store.calls]).toEqual([]);
    await store.expectExact();
  });
});
