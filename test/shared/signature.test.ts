// Signatures between gateway and runner: what was signed is accepted, and nothing else is.

import { describe, expect, it } from "vitest";
import { SIGNATURE_AGE_MS_MAX } from "../../shared/limits.ts";
import { importSigningKey, sign, verify } from "../../shared/signature.ts";

const NOW_MS = 1_800_000_000_000;
const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const key = await importSigningKey(SECRET);

function requestOf(change: { method?: string; url?: string; body?: string } = {}) {
  const { method = "POST", url = "http://runner/v1/execute?a=1", body = '{"code":"1"}' } = change;
  return { method, url, body: new Uint8Array(Buffer.from(body)) };
}

describe("a signature", () => {
  it("is accepted for the request it was made for, whatever host it is sent to", async () => {
    const headers = await sign(key, "one", requestOf(), NOW_MS);
    const request = requestOf({ url: "http://10.0.0.7:8788/v1/execute?a=1" });
    expect(await verify(key, "one", request, headers, NOW_MS)).toMatch(/^[0-9a-z]{26}$/);
  });

  it("is accepted for a request without a body", async () => {
    const request = requestOf({ method: "GET", url: "http://runner/v1/health", body: "" });
    const headers = await sign(key, "one", request, NOW_MS);
    await expect(verify(key, "one", request, headers, NOW_MS)).resolves.toBeTypeOf("string");
  });

  it("has a new nonce every time", async () => {
    const nonces = new Set<string>();
    for (let count = 0; count < 50; count += 1) {
      const headers = await sign(key, "one", requestOf(), NOW_MS);
      nonces.add(await verify(key, "one", requestOf(), headers, NOW_MS));
    }
    expect(nonces.size).toBe(50);
  });

  it.each([
    ["another method", { method: "PUT" }],
    ["another path", { url: "http://runner/v1/health?a=1" }],
    ["another query", { url: "http://runner/v1/execute?a=2" }],
    ["no query", { url: "http://runner/v1/execute" }],
    ["another body", { body: '{"code":"2"}' }],
    ["no body", { body: "" }],
  ])("is refused for %s", async (_name, change) => {
    const headers = await sign(key, "one", requestOf(), NOW_MS);
    await expect(verify(key, "one", requestOf(change), headers, NOW_MS)).rejects.toThrow();
  });

  it("is refused by another runner, and by one with another secret", async () => {
    const headers = await sign(key, "one", requestOf(), NOW_MS);
    await expect(verify(key, "two", requestOf(), headers, NOW_MS)).rejects.toThrow();
    const other = await importSigningKey(`${SECRET}x`);
    await expect(verify(other, "one", requestOf(), headers, NOW_MS)).rejects.toThrow();
  });

  it("is refused when it is too old or from the future, and accepted in between", async () => {
    const headers = await sign(key, "one", requestOf(), NOW_MS);
    const at = (ms: number) => verify(key, "one", requestOf(), headers, NOW_MS + ms);
    await expect(at(SIGNATURE_AGE_MS_MAX - 1000)).resolves.toBeTypeOf("string");
    await expect(at(1000 - SIGNATURE_AGE_MS_MAX)).resolves.toBeTypeOf("string");
    await expect(at(3 * SIGNATURE_AGE_MS_MAX)).rejects.toThrow();
    await expect(at(-3 * SIGNATURE_AGE_MS_MAX)).rejects.toThrow();
  });

  it.each([
    ["no signature", { signature: "" }],
    ["no description of itself", { "signature-input": "" }],
    ["nonsense", { signature: "sig=:AAAA:", "signature-input": "sig=(" }],
    ["a digest of something else", { "content-digest": "sha-256=:AAAA:" }],
  ])("is refused with %s", async (_name, change) => {
    const headers = { ...(await sign(key, "one", requestOf(), NOW_MS)), ...change };
    await expect(verify(key, "one", requestOf(), headers, NOW_MS)).rejects.toThrow();
  });

  it.each([
    ["its nonce", /;nonce="[^"]*"/],
    ["its time", /;created=\d+/],
    ["its tag", /;tag="[^"]*"/],
    ["the body's digest", / "content-digest"/],
  ])("is refused without %s", async (_name, part) => {
    const headers = await sign(key, "one", requestOf(), NOW_MS);
    expect(headers["signature-input"]).toMatch(part);
    headers["signature-input"] = headers["signature-input"].replace(part, "");
    await expect(verify(key, "one", requestOf(), headers, NOW_MS)).rejects.toThrow();
  });
});

describe("a signing secret", () => {
  it("that is short is refused", async () => {
    await expect(importSigningKey("short")).rejects.toThrow(/32/);
  });
});
