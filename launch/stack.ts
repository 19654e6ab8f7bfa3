// A runner and a gateway beside each other, as `npm start` runs them, on ports the system chooses
// and with state that is thrown away: for the tests of the whole path and for the benchmarks.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { randomText } from "../shared/ids.ts";
import { ensureBundle } from "./bundle.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import { launchPaths } from "./paths.ts";
import { type Runner, startRunner } from "./runner.ts";

export type StackOptions = {
  socket: string;
  image: string;
  runtime: string;
  /** Further settings of the runner's, such as POOL_FLOOR. */
  runnerEnv?: NodeJS.ProcessEnv;
  /** Further settings of the gateway's, such as DEMO_RUNS_PER_DAY. */
  gatewayVars?: Readonly<Record<string, string>>;
};

export type Stack = {
  url: string;
  gateway: Gateway;
  runner: Runner;
  runnerId: string;
  runnerSecret: string;
  adminToken: string;
  logFiles: { runner: string; gateway: string };
  /** Ends both and removes their state. */
  stop: () => Promise<void>;
};

/** Starts both and resolves when a sandbox of every language is warm. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const paths = launchPaths();
  const dir = mkdtempSync(join(tmpdir(), "agent-coderunner-"));
  const runnerId = `stack-${randomText(8)}`;
  const runnerSecret = randomText(52);
  const adminToken = randomText(52);
  const logFiles = { runner: join(dir, "runner.log"), gateway: join(dir, "gateway.log") };

  const runner = await startRunner({
    repo: paths.repo,
    socket: options.socket,
    image: options.image,
    runtime: options.runtime,
    runnerId,
    secret: runnerSecret,
    logFile: logFiles.runner,
    env: options.runnerEnv ?? {},
  });
  const gateway = await startGateway({
    bundle: await ensureBundle({ repo: paths.repo, dir: paths.bundles, report: () => undefined }),
    dir,
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: { ...options.gatewayVars, RUNNER_URL: runner.url, RUNNER_ID: runnerId },
    secrets: { RUNNER_SECRET: runnerSecret, ADMIN_TOKEN: adminToken },
    logFile: logFiles.gateway,
  });
  const stop = async () => {
    await gateway.stop();
    await runner.stop();
    rmSync(dir, { recursive: true, force: true });
  };
  await runner.ready;
  return { url: gateway.url, gateway, runner, runnerId, runnerSecret, adminToken, logFiles, stop };
}
