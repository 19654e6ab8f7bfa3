// The keys of an account: having several, telling them apart, replacing them, and what a key that was
// revoked still opens, which is nothing.

import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import { KEY_GRACE_MS_MAX, KEYS_KEPT_MAX, KEYS_MAX } from "../../shared/limits.ts";
import { KEY_PATTERN, newKey } from "../../worker/key.ts";
import { expectRefused } from "./kit/client.ts";
import { anyAddress, errorOf, type Gateway, gateway } from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);

type ApiKey = {
  id: string;
  name: string | null;
  prefix: string;
  last: string;
  current: boolean;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
};
type NewApiKey = { apiKey: string; id: string; name: string | null; accountId: string };
type Rotated = NewApiKey & { replaced: ApiKey };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}

/** What somebody with `apiKey` can do with the keys of its account. */
function holderOf(g: Gateway, apiKey: string) {
  const headers = { Authorization: `Bearer ${apiKey}` };
  const send = async (method: string, path: string, body?: object) =>
    await g.send(path, {
      method,
      headers: { ...headers, "Content-Type": "application/json" },
      ...(body && { body: JSON.stringify(body) }),
    });
  return {
    apiKey,
    send,
    add: async (body: object = {}) => await send("POST", "/api/keys", body),
    made: async (body: object = {}) =>
      await (await send("POST", "/api/keys", body)).json<NewApiKey>(),
    list: async () => {
      const response = await send("GET", "/api/keys");
      expect(response.status).toBe(200);
      return (await response.json<{ keys: ApiKey[] }>()).keys;
    },
    rename: async (id: string, name: unknown) => await send("PATCH", `/api/keys/${id}`, { name }),
    revoke: async (id: string, query = "") => await send("DELETE", `/api/keys/${id}${query}`),
    rotate: async (id: string, body: object = {}) =>
      await send("POST", `/api/keys/${id}/rotate`, body),
    run: async () => (await g.run(apiKey)).status,
  };
}

/** An account with its first key. */
async function holder() {
  const g = gateway();
  const headers = { "CF-Connecting-IP": anyAddress() };
  const first = await (await g.post("/api/keys", { name: "first" }, headers)).json<NewApiKey>();
  await g.change(first.accountId, { ratePerMinute: 100_000 });
  const as = (apiKey: string) => holderOf(g, apiKey);
  return { g, as, first, mine: as(first.apiKey) };
}

describe("POST /api/keys with a key", () => {
  it("adds one more to the same account, with no credits of its own", async () => {
    const { g, as, first, mine } = await holder();
    const response = await mine.add({ name: "second" });
    expect(response.status).toBe(201);
    const second = await response.json<NewApiKey>();
    const accountId = first.accountId;
    expect(second).toEqual({
      apiKey: expect.stringMatching(new RegExp(`^${KEY_PATTERN}$`)),
      id: expect.stringMatching(/^key-[0-9a-z]{20}$/),
      name: "second",
      accountId,
    });
    expect(second.apiKey).toContain(accountId);
    expect(await as(second.apiKey).run()).toBe(200);
    const { credits } = await (await g.change(accountId, { plan: "free" })).json<{
      credits: number;
    }>();
    expect(credits).toBe(49);
  });

  it("is refused with a key that is none, and opens no account then", async () => {
    const { g } = await holder();
    const { text } = await newKey("a1".repeat(32));
    for (const key of ["YOUR_KEY", text]) {
      await expectRefused(await holderOf(g, key).add(), "invalid_key", 401);
    }
  });

  it("is not counted against the address, and needs no room there", async () => {
    const g = gateway(undefined, { INSTANT_KEYS_PER_DAY: "1" });
    const headers = { "CF-Connecting-IP": anyAddress() };
    const { apiKey } = await (await g.post("/api/keys", {}, headers)).json<NewApiKey>();
    const more = { ...headers, Authorization: `Bearer ${apiKey}` };
    expect((await g.post("/api/keys", {}, more)).status).toBe(201);
    expect((await g.post("/api/keys", {}, more)).status).toBe(201);
    expect((await g.post("/api/keys", {}, headers)).status).toBe(429);
  });

  it("is let through until there are as many as there may be", async () => {
    const { mine } = await holder();
    const ids: string[] = [];
    for (let count = 1; count < KEYS_MAX; count += 1) ids.push((await mine.made()).id);
    await expectRefused(await mine.add(), "too_many_keys", 409);
    expect((await mine.revoke(ids[0] ?? "")).status).toBe(204);
    expect((await mine.add()).status).toBe(201);
    expect((await mine.list()).filter(({ revokedAt }) => revokedAt === null)).toHaveLength(20);
  });

  it("makes one key and no more when the object is asked twice for it", async () => {
    const { g, first } = await holder();
    const { accountId } = first;
    const { hash } = await newKey(accountId);
    await runInDurableObject(g.account(accountId), (account, { storage }) => {
      const [row] = storage.sql.exec<{ hash: string }>("SELECT hash FROM key").toArray();
      const own = row?.hash ?? "";
      const deed = { kind: "add" as const, key: { id: "key-1", hash, name: "once" } };
      const made = account.doWithKeys(own, deed);
      const again = account.doWithKeys(own, deed);
      for (const answer of [made, again]) {
        expect(answer).toMatchObject({ ok: true, found: [{ id: "key-1", name: "once" }] });
      }
      expect(storage.sql.exec("SELECT * FROM key").toArray()).toHaveLength(2);
    });
  });
});

describe("GET /api/keys", () => {
  it("tells keys apart, and which of them was asked with, but shows none", async () => {
    const { as, first, mine } = await holder();
    const second = await mine.made({ name: "second" });
    const response = await mine.send("GET", "/api/keys");
    const text = await response.clone().text();
    for (const { apiKey } of [first, second]) {
      expect(text).not.toContain(apiKey.split("_")[3]);
    }
    const keys = await as(second.apiKey).list();
    expect(new Set(keys.map(({ id }) => id))).toEqual(new Set([first.id, second.id]));
    for (const { apiKey, id, name } of [first, second]) {
      const key = keys.find((each) => each.id === id);
      expect(key).toMatchObject({ name, current: id === second.id, revokedAt: null });
      expect(apiKey.startsWith(key?.prefix ?? "?")).toBe(true);
      expect(apiKey.endsWith(key?.last ?? "?")).toBe(true);
    }
  });

  it("needs a key", async () => {
    const response = await gateway().send("/api/keys");
    expect((await errorOf(response)).code).toBe("unauthorized");
  });

  it("says when a key was last used, as of a minute ago, at the cost of a write a minute", async () => {
    clockAt(START_MS);
    const { g, mine, first } = await holder();
    const usedAt = async () => {
      const rows = await runInDurableObject(g.account(first.accountId), (_account, { storage }) =>
        storage.sql.exec<{ at: number | null }>("SELECT last_used_at_ms AS at FROM key").toArray(),
      );
      return rows[0]?.at;
    };
    expect(await usedAt()).toBeNull();
    for (const [afterMs, notedMs] of [
      [1000, 1000],
      [60_999, 1000],
      [61_000, 61_000],
      [100_000, 61_000],
    ] as const) {
      clockAt(START_MS + afterMs);
      await mine.run();
      expect(await usedAt()).toBe(START_MS + notedMs);
    }
    clockAt(START_MS + 200_000);
    expect((await mine.list())[0]?.lastUsedAt).toBe(timeOf(START_MS + 200_000));
    clockAt(START_MS + 150_000);
    await mine.run();
    expect(await usedAt(), "a clock that was set back").toBe(START_MS + 150_000);
  });
});

describe("PATCH /api/keys/:keyId", () => {
  it("gives a key another name, or none", async () => {
    const { mine, first } = await holder();
    const response = await mine.rename(first.id, "laptop \ud800");
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ id: first.id, name: "laptop \ufffd" });
    expect((await mine.list())[0]?.name).toBe("laptop \ufffd");
    await mine.rename(first.id, null);
    expect((await mine.list())[0]?.name).toBeNull();
    expect(await mine.run()).toBe(200);
  });

  it.each([5, undefined, "x".repeat(101)])("refuses the name %j", async (name) => {
    const { mine, first } = await holder();
    const response = await mine.rename(first.id, name);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("name");
  });
});

describe("DELETE /api/keys/:keyId", () => {
  it("revokes at once, whatever the clock says and although the object was evicted", async () => {
    clockAt(START_MS);
    const { g, as, mine } = await holder();
    const second = await mine.made();
    expect(await as(second.apiKey).run()).toBe(200);
    expect((await mine.revoke(second.id)).status).toBe(204);
    const refused = async () => {
      await expectRefused(await g.run(second.apiKey), "invalid_key", 401);
      await expectRefused(await as(second.apiKey).send("GET", "/api/keys"), "invalid_key", 401);
    };
    await refused();
    clockAt(START_MS - 1_000_000);
    await refused();
    await evictDurableObject(g.account(second.accountId));
    await refused();
    const told = (await mine.list()).find(({ id }) => id === second.id);
    expect(told?.revokedAt).toBe(timeOf(START_MS));
  });

  it("may be repeated, and keeps when it was first done", async () => {
    clockAt(START_MS);
    const { mine } = await holder();
    const { id } = await mine.made();
    await mine.revoke(id);
    clockAt(START_MS + 5000);
    expect((await mine.revoke(id)).status).toBe(204);
    const told = (await mine.list()).find((key) => key.id === id);
    expect(told?.revokedAt).toBe(timeOf(START_MS));
  });

  it("lets a key revoke itself while there is another", async () => {
    const { as, mine, first } = await holder();
    const second = await mine.made();
    expect((await mine.revoke(first.id)).status).toBe(204);
    expect(await mine.run()).toBe(401);
    expect(await as(second.apiKey).run()).toBe(200);
  });

  it("refuses to take the last key, unless that is meant", async () => {
    const { mine, first } = await holder();
    const spare = await mine.made();
    await mine.rotate(spare.id, { graceMs: KEY_GRACE_MS_MAX });
    const [, replacement] = (await mine.list()).filter(({ id }) => id !== first.id);
    const lasting = (await mine.list()).filter((key) => !key.current && key.expiresAt === null);
    expect(replacement).toBeDefined();
    for (const { id } of lasting) await mine.revoke(id);
    await expectRefused(await mine.revoke(first.id), "last_key", 409);
    await expectRefused(await mine.revoke(first.id, "?force=false"), "last_key", 409);
    expect(await mine.run()).toBe(200);
    expect((await mine.revoke(first.id, "?force=true")).status).toBe(204);
    expect(await mine.run()).toBe(401);
  });

  it("refuses a `force` that is neither", async () => {
    const { mine, first } = await holder();
    const response = await mine.revoke(first.id, "?force=yes");
    expect((await errorOf(response)).field).toBe("force");
  });

  it("knows no key of another account, nor one that never was", async () => {
    const { mine } = await holder();
    const other = await holder();
    for (const id of [other.first.id, "key-00000000000000000000", "x"]) {
      await expectRefused(await mine.revoke(id), "unknown_key", 404);
      await expectRefused(await mine.rename(id, "mine"), "unknown_key", 404);
      await expectRefused(await mine.rotate(id), "unknown_key", 404);
    }
    expect(await other.mine.run()).toBe(200);
  });
});

describe("POST /api/keys/:keyId/rotate", () => {
  it("replaces a key at once", async () => {
    const { as, mine, first } = await holder();
    const response = await mine.rotate(first.id);
    expect(response.status).toBe(201);
    const rotated = await response.json<Rotated>();
    expect(rotated).toMatchObject({ name: "first", accountId: first.accountId });
    expect(rotated.id).not.toBe(first.id);
    expect(rotated.replaced).toMatchObject({ id: first.id, expiresAt: null });
    expect(rotated.replaced.revokedAt).not.toBeNull();
    expect(await mine.run()).toBe(401);
    expect(await as(rotated.apiKey).run()).toBe(200);
  });

  it("lets the old key work for as long as was asked for, and not a millisecond longer", async () => {
    clockAt(START_MS);
    const { as, mine, first } = await holder();
    const graceMs = KEY_GRACE_MS_MAX;
    const rotated = await (await mine.rotate(first.id, { graceMs })).json<Rotated>();
    const endsAt = timeOf(START_MS + graceMs);
    expect(rotated.replaced).toMatchObject({ revokedAt: null, expiresAt: endsAt });
    clockAt(START_MS + graceMs - 1);
    expect(await mine.run()).toBe(200);
    clockAt(START_MS + graceMs);
    expect(await mine.run()).toBe(401);
    const old = (await as(rotated.apiKey).list()).find(({ id }) => id === first.id);
    expect(old).toMatchObject({ revokedAt: endsAt, expiresAt: endsAt });
  });

  it("leaves an old key that can be revoked before its time, but not replaced again", async () => {
    const { as, mine, first } = await holder();
    const rotated = await (await mine.rotate(first.id, { graceMs: 1000 })).json<Rotated>();
    const now = as(rotated.apiKey);
    await expectRefused(await now.rotate(first.id), "key_revoked", 409);
    expect((await now.revoke(first.id)).status).toBe(204);
    expect(await mine.run()).toBe(401);
    await expectRefused(await now.rotate(first.id), "key_revoked", 409);
  });

  it.each([-1, KEY_GRACE_MS_MAX + 1, 0.5, "1h"])("refuses a grace of %j", async (graceMs) => {
    const { mine, first } = await holder();
    const response = await mine.rotate(first.id, { graceMs });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("graceMs");
    expect(await mine.run()).toBe(200);
  });

  it("makes no more keys than there may be, however often it is done, and forgets the oldest", async () => {
    clockAt(START_MS);
    const { as, mine, first } = await holder();
    let { apiKey, id }: { apiKey: string; id: string } = first;
    for (let count = 0; count < KEYS_MAX; count += 1) {
      clockAt(START_MS + count);
      const response = await as(apiKey).rotate(id, { graceMs: KEY_GRACE_MS_MAX });
      ({ apiKey, id } = await response.json<Rotated>());
    }
    const refused = await as(apiKey).rotate(id, { graceMs: 1 });
    await expectRefused(refused, "too_many_keys", 409);
    for (let count = 0; count < KEYS_KEPT_MAX; count += 1) {
      clockAt(START_MS + KEYS_MAX + count);
      ({ apiKey, id } = await (await as(apiKey).rotate(id)).json<Rotated>());
    }
    const keys = await as(apiKey).list();
    expect(keys).toHaveLength(KEYS_KEPT_MAX);
    expect(keys[0]).toMatchObject({ id, current: true, revokedAt: null });
    expect(keys.filter(({ revokedAt }) => revokedAt === null)).toHaveLength(KEYS_MAX + 1);
    expect(await mine.run(), "one that was left to work").toBe(200);
  });

  it("is done once when the object is asked twice, even by the key that it ended", async () => {
    const { g, first } = await holder();
    const { accountId, id } = first;
    const made = await newKey(accountId);
    const key = { id: "key-new", hash: made.hash };
    await runInDurableObject(g.account(accountId), (account, { storage }) => {
      const [row] = storage.sql.exec<{ hash: string }>("SELECT hash FROM key").toArray();
      const own = row?.hash ?? "";
      const deed = { kind: "rotate" as const, id, key, graceMs: 0 };
      const done = account.doWithKeys(own, deed);
      const again = account.doWithKeys(own, deed);
      for (const answer of [done, again]) {
        expect(answer).toMatchObject({ ok: true, found: [{ id: "key-new" }, { id }] });
      }
      expect(account.doWithKeys(own, { kind: "list" })).toMatchObject({ code: "invalid_key" });
    });
    expect((await g.run(made.text)).status).toBe(200);
  });
});

describe("an account that was opened before keys had ids", () => {
  it("gives each of them one, and keeps them", async () => {
    const { g, mine, first } = await holder();
    await runInDurableObject(g.account(first.accountId), (_account, { storage: { sql } }) => {
      for (const column of ["id", "last_used_at_ms", "expires_at_ms"]) {
        sql.exec(`ALTER TABLE key DROP COLUMN ${column}`);
      }
      sql.exec("DELETE FROM migration WHERE number = 4");
    });
    await evictDurableObject(g.account(first.accountId));
    const keys = await mine.list();
    expect(keys).toMatchObject([{ name: "first", current: true, revokedAt: null }]);
    expect(keys[0]?.id).toMatch(/^key-[0-9a-z]{20}$/);
  });
});

describe("the calls to keys", () => {
  it("have a rate of their own", async () => {
    const { mine } = await holder();
    const response = await mine.send("GET", "/api/keys");
    expect(response.headers.get("RateLimit-Policy")).toBe('"calls";q=600;w=60');
  });
});
