// Facilitators and nodes that fail, are slow or lie, and processes that die: nothing is lost, nothing is
// granted that did not come, and nobody is asked to pay again for what may have come.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Chain, newChain } from "./kit/chain.ts";
import { errorOf, type Gateway, gateway, PROGRAM } from "./kit/gateway.ts";
import {
  firstOf,
  honest,
  inV2,
  leaveOf,
  type Manners,
  openStore,
  paymentId,
  type Requirement,
  type Store,
  sign,
} from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "/api/credits/topup?usdc=1";

let chain: Chain;
let store: Store;
let key: Awaited<ReturnType<Store["emptyKey"]>>;
let offered: Requirement;
let payload: Awaited<ReturnType<typeof sign>>;
let headers: Record<string, string>;

beforeEach(async () => {
  chain ??= await newChain();
  store = await openStore(chain);
  key = await store.emptyKey();
  offered = firstOf(await store.ask(PATH, key.bearer));
  payload = await sign(await chain.payer(), offered);
  headers = { ...key.bearer, ...inV2(offered, payload) };
});
afterEach(() => {
  vi.restoreAllMocks();
});

const topUp = async () => await store.post(PATH, headers);

/** Says that it has settled; what may be there is not looked for as long as it would be. */
function lying(transaction: string): Manners {
  return async () => {
    hurry();
    return Response.json({ success: true, transaction, network: "eip155:8453" });
  };
}

/** Lets the clock run on whenever it is looked at, so that what is waited for is soon waited for in vain. */
function hurry(): void {
  const { now } = Date;
  let aheadMs = 0;
  vi.spyOn(Date, "now").mockImplementation(() => {
    aheadMs += 3_000;
    return now() + aheadMs;
  });
}

async function expectPending(response: Response): Promise<void> {
  expect(response.status).toBe(503);
  expect(response.headers.get("Retry-After")).toBe("3");
  expect(response.headers.has("PAYMENT-REQUIRED")).toBe(false);
  const { code, message } = await errorOf(response);
  expect(code).toBe("payment_pending");
  expect(message).toContain("do not pay anew");
}

async function expectPaidOnce(): Promise<void> {
  vi.restoreAllMocks();
  store.manners = honest;
  expect((await topUp()).status).toBe(200);
  expect((await topUp()).status).toBe(200);
  expect(await store.balance(key.accountId)).toBe(1_000_000);
  expect(await store.taken()).toBe(1_000_000);
  await store.expectExact();
}

describe("a facilitator", () => {
  it.each<[string, Manners]>([
    ["does not answer", () => Promise.reject(new Error("connection reset"))],
    ["answers with an error of its own", async () => new Response("<h1>500</h1>", { status: 500 })],
    ["answers something else", async () => Response.json({ ok: true })],
    ["answers without end", async () => new Response("x".repeat(300 * 1024))],
    ["names no reason", async () => Response.json({ success: false }, { status: 400 })],
    [
      "says that a transaction has failed",
      async () => Response.json({ success: false, errorReason: "invalid_transaction_state" }),
    ],
  ])("that %s leaves it open, and the same payment goes on", async (_name, manners) => {
    store.manners = manners;
    await expectPending(await topUp());
    expect(await store.balance(key.accountId)).toBe(0);
    await store.expectExact();
    await expectPaidOnce();
  });

  it.each([401, 404, 429])(
    "that turns us away with %d is not the payer's fault",
    async (status) => {
      store.manners = async () => new Response("no", { status });
      const response = await topUp();
      expect(response.status).toBe(503);
      expect((await errorOf(response)).code).toBe("chain_unreachable");
      await expectPaidOnce();
    },
  );

  it("whose answer is lost after it has settled is not needed", async () => {
    store.manners = async (settle) => {
      await settle();
      throw new Error("connection reset");
    };
    expect((await topUp()).status).toBe(200);
    await expectPaidOnce();
    expect(store.calls).toHaveLength(1);
  });

  it("that denies what it has settled is not believed", async () => {
    store.manners = async (settle) => {
      await settle();
      return Response.json({ success: false, errorReason: "insufficient_funds" });
    };
    expect((await topUp()).status).toBe(200);
    await expectPaidOnce();
  });

  it("that says it has settled what it has not is not believed", async () => {
    store.manners = lying(`0x${"ab".repeat(32)}`);
    await expectPending(await topUp());
    expect(await store.balance(key.accountId)).toBe(0);
    await store.expectExact();
    await expectPaidOnce();
  });

  it("that names another's payment of as much to us is not believed", async () => {
    const other = await store.emptyKey();
    const paying = inV2(offered, await sign(await chain.payer(), offered));
    const paid = await store.post(PATH, { ...other.bearer, ...paying });
    const { payment } = await paid.json<{ payment: { transaction: string } }>();
    store.manners = lying(payment.transaction);
    await expectPending(await topUp());
    expect(await store.balance(key.accountId)).toBe(0);
    await store.expectExact();
  });

  it("that refuses for a reason is believed when the chain says so too", async () => {
    store.manners = async () =>
      Response.json({ success: false, errorReason: "insufficient_funds" }, { status: 400 });
    const response = await topUp();
    expect(response.status).toBe(402);
    expect(response.headers.has("PAYMENT-REQUIRED")).toBe(true);
    await store.expectExact();
  });

  it("that settles after it has refused has settled: the account gets it by itself", async () => {
    let settleLate = async (): Promise<object> => ({});
    store.manners = async (settle) => {
      settleLate = settle;
      return Response.json({ success: false, errorReason: "insufficient_funds" });
    };
    expect((await topUp()).status).toBe(402);
    await settleLate();
    await store.wake(paymentId(payload));
    expect(await store.balance(key.accountId)).toBe(1_000_000);
    await expectPaidOnce();
  });

  it("is not asked twice while a chain stands still, and nothing dearer is had meanwhile", async () => {
    await chain.setMining(false);
    store.manners = async (settle) => {
      void settle().catch(() => undefined);
      await scheduler.wait(200);
      throw new Error("timed out");
    };
    await expectPending(await topUp());
    const dear = "/api/credits/topup?usdc=5";
    const dearOffer = { ...offered, amount: "5000000" };
    for (const accepted of [offered, dearOffer]) {
      const response = await store.post(dear, { ...key.bearer, ...inV2(accepted, payload) });
      expect(response.status).toBe(402);
    }
    expect(store.calls).toHaveLength(1);
    await chain.setMining(true);
    await chain.mine(1);
    const response = await store.post(dear, { ...key.bearer, ...inV2(dearOffer, payload) });
    expect(response.status).toBe(402);
    await expectPaidOnce();
  });

  it("that somebody was quicker than has settled nothing, and it counts all the same", async () => {
    store.manners = async (settle) => {
      await chain.settle(leaveOf(payload));
      return Response.json(await settle());
    };
    expect((await topUp()).status).toBe(200);
    await expectPaidOnce();
  });
});

describe("a payment whose time is over", () => {
  it("is only asked for anew when the chain's clock says that it cannot come any more", async () => {
    store.manners = () => Promise.reject(new Error("connection reset"));
    await expectPending(await topUp());
    const { now } = Date;
    vi.spyOn(Date, "now").mockImplementation(() => now() + 200_000);
    await expectPending(await topUp());
    const ahead = chain;
    await ahead.ask("evm_increaseTime", [200]);
    await ahead.mine(1);
    // Its clock cannot be set back for the tests that follow.
    chain = await newChain();
    const response = await topUp();
    expect(response.status).toBe(402);
    expect((await errorOf(response)).field).toBe("authorization.validBefore");
    await store.wake(paymentId(payload));
    expect(await store.nextLookMs(paymentId(payload))).toBeNull();
    expect(store.calls).toHaveLength(1);
    await store.expectExact();
  });

  it("is still found when it came while nobody heard of it", async () => {
    store.manners = async (settle) => {
      await settle();
      throw new Error("connection reset");
    };
    const { now } = Date;
    expect((await topUp()).status).toBe(200);
    vi.spyOn(Date, "now").mockImplementation(() => now() + 10_000_000);
    expect((await topUp()).status).toBe(200);
    await store.expectExact();
  });
});

describe("a payment that was on the chain before it came here", () => {
  it("buys nothing: anybody could have read it there", async () => {
    await chain.settle(leaveOf(payload));
    const response = await topUp();
    expect(response.status).toBe(409);
    expect((await errorOf(response)).code).toBe("payment_used");
    expect(await store.balance(key.accountId)).toBe(0);
    expect(store.calls).toEqual([]);
  });
});

describe("a node", () => {
  /** Lets a node's answers be changed on their way. */
  function changing(method: string, change: (result: never) => unknown): void {
    const { fetch } = globalThis;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const response = await fetch(input as RequestInfo, init as RequestInit);
      if (typeof init?.body !== "string" || !init.body.includes(`"${method}"`)) return response;
      const answer = await response.json<{ result: never }>();
      return Response.json({ ...answer, result: change(answer.result) });
    });
  }

  it.each<[string, string, (result: never) => unknown]>([
    ["is down", "eth_call", () => Promise.reject(new Error("down"))],
    ["talks nonsense", "eth_call", () => ({ not: "a word" })],
  ])(
    "that %s before anything was sent leaves the payer as he was",
    async (_name, method, change) => {
      const { fetch } = globalThis;
      vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
        if (!String(init?.body).includes(method))
          return await fetch(input as RequestInfo, init as RequestInit);
        return Response.json({ jsonrpc: "2.0", id: 1, result: await change(undefined as never) });
      });
      const response = await topUp();
      expect(response.status).toBe(503);
      expect((await errorOf(response)).code).toBe("chain_unreachable");
      expect(response.headers.has("Retry-After")).toBe(true);
      expect(store.calls).toEqual([]);
      await expectPaidOnce();
    },
  );

  it.each<[string, string, (result: never) => unknown]>([
    ["knows no receipt", "eth_getTransactionReceipt", () => null],
    [
      "says it was reverted",
      "eth_getTransactionReceipt",
      (one: object) => ({ ...one, status: "0x0" }),
    ],
    [
      "has it in a block that there is not",
      "eth_getTransactionReceipt",
      (one: object) => ({ ...one, blockHash: `0x${"cd".repeat(32)}` }),
    ],
    [
      "has it of another contract",
      "eth_getTransactionReceipt",
      ({ logs, ...one }: { logs: object[] }) => ({
        ...one,
        logs: logs.map((log) => ({ ...log, address: `0x${"cd".repeat(20)}` })),
      }),
    ],
    [
      "has it to somebody else",
      "eth_getTransactionReceipt",
      ({ logs, ...one }: { logs: { topics: string[] }[] }) => ({
        ...one,
        logs: logs.map(({ topics, ...log }) => ({
          ...log,
          topics: topics.map((topic, at) => (at === 2 ? `0x${"cd".repeat(32)}` : topic)),
        })),
      }),
    ],
    [
      "has less of it",
      "eth_getTransactionReceipt",
      ({ logs, ...one }: { logs: { data: string }[] }) => ({
        ...one,
        logs: logs.map(({ data, ...log }) => ({ ...log, data: data.replace(/.$/, "1") })),
      }),
    ],
  ])("that %s afterwards leaves it open", async (_name, method, change) => {
    store.manners = async (settle) => {
      const settled = await settle();
      changing(method, change as never);
      hurry();
      return Response.json(settled);
    };
    await expectPending(await topUp());
    expect(await store.balance(key.accountId)).toBe(0);
    await expectPaidOnce();
  });
});

describe("a process that dies", () => {
  /** A gateway whose payments lose one kind of call. */
  function losing(method: string): Gateway {
    const { PAYMENTS } = store.g.env;
    const lossy = new Proxy(PAYMENTS, {
      get: (target, name) =>
        name !== "getByName"
          ? Reflect.get(target, name)
          : (id: string) =>
              new Proxy(target.getByName(id), {
                get: (stub, called) => {
                  if (called === method) return () => Promise.reject(new Error("lost"));
                  return (...given: unknown[]) => Reflect.get(stub, called)(...given);
                },
              }),
    });
    return gateway(undefined, { ...store.g.env, PAYMENTS: lossy as never });
  }

  it("after settling and before it is written down loses nothing: the alarm finds it", async () => {
    const response = await losing("confirm").post(PATH, {}, headers);
    await expectPending(response);
    expect(await store.balance(key.accountId)).toBe(0);
    await store.wake(paymentId(payload));
    expect(await store.balance(key.accountId)).toBe(1_000_000);
    await expectPaidOnce();
    expect(store.calls).toHaveLength(1);
  });

  it("between the payment and the account loses nothing, and adds nothing twice", async () => {
    await losing("confirm").post(PATH, {}, headers);
    const broken = { ...store.g.env, ACCOUNTS: undefined as never };
    await store.wake(paymentId(payload), broken);
    expect(await store.balance(key.accountId)).toBe(0);
    await Promise.all([store.wake(paymentId(payload)), store.wake(paymentId(payload))]);
    expect(await store.balance(key.accountId)).toBe(1_000_000);
    await expectPaidOnce();
  });

  it("while a key is bought opens its account all the same, for whoever has the secret", async () => {
    const buying = { ...inV2(offered, payload), "Idempotency-Key": "a-secret-of-the-payers-own" };
    await expectPending(await losing("confirm").post(PATH, {}, buying));
    await store.wake(paymentId(payload));
    const stolen = await store.post(PATH, inV2(offered, payload));
    expect(stolen.status).toBe(409);
    const response = await store.post(PATH, buying);
    expect(response.status).toBe(201);
    const { accountId } = await response.json<{ accountId: string }>();
    store.watch(accountId);
    expect(await store.balance(accountId)).toBe(1_000_000);
    await store.expectExact();
  });

  it("while an execution is paid for leaves it to be run, for whoever has the secret", async () => {
    const path = "/api/execute";
    const cheap = firstOf(await store.ask(path, {}, PROGRAM));
    const paying = inV2(cheap, await sign(await chain.payer(), cheap));
    const secret = { "Idempotency-Key": "a-secret-of-the-payers-own" };
    await expectPending(await losing("confirm").post(path, PROGRAM, { ...paying, ...secret }));
    expect((await store.post(path, paying, PROGRAM)).status).toBe(409);
    expect((await store.post(path, { ...paying, ...secret }, PROGRAM)).status).toBe(200);
    await store.expectExact({ runsMicro: 10_000 });
  });
});
