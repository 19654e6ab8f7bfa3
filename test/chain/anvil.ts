// A chain of one's own: anvil from npm, with the chain id of Base, on a port of its own choosing. It
// needs neither a network nor an install script, and is up in a fifth of a second.

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { createInterface } from "node:readline";

export const CHAIN_ID = 8453;

const STARTED_WITHIN_MS = 20_000;
const ARCHITECTURES: Partial<Record<NodeJS.Architecture, string>> = {
  x64: "amd64",
  arm64: "arm64",
};

export type Anvil = { url: string; stop: () => Promise<void> };

/** Starts a chain. Blocks are mined as transactions come; `safe` and `finalized` follow closely. */
export async function startAnvil(): Promise<Anvil> {
  const flags = ["--port", "0", "--chain-id", String(CHAIN_ID), "--slots-in-an-epoch", "16"];
  // Nobody pays for gas here, and transactions may be sent for any address.
  const free = [
    "--gas-price",
    "0",
    "--block-base-fee-per-gas",
    "0",
    "--disable-min-priority-fee",
    "--auto-impersonate",
  ];
  const child = spawn(programPath(), [...flags, ...free], { stdio: ["ignore", "pipe", "inherit"] });
  const stop = async () => await end(child);
  try {
    return { url: `http://${await addressOf(child)}`, stop };
  } catch (thrown) {
    await stop();
    throw thrown;
  }
}

function programPath(): string {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  const name = `@foundry-rs/anvil-${process.platform}-${architecture}`;
  try {
    return createRequire(import.meta.url).resolve(`${name}/bin/anvil`);
  } catch {
    throw new Error(`the tests of payments need ${name}, which is not among the dependencies`);
  }
}

async function addressOf(child: ChildProcess): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  child.once("error", reject);
  child.once("exit", (code) => reject(new Error(`anvil ended with ${code} before it listened`)));
  const timer = setTimeout(() => reject(new Error("anvil did not start")), STARTED_WITHIN_MS);
  if (child.stdout === null) throw new Error("anvil has no output");
  createInterface(child.stdout).on("line", (line) => {
    const address = /^Listening on (\S+)/.exec(line)?.[1];
    if (address !== undefined) resolve(address);
  });
  return await promise.finally(() => clearTimeout(timer));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
