// A program that somebody without a key has paid for with the official client of x402: the payment goes
// over a real chain, and what the program prints comes back from a real sandbox.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { registerExactEvmScheme } from "@x402/evm/exact/client";
import { decodePaymentResponseHeader, wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { ensureBundle } from "../../launch/bundle.ts";
import { type Gateway, startGateway } from "../../launch/gateway.ts";
import { launchPaths } from "../../launch/paths.ts";
import { type PaidChain, startPaidChain } from "../kit/paid-chain.ts";

const CODE = "import os, platform; print(sum(range(1000)), os.getpid(), platform.system())";

let dir: string;
let chain: PaidChain;
let gateway: Gateway;

beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "x402-path-"));
  chain = await startPaidChain();
  const runner = inject("runner");
  const { repo, bundles } = launchPaths();
  gateway = await startGateway({
    bundle: await ensureBundle({ repo, dir: bundles, report: () => {} }),
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: {
      ...chain.vars,
      RUNNER_URL: runner.url,
      RUNNER_ID: runner.id,
      DEMO_RUNS_PER_DAY: "0",
    },
    secrets: { RUNNER_SECRET: runner.secret, ADMIN_TOKEN: runner.secret },
    logFile: join(dir, "gateway.log"),
  });
});

afterAll(async () => {
  await gateway?.stop();
  await chain?.stop();
  rmSync(dir, { recursive: true, force: true });
});

test("an execution that is paid for with USDC runs in a sandbox, and its output comes back", async () => {
  const client = new x402Client();
  registerExactEvmScheme(client, { signer: await chain.payer() });
  const pay = wrapFetchWithPayment(fetch, client);
  const headers = {
    "Content-Type": "application/json",
    "Idempotency-Key": "a-secret-of-the-payers-own",
  };
  const body = JSON.stringify({ language: "python", code: CODE });
  const response = await pay(`${gateway.url}/api/execute`, { method: "POST", headers, body });
  expect(response.status).toBe(200);
  const ran = (await response.json()) as { stdout: string; paid: { transaction: string } };
  expect(ran.stdout).toMatch(/^499500 \d+ Linux$/);
  expect(ran).toMatchObject({ exitCode: 0, outcome: "ok", paid: { usdc: 0.01 } });
  const receipt = decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");
  expect(receipt).toMatchObject({ success: true, transaction: ran.paid.transaction });
  expect(await chain.taken()).toBe(10_000);
});
