// The gatekeeper: a request is let through once, when it was signed for this runner, just now, and
// exactly as it arrives; whatever else is wrong with it is told to nobody outside.

import { describe, expect, it } from "vitest";
import { admit, admitStream, makeSigningKey, NonceMemory } from "../../runner/signed.ts";
import { Failure } from "../../shared/errors.ts";
import { SIGNATURE_AGE_MS_MAX } from "../../shared/limits.ts";
import {
  importSigningKey,
  type SignedRequest,
  type SignedStream,
  sign,
  signStream,
} from "../../shared/signature.ts";

const NOW_MS = 1_800_000_000_000;
const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const REQUEST = {
  method: "POST",
  url: "http://runner/v1/execute?a=1",
  body: new TextEncoder().encode('{"code":"print(1)"}'),
};

describe("a signed request", () => {
  it("is let through", async () => {
    await expect(offer()).resolves.toBe("let through");
  });

  it("is let through at both ends of the allowed difference of clocks", async () => {
    await expect(offer({ nowMs: NOW_MS + SIGNATURE_AGE_MS_MAX })).resolves.toBe("let through");
    await expect(offer({ nowMs: NOW_MS - SIGNATURE_AGE_MS_MAX })).resolves.toBe("let through");
  });

  it("is refused the second time", async () => {
    const nonces = new NonceMemory();
    const headers = await signed();
    await expect(offer({ headers, nonces })).resolves.toBe("let through");
    await expect(offer({ headers, nonces })).resolves.toBe("replayed");
  });

  it("is refused the second time for as long as it would be let through", async () => {
    for (const aheadMs of [0, 30_000, SIGNATURE_AGE_MS_MAX]) {
      const nonces = new NonceMemory();
      const key = await importSigningKey(SECRET);
      const headers = await sign(key, "r1", REQUEST, NOW_MS + aheadMs);
      await expect(offer({ headers, nonces })).resolves.toBe("let through");
      for (let laterMs = 1000; laterMs < 4 * SIGNATURE_AGE_MS_MAX; laterMs += 1000) {
        const again = await offer({ headers, nonces, nowMs: NOW_MS + laterMs });
        expect(again, `signed ${aheadMs} ms ahead, again after ${laterMs} ms`).not.toBe(
          "let through",
        );
      }
    }
  });

  const refused: [string, Parameters<typeof offer>[0]][] = [
    ["it is stale", { nowMs: NOW_MS + SIGNATURE_AGE_MS_MAX + 1000 }],
    ["it is from the future", { nowMs: NOW_MS - SIGNATURE_AGE_MS_MAX - 1000 }],
    ["it is for another runner", { runnerId: "r2" }],
    ["it is signed with another secret", { secret: "b".repeat(40) }],
    [
      "its body was changed",
      { request: { body: new TextEncoder().encode('{"code":"print(2)"}') } },
    ],
    ["its body was removed", { request: { body: new Uint8Array() } }],
    ["its path was changed", { request: { url: "http://runner/v1/health?a=1" } }],
    ["its query was changed", { request: { url: "http://runner/v1/execute?a=2" } }],
    ["its query was removed", { request: { url: "http://runner/v1/execute" } }],
    ["its method was changed", { request: { method: "PUT" } }],
    ["its signature is missing", { change: { signature: undefined } }],
    ["its parameters are missing", { change: { "signature-input": undefined } }],
    ["its digest is missing", { change: { "content-digest": undefined } }],
    ["its signature comes twice", { change: { signature: ["a", "b"] } }],
    ["its signature is nonsense", { change: { signature: "sig=:AAAA:" } }],
    ["its signature is no field at all", { change: { signature: "\"';--" } }],
    ["its parameters are nonsense", { change: { "signature-input": "sig=()" } }],
    ["its digest is another body's", { change: { "content-digest": "sha-256=:AAAA:" } }],
  ];

  it.each(refused)("is refused when %s", async (_what, how) => {
    await expect(offer(how)).resolves.toMatch(/^(?!let through)./);
  });

  it("hears the same words whatever was wrong", async () => {
    const failures = await Promise.all(refused.map(([, how]) => failureOf(how)));
    const bodies = new Set(failures.map((failure) => JSON.stringify(failure.body("req"))));
    expect(bodies.size).toBe(1);
    expect(failures.every(({ status }) => status === 401)).toBe(true);
  });

  it("cannot have fields cut off from what is signed", async () => {
    const headers = await signed();
    const input = headers["signature-input"].replace('"content-digest"', "").replace(" )", ")");
    await expect(offer({ change: { "signature-input": input } })).resolves.not.toBe("let through");
  });

  it("cannot be made young again", async () => {
    const headers = await signed();
    const later = headers["signature-input"].replace(
      /created=\d+/,
      `created=${NOW_MS / 1000 + 100}`,
    );
    const how = { nowMs: NOW_MS + 100_000, change: { "signature-input": later } };
    await expect(offer(how)).resolves.not.toBe("let through");
  });
});

describe("a signed request whose body is still to come", () => {
  const DIGEST = "sha-256=:AAAA:";
  const UPLOAD: SignedStream = {
    method: "PUT",
    url: "http://runner/v1/sessions/s/files/a.txt?accountId=a",
    headers: { "content-length": "5", "content-digest": DIGEST },
  };

  async function offerStream(
    signed: SignedStream,
    { method = signed.method, url = signed.url, change = {}, nonces = new NonceMemory() } = {},
    nowMs = NOW_MS,
  ): Promise<string> {
    const keeper = { key: makeSigningKey(SECRET), runnerId: "r1", nonces };
    const signature = await signStream(await importSigningKey(SECRET), "r1", signed, NOW_MS);
    const headers = { ...signed.headers, ...signature, ...change };
    return await told(admitStream(keeper, { method, url }, headers, nowMs));
  }

  it.each<[string, SignedStream["headers"]]>([
    ["a length and a digest", UPLOAD.headers],
    ["a length", { "content-length": "5" }],
    ["a digest", { "content-digest": DIGEST }],
    ["neither", {}],
  ])("is let through with %s", async (_what, headers) => {
    await expect(offerStream({ ...UPLOAD, headers })).resolves.toBe("let through");
  });

  it.each<[string, Parameters<typeof offerStream>[1]]>([
    ["its length was changed", { change: { "content-length": "6" } }],
    ["its length was removed", { change: { "content-length": undefined } }],
    ["its length comes twice", { change: { "content-length": ["5", "5"] } }],
    ["its digest was changed", { change: { "content-digest": "sha-256=:BBBB:" } }],
    ["its digest was removed", { change: { "content-digest": undefined } }],
    ["its path was changed", { url: "http://runner/v1/sessions/s/files/b.txt?accountId=a" }],
    ["its query was changed", { url: "http://runner/v1/sessions/s/files/a.txt?accountId=b" }],
    ["its method was changed", { method: "DELETE" }],
    ["its signature is missing", { change: { signature: undefined } }],
  ])("is refused when %s", async (_what, how) => {
    await expect(offerStream(UPLOAD, how)).resolves.toMatch(/^(?!let through)./);
  });

  it.each<[string, SignedStream["headers"]]>([
    ["a length", { "content-length": "5" }],
    ["a digest", { "content-digest": DIGEST }],
  ])("is refused when %s was added", async (_what, change) => {
    const refused = offerStream({ ...UPLOAD, headers: {} }, { change });
    await expect(refused).resolves.toMatch(/^(?!let through)./);
  });

  it("is refused when it is stale, and the second time", async () => {
    const late = NOW_MS + SIGNATURE_AGE_MS_MAX + 1000;
    await expect(offerStream(UPLOAD, {}, late)).resolves.toMatch(/^(?!let through)./);
    const keeper = { key: makeSigningKey(SECRET), runnerId: "r1", nonces: new NonceMemory() };
    const signature = await signStream(keeper.key, "r1", UPLOAD, NOW_MS);
    const again = () =>
      told(admitStream(keeper, UPLOAD, { ...UPLOAD.headers, ...signature }, NOW_MS));
    await expect(again()).resolves.toBe("let through");
    await expect(again()).resolves.toBe("replayed");
  });

  it("does not pass for one with its body, nor the other way round", async () => {
    const keeper = () => ({
      key: makeSigningKey(SECRET),
      runnerId: "r1",
      nonces: new NonceMemory(),
    });
    const headers = await signed();
    const asStream = admitStream(keeper(), REQUEST, headers, NOW_MS);
    await expect(told(asStream)).resolves.toMatch(/^(?!let through)./);
    const { "content-digest": digest } = headers;
    const stream = { ...REQUEST, headers: { "content-digest": digest } };
    const signature = await signStream(keeper().key, "r1", stream, NOW_MS);
    const asWhole = admit(keeper(), REQUEST, { "content-digest": digest, ...signature }, NOW_MS);
    await expect(told(asWhole)).resolves.toMatch(/^(?!let through)./);
  });
});

describe("the runner's signing key", () => {
  it("agrees with the gateway's, in both directions", async () => {
    const gateway = await importSigningKey(SECRET);
    const runner = makeSigningKey(SECRET);
    const data = new TextEncoder().encode("data");
    expect(await runner.verify(data, await gateway.sign(data))).toBe(true);
    expect(await gateway.verify(data, await runner.sign(data))).toBe(true);
    expect(await runner.verify(data, (await gateway.sign(data)).subarray(1))).toBe(false);
    expect(await runner.verify(data, new Uint8Array(32))).toBe(false);
  });

  it("is refused when it is too short to be random", () => {
    expect(() => makeSigningKey("short")).toThrow("32");
  });
});

describe("the memory of nonces", () => {
  it("knows a nonce for as long as its signature could be accepted", () => {
    const nonces = new NonceMemory();
    expect(nonces.remember("a", NOW_MS)).toBe(true);
    expect(nonces.remember("a", NOW_MS + 2 * SIGNATURE_AGE_MS_MAX - 1)).toBe(false);
  });

  it("forgets a nonce when it no longer matters", () => {
    const nonces = new NonceMemory();
    nonces.remember("a", NOW_MS);
    expect(nonces.remember("a", NOW_MS + 3 * SIGNATURE_AGE_MS_MAX)).toBe(true);
  });

  it("says busy rather than grow without end or forget too early", () => {
    const nonces = new NonceMemory();
    for (let i = 0; i < 500_000; i++) nonces.remember(`n${i}`, NOW_MS);
    expect(() => nonces.remember("one more", NOW_MS)).toThrow(
      expect.objectContaining({ code: "busy" }) as Error,
    );
    expect(nonces.remember("n0", NOW_MS)).toBe(false);
  });
});

type Offer = {
  nowMs?: number;
  runnerId?: string;
  secret?: string;
  nonces?: NonceMemory;
  headers?: Awaited<ReturnType<typeof signed>>;
  change?: Record<string, string | string[] | undefined>;
  request?: Partial<SignedRequest>;
};

async function signed() {
  return await sign(await importSigningKey(SECRET), "r1", REQUEST, NOW_MS);
}

/** What becomes of a request: that it is let through, or the reason in the log. */
async function offer(how: Offer = {}): Promise<string> {
  const keeper = {
    key: makeSigningKey(how.secret ?? SECRET),
    runnerId: how.runnerId ?? "r1",
    nonces: how.nonces ?? new NonceMemory(),
  };
  const headers = { ...(how.headers ?? (await signed())), ...how.change };
  return await told(admit(keeper, { ...REQUEST, ...how.request }, headers, how.nowMs ?? NOW_MS));
}

async function told(admitting: Promise<void>): Promise<string> {
  try {
    await admitting;
    return "let through";
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown.detail ?? "";
    throw thrown;
  }
}

async function failureOf(how: Offer = {}): Promise<Failure> {
  const keeper = {
    key: makeSigningKey(how.secret ?? SECRET),
    runnerId: how.runnerId ?? "r1",
    nonces: new NonceMemory(),
  };
  const headers = { ...(await signed()), ...how.change };
  const request = { ...REQUEST, ...how.request };
  return await admit(keeper, request, headers, how.nowMs ?? NOW_MS).then(
    () => Promise.reject(new Error("let through")),
    (thrown) => thrown,
  );
}
