// Making a key for an account again under the same Idempotency-Key: the same key, once.

import { describe, expect, it } from "vitest";
import { expectRefused } from "./kit/client.ts";
import { gateway } from "./kit/gateway.ts";

const REPEAT = "0f8fad5b-d9cb-469f-a165-70867728950e";

type Made = { apiKey: string; id: string; replaced?: { id: string } };

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
});
