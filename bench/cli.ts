// How long the command takes for one line of Python, from the start of its process to its end, beside a
// Node that does nothing and one that asks the same by `fetch`, in turns, so that whatever else the machine
// does falls on all of them alike. Against a service that runs:
//
//   CODERUNNER_URL=… CODERUNNER_API_KEY=… node bench/cli.ts [ROUNDS]

import { spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { buildCli } from "../cli/build.ts";
import { type Summary, summarize, timeMs } from "./stats.ts";

/** What a line may take, all of it, where a Node that does nothing takes no longer than is usual. */
export const CLI_MS_TARGET = 150;
export const NODE_MS_USUAL = 40;

export type CliFigures = Record<"node" | "help" | "execute" | "fetch", Summary>;

const CODE = "print(42)";
const BY_FETCH = `
  const { CODERUNNER_URL, CODERUNNER_API_KEY } = process.env;
  const headers = { "Content-Type": "application/json", Authorization: "Bearer " + CODERUNNER_API_KEY };
  const body = JSON.stringify({ language: "python", code: ${JSON.stringify(CODE)} });
  fetch(CODERUNNER_URL + "/v1/execute", { method: "POST", headers, body })
    .then((reply) => reply.json())
    .then(({ run }) => process.stdout.write(run.stdout));
`;

/** Runs each in turn, after a first round that does not count. `file` is the command's one file. */
export async function measureCli(
  file: string,
  env: { CODERUNNER_URL: string; CODERUNNER_API_KEY: string },
  rounds: number,
): Promise<CliFigures> {
  const lines: Record<keyof CliFigures, { args: string[]; says?: string }> = {
    node: { args: ["-e", "0"] },
    help: { args: [file, "--version"] },
    execute: { args: [file, "execute", "--lang", "python", "--code", CODE], says: "42\n" },
    fetch: { args: ["-e", BY_FETCH], says: "42\n" },
  };
  const names = Object.keys(lines) as (keyof CliFigures)[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const { args, says } = lines[name];
      const ms = await timeMs(() => runNode(args, { ...process.env, ...env }, says));
      if (round > 0) times[name]?.push(ms);
    }
  }
  return Object.fromEntries(
    names.map((name) => [name, summarize(times[name] ?? [])]),
  ) as CliFigures;
}

/** What the target comes to while a Node that does nothing takes so long. */
export function cliTargetMs({ node }: Pick<CliFigures, "node">): number {
  return CLI_MS_TARGET * Math.max(1, node.p50Ms / NODE_MS_USUAL);
}

/** The figures as a few lines to read. */
export function cliReport(figures: CliFigures): string {
  const rows = [
    ["node -e 0", figures.node],
    ["coderunner --version", figures.help],
    [`coderunner execute, "${CODE}"`, figures.execute],
    ["the same by node's fetch", figures.fetch],
  ] as const;
  return rows
    .map(
      ([what, { p50Ms, minMs }]) =>
        `${what.padEnd(32)} median ${p50Ms.toFixed(1).padStart(6)} ms, least ${minMs.toFixed(1).padStart(6)} ms`,
    )
    .join("\n");
}

async function runNode(args: string[], env: NodeJS.ProcessEnv, says?: string): Promise<void> {
  const child = spawn(process.execPath, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0 || (says !== undefined && said !== says)) {
    throw new Error(`node ${args[0]} … ended with ${code} and said ${JSON.stringify(said)}`);
  }
}

if (import.meta.main) {
  const { CODERUNNER_URL = "", CODERUNNER_API_KEY = "" } = process.env;
  if (!CODERUNNER_URL || !CODERUNNER_API_KEY) {
    process.stderr.write("CODERUNNER_URL and CODERUNNER_API_KEY must name a service that runs.\n");
    process.exit(1);
  }
  const made = fileURLToPath(new URL("../cli/dist/bench.cjs", import.meta.url));
  await buildCli(made);
  const env = { CODERUNNER_URL, CODERUNNER_API_KEY };
  const figures = await measureCli(made, env, Number(process.argv[2] ?? 31));
  rmSync(made);
  process.stdout.write(`${cliReport(figures)}\n`);
}
