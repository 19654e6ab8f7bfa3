// Where payments meet what else a request may be: sent again under a key, told of while it runs, left to
// itself, wrong in a way that only shows late, or for a route that takes no payment.

import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PAYMENT_MICRO_MAX, PAYMENTS_PER_MINUTE } from "../../shared/limits.ts";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { readKey } from "../../worker/key.ts";
import { type Chain, newChain } from "./kit/chain.ts";
import { answering, errorOf, failing, PROGRAM, type Runner } from "./kit/gateway.ts";
import { errorIn, streamed } from "./kit/mcp.ts";
import {
  firstOf,
  inV2,
  offerIn,
  openStore,
  type Requirement,
  receiptIn,
  type Signer,
  type Store,
  sign,
  signed,
} from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "/api/execute";
const SECRET = { "Idempotency-Key": "a-secret-of-the-payers-own" };
/** How asking for the state of an authorization begins. */
const STATE_CALL = "0xe94a0102";
const PISTON = { language: "python", version: "*", files: [{ content: "print(1)" }] };

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

/** A payment for an execution of whoever sends `headers`. */
async function paying(headers: Record<string, string> = {}) {
  const offered = firstOf(await store.ask(PATH, headers, PROGRAM));
  return { ...headers, ...(await signed(await chain.payer(), offered)) };
}

describe("an execution that is paid for", () => {
  it.each(['""', "", "a-secret-with-a-\ttab-in-it", "a-secret-with-an-é-in-it", "x".repeat(256)])(
    "under the Idempotency-Key `%s`, which is none, is refused before it is paid for",
    async (secret) => {
      const headers = { ...(await paying()), "Idempotency-Key": secret };
      const response = await store.post(PATH, headers, PROGRAM);
      expect(response.status).toBe(400);
      expect((await errorOf(response)).field).toBe("Idempotency-Key");
      expect(store.calls).toEqual([]);
      await store.expectExact();
    },
  );

  it.each([PATH, "/v1/execute"])(
    "for a version that is not here is refused before it is paid for, by %s",
    async (path) => {
      const languages = { python: { version: "3.13.5" } };
      const health = { ready: true, runnerId: "local", languages, sandboxes: {} };
      runner = (request) =>
        request.method === "GET" ? Response.json(health) : answering({}, seen)(request);
      const files = [{ name: "main.py", content: "print(1)" }];
      const program = { language: "python", ...(path === PATH ? { code: "print(1)" } : { files }) };
      const headers = { ...(await paying()), ...SECRET };
      const response = await store.post(path, headers, { ...program, version: "^2.7" });
      expect(response.status).toBe(400);
      expect(await errorOf(response)).toMatchObject({
        code: "unknown_version",
        field: "version",
        message: "No Python here is `^2.7`; available: 3.13.5.",
      });
      expect(store.calls).toEqual([]);
      expect((await store.post(path, headers, { ...program, version: "3" })).status).toBe(200);
      await store.expectExact({ runsMicro: 10_000 });
    },
  );

  it("as a stream, and that fails before it begins, is run again for nothing", async () => {
    const headers = { ...(await paying()), ...SECRET };
    runner = failing(503, "busy");
    const request = { ...PROGRAM, stream: true };
    expect((await store.post(PATH, headers, request)).status).toBe(503);
    runner = () => streamed();
    const again = await store.post(PATH, headers, request);
    expect(await again.text()).toContain("event: end");
    expect((await store.post(PATH, headers, request)).status).toBe(409);
    expect(store.calls).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });

  it("says that it is told again, where it is", async () => {
    const headers = { ...(await paying()), ...SECRET };
    const first = await store.post(PATH, headers, PROGRAM);
    const again = await store.post(PATH, headers, PROGRAM);
    expect([first, again].map((each) => each.headers.get("Idempotency-Replayed"))).toEqual([
      null,
      "true",
    ]);
  });

  it("as a stream whose reader has gone has been served", async () => {
    const headers = { ...(await paying()), ...SECRET };
    runner = () => streamed();
    const request = { ...PROGRAM, stream: true };
    const response = await store.g.begin(PATH, {
      method: "POST",
      headers: { ...headers, "Content-Type": "application/json" },
      body: JSON.stringify(request),
    });
    await response.body?.cancel();
    await vi.waitFor(async () => {
      expect((await store.post(PATH, headers, request)).status).toBe(409);
    });
    expect(store.calls).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });
});

describe("a payment with a key", () => {
  it("and an Idempotency-Key is taken once, and the execution run once, however often it is sent", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const headers = { ...(await paying(bearer)), ...SECRET };
    const replies = await Promise.all(
      [1, 2, 3, 4].map(async () => await store.post(PATH, headers, PROGRAM)),
    );
    const served = replies.filter(({ status }) => status === 200);
    expect(served.length).toBeGreaterThan(0);
    for (const { status } of replies) expect([200, 503]).toContain(status);
    const again = await store.post(PATH, headers, PROGRAM);
    expect(again.status).toBe(200);
    expect(again.headers.get("Idempotency-Replayed")).toBe("true");
    expect(receiptIn(again)?.success).toBe(true);
    expect((await store.post(PATH, headers, { ...PROGRAM, code: "2" })).status).toBe(409);
    expect(seen).toHaveLength(1);
    expect(store.calls).toHaveLength(1);
    expect(await store.balance(accountId)).toBe(8_000);
    await store.expectExact();
  });

  it("pays for an execution that goes on by itself", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const headers = await paying(bearer);
    runner = () => streamed();
    const response = await store.post(PATH, headers, { ...PROGRAM, detach: true });
    expect(response.status).toBe(202);
    expect(receiptIn(response)?.success).toBe(true);
    expect(await store.balance(accountId)).toBe(8_000);
    await store.expectExact();
  });
});

describe("a payment that is sent again while the first is being settled", () => {
  afterEach(() => {
    vi.restoreAllMocks();
  });

  /** Has `first` happen while a node is asked whether, or how, an authorization can be used. */
  function during(isOfState: boolean, first: () => Promise<unknown>): void {
    const { fetch } = globalThis;
    let isOver = false;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const body = String(init?.body);
      const isMeant = body.includes('"eth_call"') && body.includes(STATE_CALL) === isOfState;
      if (isMeant && !isOver) {
        isOver = true;
        await first();
      }
      return await fetch(input as RequestInfo, init as RequestInit);
    });
  }

  it.each([
    ["that it was used", true],
    ["that it would not be taken", false],
  ])("and is told %s by the chain, is answered like the first", async (_name, isOfState) => {
    const headers = { ...(await paying()), ...SECRET };
    const send = async () => await store.post(PATH, headers, PROGRAM);
    const replies: Response[] = [];
    during(isOfState, async () => replies.push(await send()));
    replies.push(await send());
    expect(replies.map(({ status }) => status)).toEqual([200, 200]);
    expect(seen).toHaveLength(1);
    expect(store.calls).toHaveLength(1);
    await store.expectExact({ runsMicro: 10_000 });
  });
});

describe("an account that owes more than one payment may be", () => {
  it("is offered what may be paid, and may pay it", async () => {
    const { bearer, accountId } = await store.emptyKey();
    const account = store.g.account(accountId);
    const bought = { kind: "purchase", transaction: "0x1" } as const;
    await account.apply({ ...bought, ref: "gone", amountMicro: 2 * PAYMENT_MICRO_MAX });
    const hold = { amountMicro: 1.5 * PAYMENT_MICRO_MAX, leastMicro: 1, lastsMs: 1_000 };
    const keyHash = (await readKey(bearer.Authorization.slice(7)))?.hash ?? "";
    const intent = { runner: "local", runTimeoutMs: 1, language: "python" } as const;
    await account.admit({ keyHash, hold: { ...hold, id: "much" }, intent });
    await account.settle("much", hold.amountMicro);
    await account.apply({ kind: "reversal", ref: "gone" });
    const { accepts } = await store.ask(PATH, bearer, PROGRAM);
    expect(accepts.map(({ amount }) => amount)).toEqual([String(PAYMENT_MICRO_MAX)]);
    const headers = { ...bearer, ...(await signed(await chain.payer(), firstOf({ accepts }))) };
    const response = await store.post(PATH, headers, PROGRAM);
    expect(response.status).toBe(402);
    expect(receiptIn(response)?.success).toBe(true);
    expect(await store.balance(accountId)).toBe(-0.5 * PAYMENT_MICRO_MAX);
    await store.expectExact();
  });
});

describe("how often a payer may pay", () => {
  /** Another's payment with a signature that is not the payer's. */
  async function forged(address: Signer["address"], accepted: Requirement) {
    const { signTypedData } = await chain.payer();
    return inV2(accepted, await sign({ address, signTypedData }, accepted));
  }

  it("is not used up by strangers who forge payments, or send those that are public", async () => {
    const payer = await chain.payer();
    const accepted = firstOf(await store.ask(PATH, {}, PROGRAM));
    const publicly = await signed(payer, accepted);
    expect((await store.post(PATH, { ...publicly, ...SECRET }, PROGRAM)).status).toBe(200);
    for (let count = 0; count < PAYMENTS_PER_MINUTE / 2; count += 1) {
      const stranger = await forged(payer.address, accepted);
      expect((await store.post(PATH, stranger, PROGRAM)).status).toBe(402);
      expect((await store.post(PATH, publicly, PROGRAM)).status).toBe(409);
    }
    expect((await store.post(PATH, await signed(payer, accepted), PROGRAM)).status).toBe(200);
    await store.expectExact({ runsMicro: 20_000 });
  });

  it("is bounded, wherever the payments come from, and nothing is taken beyond", async () => {
    const payer = await chain.payer();
    const accepted = firstOf(await store.ask(PATH, {}, PROGRAM));
    for (let count = 0; count < PAYMENTS_PER_MINUTE; count += 1) {
      expect((await store.post(PATH, await signed(payer, accepted), PROGRAM)).status).toBe(200);
    }
    const refusal = await store.post(PATH, await signed(payer, accepted), PROGRAM);
    expect(refusal.status).toBe(429);
    await store.expectExact({ runsMicro: 10_000 * PAYMENTS_PER_MINUTE });
  });
});

describe("a route that takes no payment", () => {
  const PISTON_PATHS = ["/api/v2/execute", "/api/v2/piston/execute"];

  it.each(PISTON_PATHS)("%s does not ask for one, nor take one, without a key", async (path) => {
    const headers = await paying();
    for (const sent of [{}, SECRET, headers, { ...headers, ...SECRET }]) {
      const response = await store.post(path, sent, PISTON);
      expect(response.status).toBe(401);
      expect(response.headers.has("PAYMENT-REQUIRED")).toBe(false);
      expect((await errorOf(response)).message).not.toContain("pay for this execution");
    }
    expect([...seen, ...store.calls]).toEqual([]);
    await store.expectExact();
  });

  it.each(PISTON_PATHS)(
    "%s says with a key that there are no credits, and no more",
    async (path) => {
      const { bearer } = await store.emptyKey();
      const headers = await paying(bearer);
      for (const sent of [bearer, headers]) {
        const response = await store.post(path, sent, PISTON);
        expect(response.status).toBe(402);
        expect(response.headers.has("PAYMENT-REQUIRED")).toBe(false);
        expect((await errorOf(response)).code).toBe("no_credits");
      }
      expect([...seen, ...store.calls]).toEqual([]);
      await store.expectExact();
    },
  );

  it("the tools' neither asks for one nor takes one", async () => {
    const { bearer } = await store.emptyKey();
    const params = { name: "execute", arguments: PROGRAM };
    const message = { jsonrpc: "2.0", id: 1, method: "tools/call", params };
    for (const [sent, code] of [
      [await paying(), "unauthorized"],
      [await paying(bearer), "no_credits"],
    ] as const) {
      const response = await store.post("/mcp", sent, message);
      expect(response.status).toBe(200);
      expect(response.headers.has("PAYMENT-REQUIRED")).toBe(false);
      const { result } = await response.json<{ result: Parameters<typeof errorIn>[0] }>();
      expect(errorIn(result)).toMatchObject({ code });
    }
    expect([...seen, ...store.calls]).toEqual([]);
    await store.expectExact();
  });

  it("has its demo runs as ever, and no payment is asked for after them", async () => {
    store = await openStore(chain, {
      runner: () => streamed(),
      settings: { DEMO_RUNS_PER_DAY: "1" },
    });
    const address = { "CF-Connecting-IP": "10.9.8.7" };
    expect((await store.post("/api/v2/execute", address, PISTON)).status).toBe(200);
    const refusal = await store.post("/api/v2/execute", address, PISTON);
    expect(refusal.status).toBe(429);
    expect(refusal.headers.has("PAYMENT-REQUIRED")).toBe(false);
    const payable = await store.post(PATH, address, PROGRAM);
    expect(payable.status).toBe(402);
    expect(offerIn(payable).accepts).toHaveLength(1);
  });
});
