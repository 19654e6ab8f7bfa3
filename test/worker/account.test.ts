// The account as an object of its own: holds that expire, resolutions that come late or twice, and
// a ledger that adds up whatever order things happen in.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, describe, expect, it, vi } from "vitest";
import { HISTORY_MS } from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import type { Account } from "../../worker/account/account.ts";
import type { Hold, Intent } from "../../worker/admission.ts";
import { checkLedger, type Entry, randomFrom } from "./kit/ledger.ts";

afterEach(() => void vi.useRealTimers());

const KEY_HASH = "ab".repeat(32);
/** Far ahead, because the platform rings alarms of the past at once, by its own clock. */
const START_MS = Date.UTC(2100, 0);
const LASTS_MS = 70_000;
const INTENT: Intent = { runner: "local", runTimeoutMs: 30_000, language: "python" };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** A hold for nothing less than `amountMicro`. */
function holdOf(id: string, amountMicro: number): Hold {
  return { id, amountMicro, leastMicro: amountMicro, lastsMs: LASTS_MS };
}

/** An account with `credits` and a rate that is never reached, at a clock that stands still. */
async function open(credits: number) {
  clockAt(START_MS);
  const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
  await stub.create({ keyHash: KEY_HASH, grantMicro: credits * CREDIT_MICRO });
  await stub.change({ ratePerMinute: 1_000_000 });
  const admit = async (id: string, amountMicro = CREDIT_MICRO, more: Partial<Hold> = {}) =>
    await stub.admit({
      keyHash: KEY_HASH,
      hold: { ...holdOf(id, amountMicro), ...more },
      intent: INTENT,
    });
  const balanceMicro = async () => (await stub.change({}))?.balanceMicro;
  return { stub, admit, balanceMicro };
}

/** When the account's alarm comes. */
async function alarmOf(stub: DurableObjectStub<Account>): Promise<number | null> {
  return await runInDurableObject(stub, (_account, { storage }) => storage.getAlarm());
}

describe("a hold", () => {
  it("takes its amount at once and gives back what was not charged", async () => {
    const { stub, admit, balanceMicro } = await open(3);
    await admit("exec-1", 2 * CREDIT_MICRO);
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
    expect(await stub.settle("exec-1", CREDIT_MICRO)).toBe("settled");
    expect(await balanceMicro()).toBe(2 * CREDIT_MICRO);
  });

  it("expires by alarm and gives everything back", async () => {
    const { stub, admit, balanceMicro } = await open(3);
    await admit("exec-1");
    clockAt(START_MS + 1000);
    await admit("exec-2");
    clockAt(START_MS + LASTS_MS);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(2 * CREDIT_MICRO);
    clockAt(START_MS + LASTS_MS + 1000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(3 * CREDIT_MICRO);
    clockAt(START_MS + LASTS_MS + 1000 + HISTORY_MS);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await runDurableObjectAlarm(stub)).toBe(false);
  });

  it("that is short expires in time although a longer one was made before it", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("long", CREDIT_MICRO, { lastsMs: 400_000 });
    await admit("short", CREDIT_MICRO, { lastsMs: 41_000 });
    expect(await alarmOf(stub)).toBe(START_MS + 41_000);
    clockAt(START_MS + 41_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
    expect(await stub.settle("short", 0)).toBe("already_expired");
    expect(await alarmOf(stub)).toBe(START_MS + 400_000);
    clockAt(START_MS + 400_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(2 * CREDIT_MICRO);
    clockAt(START_MS + 400_000 + HISTORY_MS);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await alarmOf(stub)).toBeNull();
  });

  it.each([
    ["short", 41_000, "long", 400_000],
    ["long", 400_000, "short", 41_000],
  ])(
    "that was made first, a %s one, leaves the alarm to the earlier when the object was evicted",
    async (first, firstMs, second, secondMs) => {
      const { stub, admit, balanceMicro } = await open(2);
      await admit(first, CREDIT_MICRO, { lastsMs: firstMs });
      await evictDurableObject(stub);
      clockAt(START_MS + 1);
      await admit(second, CREDIT_MICRO, { lastsMs: secondMs });
      const earliestMs = Math.min(START_MS + firstMs, START_MS + 1 + secondMs);
      expect(await alarmOf(stub)).toBe(earliestMs);
      clockAt(earliestMs);
      await evictDurableObject(stub);
      expect(await runDurableObjectAlarm(stub)).toBe(true);
      expect(await balanceMicro()).toBe(CREDIT_MICRO);
      expect(await stub.settle("short", 0)).toBe("already_expired");
      expect(await stub.settle("long", 0)).toBe("settled");
    },
  );

  it("that was resolved leaves the alarm to those that are open", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("short", CREDIT_MICRO, { lastsMs: 41_000 });
    await admit("long", CREDIT_MICRO, { lastsMs: 400_000 });
    await stub.settle("short", CREDIT_MICRO);
    clockAt(START_MS + 41_000);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(0);
    expect(await alarmOf(stub)).toBe(START_MS + 400_000);
  });

  it.each([
    [5, 3, 1, 3],
    [5, 5, 5, 5],
    [2, 10, 1, 2],
    [2, 10, 2, 2],
    [2, 10, 3, undefined],
    [0, 1, 1, undefined],
  ])("of %d credits for %d, or at least %d, is one of %j", async (credits, most, least, held) => {
    const { admit, balanceMicro } = await open(credits);
    const admission = await admit("exec-1", most * CREDIT_MICRO, {
      leastMicro: least * CREDIT_MICRO,
    });
    expect("heldMicro" in admission ? admission.heldMicro / CREDIT_MICRO : undefined).toBe(held);
    expect(await balanceMicro()).toBe((credits - (held ?? 0)) * CREDIT_MICRO);
  });

  it("is as large as it was when it is asked for again, whatever is there now", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    const wish = { leastMicro: CREDIT_MICRO };
    expect(await admit("exec-1", 10 * CREDIT_MICRO, wish)).toMatchObject({
      heldMicro: 2 * CREDIT_MICRO,
    });
    await stub.change({ grant: { id: "grant-1", amountMicro: 20 * CREDIT_MICRO } });
    expect(await admit("exec-1", 10 * CREDIT_MICRO, wish)).toMatchObject({
      heldMicro: 2 * CREDIT_MICRO,
    });
    expect(await balanceMicro()).toBe(20 * CREDIT_MICRO);
    expect(await stub.settle("exec-1", CREDIT_MICRO)).toBe("settled");
    expect(await balanceMicro()).toBe(21 * CREDIT_MICRO);
  });

  it("does not expire before its time, however often the alarm rings", async () => {
    const { stub, admit, balanceMicro } = await open(1);
    await admit("exec-1");
    clockAt(START_MS + LASTS_MS - 1);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await runDurableObjectAlarm(stub)).toBe(true);
    expect(await balanceMicro()).toBe(0);
  });

  it("that expired can no longer be settled or voided", async () => {
    const { stub, admit, balanceMicro } = await open(1);
    await admit("exec-1");
    clockAt(START_MS + LASTS_MS);
    await runDurableObjectAlarm(stub);
    expect(await stub.settle("exec-1", CREDIT_MICRO)).toBe("already_expired");
    expect(await stub.void("exec-1")).toBe("already_expired");
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });

  it("is settled once, and says so when asked again", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("exec-1");
    expect(await stub.settle("exec-1", CREDIT_MICRO)).toBe("settled");
    expect(await stub.settle("exec-1", 0)).toBe("already_settled");
    expect(await stub.void("exec-1")).toBe("already_settled");
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });

  it("is voided once, and says so when asked again", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("exec-1");
    expect(await stub.void("exec-1")).toBe("voided");
    expect(await stub.void("exec-1")).toBe("already_voided");
    expect(await stub.settle("exec-1", CREDIT_MICRO)).toBe("already_voided");
    expect(await balanceMicro()).toBe(2 * CREDIT_MICRO);
  });

  it("is made once, however often it is asked for under one id", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    const first = await admit("exec-1");
    expect(await admit("exec-1")).toEqual(first);
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
    await stub.settle("exec-1", CREDIT_MICRO);
    await admit("exec-1");
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });

  it("that was resolved lets nothing through a second time", async () => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("exec-1");
    await admit("exec-2");
    await stub.settle("exec-1", CREDIT_MICRO);
    clockAt(START_MS + LASTS_MS);
    await runDurableObjectAlarm(stub);
    expect(await admit("exec-1")).toMatchObject({ ok: false, code: "conflict" });
    expect(await admit("exec-2")).toMatchObject({ ok: false, code: "conflict" });
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });

  it("is not made when no alarm can be set for its end", async () => {
    const { stub, admit, balanceMicro } = await open(1);
    await evictDurableObject(stub);
    const request = { keyHash: KEY_HASH, hold: holdOf("exec-1", CREDIT_MICRO), intent: INTENT };
    await runInDurableObject(stub, (account, { storage }) => {
      Object.defineProperty(storage, "setAlarm", {
        configurable: true,
        value: () => {
          throw new Error("no alarm today");
        },
      });
      expect(() => account.admit(request)).toThrow("no alarm today");
      Reflect.deleteProperty(storage, "setAlarm");
    });
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
    expect(await admit("exec-1")).toMatchObject({ ok: true });
    expect(await alarmOf(stub)).toBe(START_MS + LASTS_MS);
  });

  it("that was never made is not known", async () => {
    const { stub } = await open(1);
    expect(await stub.settle("exec-1", 0)).toBe("unknown_hold");
    expect(await stub.void("exec-1")).toBe("unknown_hold");
  });

  it.each([CREDIT_MICRO + 1, -1, 0.5, Number.NaN])("is never charged %d", async (chargeMicro) => {
    const { stub, admit, balanceMicro } = await open(2);
    await admit("exec-1");
    // Inside the object, because an error that crosses its edge is reported as unhandled.
    await runInDurableObject(stub, (account) => {
      expect(() => account.settle("exec-1", chargeMicro)).toThrow();
    });
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });
});

describe("an account", () => {
  it("that was never opened knows nothing and writes nothing", async () => {
    const stub = env.ACCOUNTS.get(env.ACCOUNTS.newUniqueId());
    expect(await stub.change({ grant: { id: "grant-1", amountMicro: 5 } })).toBeUndefined();
    expect(await stub.settle("exec-1", 0)).toBe("unknown_hold");
    expect(await stub.void("exec-1")).toBe("unknown_hold");
    const request = { keyHash: KEY_HASH, hold: holdOf("exec-1", 1), intent: INTENT };
    expect(await stub.admit(request)).toMatchObject({ ok: false, code: "invalid_key" });
    await runInDurableObject(stub, async (account, { storage }) => {
      await account.alarm();
      const tables = storage.sql.exec("SELECT name FROM sqlite_master").toArray();
      expect(tables.filter(({ name }) => !String(name).startsWith("_cf_"))).toEqual([]);
      expect(await storage.getAlarm()).toBeNull();
    });
  });

  it("is opened once: again with the same key changes nothing", async () => {
    const { stub, balanceMicro } = await open(1);
    await stub.create({ keyHash: KEY_HASH, grantMicro: 100 * CREDIT_MICRO });
    expect(await balanceMicro()).toBe(CREDIT_MICRO);
  });

  it("is granted an amount once, however often it is told to under one id", async () => {
    const { stub, balanceMicro } = await open(1);
    const grant = { id: "grant-1", amountMicro: CREDIT_MICRO };
    await stub.change({ grant });
    await stub.change({ grant });
    expect(await balanceMicro()).toBe(2 * CREDIT_MICRO);
    await stub.change({ grant: { ...grant, id: "grant-2" } });
    expect(await balanceMicro()).toBe(3 * CREDIT_MICRO);
  });

  it("refuses a key that was revoked", async () => {
    const { stub, admit } = await open(1);
    await runInDurableObject(stub, (_account, { storage }) => {
      storage.sql.exec("UPDATE key SET revoked_at_ms = 1");
    });
    expect(await admit("exec-1")).toEqual({ ok: false, code: "invalid_key" });
  });

  it("never changes or deletes a ledger entry, even when told to", async () => {
    const { stub } = await open(1);
    await runInDurableObject(stub, (_account, { storage: { sql } }) => {
      expect(() => sql.exec("UPDATE entry SET amount_micro = 0")).toThrow(/never changed/);
      expect(() => sql.exec("DELETE FROM entry")).toThrow(/never deleted/);
    });
  });
});

describe("the ledger", () => {
  it.each(Array.from({ length: 20 }, (_, seed) => seed + 1))(
    "adds up after a long life in a random order (seed %d)",
    async (seed) => {
      const random = randomFrom(seed);
      const pick = (below: number) => Math.floor(random() * below);
      const { stub } = await open(pick(20));
      let nowMs = START_MS;
      let holds = 0;
      await runInDurableObject(stub, async (account, { storage }) => {
        for (let step = 0; step < 300; step += 1) {
          nowMs += pick(LASTS_MS / 10);
          clockAt(nowMs);
          const anyHold = `exec-${pick(holds + 1)}`;
          const deed = pick(10);
          if (deed < 4) {
            const amountMicro = (1 + pick(3)) * CREDIT_MICRO;
            const leastMicro = (1 + pick(3)) * CREDIT_MICRO;
            const lastsMs = 1 + pick(LASTS_MS);
            const id = `exec-${holds}`;
            const hold = { id, amountMicro, leastMicro, lastsMs };
            account.admit({ keyHash: KEY_HASH, hold, intent: INTENT });
            holds += 1;
          } else if (deed < 6) account.settle(anyHold, pick(CREDIT_MICRO + 1));
          else if (deed < 8) account.void(anyHold);
          else if (deed < 9) await account.alarm();
          else
            account.change({
              grant: { id: `grant-${pick(100)}`, amountMicro: pick(5) * CREDIT_MICRO },
            });
        }
        clockAt(nowMs + LASTS_MS);
        await account.alarm();
        checkLedger(storage.sql.exec<Entry>("SELECT * FROM entry ORDER BY number").toArray());
        expect(storage.sql.exec("SELECT * FROM hold").toArray()).toEqual([]);
      });
    },
  );
});
