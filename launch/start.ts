// `npm start`: makes sure of everything, starts the runner and the gateway, says where they are, and
// ends all of it in order when asked to. Nothing it has started outlives it.

import { existsSync } from "node:fs";
import { planEngine } from "../runner/host/engine.ts";
import { Refusal } from "../runner/host/refusal.ts";
import { findProgram } from "../runner/host/spawn.ts";
import { aborted, type EndingRequest, watchForEnding } from "./ending.ts";
import { explain } from "./explain.ts";
import { urlOf } from "./gateway.ts";
import { claimInstance } from "./instance.ts";
import { type Start, tell } from "./kept.ts";
import { parseStartOptions, START_HELP, type StartOptions } from "./options.ts";
import { launchPaths, type Paths } from "./paths.ts";
import { requireFreePort, requireHost } from "./preflight.ts";
import { loadSecrets } from "./secrets.ts";
import { startAll } from "./steps.ts";
import { summary } from "./summary.ts";

const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(): Promise<number> {
  const ending = watchForEnding();
  try {
    const options = parseStartOptions(process.argv.slice(2), process.env);
    if (options.help) {
      say(START_HELP);
      return 0;
    }
    await start(options, launchPaths(), ending);
    say("Stopped.");
    return 0;
  } catch (error) {
    return explain(error, ending.first);
  }
}

async function start(options: StartOptions, paths: Paths, ending: EndingRequest): Promise<void> {
  const startedAt = performance.now();
  requireHost(paths);
  const instance = await claimInstance(paths, urlOf(options.host, options.port));
  const undo: Start["undo"] = [];
  let trouble: string | undefined;
  const giveUp = (why: string) => {
    trouble ??= why;
    ending.request(why);
  };
  try {
    await requireFreePort(options.host, options.port);
    const secrets = loadSecrets(paths.secrets, process.env);
    await announce(options, paths);
    const { url } = await startAll({ options, paths, secrets, instance, ending, undo, giveUp });
    const seconds = (performance.now() - startedAt) / 1000;
    say(await summary({ url, seconds, secrets, paths }));
    await aborted(ending.first);
    say("\nStopping; what runs may finish. Press Ctrl-C again to cut it short.");
  } catch (error) {
    // What made it give up says more than the steps that were stopped for it.
    throw trouble === undefined ? error : new Refusal(trouble);
  } finally {
    for (const step of undo.reverse()) {
      // One that fails must not keep the others from ending what is theirs.
      await step().catch((error) => tell("stopping", String(error)));
    }
    instance.leave();
  }
  if (trouble !== undefined) throw new Refusal(trouble);
}

/** Says what is about to change on this host, when anything is. */
async function announce(options: StartOptions, paths: Paths): Promise<void> {
  const changes = await planEngine({ paths: paths.engine, socket: options.socket });
  if (!existsSync(paths.engine.data) && options.socket === undefined) {
    if (findProgram("mmdebstrap") === undefined) {
      changes.push("install Debian's package mmdebstrap, if no image registry answers");
    }
    changes.push("build the sandbox image, which takes some minutes this once");
  }
  if (changes.length === 0) return;
  const lines = changes.map((line) => `  - ${line}\n`);
  say(`This will change the following on this host:\n${lines.join("")}`);
}

process.exit(await main());
