// Executions whose Worker is gone before it could tell what came of them: the account hands them to its
// courier when their holds expire, and what their runner says they ran is paid for.

import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newId } from "../../shared/ids.ts";
import { FOLLOW_FIRST_MS } from "../../shared/limits.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import { readKey } from "../../worker/key.ts";
import { client } from "./kit/client.ts";
import { courierFor } from "./kit/courier.ts";
import { REPORT } from "./kit/gateway.ts";
import { sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const LASTS_MS = 60_000;

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

/** An execution that was let through for ten credits, and of which nothing more was heard. */
async function lost() {
  clockAt(START_MS);
  const fake = sessionRunner();
  const { g, apiKey, accountId, call, credits } = await client(fake);
  const before = await credits();
  const account = g.account(accountId);
  const courier = courierFor(g, accountId);
  const id = newId("exec");
  const amountMicro = 10 * CREDIT_MICRO;
  const { hash: keyHash = "" } = (await readKey(apiKey)) ?? {};
  const hold = { id, amountMicro, leastMicro: amountMicro, lastsMs: LASTS_MS };
  const intent = { runner: "local", runTimeoutMs: 300_000, language: "python" } as const;
  await account.admit({ keyHash, hold, intent });
  return {
    ...{ fake, id, courier },
    expire: async () => {
      clockAt(START_MS + LASTS_MS);
      await runDurableObjectAlarm(account);
    },
    inquire: async () => {
      clockAt(START_MS + LASTS_MS + FOLLOW_FIRST_MS);
      await courier.ring();
    },
    spent: async () => before - (await credits()),
    show: async () => await (await call("GET", `/api/executions/${id}`)).json(),
  };
}

describe("an execution whose Worker is gone", () => {
  it("is asked after when its hold has expired, and paid for once as it ran", async () => {
    const { fake, id, courier, expire, inquire, spent, show } = await lost();
    expect(await spent()).toBe(10);
    await expire();
    expect(await spent()).toBe(0);
    expect(await courier.alarmAt()).toBe(START_MS + LASTS_MS + FOLLOW_FIRST_MS);
    const run = REPORT.run && { ...REPORT.run, wallMs: 40_000 };
    fake.executions.set(id, { report: { ...REPORT, ...(run && { run }) } });
    await inquire();
    expect(await spent()).toBe(2);
    expect(await show()).toMatchObject({ state: "done", credits: { charged: 2 } });
    expect(await courier.alarmAt()).toBeNull();
    expect(await spent()).toBe(2);
  });

  it("costs nothing if no runner knows of it", async () => {
    const { courier, expire, inquire, spent, show } = await lost();
    await expire();
    await inquire();
    expect(await courier.alarmAt()).toBeNull();
    expect(await spent()).toBe(0);
    expect(await show()).toMatchObject({ state: "failed" });
  });
});
