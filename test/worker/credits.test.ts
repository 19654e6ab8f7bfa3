// What an account is told of its credits: what there is, what is put aside, and every entry that led
// there, in the words of both faces.

import { describe, expect, it } from "vitest";
import { LISTED_ENTRIES_MAX } from "../../shared/limits.ts";
import { expectRefused } from "./kit/client.ts";
import { answering, errorOf, failing, gateway, PROGRAM, REPORT } from "./kit/gateway.ts";

type Entry = {
  number: number;
  kind: string;
  credits: number;
  balance: number;
  amountMicroUsdc: number;
  balanceMicroUsdc: number;
  executionId: string | null;
};
type Page = { entries: Entry[]; cursor: string | null };

/** A new account, and how it asks. */
async function asker(runner = answering()) {
  const g = gateway(runner);
  const { apiKey, accountId } = await g.open();
  const headers = { Authorization: `Bearer ${apiKey}` };
  const get = async <Body>(path: string) => {
    const response = await g.send(path, { headers });
    expect(response.status).toBe(200);
    return await response.json<Body>();
  };
  return { g, apiKey, accountId, headers, get };
}

describe("GET /api/credits", () => {
  it("says what a new account has and may do", async () => {
    const { get } = await asker();
    expect(await get("/api/credits")).toEqual({
      credits: 50,
      held: 0,
      freeCredits: 50,
      plan: "free",
      ratePerMinute: 10,
      balanceMicroUsdc: 100_000,
      heldMicroUsdc: 0,
      owingMicroUsdc: 0,
    });
  });

  it("says the same in the words of /v1", async () => {
    const { get } = await asker();
    expect(await get("/v1/credits")).toEqual({
      credits: 50,
      held: 0,
      free_credits: 50,
      plan: "free",
      rate_per_minute: 10,
      balance_micro_usdc: 100_000,
      held_micro_usdc: 0,
      owing_micro_usdc: 0,
    });
  });

  it("follows the plan: an account that is made Pro may run 120 a minute", async () => {
    const { g, get, accountId, apiKey } = await asker();
    await g.change(accountId, { plan: "pro", grantCredits: 500 });
    const now = { plan: "pro", ratePerMinute: 120, credits: 550, freeCredits: 50 };
    expect(await get("/api/credits")).toMatchObject(now);
    const response = await g.run(apiKey);
    expect(response.headers.get("RateLimit-Policy")).toBe('"executions";q=120;w=60');
  });

  it("counts what is put aside for what runs, and not as there to be spent", async () => {
    const seen: unknown[] = [];
    const { g, get, apiKey } = await asker(async () => {
      seen.push(await get("/api/credits"));
      return Response.json(REPORT);
    });
    await g.run(apiKey, { ...PROGRAM, run_timeout: 60_000 }, "/v1/execute");
    const held = { credits: 48, held: 2, heldMicroUsdc: 4000, balanceMicroUsdc: 96_000 };
    expect(seen).toMatchObject([held]);
    expect(await get("/api/credits")).toMatchObject({ credits: 49, held: 0 });
  });

  it.each(["/api/credits", "/v1/credits", "/api/credits/ledger", "/v1/credits/ledger"])(
    "%s is for the owner only",
    async (path) => {
      const response = await gateway().send(path);
      await expectRefused(response, "unauthorized", 401);
      const headers = { Authorization: "Bearer YOUR_KEY" };
      await expectRefused(await gateway().send(path, { headers }), "invalid_key", 401);
    },
  );
});

describe("GET /api/credits/ledger", () => {
  it("tells every entry, newest first, with the execution it is about", async () => {
    const { g, get, apiKey } = await asker();
    const { id } = await (await g.run(apiKey)).json<{ id: string }>();
    const { entries, cursor } = await get<Page>("/api/credits/ledger");
    expect(cursor).toBeNull();
    const at = { createdAt: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(entries).toEqual([
      {
        number: 3,
        kind: "settle",
        credits: 0,
        balance: 49,
        amountMicroUsdc: 0,
        balanceMicroUsdc: 98_000,
        executionId: id,
        transaction: null,
        ...at,
      },
      {
        number: 2,
        kind: "reserve",
        credits: -1,
        balance: 49,
        amountMicroUsdc: -2000,
        balanceMicroUsdc: 98_000,
        executionId: id,
        transaction: null,
        ...at,
      },
      {
        number: 1,
        kind: "grant",
        credits: 50,
        balance: 50,
        amountMicroUsdc: 100_000,
        balanceMicroUsdc: 100_000,
        executionId: null,
        transaction: null,
        ...at,
      },
    ]);
  });

  it("tells the same in the words of /v1", async () => {
    const { get } = await asker();
    const page = await get<{ entries: object[]; cursor: null }>("/v1/credits/ledger");
    expect(page).toEqual({
      entries: [
        {
          number: 1,
          kind: "grant",
          credits: 50,
          balance: 50,
          amount_micro_usdc: 100_000,
          balance_micro_usdc: 100_000,
          execution_id: null,
          transaction: null,
          created_at: expect.any(String),
        },
      ],
      cursor: null,
    });
  });

  it("shows that a failure of ours gave everything back", async () => {
    const { g, get, apiKey } = await asker(failing(503, "busy"));
    await g.run(apiKey);
    const { entries } = await get<Page>("/api/credits/ledger");
    expect(entries.map(({ kind, credits }) => [kind, credits])).toEqual([
      ["void", 1],
      ["reserve", -1],
      ["grant", 50],
    ]);
  });

  it("is read in pages, none twice and none left out, while new entries are made", async () => {
    const { g, get, apiKey } = await asker();
    for (let count = 0; count < 6; count += 1) await g.run(apiKey);
    const numbers: number[] = [];
    let path = "/api/credits/ledger?limit=4";
    for (;;) {
      const { entries, cursor } = await get<Page>(path);
      numbers.push(...entries.map(({ number }) => number));
      await g.run(apiKey);
      if (cursor === null) break;
      path = `/api/credits/ledger?limit=4&cursor=${cursor}`;
    }
    expect(numbers).toEqual(Array.from({ length: 13 }, (_, index) => 13 - index));
  });

  it.each([
    ["limit", "0"],
    ["limit", String(LISTED_ENTRIES_MAX + 1)],
    ["limit", "x"],
    ["cursor", "0"],
    ["cursor", "-1"],
    ["cursor", "9".repeat(16)],
    ["cursor", "1;DROP TABLE entry"],
  ])("refuses the %s %j", async (field, value) => {
    const { g, headers } = await asker();
    const query = new URLSearchParams({ [field]: value });
    const response = await g.send(`/api/credits/ledger?${query}`, { headers });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe(field);
  });

  it("names the execution of a charge that came late by its own id", async () => {
    const { g, get, apiKey, accountId } = await asker(failing(502, "runner_fault"));
    await g.run(apiKey);
    const before = await get<Page>("/api/credits/ledger");
    const id = before.entries[0]?.executionId ?? "";
    const account = g.account(accountId);
    const late = await account.settleLate(id, 2000, { outcome: "ok", version: "1" });
    expect(late).toEqual({ chargedMicro: 2000, balanceMicro: 98_000 });
    const { entries } = await get<Page>("/api/credits/ledger");
    expect(entries.map(({ kind, balance }) => [kind, balance])).toEqual([
      ["settle", 49],
      ["reserve", 49],
      ["void", 50],
      ["reserve", 49],
      ["grant", 50],
    ]);
    expect(entries.slice(0, 4).map(({ executionId }) => executionId)).toEqual([id, id, id, id]);
  });

  it("is exact below a credit", async () => {
    const { g, get, accountId } = await asker();
    await g.account(accountId).change({ grant: { id: "grant-1", amountMicro: 5 } });
    const { entries } = await get<Page>("/api/credits/ledger");
    expect(entries[0]).toMatchObject({ credits: 0.0025, balance: 50.0025, amountMicroUsdc: 5 });
    expect(await get("/api/credits")).toMatchObject({ credits: 50, balanceMicroUsdc: 100_005 });
  });
});
