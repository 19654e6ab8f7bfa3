// The official clients of x402, of both versions and unmodified, pay the real gateway on the real workerd,
// which settles on a real chain by itself; and how long a top-up takes. The runner is a plain HTTP server.

import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { createWalletClient, http, type PrivateKeyAccount } from "viem";
import { base } from "viem/chains";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { decodeXPaymentResponse, wrapFetchWithPayment as wrapV1 } from "x402-fetch";
import { ensureBundle } from "../../launch/bundle.ts";
import { type Gateway, startGateway } from "../../launch/gateway.ts";
import { launchPaths } from "../../launch/paths.ts";
import { type PaidChain, startPaidChain } from "../kit/paid-chain.ts";

const SECRET = "a-secret-for-tests-of-at-least-32-characters";
const SET_UP_MS_MAX = 120_000;
const TOP_UPS = 20;
/** What is promised is 250 ms; a machine that does other things meanwhile is given more. */
const TOP_UP_MS_MAX = 1_000;

const STAGE = {
  outcome: "ok",
  exitCode: 0,
  signal: null,
  stdout: "2\n",
  stderr: "",
  stdoutBytes: 2,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  stdoutIsUtf8: true,
  stderrIsUtf8: true,
  wallMs: 18.4,
  cpuMs: 12,
  memoryPeakBytes: 9_000_000,
};

let dir: string;
let chain: PaidChain;
let runner: Server;
let gateway: Gateway;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "x402-clients-"));
  chain = await startPaidChain();
  runner = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "Content-Type": "application/json" });
      response.end(JSON.stringify({ version: "3.13.5", run: STAGE, queueMs: 0.5 }));
    });
  }).listen(0, "127.0.0.1");
  await once(runner, "listening");
  const { port } = runner.address() as AddressInfo;
  const bundles = join(dir, "bundles");
  const { repo } = launchPaths();
  gateway = await startGateway({
    bundle: await ensureBundle({ repo, dir: bundles, report: () => {} }),
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: {
      ...chain.vars,
      RUNNER_URL: `http://127.0.0.1:${port}`,
      RUNNER_ID: "local",
      DEMO_RUNS_PER_DAY: "0",
    },
    secrets: { RUNNER_SECRET: SECRET, ADMIN_TOKEN: SECRET },
    logFile: join(dir, "gateway.log"),
  });
}, SET_UP_MS_MAX);

afterAll(async () => {
  await gateway?.stop();
  runner?.close();
  await chain?.stop();
  rmSync(dir, { recursive: true, force: true });
});

/** The client of version 2, as its makers say it is to be used. */
function v2(signer: PrivateKeyAccount): typeof fetch {
  const client = new x402Client();
  registerExactEvmScheme(client, { signer });
  return wrapFetchWithPayment(fetch, client) as typeof fetch;
}

/** The client of version 1. */
function v1(account: PrivateKeyAccount): typeof fetch {
  const wallet = createWalletClient({ account, chain: base, transport: http() });
  return wrapV1(fetch, wallet as never) as typeof fetch;
}

const PROGRAM = {
  method: "POST",
  headers: { "Content-Type": "application/json" },
  body: JSON.stringify({ language: "python", code: "print(1 + 1)" }),
};

async function openAccount() {
  const opened = await fetch(`${gateway.url}/api/keys`, { method: "POST" });
  return (await opened.json()) as { apiKey: string };
}

describe("the official client", () => {
  test("of version 2 tops a key up", async () => {
    const { apiKey } = await openAccount();
    const headers = { Authorization: `Bearer ${apiKey}` };
    const before = await chain.taken();
    const pay = v2(await chain.payer());
    const response = await pay(`${gateway.url}/api/credits/topup`, { method: "POST", headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ credits: 550 });
    const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
    expect(receipt).toMatchObject({ success: true, network: "eip155:8453" });
    expect((await chain.taken()) - before).toBe(1_000_000);
  });

  test("of version 1 tops a key up, by no more than it pays by itself", async () => {
    const { apiKey } = await openAccount();
    const headers = { Authorization: `Bearer ${apiKey}` };
    const before = await chain.taken();
    const pay = v1(await chain.payer());
    const response = await pay(`${gateway.url}/v1/credits/topup`, { method: "POST", headers });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ credits: 100 });
    const receipt = decodeXPaymentResponse(response.headers.get("X-PAYMENT-RESPONSE") ?? "");
    expect(receipt).toMatchObject({ success: true, network: "base" });
    expect((await chain.taken()) - before).toBe(100_000);
  });

  test.each([
    ["2", v2],
    ["1", v1],
  ] as const)(
    "of version %s buys a key without an account, and uses it",
    async (_version, client) => {
      const pay = client(await chain.payer());
      const response = await pay(`${gateway.url}/api/credits/topup?usdc=0.1`, { method: "POST" });
      expect(response.status).toBe(201);
      const { apiKey, credits } = (await response.json()) as { apiKey: string; credits: number };
      expect(credits).toBe(50);
      const Authorization = `Bearer ${apiKey}`;
      const headers = { ...PROGRAM.headers, Authorization };
      const run = await fetch(`${gateway.url}/api/execute`, { ...PROGRAM, headers });
      expect(await run.json()).toMatchObject({ stdout: "2", credits: { remaining: 49 } });
    },
  );

  test.each([
    ["2", v2],
    ["1", v1],
  ] as const)("of version %s pays for one execution without a key", async (_version, client) => {
    const before = await chain.taken();
    const pay = client(await chain.payer());
    const response = await pay(`${gateway.url}/api/execute`, PROGRAM);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ stdout: "2", paid: { usdc: 0.01 } });
    expect((await chain.taken()) - before).toBe(10_000);
  });

  test("of a payer without money pays nothing and hears why", async () => {
    const pay = v2(await chain.payer(1n));
    const response = await pay(`${gateway.url}/api/execute`, PROGRAM);
    expect(response.status).toBe(402);
    const { error } = (await response.json()) as { error: { message: string } };
    expect(error.message).toContain("more USDC than the payer has");
  });
});

describe("a top-up", () => {
  test(`takes a moment from being asked to pay to having the credits`, async () => {
    const { apiKey } = await openAccount();
    const headers = { Authorization: `Bearer ${apiKey}` };
    const pay = v2(await chain.payer());
    const tookMs: number[] = [];
    for (let count = 0; count < TOP_UPS; count += 1) {
      const startedAt = performance.now();
      const response = await pay(`${gateway.url}/api/credits/topup`, { method: "POST", headers });
      tookMs.push(performance.now() - startedAt);
      expect(response.status).toBe(200);
    }
    const sorted = tookMs.sort((one, other) => one - other).map(Math.round);
    const median = sorted[TOP_UPS / 2] ?? Number.POSITIVE_INFINITY;
    console.log(
      `a top-up from 402 to credit: median ${median} ms, ${sorted[0]} to ${sorted.at(-1)} ms`,
    );
    expect(median).toBeLessThan(TOP_UP_MS_MAX);
  }, 60_000);
});
