// What the TypeScript client adds to one execution: the same request by the packed client and by a bare
// `fetch`, in turns, through the same gateway to a runner that answers at once. The bare request is sent
// with an Idempotency-Key, as the client's is, and without, as most would write it: the difference of
// those two is the gateway's own work for being able to repeat. `node bench/sdk.ts [rounds]` prints it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClient } from "../client/build.ts";
import { richAccount, startEdge } from "./edge-stack.ts";
import { median, rounded, timeMs } from "./stats.ts";

const ROUNDS = 500;
const WARM_UP = 100;
const PROGRAM = { language: "python", code: "print(1)", run_timeout: 5000 };

/** Medians, and what the client adds to the bare request with a key. */
export type AddedByClient = {
  rounds: number;
  clientMs: number;
  keyedMs: number;
  bareMs: number;
  addedMs: number;
};

/** Measures it before a gateway that is started for that. */
export async function measureClient(rounds: number): Promise<AddedByClient> {
  const folder = mkdtempSync(join(tmpdir(), "agent-coderunner-sdk-"));
  const stack = await startEdge();
  try {
    await buildClient(join(folder, "package"));
    const built = join(folder, "package", "dist", "index.js");
    const { CodeRunner }: typeof import("../client/src/index.ts") = await import(built);
    const { url: baseUrl } = stack;
    const { apiKey } = await richAccount(stack);
    const client = new CodeRunner({ baseUrl, apiKey });
    const bare = (more: () => Record<string, string>) => async () => {
      const headers = { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" };
      const body = JSON.stringify(PROGRAM);
      const asked = { method: "POST", headers: { ...headers, ...more() }, body };
      await (await fetch(`${baseUrl}/v1/execute`, asked)).json();
    };
    const contestants = {
      clientMs: async () => await client.execute({ ...PROGRAM }),
      keyedMs: bare(() => ({ "Idempotency-Key": crypto.randomUUID() })),
      bareMs: bare(() => ({})),
    };
    const times = { clientMs: [] as number[], keyedMs: [] as number[], bareMs: [] as number[] };
    const names = ["clientMs", "keyedMs", "bareMs"] as const;
    for (let round = -WARM_UP; round < rounds; round += 1) {
      for (let turn = 0; turn < names.length; turn += 1) {
        // Each comes first as often as any other.
        const name = names[(turn + Math.abs(round)) % names.length] ?? "bareMs";
        const ms = await timeMs(contestants[name]);
        if (round >= 0) times[name].push(ms);
      }
    }
    const clientMs = rounded(median(times.clientMs));
    const keyedMs = rounded(median(times.keyedMs));
    const bareMs = rounded(median(times.bareMs));
    return { rounds, clientMs, keyedMs, bareMs, addedMs: rounded(clientMs - keyedMs) };
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) {
  const figures = await measureClient(Number(process.argv[2] ?? ROUNDS));
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  process.exit();
}
