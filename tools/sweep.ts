// Brings what was deposited to the treasury, in three steps on two machines. No deposit address ever needs
// gas, and the private key never comes near a network: it signs, offline, that USDC may be moved
// (EIP-3009), and whoever has gas sends that in.
//
//   node tools/sweep.ts plan --network base --rpc URL --xpub XPUB [--from 0] [--to 99] [--least 1] > plan.json
//   node tools/sweep.ts sign --treasury 0x... --xprv FILE [--hours 48] < plan.json > signed.json    (offline)
//   node tools/sweep.ts submit --rpc URL --key FILE < signed.json
//
// `--xprv` and `--key` name files, so that no key is in a shell's history; `-` reads --xprv's from fd 3.

import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { NETWORK_NAMES, type NetworkName } from "../shared/networks.ts";
import { plan, sign, submit } from "./sweeping.ts";

const [step, ...rest] = process.argv.slice(2);
const { values } = parseArgs({
  args: rest,
  options: {
    network: { type: "string", default: "base" },
    rpc: { type: "string" },
    xpub: { type: "string" },
    xprv: { type: "string" },
    key: { type: "string" },
    treasury: { type: "string" },
    from: { type: "string", default: "0" },
    to: { type: "string", default: "99" },
    least: { type: "string", default: "1" },
    hours: { type: "string", default: "48" },
  },
});

const answer = await run();
process.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);

async function run(): Promise<unknown> {
  switch (step) {
    case "plan":
      return await plan({
        network: networkIn(values.network),
        rpcUrl: need("rpc"),
        xpub: need("xpub"),
        from: Number(values.from),
        to: Number(values.to),
        leastMicro: BigInt(Math.round(Number(values.least) * 1e6)),
      });
    case "sign":
      return await sign(JSON.parse(await text(process.stdin)), {
        xprv: secretIn(need("xprv")),
        treasury: need("treasury"),
        hours: Number(values.hours),
      });
    case "submit":
      return await submit(JSON.parse(await text(process.stdin)), {
        rpcUrl: need("rpc"),
        key: secretIn(need("key")),
      });
    default:
      throw new Error("the first word is `plan`, `sign` or `submit`");
  }
}

function need(name: "rpc" | "xpub" | "xprv" | "key" | "treasury"): string {
  const value = values[name];
  if (value === undefined) throw new Error(`--${name} is needed`);
  return value;
}

function secretIn(file: string): string {
  return readFileSync(file === "-" ? 3 : file, "utf8").trim();
}

function networkIn(name: string): NetworkName {
  const found = NETWORK_NAMES.find((each) => each === name);
  if (found === undefined) throw new Error(`--network is one of ${NETWORK_NAMES.join(", ")}`);
  return found;
}
