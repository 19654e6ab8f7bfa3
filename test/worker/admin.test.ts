// PATCH /admin/accounts/:accountId: what an operator may do, and that nobody else may.

import { env } from "cloudflare:workers";
import { describe, expect, it, vi } from "vitest";
import { ADMIN_TOKEN, answering, errorOf, gateway } from "./kit/gateway.ts";

describe("an operator", () => {
  it("grants credits, sets a rate and changes the plan", async () => {
    const g = gateway();
    const { accountId } = await g.open();
    const change = async (body: object) => await (await g.change(accountId, body)).json();
    const free = { accountId, plan: "free", ratePerMinute: 10, credits: 50 };
    expect(await change({ grantCredits: 500 })).toEqual({ ...free, credits: 550 });
    expect(await change({ plan: "pro" })).toMatchObject({ plan: "pro", ratePerMinute: 120 });
    expect(await change({ ratePerMinute: 7 })).toMatchObject({ plan: "pro", ratePerMinute: 7 });
    expect(await change({ ratePerMinute: null })).toMatchObject({ ratePerMinute: 120 });
    const all = { grantCredits: 1, ratePerMinute: 9, plan: "free" };
    expect(await change(all)).toEqual({ ...free, ratePerMinute: 9, credits: 551 });
  });

  it("grants once for requests under one Idempotency-Key, and refuses another under it", async () => {
    const g = gateway();
    const { accountId } = await g.open();
    const change = async (body: object) => {
      const headers = { Authorization: `Bearer ${ADMIN_TOKEN}`, "Idempotency-Key": "gift-1" };
      return await g.send(`/admin/accounts/${accountId}`, {
        method: "PATCH",
        headers: { ...headers, "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
    };
    const replies = await Promise.all(
      Array.from({ length: 20 }, async () => await change({ grantCredits: 10 })),
    );
    const replayed = replies.filter(({ headers }) => headers.has("Idempotency-Replayed"));
    expect(replayed).toHaveLength(19);
    expect(await Promise.all(replies.map((reply) => reply.json()))).toEqual(
      replies.map(() => expect.objectContaining({ credits: 60 })),
    );
    const other = await change({ grantCredits: 11 });
    expect([other.status, (await errorOf(other)).code]).toEqual([409, "idempotency_mismatch"]);
  });

  it("is held to by the next execution", async () => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    await g.change(accountId, { ratePerMinute: 1 });
    expect((await g.run(apiKey)).status).toBe(200);
    expect((await g.run(apiKey)).status).toBe(429);
    await g.change(accountId, { ratePerMinute: 2 });
    expect((await g.run(apiKey)).status).toBe(200);
  });

  it("leaves a line in the log with what was changed and without the token", async () => {
    const g = gateway();
    const { accountId } = await g.open();
    const log = vi.spyOn(console, "log");
    await g.change(accountId, { grantCredits: 5 });
    const line = JSON.parse(String(log.mock.lastCall?.[0]));
    log.mockRestore();
    expect(line).toMatchObject({
      route: "/admin/accounts/:accountId",
      account: accountId,
      status: 200,
      change: { grantCredits: 5 },
    });
    expect(JSON.stringify(line)).not.toContain(ADMIN_TOKEN);
  });

  it.each(["unknown", "0".repeat(64), env.ACCOUNTS.newUniqueId().toString()])(
    "is told that there is no account %s",
    async (accountId) => {
      const response = await gateway().change(accountId, { grantCredits: 1 });
      expect(response.status).toBe(404);
      expect((await errorOf(response)).code).toBe("not_found");
    },
  );

  it.each<[object, string | undefined]>([
    [{}, undefined],
    [{ grantCredits: 0 }, "grantCredits"],
    [{ grantCredits: -5 }, "grantCredits"],
    [{ grantCredits: 1.5 }, "grantCredits"],
    [{ grantCredits: "5" }, "grantCredits"],
    [{ grantCredits: 10_000_001 }, "grantCredits"],
    [{ ratePerMinute: 0 }, "ratePerMinute"],
    [{ ratePerMinute: 1_000_001 }, "ratePerMinute"],
    [{ plan: "gold" }, "plan"],
    [{ plan: null }, "plan"],
    [{ grantCredit: 5 }, "grantCredit"],
  ])("may not ask for %j", async (change, field) => {
    const g = gateway();
    const { accountId } = await g.open();
    const response = await g.change(accountId, change);
    expect(response.status).toBe(400);
    const error = await errorOf(response);
    expect(error.code).toBe("invalid_request");
    expect(error.field).toBe(field);
    expect(error.message).toMatch(/^[`T].*\.$/);
  });
});

describe("anybody else", () => {
  it.each(["wrong", `${ADMIN_TOKEN}x`, ADMIN_TOKEN.slice(1), ADMIN_TOKEN.toUpperCase()])(
    "is refused with the token %s",
    async (token) => {
      const g = gateway();
      const { accountId } = await g.open();
      const response = await g.change(accountId, { grantCredits: 5 }, token);
      expect(response.status).toBe(401);
    },
  );

  it("is refused with a key, or with nothing, whatever the body is", async () => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    expect((await g.change(accountId, { grantCredits: 5 }, apiKey)).status).toBe(401);
    const path = `/admin/accounts/${accountId}`;
    expect((await g.send(path, { method: "PATCH", body: "{" })).status).toBe(401);
  });

  it.each([undefined, null, "", "short"])("is refused when the token is %j", async (token) => {
    const g = gateway(answering(), { ADMIN_TOKEN: token ?? null });
    const { accountId } = await gateway().open();
    const response = await g.change(accountId, { grantCredits: 5 }, token || "x");
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe("unauthorized");
  });
});
