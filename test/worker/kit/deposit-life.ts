// What can happen to deposits, as data that chance makes: transfers, blocks, claims by anybody, searches,
// alarms, reorganisations that drop transactions or take them into other blocks, all of it at the same
// time if need be, and processes and nodes that fail in between. In the end nothing fails any more and
// alarms alone must make good whatever was left.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import type { PrivateKeyAccount } from "viem/accounts";
import { vi } from "vitest";
import { Account } from "../../../worker/account/account.ts";
import { Treasury } from "../../../worker/payments/treasury/treasury.ts";
import { Wallet } from "../../../worker/payments/wallet/wallet.ts";
import { CHAIN_ID, type Chain } from "./chain.ts";
import { type Depositor, depositOf, depositor, lookAgain, searchChain } from "./deposits.ts";
import { must } from "./must.ts";
import { type Nodes, unreachable } from "./nodes.ts";

type Hex = `0x${string}`;
type Paid = { hash: Hex; raw: Hex; to: Depositor; amountMicro: number };

const ACCOUNTS = 2;
const PAYERS = 4;
const AMOUNTS = [10_000, 1_000_001, 150_000_000];
/** Less than is ever final, so that no chain takes back what it has promised. */
const REORG_MAX = 20;

export type Deed =
  | { do: "pay"; to: number; amount: number }
  | { do: "mine"; blocks: number }
  | { do: "claim"; by: number; which: number }
  | { do: "search" }
  | { do: "ring"; which: number }
  | { do: "evict"; which: number }
  /** The last blocks are replaced; those transactions come back whose bit is set. */
  | { do: "reorg"; depth: number; back: number }
  /** One that was dropped is sent again. */
  | { do: "resend"; which: number };

/** A call to an object that dies, before it has done something or after. */
export type Fault = { object: "account" | "treasury" | "wallet" | "node"; isAfter: boolean };

/** Deeds that are done at the same time, and what fails meanwhile. */
export type Step = { deeds: Deed[]; fault: Fault | undefined };

const which = fc.nat(PAYERS - 1);
const deed: fc.Arbitrary<Deed> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("pay" as const),
      to: fc.nat(ACCOUNTS - 1),
      amount: fc.constantFrom(...AMOUNTS),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant("mine" as const),
      blocks: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: fc.constant("claim" as const), by: fc.nat(ACCOUNTS - 1), which }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("search" as const) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("ring" as const), which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("evict" as const), which }) },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("reorg" as const),
      depth: fc.constantFrom(1, 5, 12, 16, REORG_MAX, REORG_MAX),
      back: fc.oneof(fc.constant(0), fc.nat(2 ** PAYERS - 1)),
    }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("resend" as const), which }) },
);

const fault: fc.Arbitrary<Fault> = fc.record({
  object: fc.constantFrom("account", "treasury", "wallet", "node"),
  isAfter: fc.boolean(),
});

const step: fc.Arbitrary<Step> = fc.record({
  deeds: fc.array(deed, { minLength: 1, maxLength: 4 }),
  fault: fc.option(fault, { nil: undefined, freq: 3 }),
});

/** What may happen, after a transfer that is deep enough and found. */
export const histories: fc.Arbitrary<Step[]> = fc.array(step, {
  minLength: 3,
  maxLength: 16,
  size: "max",
});

/** Has the treasury search a new chain from its beginning: each history has one. */
export async function forgetChain(): Promise<void> {
  const treasury = env.TREASURY.getByName(String(CHAIN_ID));
  await treasury.addressOf("nobody", String(env.DEPOSIT_XPUB));
  await runInDurableObject(treasury, (_object, { storage }) => {
    storage.sql.exec("UPDATE search SET block_number = NULL, failures = 0");
    storage.sql.exec("DELETE FROM found");
  });
}

export class DepositLife {
  readonly #chain: Chain;
  readonly #nodes: Nodes;
  readonly #accounts: Depositor[] = [];
  readonly #payers: PrivateKeyAccount[] = [];
  readonly #paid: Paid[] = [];
  #firstBlock = 0;
  readonly count = { deeds: 0, faults: 0, reorgs: 0, credited: 0, reversed: 0 };

  constructor(chain: Chain, nodes: Nodes) {
    this.#chain = chain;
    this.#nodes = nodes;
  }

  async begin(): Promise<void> {
    for (let made = 0; made < ACCOUNTS; made += 1) this.#accounts.push(await depositor());
    for (let made = 0; made < PAYERS; made += 1) this.#payers.push(await this.#chain.payer());
    await this.#chain.mine(REORG_MAX);
    this.#firstBlock = await this.#chain.head();
    // There is something to lose from the beginning.
    await this.#pay(0, AMOUNTS[1] ?? 0);
    await this.#chain.mine(10);
    await searchChain();
  }

  async step({ deeds, fault }: Step): Promise<void> {
    const heal = this.#break(fault);
    // A chain does one thing after the other; everything else goes on meanwhile.
    const onChain = deeds.filter(({ do: name }) => /^(pay|mine|reorg|resend)$/.test(name));
    const others = deeds.filter((each) => !onChain.includes(each));
    const changing = async () => {
      for (const each of onChain) await this.#act(each);
    };
    await Promise.all([changing(), ...others.map((each) => this.#act(each))]);
    heal();
    this.count.deeds += deeds.length;
  }

  /** Nothing fails any more; alarms and the search have to bring everything to its end. */
  async end(): Promise<void> {
    await this.#chain.mine(40);
    for (let round = 0; round < 4; round += 1) {
      await searchChain();
      for (const { hash, to } of this.#paid) await lookAgain(hash, to.address);
    }
    let owedMicro = 0;
    for (const { hash, to, amountMicro } of this.#paid) {
      const isThere = (await this.#chain.receipt(hash)) !== null;
      const state = (await to.deposits()).find(({ txHash }) => txHash === hash)?.state;
      const isRight = isThere
        ? state === "final" || state === "safe"
        : state === undefined || state === "reversed" || state === "dropped";
      must(isRight, `a deposit ends as its chain has it (${isThere})`, state);
      if (isThere) owedMicro += amountMicro;
    }
    for (const { get } of this.#accounts) {
      const { entries } = await get<{ entries: { kind: string }[] }>("/api/credits/ledger");
      this.count.credited += entries.filter(({ kind }) => kind === "deposit").length;
      this.count.reversed += entries.filter(({ kind }) => kind === "reversal").length;
    }
    const granted = await Promise.all(this.#accounts.map(({ grantedMicro }) => grantedMicro()));
    const received = await Promise.all(
      this.#accounts.map(({ address }) => this.#chain.balanceOf(address)),
    );
    for (const [index, micro] of granted.entries()) {
      must(BigInt(micro) === received[index], "each was given what came to it", micro, received);
    }
    const sum = granted.reduce((total, micro) => total + micro, 0);
    must(sum === owedMicro, "and that is what was paid", sum, owedMicro);
  }

  async #act(deed: Deed): Promise<void> {
    const picked = "which" in deed ? this.#paid[deed.which] : undefined;
    switch (deed.do) {
      case "pay":
        return await this.#pay(deed.to, deed.amount);
      case "mine":
        return await this.#chain.mine(deed.blocks);
      case "claim":
        if (picked !== undefined) await this.#accounts[deed.by]?.claim(picked.hash);
        return;
      case "search":
        await searchChain();
        return;
      case "ring":
        if (picked !== undefined) await lookAgain(picked.hash, picked.to.address);
        return;
      case "evict":
        if (picked !== undefined) {
          await evictDurableObject(depositOf(picked.hash, picked.to.address)).catch(
            () => undefined,
          );
        }
        return;
      case "reorg":
        return await this.#reorg(deed.depth, deed.back);
      case "resend":
        if (picked !== undefined && (await this.#chain.receipt(picked.hash)) === null) {
          await this.#chain.resend(picked.raw);
        }
        return;
    }
  }

  async #pay(toIndex: number, amountMicro: number): Promise<void> {
    const payer = this.#payers[this.#paid.length];
    const to = this.#accounts[toIndex];
    if (payer === undefined || to === undefined) return;
    const sent = await this.#chain.signedTransfer(payer, to.address, BigInt(amountMicro));
    this.#paid.push({ ...sent, to, amountMicro });
  }

  async #reorg(wanted: number, back: number): Promise<void> {
    const depth = Math.min(wanted, (await this.#chain.head()) - this.#firstBlock);
    if (depth < 1) return;
    const head = await this.#chain.head();
    const returning = [];
    for (const [index, { hash, raw }] of this.#paid.entries()) {
      const number = Number((await this.#chain.receipt(hash))?.blockNumber ?? 0);
      const isDropped = number > head - depth;
      // Two may not come into one block: anvil takes one transaction for each.
      if (isDropped && (back >> index) % 2 === 1) returning.push({ raw, block: index % depth });
    }
    this.count.reorgs += 1;
    await this.#chain.reorg(depth, returning);
  }

  /** Has something fail until it is healed. */
  #break(fault: Fault | undefined): () => void {
    if (fault === undefined) return () => undefined;
    this.count.faults += 1;
    const { object, isAfter } = fault;
    if (object === "node") {
      this.#nodes.bend(isAfter ? "two" : "one", unreachable);
      return () => this.#nodes.bend(isAfter ? "two" : "one", undefined);
    }
    const [target, method] = {
      account: [Account.prototype, "apply"],
      treasury: [Treasury.prototype, "note"],
      wallet: [Wallet.prototype, "note"],
    }[object] as [Record<string, (...args: unknown[]) => unknown>, string];
    const real = target[method];
    const spy = vi.spyOn(target, method).mockImplementation(function (
      this: unknown,
      ...args: unknown[]
    ) {
      if (isAfter) real?.apply(this, args);
      throw new Error("the process has died");
    });
    return () => spy.mockRestore();
  }
}
