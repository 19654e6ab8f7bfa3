// `credits`: what the account has, and how it came to that.

import type { LedgerEntry } from "../../../client/src/types.ts";
import type { Command } from "../command.ts";
import { ago } from "../times.ts";

const LISTED = 50;

export const showCredits: Command = {
  name: "credits",
  summary: "Tell what your account has.",
  flags: {},
  examples: [
    { does: "for people", line: "coderunner credits" },
    { does: "for scripts", line: "coderunner credits --json" },
  ],
  run: async ({ client, values, output, interrupts: { signal } }) => {
    const credits = await client.credits({ signal });
    if (values.has("json")) return output.json(credits);
    output.table(
      ["CREDITS", "HELD", "PLAN", "A MINUTE"],
      [[credits.credits, credits.held, credits.plan, credits.ratePerMinute]],
    );
  },
};

export const showLedger: Command = {
  name: "credits ledger",
  summary: "List what came and went, the newest first.",
  flags: { all: { short: "a", help: `All of it, and not the newest ${LISTED} entries.` } },
  examples: [{ does: "the newest", line: "coderunner credits ledger" }],
  run: async ({ client, values, output, interrupts: { signal } }) => {
    const found: LedgerEntry[] = [];
    for await (const entry of client.ledger({ limit: LISTED, signal })) {
      found.push(entry);
      if (found.length >= LISTED && !values.has("all")) break;
    }
    if (values.has("json")) return output.json(found);
    output.table(
      ["ENTRY", "WHEN", "KIND", "CREDITS", "BALANCE", "EXECUTION"],
      found.map((entry) => [
        entry.number,
        ago(entry.createdAt),
        entry.kind,
        entry.credits,
        entry.balance,
        entry.executionId,
      ]),
    );
  },
};
