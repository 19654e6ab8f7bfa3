// The protocol's own conformance suite against the gateway on the real workerd. Most of its scenarios
// are about tools, resources and prompts of a server that is made for it; those that hold for any server
// with tools are run here, and of what else they look at, each check that cannot pass is named.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";
import { run } from "../../runner/host/spawn.ts";
import { type McpGateway, startMcpGateway } from "./kit/mcp-gateway.ts";

const SET_UP_MS_MAX = 120_000;
const SUITE = join(
  launchPaths().repo,
  "node_modules/@modelcontextprotocol/conformance/dist/index.js",
);

/** What cannot pass: it needs a tool of the suite's own, or lists of what there is none of here. */
const OF_ITS_OWN_SERVER: Record<string, string[]> = {
  "server-stateless": [
    "sep-2575-http-server-no-independent-requests-on-stream",
    "sep-2575-missing-capability-http-400",
    "sep-2575-server-no-log-without-loglevel",
    "sep-2575-server-rejects-undeclared-capability",
  ],
  caching: [
    "sep-2549-prompts-list-caching-hints",
    "sep-2549-resources-list-caching-hints",
    "sep-2549-resources-templates-list-caching-hints",
  ],
};

const SCENARIOS: [version: string, name: string][] = [
  ["2025-06-18", "server-initialize"],
  ["2025-11-25", "server-initialize"],
  ["2025-11-25", "server-session-lifecycle"],
  ["2025-11-25", "ping"],
  ["2025-11-25", "tools-list"],
  ["2025-11-25", "server-sse-multiple-streams"],
  ["2025-11-25", "dns-rebinding-protection"],
  ["2026-07-28", "server-stateless"],
  ["2026-07-28", "tools-list"],
  ["2026-07-28", "server-sse-multiple-streams"],
  ["2026-07-28", "dns-rebinding-protection"],
  ["2026-07-28", "http-header-validation"],
  ["2026-07-28", "caching"],
];

type Check = { id: string; status: string; errorMessage?: string };

let gateway: McpGateway;
let dir: string;

beforeAll(async () => {
  gateway = await startMcpGateway();
  dir = mkdtempSync(join(tmpdir(), "mcp-conformance-"));
}, SET_UP_MS_MAX);

afterAll(async () => {
  await gateway?.stop();
  rmSync(dir, { recursive: true, force: true });
});

describe("the conformance suite", () => {
  test.each(SCENARIOS)("%s: %s", { timeout: 60_000 }, async (version, name) => {
    const out = join(dir, `${version}-${name}`);
    const asked = ["--url", `${gateway.url}/mcp`, "--scenario", name, "--spec-version", version];
    await run(process.execPath, [SUITE, "server", ...asked, "-o", out]).catch(() => undefined);
    const checks = checksIn(out);
    expect(checks.length).toBeGreaterThan(0);
    const failed = checks.filter(({ status }) => status === "FAILURE" || status === "WARNING");
    const known = OF_ITS_OWN_SERVER[name] ?? [];
    expect(failed.filter(({ id }) => !known.includes(id))).toEqual([]);
    expect(failed.map(({ id }) => id).sort()).toEqual(known);
  });
});

function checksIn(out: string): Check[] {
  const files = readdirSync(out, { recursive: true, encoding: "utf8" });
  return files
    .filter((name) => name.endsWith("checks.json"))
    .flatMap((name) => JSON.parse(readFileSync(join(out, name), "utf8")) as Check[]);
}
