// The long form: `npm run fuzz`. Prints what was answered; fails when anything was wrong.

import { parseArgs } from "node:util";
import { fuzz, reportOf } from "./fuzz.ts";

const { values } = parseArgs({
  options: {
    requests: { type: "string", default: "50000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
  },
});
const result = await fuzz({
  requests: Number(values.requests),
  seed: Number(values.seed),
  only: values.only === undefined ? undefined : Number(values.only),
  say: (line) => process.stderr.write(`${line}\n`),
});
process.stdout.write(`${reportOf(result)}\n`);
process.exitCode = result.problems.length + result.ledger.problems.length === 0 ? 0 : 1;
