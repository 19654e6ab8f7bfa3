// Money that comes into an account from outside, and what becomes of it when its chain takes it back.

import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { CREDIT_MICRO } from "../../shared/money.ts";
import type { Booking } from "../../worker/account/money-in.ts";
import { ACCOUNT_MIGRATIONS } from "../../worker/account/schema.ts";
import { errorOf, gateway } from "./kit/gateway.ts";

const TX = `0x${"ab".repeat(32)}`;
const FREE_MICRO = 50 * CREDIT_MICRO;

function bought(amountMicro: number, ref = "one", round = 1): Booking {
  return { kind: "deposit", ref, round, amountMicro, transaction: TX };
}

/** A new account, with its object and how its owner asks. */
async function owner() {
  const g = gateway();
  const { apiKey, accountId } = await g.open();
  const account = g.account(accountId);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const get = async (path: string) =>
    await (await g.send(path, { headers })).json<Record<string, unknown>>();
  return { g, apiKey, accountId, account, get };
}

describe("Account.apply", () => {
  it("adds a payment to the micro-USDC, once, however often it is told of", async () => {
    const { account, get } = await owner();
    const balanceMicro = FREE_MICRO + 1_234_567;
    expect(await account.apply(bought(1_234_567))).toEqual({ result: "booked", balanceMicro });
    expect(await account.apply(bought(1_234_567))).toEqual({ result: "exists", balanceMicro });
    expect(await get("/api/credits")).toMatchObject({
      credits: 667,
      balanceMicroUsdc: balanceMicro,
      owingMicroUsdc: 0,
    });
    const { entries } = (await get("/api/credits/ledger")) as { entries: object[] };
    expect(entries).toHaveLength(2);
    expect(entries[0]).toMatchObject({
      kind: "deposit",
      amountMicroUsdc: 1_234_567,
      executionId: null,
      transaction: TX,
    });
  });

  it("makes the account Pro, and free again when all was taken back", async () => {
    const { account, get } = await owner();
    await account.apply(bought(10, "one"));
    await account.apply({ ...bought(10, "two"), kind: "purchase" } as Booking);
    expect(await get("/api/credits")).toMatchObject({ plan: "pro", ratePerMinute: 120 });
    await account.apply({ kind: "reversal", ref: "one" });
    expect(await get("/api/credits")).toMatchObject({ plan: "pro" });
    await account.apply({ kind: "reversal", ref: "two" });
    expect(await get("/api/credits")).toMatchObject({ plan: "free", ratePerMinute: 10 });
  });

  it.each(["free", "pro"])(
    "leaves the plan at %s where an operator has chosen it",
    async (plan) => {
      const { g, accountId, account, get } = await owner();
      await g.change(accountId, { plan });
      await account.apply(bought(10));
      expect(await get("/api/credits")).toMatchObject({ plan });
      await account.apply({ kind: "reversal", ref: "one" });
      expect(await get("/api/credits")).toMatchObject({ plan });
    },
  );

  it("lets an account owe what was taken back after it was spent, and run nothing until it pays", async () => {
    const { g, account, apiKey, get } = await owner();
    await account.apply(bought(4000));
    const hold = { id: "exec-a", amountMicro: 103_000, leastMicro: 103_000, lastsMs: 60_000 };
    const key = (await runInDurableObject(account, (_account, { storage }) =>
      storage.sql.exec<{ hash: string }>("SELECT hash FROM key").one(),
    )) as { hash: string };
    const intent = { runner: "local", runTimeoutMs: 30_000, language: "python" as const };
    expect(await account.admit({ keyHash: key.hash, hold, intent })).toMatchObject({ ok: true });
    await account.settle("exec-a", 103_000);
    expect(await account.apply({ kind: "reversal", ref: "one" })).toEqual({
      result: "booked",
      balanceMicro: -3000,
    });
    expect(await get("/api/credits")).toMatchObject({
      credits: 0,
      balanceMicroUsdc: -3000,
      owingMicroUsdc: 3000,
    });
    const refused = await g.run(apiKey);
    expect(refused.status).toBe(402);
    const { code, message } = await errorOf(refused);
    expect([code, message]).toEqual(["no_credits", expect.stringMatching(/owes/)]);
    await account.apply(bought(5000, "two"));
    expect((await g.run(apiKey)).status).toBe(200);
  });

  it("takes back once, and books again what the chain has taken in again", async () => {
    const { account } = await owner();
    const book = async (booking: Booking) => await account.apply(booking);
    const back: Booking = { kind: "reversal", ref: "one" };
    expect(await book(back)).toMatchObject({ result: "out_of_turn" });
    expect(await book(bought(7))).toMatchObject({ result: "booked" });
    expect(await book(bought(8))).toMatchObject({ result: "out_of_turn" });
    expect(await book(bought(7, "one", 2))).toMatchObject({ result: "out_of_turn" });
    expect(await book(back)).toMatchObject({ result: "booked", balanceMicro: FREE_MICRO });
    expect(await book(back)).toMatchObject({ result: "exists", balanceMicro: FREE_MICRO });
    expect(await book(bought(7))).toMatchObject({ result: "exists", balanceMicro: FREE_MICRO });
    expect(await book(bought(7, "one", 2))).toMatchObject({ balanceMicro: FREE_MICRO + 7 });
    expect(await book({ ...back, round: 2 })).toMatchObject({ balanceMicro: FREE_MICRO });
  });

  it.each([0, -1, 0.5, Number.NaN, 2 ** 53])("takes no payment of %d", async (amountMicro) => {
    const { account } = await owner();
    await runInDurableObject(account, (object) => {
      expect(() => object.apply(bought(amountMicro))).toThrow("not an amount");
    });
  });

  it("books nothing for an account that was never opened", async () => {
    const account = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
    expect(await account.apply(bought(7))).toMatchObject({ result: "unknown_account" });
  });
});

describe("the fifth migration of an account", () => {
  it("keeps every entry and hold, and who was given Pro keeps it", async () => {
    const { g, accountId, account, apiKey, get } = await owner();
    await g.run(apiKey);
    await g.change(accountId, { plan: "pro", grantCredits: 3 });
    const before = await get("/api/credits/ledger");
    await runInDurableObject(account, (_account, { storage }) => {
      asBefore(storage.sql);
      const fifth = ACCOUNT_MIGRATIONS.find(({ number }) => number === 5);
      storage.transactionSync(() => storage.sql.exec(fifth?.sql ?? ""));
    });
    expect(await get("/api/credits/ledger")).toEqual(before);
    await account.apply(bought(7));
    await account.apply({ kind: "reversal", ref: "one" });
    expect(await get("/api/credits")).toMatchObject({ plan: "pro", credits: 52 });
  });

  it("lets no entry be changed, deleted, or take what is not there", async () => {
    const { account } = await owner();
    await runInDurableObject(account, (_account, { storage: { sql } }) => {
      expect(() => sql.exec("UPDATE entry SET amount_micro = 1")).toThrow("never changed");
      expect(() => sql.exec("DELETE FROM entry")).toThrow("never deleted");
      const add = (kind: string, amount: number, balance: number) =>
        sql.exec(
          "INSERT INTO entry (at_ms, kind, id, amount_micro, balance_micro) VALUES (1, ?, 'x', ?, ?)",
          kind,
          amount,
          balance,
        );
      expect(() => add("reserve", -5, -5)).toThrow("CHECK");
      expect(() => add("deposit", 5, 5)).toThrow("CHECK");
      expect(() => add("gift", 5, 5)).toThrow("CHECK");
    });
  });
});

/** Brings the ledger's tables to what they were when the fifth migration did not exist. */
function asBefore(sql: SqlStorage): void {
  const first = ACCOUNT_MIGRATIONS.find(({ number }) => number === 1)?.sql ?? "";
  const table = /CREATE TABLE entry \([\s\S]*?STRICT;/.exec(first)?.[0] ?? "";
  sql.exec(`
    DROP TABLE plan_choice;
    ALTER TABLE entry RENAME TO later;
    ${table}
    INSERT INTO entry SELECT number, at_ms, kind, id, amount_micro, balance_micro FROM later;
    DROP TABLE later;
  `);
}
