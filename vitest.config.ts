// Three projects: `unit` runs in Node; `worker` runs the gateway in workerd, with real Durable
// Objects and only the runner replaced; `path` runs the whole stack on real sandboxes.

import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { DEPOSIT_XPUB, TREASURY } from "./test/chain/addresses.ts";

// What the worker tests' runner says when they go the whole way through a service binding. Tests
// that want a runner to misbehave bring their own.
const RUNNER_SCRIPT = `
  export default {
    async fetch(request) {
      const { files: [{ content }] } = await request.json();
      const run = {
        outcome: "ok", exitCode: 0, signal: null, stdout: content + "\\n", stderr: "",
        stdoutBytes: content.length + 1, stderrBytes: 0,
        stdoutTruncated: false, stderrTruncated: false, stdoutIsUtf8: true, stderrIsUtf8: true,
        wallMs: 18.4, cpuMs: 12, memoryPeakBytes: 9000000,
      };
      return Response.json({ version: "3.13.5", run, queueMs: 0.5 });
    },
  };
`;

// Every other fetch() of the gateway ends here, so no test can reach the network: only the chains that
// run beside the tests, on this machine.
const NOWHERE_SCRIPT = `
  export default {
    async fetch(request) {
      if (new URL(request.url).hostname === "127.0.0.1") return await fetch(request);
      return new Response("no test goes here", { status: 599 });
    },
  };
`;

// Which random cases to try, for the tests that try many.
const REPEATED = Object.fromEntries(
  ["PROPERTY_RUNS", "PROPERTY_SEED", "PROPERTY_PATH"].map((name) => [
    name,
    process.env[name] ?? "",
  ]),
);

// Payments are taken in the tests of the gateway. Their nodes are what each test says they are
// (test/worker/kit/nodes.ts); the extended key's private half is in test/chain/addresses.ts.
const PAYMENTS = {
  PAYMENTS_NETWORK: "base",
  RPC_URL: "http://one.rpc.test/",
  RPC_URL_SECOND: "http://two.rpc.test/",
  DEPOSIT_XPUB,
  TREASURY_ADDRESS: TREASURY,
};

const COMPATIBILITY_DATE = "2026-10-20";

function helper(name: string, script: string) {
  return { name, modules: true as const, compatibilityDate: COMPATIBILITY_DATE, script };
}

export default defineConfig({
  test: {
    // What a test logs is shown when it fails.
    silent: "passed-only",
    projects: [
      {
        test: {
          name: "unit",
          environment: "node",
          include: ["test/{shared,runner,launch,bench,fuzz,tidy,tools,client,cli}/**/*.test.ts"],
          exclude: ["test/launch/lifecycle.test.ts"],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              cf: false,
              bindings: {
                RUNNER_SECRET: "a-secret-for-tests-of-at-least-32-characters",
                ADMIN_TOKEN: "an-admin-token-for-tests-of-32-characters",
                ...PAYMENTS,
                ...REPEATED,
              },
              serviceBindings: { RUNNER: "runner" },
              outboundService: "nowhere",
              workers: [helper("runner", RUNNER_SCRIPT), helper("nowhere", NOWHERE_SCRIPT)],
            },
          }),
        ],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          globalSetup: ["test/chain/house.ts"],
        },
      },
      {
        test: {
          name: "path",
          environment: "node",
          include: [
            "test/{path,attacks,drills,soak}/**/*.test.ts",
            "test/launch/lifecycle.test.ts",
          ],
          globalSetup: ["test/path/setup.ts"],
          // One machine, and timings matter: one file at a time.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
    ],
  },
});
