// Everything that somebody may try with a deposit who wants more than was paid. After each attempt all
// accounts together were given exactly what came to their addresses.

import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { BATCHER, type Chain, FAKE_USDC, newChain } from "./kit/chain.ts";
import {
  type Depositor,
  depositOf,
  depositor,
  expectBalanced,
  lookAgain,
  searchChain,
  signClaim,
  TREASURY,
} from "./kit/deposits.ts";
import { ADMIN_TOKEN, gateway } from "./kit/gateway.ts";
import { Nodes } from "./kit/nodes.ts";

// Mining and reorganising take their time where much else runs.
vi.setConfig({ testTimeout: 30_000 });

let chain: Chain;
let nodes: Nodes;
let owner: Depositor;
let thief: Depositor;
beforeAll(async () => {
  chain = await newChain();
  nodes = new Nodes(chain);
});
beforeEach(async () => {
  owner = await depositor();
  thief = await depositor();
});
afterAll(() => void vi.restoreAllMocks());

/** A transfer to the owner's address that is deep enough. */
async function paid(amountMicro = 1_000_000n) {
  const payer = await chain.payer(amountMicro);
  const hash = await chain.transfer(payer.address, owner.address, amountMicro);
  await chain.mine(10);
  return hash;
}

function refused(code: string, field: string, status = 422) {
  return { status, body: { error: { code, field } } };
}

describe("a deposit of somebody else's", () => {
  it("cannot be claimed, before or after its owner has", async () => {
    const hash = await paid();
    expect(await thief.claim(hash)).toMatchObject(refused("deposit_refused", "txHash"));
    expect((await owner.claim(hash)).status).toBe(200);
    expect(await thief.claim(hash)).toMatchObject(refused("deposit_refused", "txHash"));
    expect(await thief.grantedMicro()).toBe(0);
    await expectBalanced(chain, [owner, thief]);
  });

  it("is not told of", async () => {
    const hash = await paid();
    await owner.claim(hash);
    const response = await thief.g.send(`/api/deposits/${hash}`, { headers: thief.authorization });
    expect(response.status).toBe(404);
    expect(await thief.deposits()).toEqual([]);
  });
});

describe("one deposit", () => {
  it("counts once, claimed by ten at the same time while the chain is searched", async () => {
    const hash = await paid();
    const claims = Array.from({ length: 10 }, () => owner.claim(hash));
    const [answers] = await Promise.all([Promise.all(claims), searchChain(), searchChain()]);
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(await owner.grantedMicro()).toBe(1_000_000);
    await expectBalanced(chain, [owner]);
  });

  it("counts once, in whatever case its hash is written", async () => {
    const hash = await paid();
    const upper = `0x${hash.slice(2).toUpperCase()}`;
    const mixed = hash.replace(/[a-f]/, (letter) => letter.toUpperCase());
    for (const text of [upper, hash, mixed]) expect((await owner.claim(text)).status).toBe(200);
    expect(await owner.deposits()).toHaveLength(1);
    await expectBalanced(chain, [owner]);
  });
});

describe("what is no deposit", () => {
  it.each([
    "",
    "0x",
    "0x12",
    "1".repeat(64),
    `0x${"1".repeat(63)}`,
    `0x${"1".repeat(65)}`,
    `0x${"g".repeat(64)}`,
  ])("is a hash like %j", async (text) => {
    nodes.asked.length = 0;
    expect(await owner.claim(text)).toMatchObject(refused("invalid_request", "txHash", 400));
    expect(nodes.asked).toEqual([]);
  });

  it("is a transaction that nobody has heard of", async () => {
    const answer = await owner.claim(`0x${"12".repeat(32)}`);
    expect(answer).toMatchObject(refused("unknown_deposit", "txHash", 404));
    expect(answer.retryAfter).toBe("4");
    await expectBalanced(chain, [owner]);
  });

  it("is one that waits to be mined, until it is", async () => {
    const payer = await chain.payer();
    await chain.setMining(false);
    const hash = await chain.transfer(payer.address, owner.address, 50_000n);
    const waiting = { status: 202, retryAfter: "2", body: { state: "pending", confirmations: 0 } };
    expect(await owner.claim(hash)).toMatchObject(waiting);
    await chain.setMining(true);
    await chain.mine(11);
    expect((await owner.claim(hash)).status).toBe(200);
    await expectBalanced(chain, [owner]);
  });

  it("is one that failed", async () => {
    const payer = await chain.payer(10_000n);
    const hash = await chain.transfer(payer.address, owner.address, 20_000n);
    await chain.mine(10);
    expect(await owner.claim(hash)).toMatchObject(refused("deposit_refused", "txHash"));
    await expectBalanced(chain, [owner]);
  });

  it("is a transfer of another token that looks the same, by itself or beside a real one", async () => {
    const payer = await chain.payer(10_000n);
    await chain.mint(payer.address, 9_000_000n, FAKE_USDC);
    const fake = await chain.transfer(payer.address, owner.address, 9_000_000n, FAKE_USDC);
    await chain.mine(10);
    expect(await owner.claim(fake)).toMatchObject(refused("deposit_refused", "txHash"));
    await searchChain();
    expect(await owner.grantedMicro()).toBe(0);
    await expectBalanced(chain, [owner]);
  });

  it("is a transfer to another address, and the refusal says to which", async () => {
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, BATCHER, 1_000_000n);
    await chain.mine(10);
    const { body } = await owner.claim(hash);
    expect(body.error?.message).toContain(BATCHER);
    await expectBalanced(chain, [owner]);
  });

  it("is dust, alone; not what comes to enough in one transaction", async () => {
    const payer = await chain.payer();
    const dust = await chain.transfer(payer.address, owner.address, 9_999n);
    await chain.mine(10);
    expect(await owner.claim(dust)).toMatchObject(refused("deposit_refused", "txHash"));
    await searchChain();
    expect(await owner.deposits()).toEqual([]);
    const enough = await chain.batch([
      { to: owner.address, amountMicro: 9_999n },
      { to: owner.address, amountMicro: 1n },
    ]);
    await chain.mine(10);
    await searchChain();
    expect((await owner.claim(enough)).body.amountMicroUsdc).toBe(10_000);
    expect(await owner.grantedMicro()).toBe(10_000);
  });

  it("is a transfer while USDC is paused, or from who is blacklisted", async () => {
    const payer = await chain.payer();
    await chain.asOwner("pause");
    const paused = await chain.transfer(payer.address, owner.address, 50_000n);
    await chain.asOwner("unpause");
    await chain.asOwner("blacklist", payer.address);
    const barred = await chain.transfer(payer.address, owner.address, 50_000n);
    await chain.mine(10);
    for (const hash of [paused, barred]) {
      expect(await owner.claim(hash)).toMatchObject(refused("deposit_refused", "txHash"));
    }
    await expectBalanced(chain, [owner]);
  });
});

describe("more than may come in by itself", () => {
  it("waits for an operator's word, and comes in with it, once", async () => {
    const hash = await paid(10_000_000_001n);
    expect(await owner.claim(hash)).toMatchObject({ status: 202, body: { state: "review" } });
    await lookAgain(hash, owner.address);
    expect(await owner.grantedMicro()).toBe(0);
    const g = gateway();
    const release = async (token: string) =>
      await g.post(
        "/admin/payments/release",
        { txHash: hash, address: owner.address },
        { Authorization: `Bearer ${token}` },
      );
    expect((await release(owner.apiKey)).status).toBe(401);
    for (const _time of [1, 2]) {
      const response = await release(ADMIN_TOKEN);
      expect(await response.json()).toMatchObject({ state: "credited" });
    }
    await expectBalanced(chain, [owner]);
  });

  it("is not released where there is nothing", async () => {
    const claim = { txHash: `0x${"34".repeat(32)}`, address: owner.address };
    const headers = { Authorization: `Bearer ${ADMIN_TOKEN}` };
    const response = await gateway().post("/admin/payments/release", claim, headers);
    expect(response.status).toBe(404);
  });
});

describe("a transfer to the treasury", () => {
  async function toTreasury(amountMicro = 3_000_000n) {
    const payer = await chain.payer(amountMicro);
    const hash = await chain.transfer(payer.address, TREASURY, amountMicro);
    await chain.mine(10);
    return { payer, hash };
  }

  it("is claimed with the signature of its sender, by the account that it names, once", async () => {
    const { payer, hash } = await toTreasury();
    const signature = await signClaim(payer, hash, owner.accountId);
    expect(await thief.claim(hash, signature)).toMatchObject(
      refused("deposit_refused", "signature"),
    );
    for (const _time of [1, 2]) {
      expect(await owner.claim(hash, signature)).toMatchObject({
        status: 200,
        body: { state: "credited" },
      });
    }
    // The sender may change their mind; the money has been given.
    const second = await signClaim(payer, hash, thief.accountId);
    expect(await thief.claim(hash, second)).toMatchObject(
      refused("deposit_claimed", "txHash", 409),
    );
    await expectBalanced(chain, [owner, thief], 3_000_000n);
  });

  it("belongs to one of two that its sender has signed for at the same time", async () => {
    const { payer, hash } = await toTreasury();
    const signatures = await Promise.all(
      [owner, thief].map(({ accountId }) => signClaim(payer, hash, accountId)),
    );
    const answers = await Promise.all([
      owner.claim(hash, signatures[0]),
      thief.claim(hash, signatures[1]),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    await expectBalanced(chain, [owner, thief], 3_000_000n);
  });

  it("is not claimed without a signature, or with another's, or with one for another transaction", async () => {
    const { payer, hash } = await toTreasury();
    const other = await toTreasury(50_000n);
    expect(await owner.claim(hash)).toMatchObject(refused("deposit_refused", "signature"));
    const signatures = [
      await signClaim(other.payer, hash, owner.accountId),
      await signClaim(payer, other.hash, owner.accountId),
      `0x${"00".repeat(65)}`,
      `0x${"ff".repeat(65)}`,
      `0x${"12".repeat(100)}`,
    ];
    for (const signature of signatures) {
      expect(await owner.claim(hash, signature)).toMatchObject(
        refused("deposit_refused", "signature"),
      );
    }
    expect(await owner.claim(hash, "0x1234")).toMatchObject(
      refused("invalid_request", "signature", 400),
    );
    await expectBalanced(chain, [owner]);
  });

  it("is not claimed with a signature where it paid a deposit address", async () => {
    const payer = await chain.payer();
    const hash = await chain.transfer(payer.address, owner.address, 50_000n);
    await chain.mine(10);
    const signature = await signClaim(payer, hash, thief.accountId);
    expect(await thief.claim(hash, signature)).toMatchObject(refused("deposit_refused", "txHash"));
    await searchChain();
    await expectBalanced(chain, [owner, thief]);
  });

  it("that was a payment by x402 is no deposit as well", async () => {
    const payer = await chain.payer();
    const hash = await chain.settle(await chain.authorize(payer, TREASURY, 1_000_000n));
    await chain.mine(10);
    const signature = await signClaim(payer, hash, owner.accountId);
    expect(await owner.claim(hash, signature)).toMatchObject(refused("deposit_refused", "txHash"));
    await expectBalanced(chain, [owner]);
  });

  it("from several senders in one transaction is nobody's to claim", async () => {
    const payer = await chain.payer();
    const hash = await chain.twoSenders(payer.address, TREASURY, 50_000n);
    await chain.mine(10);
    const signature = await signClaim(payer, hash, owner.accountId);
    expect(await owner.claim(hash, signature)).toMatchObject(refused("deposit_refused", "txHash"));
    await expectBalanced(chain, [owner]);
  });

  it("from a contract is claimed by the contract's own word", async () => {
    const payer = await chain.payer(0n);
    const address = await chain.contractWallet(payer);
    await chain.mint(address, 50_000n);
    const hash = await chain.transfer(address, TREASURY, 50_000n);
    await chain.mine(10);
    const wrong = await signClaim(await chain.payer(0n), hash, owner.accountId);
    expect(await owner.claim(hash, wrong)).toMatchObject(refused("deposit_refused", "signature"));
    const signature = await signClaim(payer, hash, owner.accountId);
    expect(await owner.claim(hash, signature)).toMatchObject({ status: 200 });
    await expectBalanced(chain, [owner], 50_000n);
  });
});

describe("who claims what is not there", () => {
  it("leaves nothing behind, and is slowed down", async () => {
    const hash = await paid();
    for (let count = 0; count < 29; count += 1) await thief.claim(hash);
    expect(await thief.claim(hash)).toMatchObject({ status: 422 });
    const { status, retryAfter } = await thief.claim(hash);
    expect([status, Number(retryAfter) > 0]).toEqual([429, true]);
    const own = depositOf(hash, thief.address);
    expect(await own.release()).toEqual({ result: "unknown" });
    expect((await owner.claim(hash)).status).toBe(200);
    await expectBalanced(chain, [owner, thief]);
  });
});
