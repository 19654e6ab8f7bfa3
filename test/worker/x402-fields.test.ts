// Payments in which something is not as it was offered: none is taken, none comes to the facilitator,
// and what can be told without the chain is told without asking it.

import { pad } from "viem";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { encode } from "../../worker/payments/x402/wire.ts";
import { type Chain, newChain } from "./kit/chain.ts";
import { errorOf } from "./kit/gateway.ts";
import {
  firstOf,
  inV1,
  inV2,
  offerIn,
  openStore,
  type Payload,
  type Requirement,
  type Store,
  sign,
} from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "/api/credits/topup?usdc=1";
const ELSEWHERE = "0x00000000000000000000000000000000000000e1";
/** The order of secp256k1. */
const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;

let chain: Chain;
let store: Store;
let offered: Requirement;
/** A node that must not be asked. */
let deafStore: Store;

beforeAll(async () => {
  chain = await newChain();
  store = await openStore(chain);
  offered = firstOf(await store.ask(PATH));
  const settings = { RPC_URL: "http://127.0.0.1:1/", TREASURY_ADDRESS: store.payTo };
  deafStore = await openStore(chain, { settings });
});

/** A payment that was signed as it is and changed afterwards, or before. */
async function changed({
  before = {},
  after = (payload: Payload): object => payload,
  accepted = {},
}: {
  before?: Parameters<typeof sign>[2];
  after?: (payload: Payload) => object;
  accepted?: object;
}) {
  const payload = after(await sign(await chain.payer(), offered, before));
  return inV2({ ...offered, ...accepted } as Requirement, payload);
}

function authorization(changes: object) {
  return (payload: Payload) => ({
    ...payload,
    authorization: { ...payload.authorization, ...changes },
  });
}

async function expectNothing(response: Response, status: number): Promise<void> {
  expect(response.status).toBe(status);
  expect(response.headers.has("PAYMENT-RESPONSE")).toBe(false);
  expect(store.calls).toEqual([]);
  expect(deafStore.calls).toEqual([]);
  await store.expectExact();
}

describe("a header that is no payment", () => {
  it.each([
    ["nothing", ""],
    ["no base64", "!!!"],
    ["no JSON", btoa("{")],
    ["no UTF-8", btoa("\xff\xfe")],
    ["null", btoa("null")],
    ["a list", btoa("[]")],
    ["version 3", encode({ x402Version: 3 })],
    ["version 1 in the header of version 2", encode({ x402Version: 1, payload: {} })],
    ["deeply nested", btoa(`${"[".repeat(3000)}${"]".repeat(3000)}`)],
  ])("is malformed: %s", async (_name, text) => {
    const response = await deafStore.post(PATH, { "PAYMENT-SIGNATURE": text });
    await expectNothing(response, 400);
  });

  it("of more than 8 KB is not decoded", async () => {
    const text = encode({ x402Version: 2, more: "x".repeat(8 * 1024) });
    const response = await deafStore.post(PATH, { "PAYMENT-SIGNATURE": text });
    expect((await errorOf(response.clone())).message).toContain("at most 8192 bytes");
    await expectNothing(response, 400);
  });

  it("comes only once, in one version", async () => {
    const payload = await sign(await chain.payer(), offered);
    const both = { ...inV2(offered, payload), ...inV1(payload) };
    await expectNothing(await deafStore.post(PATH, both), 400);
    const { "PAYMENT-SIGNATURE": text } = inV2(offered, payload);
    const twice = { "PAYMENT-SIGNATURE": `${text}, ${text}` };
    await expectNothing(await deafStore.post(PATH, twice), 400);
  });

  it.each([
    ["without an authorization", ({ signature }: Payload) => ({ signature })],
    ["without a signature", ({ authorization }: Payload) => ({ authorization })],
    ["for Permit2", ({ signature }: Payload) => ({ signature, permit2Authorization: {} })],
    ["with a value in hexadecimal", authorization({ value: "0xf4240" })],
    ["with a value below zero", authorization({ value: "-1000000" })],
    ["with a value that is a number", authorization({ value: 1_000_000 })],
    ["with a value of many digits", authorization({ value: "9".repeat(40) })],
    ["with a short nonce", authorization({ nonce: "0x01" })],
    ["from no address", authorization({ from: "0x00" })],
    [
      "with a signature that is no hexadecimal",
      (each: Payload) => ({ ...each, signature: "0xzz" }),
    ],
    [
      "with a signature of 1025 bytes",
      (each: Payload) => ({ ...each, signature: `0x${"00".repeat(1025)}` }),
    ],
  ])("is malformed %s", async (_name, after) => {
    await expectNothing(await deafStore.post(PATH, await changed({ after })), 400);
  });
});

describe("a payment that does not fit what was offered", () => {
  const nowSeconds = Math.floor(Date.now() / 1000);
  const soon = (seconds: number) => String(nowSeconds + seconds);

  it.each<[string, Parameters<typeof changed>[0]]>([
    ["accepted.amount", { accepted: { amount: "1" } }],
    ["accepted.asset", { accepted: { asset: ELSEWHERE } }],
    ["accepted.payTo", { accepted: { payTo: ELSEWHERE } }],
    ["accepted.maxTimeoutSeconds", { accepted: { maxTimeoutSeconds: 9999 } }],
    ["accepted.extra.name", { accepted: { extra: { name: "USDC", version: "2" } } }],
    ["accepted.extra.version", { accepted: { extra: { name: "USD Coin", version: "1" } } }],
    [
      "accepted.extra.assetTransferMethod",
      { accepted: { extra: { name: "USD Coin", version: "2", assetTransferMethod: "permit2" } } },
    ],
    ["network", { accepted: { network: "eip155:84532" } }],
    ["network", { accepted: { network: "base" } }],
    ["scheme", { accepted: { scheme: "upto" } }],
    ["authorization.value", { before: { value: "999999" } }],
    ["authorization.value", { before: { value: "1000001" } }],
    ["authorization.value", { before: { value: "0" } }],
    ["authorization.to", { before: { to: ELSEWHERE } }],
    ["authorization.validAfter", { before: { validAfter: soon(60) } }],
    ["authorization.validBefore", { before: { validBefore: soon(-1) } }],
    ["authorization.validBefore", { before: { validBefore: soon(3) } }],
    ["authorization.validBefore", { before: { validBefore: soon(3600) } }],
    ["signature", { after: (each) => ({ ...each, signature: each.signature.slice(0, 130) }) }],
    ["signature", { after: (each) => ({ ...each, signature: highS(each.signature) }) }],
    [
      "signature",
      { after: (each) => ({ ...each, signature: `${each.signature}${"6492".repeat(16)}` }) },
    ],
  ])("is refused for its %s without asking anybody: %j", async (field, change) => {
    const response = await deafStore.post(PATH, await changed(change));
    expect((await errorOf(response.clone())).field).toBe(field);
    expect(offerIn(response).error).toContain(`\`${field}\``);
    await expectNothing(response, 402);
  });

  it.each<[string, Parameters<typeof changed>[0]]>([
    ["value", { after: authorization({ value: "1000000" }), before: { value: "1" } }],
    ["payer", { after: authorization({ from: ELSEWHERE }) }],
    ["nonce", { after: authorization({ nonce: pad("0x1") }) }],
    ["validity", { after: authorization({ validAfter: "0" }) }],
    ["signature", { after: (each) => ({ ...each, signature: forged(each.signature) }) }],
    [
      "signature of a length for contracts",
      { after: (each) => ({ ...each, signature: `${each.signature}00` }) },
    ],
  ])("is refused where it was not signed so, which the chain knows: %s", async (_name, change) => {
    const response = await store.post(PATH, await changed(change));
    expect((await errorOf(response.clone())).code).toBe("payment_refused");
    await expectNothing(response, 402);
  });

  it.each([
    ["network", { network: "base-sepolia" }],
    ["scheme", { scheme: "upto" }],
  ])("is refused in version 1 for its %s", async (field, more) => {
    const payment = inV1(await sign(await chain.payer(), offered), more);
    const response = await deafStore.post(PATH, payment);
    expect((await errorOf(response.clone())).field).toBe(field);
    await expectNothing(response, 402);
  });

  it("is refused where it was for a cheaper offer of ours", async () => {
    const cheap = firstOf(await store.ask("/api/credits/topup?usdc=0.01"));
    const payment = inV2(cheap, await sign(await chain.payer(), cheap));
    await expectNothing(await deafStore.post(PATH, payment), 402);
    await expectNothing(await deafStore.post("/api/credits/topup", payment), 402);
  });

  it("is refused where the payer has less", async () => {
    const poor = await chain.payer(999_999n);
    const response = await store.post(PATH, inV2(offered, await sign(poor, offered)));
    expect((await errorOf(response.clone())).message).toContain("more USDC than the payer has");
    await expectNothing(response, 402);
  });

  it("is refused where whom it pays is who pays", async () => {
    const response = await deafStore.post(
      PATH,
      await changed({ after: authorization({ from: store.payTo }) }),
    );
    await expectNothing(response, 402);
  });
});

describe("a flood of payments that are worth nothing", () => {
  it("from one address ends after so many in a minute, and never comes to the facilitator", async () => {
    const poor = await chain.payer(0n);
    const from = { "CF-Connecting-IP": "192.0.2.77" };
    const replies: number[] = [];
    for (let count = 0; count < 31; count += 1) {
      const payment = inV2(offered, await sign(poor, offered));
      replies.push((await store.post(PATH, { ...payment, ...from })).status);
    }
    expect(replies).toEqual([...Array<number>(30).fill(402), 429]);
    expect(store.calls).toEqual([]);
  });

  it("from one payer ends as well, from whatever address", async () => {
    const poor = await chain.payer(0n);
    const replies: number[] = [];
    for (let count = 0; count < 31; count += 1) {
      const payment = inV2(offered, await sign(poor, offered));
      replies.push((await store.post(PATH, payment)).status);
    }
    expect(replies.at(-1)).toBe(429);
    expect(store.calls).toEqual([]);
  });
});

/** The other form of a signature, which is as good to mathematics. */
function highS(signature: string): string {
  const s = ORDER - BigInt(`0x${signature.slice(66, 130)}`);
  const v = signature.endsWith("1b") ? "1c" : "1b";
  return `${signature.slice(0, 66)}${s.toString(16).padStart(64, "0")}${v}`;
}

function forged(signature: string): string {
  return `${signature.slice(0, 60)}${signature.slice(60, 64) === "0000" ? "0001" : "0000"}${signature.slice(64)}`;
}
