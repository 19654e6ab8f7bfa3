// Keys: how they are made and handed out, and which are refused without asking anybody.

import { listDurableObjectIds, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import readme from "../../README.md?raw";
import { hex, sha256 } from "../../worker/digest.ts";
import { KEY_PATTERN, newKey, readKey } from "../../worker/key.ts";
import { anyAddress, errorOf, gateway, PROGRAM } from "./kit/gateway.ts";

const ACCOUNT_ID = "a1".repeat(32);

describe("a key", () => {
  it("is read back as the account and the digest it was made with", async () => {
    const { text, accountId, hash } = await newKey(ACCOUNT_ID);
    expect(text).toMatch(/^cr_live_[0-9a-f]{64}_[0-9a-z]{32}_[0-9a-f]{8}$/);
    expect(await readKey(text)).toEqual({ accountId, hash });
  });

  it("is refused when any one of its characters is another", async () => {
    const { text } = await newKey(ACCOUNT_ID);
    for (let at = 0; at < text.length; at += 1) {
      const other = text[at] === "b" ? "c" : "b";
      expect(await readKey(text.slice(0, at) + other + text.slice(at + 1))).toBeUndefined();
    }
  });

  it("is found in a text by the expression that the README gives, and told from what is none", async () => {
    expect(readme).toContain(`\`\`\`text\n${KEY_PATTERN}\n\`\`\``);
    const { text } = await newKey(ACCOUNT_ID);
    const found = `{"key":"${text}","other":"${text}x"}`.match(new RegExp(KEY_PATTERN, "g"));
    expect(found).toEqual([text, text]);
    const [, , account, secret, checksum] = text.split("_");
    expect(hex(await sha256(`${account}_${secret}`)).slice(0, 8)).toBe(checksum);
  });

  it.each(["", "YOUR_KEY", "cr_live___", `cr_live_${ACCOUNT_ID}`])(
    "is not what %j looks like",
    async (text) => {
      expect(await readKey(text)).toBeUndefined();
    },
  );
});

describe("POST /api/keys", () => {
  it("opens an account with 50 credits at 10 a minute, with no body at all", async () => {
    const g = gateway();
    const headers = { "CF-Connecting-IP": anyAddress() };
    const response = await g.send("/api/keys", { method: "POST", headers });
    expect(response.status).toBe(201);
    const body = await response.json<{ apiKey: string; accountId: string }>();
    expect(body).toMatchObject({ plan: "free", credits: 50, ratePerMinute: 10 });
    expect(body.apiKey).toContain(body.accountId);
    expect((await g.run(body.apiKey)).status).toBe(200);
  });

  it.each([{}, { name: "my agent" }, { name: null }, { name: "\ud800" }])(
    "takes %j",
    async (body) => {
      const headers = { "CF-Connecting-IP": anyAddress() };
      expect((await gateway().post("/api/keys", body, headers)).status).toBe(201);
    },
  );

  it.each([{ name: 5 }, { name: "x".repeat(101) }])("refuses %j", async (body) => {
    const response = await gateway().post("/api/keys", body);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe("name");
  });

  it("keeps a digest of the key and not the key", async () => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    const secret = apiKey.split("_")[3] ?? "";
    await runInDurableObject(g.account(accountId), (_account, { storage }) => {
      const rows = storage.sql.exec("SELECT * FROM key").toArray();
      expect(rows).toHaveLength(1);
      expect(rows[0]?.hash).toMatch(/^[0-9a-f]{64}$/);
      expect(JSON.stringify(rows)).not.toContain(secret);
    });
  });
});

describe("a request with a key", () => {
  it.each([
    "Bearer YOUR_KEY",
    "Bearer",
    "Bearer ",
    "",
    "Basic YTpi",
    "Bearer a b",
    `Bearer cr_live_${ACCOUNT_ID}_${"0".repeat(32)}_00000000`,
  ])("that says %j is refused and asks no object", async (authorization) => {
    const before = await listDurableObjectIds(env.ACCOUNTS);
    const response = await gateway().post("/api/execute", PROGRAM, {
      Authorization: authorization,
    });
    expect(response.status).toBe(401);
    expect((await errorOf(response)).code).toBe("invalid_key");
    expect(response.headers.get("WWW-Authenticate")).toBe("Bearer");
    expect(await listDurableObjectIds(env.ACCOUNTS)).toEqual(before);
  });

  it("of an invented account is refused and asks no object", async () => {
    const before = await listDurableObjectIds(env.ACCOUNTS);
    const { text } = await newKey(ACCOUNT_ID);
    const response = await gateway().run(text);
    expect((await errorOf(response)).code).toBe("invalid_key");
    expect(await listDurableObjectIds(env.ACCOUNTS)).toEqual(before);
  });

  it("of an account that was never opened is refused and nothing is written", async () => {
    const g = gateway();
    const accountId = env.ACCOUNTS.newUniqueId().toString();
    const { text } = await newKey(accountId);
    expect((await errorOf(await g.run(text))).code).toBe("invalid_key");
    await runInDurableObject(g.account(accountId), (_account, { storage }) => {
      const tables = storage.sql.exec("SELECT name FROM sqlite_master").toArray();
      expect(tables.filter(({ name }) => !String(name).startsWith("_cf_"))).toEqual([]);
    });
  });

  it("with another secret for a real account is refused", async () => {
    const g = gateway();
    const { accountId } = await g.open();
    const { text } = await newKey(accountId);
    const response = await g.run(text);
    expect((await errorOf(response)).code).toBe("invalid_key");
    expect(response.headers.has("RateLimit")).toBe(false);
  });

  it("may write the scheme in any case", async () => {
    const g = gateway();
    const { apiKey } = await g.open();
    const response = await g.post("/api/execute", PROGRAM, { Authorization: `bearer  ${apiKey}` });
    expect(response.status).toBe(200);
  });
});
