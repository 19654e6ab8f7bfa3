// The parts of deposits that an operator's settings reach: the search and what wakes it, a new extended
// key, one node instead of two, and the signature that a wallet's other half makes.

import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { SCAN_BLOCKS_MAX } from "../../shared/limits.ts";
import { NETWORKS } from "../../shared/networks.ts";
import { settingsOf } from "../../worker/env.ts";
import worker from "../../worker/index.ts";
import { lookAt } from "../../worker/payments/deposit/look.ts";
import { rpcOf } from "../../worker/payments/rpc.ts";
import { search } from "../../worker/payments/treasury/search.ts";
import { CHAIN_ID, type Chain, newChain } from "./kit/chain.ts";
import { depositor, expectBalanced, searchChain } from "./kit/deposits.ts";
import { Nodes } from "./kit/nodes.ts";

// Mining and reorganising take their time where much else runs.
vi.setConfig({ testTimeout: 30_000 });

const ONE = "http://one.rpc.test/";
const OTHER_XPUB =
  "xpub661MyMwAqRbcFtXgS5sYJABqqG9YLmC4Q1Rdap9gSE8NqtwybGhePY2gZ29ESFjqJoCu1Rupje8YtGqsefD265TMg7usUDFdp6W1EGMcet8";

let chain: Chain;
let nodes: Nodes;
beforeAll(async () => {
  chain = await newChain();
  nodes = new Nodes(chain);
});
afterAll(() => void vi.restoreAllMocks());

function treasury() {
  return env.TREASURY.getByName(String(CHAIN_ID));
}

describe("the search", () => {
  it("goes on by alarm, and is woken by the clock where it has come to a stop", async () => {
    await depositor();
    const alarm = async () =>
      await runInDurableObject(
        treasury(),
        async (_object, { storage }) => await storage.getAlarm(),
      );
    expect(await alarm()).not.toBeNull();
    await runInDurableObject(treasury(), async (_object, { storage }) => {
      await storage.deleteAlarm();
    });
    await worker.scheduled(createScheduledController(), env);
    expect(await alarm()).not.toBeNull();
  });

  it("asks in ranges and batches, as many as it may, and says where it has come to", async () => {
    await chain.mine(520);
    const { address } = await depositor();
    nodes.asked.length = 0;
    const many = Array.from({ length: 450 }, (_, index) => {
      return `0x${(index + 1).toString(16).padStart(40, "0")}` as const;
    });
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, address, 60_000n);
    await chain.mine(10);
    const head = await chain.head();
    const task = {
      addresses: [...many, address],
      searchedTo: head - 520,
      agoMs: 0,
      blocksMax: SCAN_BLOCKS_MAX,
    };
    const found = await search(rpcOf(ONE), NETWORKS.base, task);
    expect(found.transfers.map(({ txHash }) => txHash)).toEqual([hash]);
    expect(found).toMatchObject({ searchedTo: head - 10, isBehind: false });
    expect(nodes.asked.filter((method) => method === "eth_getLogs")).toHaveLength(2 * 3);
  });

  it("does not go back where a node is behind", async () => {
    const { address } = await depositor();
    const task = {
      addresses: [address],
      searchedTo: 1_000_000,
      agoMs: 0,
      blocksMax: SCAN_BLOCKS_MAX,
    };
    const found = await search(rpcOf(ONE), NETWORKS.base, task);
    expect(found).toMatchObject({ transfers: [], searchedTo: 1_000_000 });
  });

  it("finds what came while no node could be reached since the first address was made", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    await chain.transfer(payer.address, owner.address, 1_000_000n);
    await chain.mine(120);
    await runInDurableObject(treasury(), (_object, { storage }) => {
      storage.sql.exec("UPDATE search SET block_number = NULL");
      storage.sql.exec("UPDATE address SET made_at_ms = made_at_ms - 1000000");
    });
    await searchChain();
    await expectBalanced(chain, [owner]);
  });
});

describe("a node that has limits of its own", () => {
  it("is asked for fewer blocks, until it answers", async () => {
    const owner = await depositor();
    const payer = await chain.payer();
    await chain.transfer(payer.address, owner.address, 1_000_000n);
    await chain.mine(10);
    nodes.bend("one", async ({ method, params }, real) => {
      const [filter] = params as { fromBlock: string; toBlock: string }[];
      const isTooMuch =
        method === "eth_getLogs" && Number(filter?.toBlock) - Number(filter?.fromBlock) >= 20;
      if (isTooMuch) throw new Error("the range is too large");
      return await real();
    });
    for (let times = 0; times < 6; times += 1) await searchChain();
    nodes.bend("one", undefined);
    await expectBalanced(chain, [owner]);
  });
});

describe("a new extended key", () => {
  it("brings a new address, and the old one stays the account's", async () => {
    const owner = await depositor();
    const of = { chainId: CHAIN_ID, accountId: owner.accountId, xpub: OTHER_XPUB };
    const wallet = env.WALLETS.getByName(`${CHAIN_ID}:${owner.accountId}`);
    const [newest, ...older] = await wallet.addresses(of);
    expect(newest).not.toBe(owner.address);
    expect(older).toEqual([owner.address]);
    const payer = await chain.payer();
    await chain.transfer(payer.address, newest ?? owner.address, 50_000n);
    const old = await chain.transfer(payer.address, owner.address, 20_000n);
    await chain.mine(10);
    await searchChain();
    expect(await owner.grantedMicro()).toBe(70_000);
    expect((await owner.claim(old)).status).toBe(200);
  });
});

describe("one node alone", () => {
  it("is believed about a large sum when the chain is final", async () => {
    const { address } = await depositor();
    const payer = await chain.payer();
    const txHash = await chain.transfer(payer.address, address, 100_000_000n);
    await chain.mine(31);
    const network = NETWORKS.base;
    const settings = {
      network,
      rpcUrl: ONE,
      secondRpcUrl: undefined,
      xpub: "",
      treasury: undefined,
    };
    const ref = { chainId: CHAIN_ID, txHash, recipient: address };
    expect(await lookAt(settings, ref, undefined)).toMatchObject({ isAssured: false });
    await chain.mine(1);
    expect(await lookAt(settings, ref, undefined)).toMatchObject({ isAssured: true });
    const elsewhere = { ...ref, chainId: 84_532 };
    await expect(lookAt(settings, elsewhere, undefined)).rejects.toThrow("no node of chain 84532");
  });
});

describe("the settings of payments", () => {
  const xprv = OTHER_XPUB.replace("xpub", "xprv");
  it.each([
    ["PAYMENTS_NETWORK", "ethereum"],
    ["RPC_URL", "not an address"],
    ["RPC_URL_SECOND", "ftp://node.example"],
    ["DEPOSIT_XPUB", xprv],
    ["DEPOSIT_XPUB", "xpub1"],
    ["TREASURY_ADDRESS", "0x12"],
  ])("refuses a %s like %j, and never shows it", (name, value) => {
    const read = () => settingsOf({ ...env, [name]: value });
    expect(read).toThrow(`not valid: ${name}`);
    expect(read).not.toThrow(value);
  });
});
