// The long form of the soak, as `npm run soak` starts it once there is an engine: says how it goes,
// prints a table and writes the figures as JSON.

import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { enginePaths } from "../../runner/host/paths.ts";
import { soak, soakTable } from "./soak.ts";

const { values } = parseArgs({
  options: { executions: { type: "string" }, output: { type: "string" } },
});
const result = await soak({
  engine: enginePaths(process.env.CODERUNNER_ENGINE_DIR),
  executions: Number(values.executions),
  say: (line) => process.stderr.write(`${line}\n`),
});
if (values.output !== undefined) {
  const figures = { at: new Date().toISOString(), ...result };
  writeFileSync(values.output, `${JSON.stringify(figures, null, 2)}\n`);
}
const outcomes = Object.entries(result.outcomes).map(([name, count]) => `${name} ${count}`);
process.stdout.write(`\n${soakTable(result)}\n\n`);
process.stdout.write(
  `${result.executions} executions in ${result.seconds.toFixed(0)} s, ${result.busy} asked again: ${outcomes.join(", ")}\n`,
);
for (const problem of result.problems) process.stdout.write(`problem: ${problem}\n`);
process.stdout.write(
  result.problems.length === 0 ? "Nothing grew and every answer was right.\n" : "",
);
process.exit(result.problems.length === 0 ? 0 : 1);
