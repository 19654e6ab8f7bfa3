// Brings up what the tests of the whole path share: a real runner on real gVisor and a real gateway
// on workerd. `npm test` has made sure of the engine and the image and says where they are; without
// them the run fails here, because nothing of the path may be skipped.

import type { TestProject } from "vitest/node";
import { type Stack, startStack } from "../../launch/stack.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** Where the gateway is, and the operator's token for it. */
    gateway: { url: string; adminToken: string };
    /** The runner behind it, for a gateway of a test's own. */
    runner: { url: string; id: string; secret: string };
  }
}

let stack: Stack | undefined;

export async function setup(project: TestProject): Promise<void> {
  stack = await startStack({
    socket: setting("CODERUNNER_DOCKER_SOCKET"),
    image: setting("CODERUNNER_IMAGE"),
    runtime: setting("CODERUNNER_RUNTIME"),
    gatewayVars: { INSTANT_KEYS_PER_DAY: "1000" }, // every test takes keys of its own
  });
  project.provide("gateway", { url: stack.url, adminToken: stack.adminToken });
  const { runner, runnerId: id, runnerSecret: secret } = stack;
  project.provide("runner", { url: runner.url, id, secret });
}

export async function teardown(): Promise<void> {
  await stack?.stop();
}

function setting(name: string): string {
  const value = process.env[name];
  if (value) return value;
  throw new Error(`${name} is not set; run the tests with \`npm test\`, which starts the engine`);
}
