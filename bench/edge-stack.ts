// The gateway as `npm start` runs it, bundled and on plain workerd with its objects on disk, before a
// runner that answers at once: for what is to be known of the gateway alone. It needs no engine.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBundle } from "../launch/bundle.ts";
import { type Gateway, startGateway } from "../launch/gateway.ts";
import { launchPaths } from "../launch/paths.ts";
import { randomText } from "../shared/ids.ts";
import { type StubRunner, startStubRunner } from "./stub-runner.ts";

export type EdgeStack = {
  url: string;
  gateway: Gateway;
  stub: StubRunner;
  adminToken: string;
  /** Where the Durable Objects are. */
  objectsDir: string;
  logFile: string;
  /** Ends the gateway and the stub; what they have left stays for a look at it. */
  end: () => Promise<void>;
  /** Ends both and removes everything. */
  stop: () => Promise<void>;
};

/** Starts both. */
export async function startEdge(vars: Readonly<Record<string, string>> = {}): Promise<EdgeStack> {
  const paths = launchPaths();
  const dir = mkdtempSync(join(tmpdir(), "agent-coderunner-edge-"));
  const bundles = join(dir, "bundles");
  const objectsDir = join(dir, "objects");
  const logFile = join(dir, "gateway.log");
  const adminToken = randomText(52);
  const stub = await startStubRunner();
  const gateway = await startGateway({
    bundle: await ensureBundle({ repo: paths.repo, dir: bundles, report: () => undefined }),
    dir,
    objectsDir,
    host: "127.0.0.1",
    port: 0,
    vars: { ...vars, RUNNER_URL: stub.url, RUNNER_ID: "stub" },
    secrets: { RUNNER_SECRET: randomText(52), ADMIN_TOKEN: adminToken },
    logFile,
  });
  const end = async () => {
    await gateway.stop();
    await stub.close();
  };
  const stop = async () => {
    await end();
    rmSync(dir, { recursive: true, force: true });
  };
  return { url: gateway.url, gateway, stub, adminToken, objectsDir, logFile, end, stop };
}

/** An account that may run as much as it likes. */
export async function richAccount({ url, adminToken }: Pick<EdgeStack, "url" | "adminToken">) {
  const opened = await fetch(`${url}/api/keys`, { method: "POST" });
  const { apiKey, accountId } = (await opened.json()) as { apiKey: string; accountId: string };
  const changed = await fetch(`${url}/admin/accounts/${accountId}`, {
    method: "PATCH",
    headers: { Authorization: `Bearer ${adminToken}`, "Content-Type": "application/json" },
    body: JSON.stringify({ grantCredits: 1_000_000, ratePerMinute: 1_000_000 }),
  });
  if (!changed.ok) throw new Error(`no account: ${await changed.text()}`);
  return { apiKey, accountId };
}
