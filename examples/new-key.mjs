// A key, at once and without a sign-up; what comes with it; and a second one in its place.

import { CodeRunner } from "agent-coderunner";

const { apiKey } = await new CodeRunner({ apiKey: "" }).keys.create({ name: "my agent" });
const runner = new CodeRunner({ apiKey });

const { credits, ratePerMinute } = await runner.credits();
console.log(`${credits} executions, ${ratePerMinute} a minute`);

await runner.execute({ language: "bash", code: "echo hello" });
for await (const entry of runner.ledger()) console.log(entry.kind, entry.credits);

const [key] = await runner.keys.list();
const rotated = await runner.keys.rotate(key.id, { graceMs: 60_000 });
console.log("works until", rotated.replaced.expiresAt > new Date().toISOString() ? "later" : "now");
