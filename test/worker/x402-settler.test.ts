// The settler of one's own, and the tokens that Coinbase's facilitator wants.

import { runInDurableObject } from "cloudflare:test";
import { type Hex, toHex } from "viem";
import { generatePrivateKey, privateKeyToAccount } from "viem/accounts";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { bearerFor } from "../../worker/payments/x402/cdp.ts";
import type { Settler } from "../../worker/payments/x402/settler.ts";
import { type Chain, newChain } from "./kit/chain.ts";
import { errorOf } from "./kit/gateway.ts";
import { firstOf, inV2, openStore, type Store, sign } from "./kit/x402.ts";

// A chain is a process of its own, and every payment asks it a dozen times.
vi.setConfig({ testTimeout: 30_000 });

const PATH = "/api/credits/topup?usdc=1";

let chain: Chain;
let store: Store;

beforeEach(async () => {
  chain = await newChain();
  const SETTLER_KEY = generatePrivateKey();
  const { address } = privateKeyToAccount(SETTLER_KEY);
  await chain.ask("anvil_setBalance", [address, toHex(10n ** 18n)]);
  store = await openStore(chain, { settings: { FACILITATOR_URL: "", SETTLER_KEY } });
  const stub = store.g.env.SETTLERS.getByName(address);
  // The object of the deployment, with the settings of this test.
  const settler = {
    settle: async (payload: Parameters<Settler["settle"]>[0]) =>
      await runInDurableObject(stub, async (instance) => {
        Object.assign(instance, { env: store.g.env });
        return await instance.settle(payload);
      }),
  };
  store.g.env.SETTLERS = { getByName: () => settler } as never;
});

async function paying(): Promise<Record<string, string>> {
  const { bearer } = await store.emptyKey();
  const offered = firstOf(await store.ask(PATH, bearer));
  const payload = await sign(await chain.payer(), offered);
  return { ...bearer, ...inV2(offered, payload) };
}

async function topUp() {
  return await store.post(PATH, await paying());
}

describe("the settler", () => {
  it("settles by itself and pays for the gas", async () => {
    const response = await topUp();
    expect(response.status).toBe(200);
    const { payment } = await response.json<{ payment: { transaction: Hex } }>();
    expect((await chain.receipt(payment.transaction))?.status).toBe("0x1");
    await store.expectExact();
  });

  it("numbers what is sent at once", async () => {
    const requests: Record<string, string>[] = [];
    while (requests.length < 12) requests.push(await paying());
    const replies = await Promise.all(requests.map(async (each) => await store.post(PATH, each)));
    expect(replies.map(({ status }) => status)).toEqual(Array<number>(12).fill(200));
    expect(await store.taken()).toBe(12_000_000);
    await store.expectExact();
  });

  it("without any money for gas takes nothing, and says so", async () => {
    const { address } = privateKeyToAccount(store.g.env.SETTLER_KEY as Hex);
    await chain.ask("anvil_setBalance", [address, "0x0"]);
    const response = await topUp();
    expect(response.status).toBe(503);
    expect((await errorOf(response)).message).toContain("nothing was taken");
    await store.expectExact();
  });
});

describe("a token for Coinbase's facilitator", () => {
  const url = "https://api.cdp.coinbase.com/platform/v2/x402/settle";
  const nowMs = 1_700_000_000_000;

  it("is signed with the key, for one request, for two minutes", async () => {
    const pair = (await crypto.subtle.generateKey("Ed25519", true, [
      "sign",
      "verify",
    ])) as CryptoKeyPair;
    const pkcs8 = new Uint8Array(
      (await crypto.subtle.exportKey("pkcs8", pair.privateKey)) as ArrayBuffer,
    );
    const raw = new Uint8Array(
      (await crypto.subtle.exportKey("raw", pair.publicKey)) as ArrayBuffer,
    );
    const secret = btoa(String.fromCharCode(...pkcs8.slice(-32), ...raw));
    const env = { ...store.g.env, FACILITATOR_KEY_ID: "a-key", FACILITATOR_KEY_SECRET: secret };
    const token = (await bearerFor(env, "POST", url, nowMs)) ?? "";
    const [head = "", body = "", signature = ""] = token.split(".");
    expect(partOf(head)).toMatchObject({ alg: "EdDSA", kid: "a-key", typ: "JWT" });
    expect(partOf(body)).toEqual({
      sub: "a-key",
      iss: "cdp",
      uris: ["POST api.cdp.coinbase.com/platform/v2/x402/settle"],
      nbf: nowMs / 1000,
      iat: nowMs / 1000,
      exp: nowMs / 1000 + 120,
    });
    const signed = new TextEncoder().encode(`${head}.${body}`);
    const isGood = await crypto.subtle.verify(
      "Ed25519",
      pair.publicKey,
      bytesOf(signature),
      signed,
    );
    expect(isGood).toBe(true);
  });

  it("is not made where no key is set", async () => {
    expect(await bearerFor(store.g.env, "POST", url)).toBeUndefined();
  });
});

function bytesOf(text: string): Uint8Array {
  const base64 = text.replaceAll("-", "+").replaceAll("_", "/");
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}

function partOf(text: string): unknown {
  return JSON.parse(new TextDecoder().decode(bytesOf(text)));
}
