// Making a key for an account again under the same Idempotency-Key: the same key, once.

import { afterEach, describe, expect, it, vi } from "vitest";
import { DAY_MS } from "../../shared/limits.ts";
import { hex, sha256 } from "../../worker/digest.ts";
import { expectRefused } from "./kit/client.ts";
import { anyAddress, gateway } from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const REPEAT = "0f8fad5b-d9cb-469f-a165-70867728950e";

type Made = { apiKey: string; accountId: string; id: string; replaced?: { id: string } };

/** A text that passes for a key of an account, made by who has none of its keys. */
async function forgedKey(accountId: string): Promise<string> {
  const body = `${accountId}_${"0".repeat(32)}`;
  return `cr_live_${body}_${hex(await sha256(body)).slice(0, 8)}`;
}

/** An account that was opened under an Idempotency-Key, and a way to go on under the same. */
async function openedUnderKey() {
  const g = gateway();
  const from = { "CF-Connecting-IP": anyAddress(), "Idempotency-Key": REPEAT };
  const made = await (await g.post("/api/keys", {}, from)).json<Made>();
  const ask = async (path: string, key = made.apiKey) =>
    await g.post(path, {}, { Authorization: `Bearer ${key}`, "Idempotency-Key": REPEAT });
  return { g, made, ask };
}

async function owner() {
  const g = gateway();
  const { apiKey } = await g.open();
  const ask = async (
    path: string,
    body: object = {},
    { key = apiKey, repeat = REPEAT }: { key?: string; repeat?: string } = {},
  ) => {
    const headers = { Authorization: `Bearer ${key}`, "Idempotency-Key": repeat };
    return await g.post(path, body, headers);
  };
  const list = async (key = apiKey) => {
    const response = await g.send("/api/keys", { headers: { Authorization: `Bearer ${key}` } });
    return (await response.json<{ keys: { id: string; revokedAt: string | null }[] }>()).keys;
  };
  return { g, apiKey, ask, list };
}

const replayed = (response: Response) => response.headers.get("Idempotency-Replayed");

describe("a key for an account that is asked for again under its Idempotency-Key", () => {
  it("is the same, many times at once, and one more for the account", async () => {
    const { g, ask, list } = await owner();
    const all = await Promise.all(
      Array.from({ length: 20 }, async () => await ask("/api/keys", { name: "two" })),
    );
    expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 201));
    expect(all.filter((response) => replayed(response) === null)).toHaveLength(1);
    const texts = await Promise.all(all.map((response) => response.text()));
    expect(new Set(texts).size).toBe(1);
    expect(await list()).toHaveLength(2);
    expect((await g.run((JSON.parse(texts[0] ?? "") as Made).apiKey)).status).toBe(200);
  });

  it("is another under another one, and a conflict where another is asked for", async () => {
    const { ask, list } = await owner();
    await ask("/api/keys", { name: "two" });
    await expectRefused(await ask("/api/keys", { name: "three" }), "idempotency_mismatch", 409);
    expect((await ask("/api/keys", { name: "three" }, { repeat: `${REPEAT}-2` })).status).toBe(201);
    expect(await list()).toHaveLength(3);
  });

  it("is not to be had any more when it was revoked", async () => {
    const { g, apiKey, ask } = await owner();
    const { id } = await (await ask("/api/keys")).json<Made>();
    const headers = { Authorization: `Bearer ${apiKey}` };
    await g.send(`/api/keys/${id}`, { method: "DELETE", headers });
    await expectRefused(await ask("/api/keys"), "key_revoked", 409);
  });

  it("is not to be had any more when it was revoked, a day later either", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0) });
    const { g, apiKey, ask } = await owner();
    const { id } = await (await ask("/api/keys")).json<Made>();
    const headers = { Authorization: `Bearer ${apiKey}` };
    await g.send(`/api/keys/${id}`, { method: "DELETE", headers });
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    await expectRefused(await ask("/api/keys"), "key_revoked", 409);
  });

  it("is another than the one that its account was opened with", async () => {
    const { made, ask } = await openedUnderKey();
    const more = await (await ask("/api/keys")).json<Made>();
    expect(more.accountId).toBe(made.accountId);
    expect(more.apiKey).not.toBe(made.apiKey);
  });

  it("is not told to who knows the account and the Idempotency-Key, and has no key", async () => {
    const { made, ask } = await openedUnderKey();
    await ask("/api/keys");
    const forged = await forgedKey(made.accountId);
    await expectRefused(await ask("/api/keys", forged), "invalid_key", 401);
  });

  it("is not told to who guesses", async () => {
    const { ask, list } = await owner();
    await expectRefused(await ask("/api/keys", {}, { repeat: "1" }), "invalid_request", 400);
    expect(await list()).toHaveLength(1);
  });
});

describe("a key that is replaced again under its Idempotency-Key", () => {
  it("is replaced once, also where the caller has only the old one, which is gone", async () => {
    const { g, apiKey, ask, list } = await owner();
    const [first] = await list();
    const path = `/api/keys/${first?.id}/rotate`;
    const made = await (await ask(path)).json<Made>();
    const again = await ask(path);
    expect([again.status, replayed(again)]).toEqual([201, "true"]);
    const told = await again.json<Made>();
    expect([told.apiKey, told.id, told.replaced?.id]).toEqual([made.apiKey, made.id, first?.id]);
    expect(await list(made.apiKey)).toHaveLength(2);
    await expectRefused(await g.run(apiKey), "invalid_key", 401);
    expect((await g.run(made.apiKey)).status).toBe(200);
  });

  it("is not replaced for who has a revoked key and no such Idempotency-Key", async () => {
    const { ask, list } = await owner();
    const [first] = await list();
    const path = `/api/keys/${first?.id}/rotate`;
    await ask(path);
    await expectRefused(await ask(path, {}, { repeat: `${REPEAT}-2` }), "invalid_key", 401);
  });

  it("is replaced, also under the Idempotency-Key that its account was opened with", async () => {
    const { g, made, ask } = await openedUnderKey();
    const fresh = await (await ask(`/api/keys/${made.id}/rotate`)).json<Made>();
    expect(fresh.apiKey).not.toBe(made.apiKey);
    await expectRefused(await g.run(made.apiKey), "invalid_key", 401);
    expect((await g.run(fresh.apiKey)).status).toBe(200);
  });

  it("is not told to who has no key, nor a day later to who has the old one", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0) });
    const { made, ask } = await openedUnderKey();
    const path = `/api/keys/${made.id}/rotate`;
    expect((await ask(path)).status).toBe(201);
    expect((await ask(path)).status).toBe(201);
    const forged = await forgedKey(made.accountId);
    await expectRefused(await ask(path, forged), "invalid_key", 401);
    vi.setSystemTime(Date.now() + 2 * DAY_MS);
    await expectRefused(await ask(path), "invalid_key", 401);
  });
});
