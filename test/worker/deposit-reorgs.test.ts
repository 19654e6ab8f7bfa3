// Chains that change their mind, processes that die, and nodes that lie, are late or are gone. Whatever
// happens, in the end all accounts together have been given what their addresses have.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import type { PrivateKeyAccount } from "viem/accounts";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { Account } from "../../worker/account/account.ts";
import { Treasury } from "../../worker/payments/treasury/treasury.ts";
import { Wallet } from "../../worker/payments/wallet/wallet.ts";
import { type Chain, FAKE_USDC, newChain, type Receipt } from "./kit/chain.ts";
import {
  type Depositor,
  depositOf,
  depositor,
  expectBalanced,
  lookAgain,
  searchChain,
} from "./kit/deposits.ts";
import { errorOf } from "./kit/gateway.ts";
import { type Bend, bending, Nodes, unreachable } from "./kit/nodes.ts";

// Mining and reorganising take their time where much else runs.
vi.setConfig({ testTimeout: 30_000 });

let chain: Chain;
let nodes: Nodes;
let owner: Depositor;
let payer: PrivateKeyAccount;
beforeAll(async () => {
  chain = await newChain();
  nodes = new Nodes(chain);
  await chain.mine(50);
});
beforeEach(async () => {
  owner = await depositor();
  payer = await chain.payer();
});
afterEach(() => {
  nodes.bend("one", undefined);
  nodes.bend("two", undefined);
});
afterAll(() => void vi.restoreAllMocks());

const TROUBLE = {
  status: 503,
  retryAfter: "10",
  body: { error: { code: "chain_unreachable" } },
};

/** A transfer that is ten blocks deep, and can come back after a reorganisation. */
async function paid(amountMicro = 1_000_000n) {
  const { hash, raw } = await chain.signedTransfer(payer, owner.address, amountMicro);
  await chain.mine(10);
  return { hash, raw };
}

async function stateOf(hash: string) {
  const [deposit] = (await owner.deposits()).filter(({ txHash }) => txHash === hash);
  return deposit?.state;
}

describe("a chain that drops a deposit", () => {
  it("has it taken back once, and the account owes what it had spent", async () => {
    const { hash } = await paid(1_000_000n);
    await owner.claim(hash);
    const account = owner.g.account(owner.accountId);
    await account.apply({
      kind: "purchase",
      ref: "spent",
      amountMicro: 1,
      transaction: `0x${"0".repeat(64)}`,
    });
    await spend(account, 1_100_001);
    await chain.reorg(11);
    await chain.mine(10);
    for (const _time of [1, 2, 3]) await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("reversed");
    expect(await owner.credits()).toMatchObject({
      credits: 0,
      balanceMicroUsdc: -1_000_000,
      owingMicroUsdc: 1_000_000,
    });
    const run = await owner.g.run(owner.apiKey);
    expect([run.status, (await errorOf(run)).code]).toEqual([402, "no_credits"]);
    const { entries } = await owner.get<{ entries: { kind: string }[] }>("/api/credits/ledger");
    expect(entries.filter(({ kind }) => kind === "reversal")).toHaveLength(1);
    expect((await owner.claim(hash)).body.state).toBe("reversed");
  });

  it("and takes it in again in another block before anybody looks, leaves it credited once", async () => {
    const { hash, raw } = await paid();
    await owner.claim(hash);
    const before = await chain.receipt(hash);
    await chain.reorg(11, [{ raw, block: 3 }]);
    await chain.mine(10);
    expect((await chain.receipt(hash))?.blockHash).not.toBe(before?.blockHash);
    await lookAgain(hash, owner.address);
    await searchChain();
    await owner.claim(hash);
    expect(await stateOf(hash)).toBe("safe");
    await expectBalanced(chain, [owner]);
  });

  it("and takes it in again after it was taken back, has it credited again, once each time", async () => {
    const { hash, raw } = await paid();
    await owner.claim(hash);
    for (const way of ["claim", "search", "alarm"]) {
      await chain.reorg(11);
      await chain.mine(10);
      await lookAgain(hash, owner.address);
      expect(await stateOf(hash)).toBe("reversed");
      await expectBalanced(chain, [owner]);
      await chain.reorg(1, [{ raw, block: 0 }]);
      await chain.mine(10);
      if (way === "claim") await owner.claim(hash);
      if (way === "search") await searchChain();
      if (way === "alarm") await lookAgain(hash, owner.address);
      expect(await owner.grantedMicro()).toBe(1_000_000);
      await expectBalanced(chain, [owner]);
    }
    const { entries } = await owner.get<{ entries: { kind: string }[] }>("/api/credits/ledger");
    const kinds = entries.map(({ kind }) => kind).filter((kind) => kind !== "grant");
    expect(kinds.reverse()).toEqual([
      "deposit",
      ...["reversal", "deposit", "reversal", "deposit", "reversal", "deposit"],
    ]);
  });

  it("before it was credited, has it dropped, and credits it when it comes back", async () => {
    const { hash, raw } = await chain.signedTransfer(payer, owner.address, 70_000n);
    await chain.mine(5);
    expect((await owner.claim(hash)).status).toBe(202);
    await chain.reorg(6);
    await chain.mine(10);
    await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("dropped");
    await expectBalanced(chain, [owner]);
    await chain.reorg(1, [{ raw, block: 0 }]);
    await chain.mine(10);
    await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("credited");
    await expectBalanced(chain, [owner]);
  });
});

describe("a process that dies between a deposit and", () => {
  it.each([
    ["its account", Account.prototype, "apply"],
    ["the books", Treasury.prototype, "note"],
    ["its wallet", Wallet.prototype, "note"],
  ] as const)(
    "%s credits it once, by alarm or when it is claimed again",
    async (_what, object, method) => {
      for (const isLostAfter of [false, true]) {
        for (const heals of ["alarm", "claim"]) {
          const { hash } = await paid();
          const before = await owner.grantedMicro();
          const real = object[method as keyof typeof object] as (...args: unknown[]) => unknown;
          const spy = vi.spyOn(object, method as never) as ReturnType<typeof vi.fn>;
          let dies = true;
          spy.mockImplementation(function (this: unknown, ...args: unknown[]) {
            const isIt = dies && JSON.stringify(args).includes(hash);
            if (!isIt) return real.apply(this, args);
            if (isLostAfter) real.apply(this, args);
            dies = false;
            throw new Error("the process has died");
          });
          expect(await owner.claim(hash)).toMatchObject(TROUBLE);
          spy.mockRestore();
          await evictDurableObject(depositOf(hash, owner.address));
          if (heals === "alarm") await lookAgain(hash, owner.address);
          else expect((await owner.claim(hash)).status).toBe(200);
          expect(await owner.grantedMicro()).toBe(before + 1_000_000);
          expect(await stateOf(hash)).toMatch(/credited|safe/);
        }
      }
      await expectBalanced(chain, [owner]);
    },
  );
});

describe("a node", () => {
  const cases: [string, Bend][] = [
    ["that is not there", unreachable],
    ["that answers 429", () => new Response("slow down", { status: 429 })],
    ["that answers with an error", () => Promise.reject(new Error("out of credits"))],
    ["that answers with nonsense", () => ({ anything: true })],
    ["that answers too much", () => "0".repeat(9 * 1024 * 1024)],
    ["of another chain", bending("eth_chainId", () => "0x1")],
    [
      "that tells of a receipt in a block that the chain has not",
      bending("eth_getTransactionReceipt", (receipt: Receipt | null) => {
        return receipt && { ...receipt, blockHash: `0x${"ab".repeat(32)}` };
      }),
    ],
    [
      "that tells of another transaction's receipt",
      bending("eth_getTransactionReceipt", (receipt: Receipt | null) => {
        return receipt && { ...receipt, transactionHash: `0x${"ab".repeat(32)}` };
      }),
    ],
    [
      "that tells of a receipt with a field of another kind",
      bending("eth_getTransactionReceipt", (receipt: Receipt | null) => {
        return receipt && { ...receipt, status: true };
      }),
    ],
  ];
  it.each(cases)("%s is trouble: nothing is granted, nothing is lost", async (_what, bend) => {
    const { hash } = await paid();
    nodes.bend("one", bend);
    expect(await owner.claim(hash)).toMatchObject(TROUBLE);
    await searchChain();
    expect(await owner.grantedMicro()).toBe(0);
    nodes.bend("one", undefined);
    await searchChain();
    await expectBalanced(chain, [owner]);
  });

  it("that never answers is given up after five seconds", { timeout: 20_000 }, async () => {
    const { hash } = await paid();
    nodes.bend("one", () => new Promise(() => undefined));
    const startMs = performance.now();
    expect(await owner.claim(hash)).toMatchObject(TROUBLE);
    expect(performance.now() - startMs).toBeLessThan(9_000);
  });

  it("that tells of blocks still being made has not confirmed anything", async () => {
    const { hash } = await chain.signedTransfer(payer, owner.address, 50_000n);
    nodes.bend(
      "one",
      bending("eth_getBlockByNumber", () => null),
    );
    expect(await owner.claim(hash)).toMatchObject({ status: 202, body: { confirmations: 0 } });
    nodes.bend("one", undefined);
    await chain.mine(10);
    await searchChain();
    await expectBalanced(chain, [owner]);
  });

  it.each([
    ["of another token", { address: FAKE_USDC }],
    ["that a chain has taken back", { removed: true }],
    ["of another event", { topics: [`0x${"12".repeat(32)}`] }],
  ])("counts no log %s", async (_what, change) => {
    const { hash } = await paid();
    nodes.bend(
      "one",
      bending("eth_getTransactionReceipt", (receipt: Receipt) => {
        return { ...receipt, logs: receipt.logs.map((log) => ({ ...log, ...change })) };
      }),
    );
    expect((await owner.claim(hash)).status).toBe(422);
    expect(await owner.grantedMicro()).toBe(0);
  });

  it("that is behind, or has lost a receipt, takes nothing back", async () => {
    const { hash } = await paid();
    await owner.claim(hash);
    nodes.bend(
      "one",
      bending("eth_getTransactionReceipt", () => null),
    );
    await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("credited");
    const behind: Bend = async ({ method, params }, real) => {
      if (method === "eth_blockNumber") return "0x1";
      if (method === "eth_getBlockByNumber") return null;
      return method === "eth_getTransactionReceipt" ? null : await real().then(() => params);
    };
    nodes.bend("one", async (question, real) => {
      return question.method === "eth_chainId" ? await real() : await behind(question, real);
    });
    await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("credited");
    nodes.bend("one", undefined);
    await expectBalanced(chain, [owner]);
  });

  it("alone takes nothing back that another still has", async () => {
    const { hash } = await paid();
    await owner.claim(hash);
    const replaced = `0x${"cd".repeat(32)}`;
    nodes.bend("one", async ({ method, params }, real) => {
      if (method === "eth_getTransactionReceipt") return null;
      const result = (await real()) as Record<string, unknown>;
      const isBlock = method === "eth_getBlockByNumber" && String(params[0]).startsWith("0x");
      return isBlock ? { ...result, hash: replaced } : result;
    });
    await lookAgain(hash, owner.address);
    expect(await stateOf(hash)).toBe("credited");
    nodes.bend("one", undefined);
    await expectBalanced(chain, [owner]);
  });

  it("alone is not believed about a large sum", async () => {
    const { hash } = await paid(150_000_000n);
    const inflated = bending("eth_getTransactionReceipt", (receipt: Receipt) => ({
      ...receipt,
      logs: receipt.logs.map((log) => ({ ...log, data: `0x${"f".repeat(10).padStart(64, "0")}` })),
    }));
    nodes.bend("one", inflated);
    expect(await owner.claim(hash)).toMatchObject(TROUBLE);
    nodes.bend("one", undefined);
    nodes.bend("two", unreachable);
    expect(await owner.claim(hash)).toMatchObject(TROUBLE);
    nodes.bend(
      "two",
      bending("eth_getTransactionReceipt", () => null),
    );
    expect(await owner.claim(hash)).toMatchObject({ status: 202, body: { state: "pending" } });
    expect(await owner.grantedMicro()).toBe(0);
    nodes.bend("two", undefined);
    expect((await owner.claim(hash)).body.state).toBe("credited");
    await expectBalanced(chain, [owner]);
  });

  it("that tells of transfers that were not asked for is not searched by", async () => {
    const { hash } = await paid();
    nodes.bend(
      "one",
      bending("eth_getLogs", (logs: { address: string }[]) =>
        logs.map((log) => ({ ...log, address: FAKE_USDC })),
      ),
    );
    await searchChain();
    expect(await owner.deposits()).toEqual([]);
    nodes.bend("one", undefined);
    await searchChain();
    expect(await stateOf(hash)).toBe("credited");
  });
});

/** Spends, as an execution does. */
async function spend(account: DurableObjectStub<Account>, amountMicro: number): Promise<void> {
  const keyHash = await runInDurableObject(account, (_object, { storage }) => {
    return storage.sql.exec<{ hash: string }>("SELECT hash FROM key").one().hash;
  });
  const hold = { id: "exec-spent", amountMicro, leastMicro: amountMicro, lastsMs: 60_000 };
  const intent = { runner: "local", runTimeoutMs: 30_000, language: "python" as const };
  expect(await account.admit({ keyHash, hold, intent })).toMatchObject({ ok: true });
  await account.settle("exec-spent", amountMicro);
}
