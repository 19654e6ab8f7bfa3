// What the TypeScript client adds to a request: the same request by the built client and by a bare `fetch`,
// in turns, through the same gateway to a runner that answers at once. An execution writes to disk, so on
// a busy machine its times scatter by far more than what is looked for: the bare request takes part
// twice, and how far apart those two are says how much the figures are worth. A list of runtimes
// writes nothing and is measured besides. `node bench/sdk.ts [rounds]` prints it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildClient } from "../client/build.ts";
import { richAccount, startEdge } from "./edge-stack.ts";
import { median, rounded, timeMs } from "./stats.ts";

const ROUNDS = 500;
const WARM_UP = 100;
const PROGRAM = { language: "python", code: "print(1)", run_timeout: 5000 };

/** Medians; what the client adds to the bare request; and what the bare one seems to add to itself. */
export type Added = {
  clientMs: number;
  bareMs: number;
  addedMs: number;
  scatterMs: number;
};
type Ask = () => Promise<unknown>;

/** Measures it before a gateway that is started for that. */
export async function measureClient(rounds: number): Promise<Record<string, Added>> {
  const folder = mkdtempSync(join(tmpdir(), "agent-coderunner-sdk-"));
  const stack = await startEdge();
  try {
    await buildClient(join(folder, "package"));
    const built = join(folder, "package", "dist", "index.js");
    const { CodeRunner }: typeof import("../client/src/index.ts") = await import(built);
    const { url: baseUrl } = stack;
    const { apiKey } = await richAccount(stack);
    const client = new CodeRunner({ baseUrl, apiKey });
    const authorized = { Authorization: `Bearer ${apiKey}` };
    const bareExecute = async () => {
      const headers = {
        ...authorized,
        "Content-Type": "application/json",
        // The gateway's own work for it is not the client's.
        "Idempotency-Key": crypto.randomUUID(),
      };
      const asked = { method: "POST", headers, body: JSON.stringify(PROGRAM) };
      return await (await fetch(`${baseUrl}/v1/execute`, asked)).json();
    };
    const bareRuntimes = async () =>
      await (await fetch(`${baseUrl}/v1/execute/runtimes`, { headers: authorized })).json();
    return {
      runtimes: await compare(() => client.runtimes(), bareRuntimes, rounds),
      execute: await compare(() => client.execute({ ...PROGRAM }), bareExecute, rounds),
    };
  } finally {
    await stack.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Both in turns, in another order each time. */
async function compare(ask: Ask, askBare: Ask, rounds: number): Promise<Added> {
  const runners = [ask, askBare, askBare].map((run) => ({ run, timesMs: [] as number[] }));
  for (let round = -WARM_UP; round < rounds; round += 1) {
    const order = runners.map((runner) => ({ runner, at: Math.random() }));
    for (const { runner } of order.sort((a, b) => a.at - b.at)) {
      const ms = await timeMs(runner.run);
      if (round >= 0) runner.timesMs.push(ms);
    }
  }
  const [own = 0, bare = 0, again = 0] = runners.map(({ timesMs }) => median(timesMs));
  const bareMs = (bare + again) / 2;
  return {
    clientMs: rounded(own),
    bareMs: rounded(bareMs),
    addedMs: rounded(own - bareMs),
    scatterMs: rounded(Math.abs(bare - again)),
  };
}

if (import.meta.main) {
  const figures = await measureClient(Number(process.argv[2] ?? ROUNDS));
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  process.exit();
}
