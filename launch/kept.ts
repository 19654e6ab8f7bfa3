// The runner and the gateway of one start: how each is set up from what the start has in hand, kept
// running, recorded and undone.

import type { Engine } from "../runner/host/engine.ts";
import type { Bundle } from "./bundle.ts";
import { aborted, type EndingRequest } from "./ending.ts";
import { type Gateway, startGateway } from "./gateway.ts";
import type { Instance } from "./instance.ts";
import { watchLog } from "./log-file.ts";
import type { StartOptions } from "./options.ts";
import { type KeptPart, keepRunning, type Part } from "./part.ts";
import type { Paths } from "./paths.ts";
import { OWNER_LABEL, type Runner, startRunner } from "./runner.ts";
import type { Secrets } from "./secrets.ts";

/** What all steps of one start have in hand. */
export type Start = {
  options: StartOptions;
  paths: Paths;
  secrets: Secrets;
  instance: Instance;
  ending: EndingRequest;
  /** What is to be undone at the end, latest first. */
  undo: (() => Promise<void>)[];
  /** Ends the whole start, because something in it cannot go on. */
  giveUp: (why: string) => void;
};

const HURRIED_GRACE_MS = 1_000;

/** Says something about one part of a running start. */
export function tell(who: string, line: string): void {
  process.stderr.write(`${who}: ${line}\n`);
}

/** Starts the runner and keeps it running until the start is undone. */
export async function startKeptRunner(
  context: Start,
  engine: Engine,
  image: string,
): Promise<Runner> {
  const { options, paths, secrets, instance, giveUp } = context;
  const logFile = `${paths.logs}/runner.log`;
  const common = {
    repo: paths.repo,
    socket: engine.socket,
    runtime: engine.runtime,
    image,
    runnerId: options.runnerId,
    secret: secrets.runnerSecret,
    logFile,
  };
  const owners: string[] = [];
  const record = (runner: Runner) => {
    instance.add("runner", runner.identity);
    owners.push(`${OWNER_LABEL}=${JSON.stringify(runner.identity)}`);
  };
  const removeLeft = async () => {
    for (const owner of owners.splice(0)) await engine.removeContainers(owner);
  };
  const stopWatching = watchLog(logFile, (line) => tell("runner", line));
  const first = await startRunner({ ...common, signal: context.ending.first });
  record(first);
  const kept = keepRunning({
    name: "runner",
    first,
    start: async (signal) => {
      // It may have ended because the daemon did, which then takes a moment to come back.
      if (!(await engine.isUp(signal))) throw new Error("Docker does not answer");
      await removeLeft();
      // The gateway knows the runner by its port, so a new one takes the same.
      return startRunner({ ...common, port: first.port, signal });
    },
    say: (line) => tell("runner", line),
    onStart: record,
    giveUp,
  });
  context.undo.push(async () => {
    await stopInTime(kept, context.ending);
    stopWatching();
    await removeLeft();
  });
  return first;
}

/** Starts the gateway and keeps it running until the start is undone. */
export async function startKeptGateway(
  context: Start,
  bundle: Bundle,
  runner: Runner,
): Promise<Gateway> {
  const { options, paths, secrets, instance, giveUp } = context;
  const logFile = `${paths.logs}/gateway.log`;
  const settings = {
    bundle,
    dir: paths.gateway,
    objectsDir: paths.objects,
    host: options.host,
    vars: { ...options.gatewaySettings, RUNNER_URL: runner.url, RUNNER_ID: options.runnerId },
    secrets: {
      ...options.gatewaySecrets,
      RUNNER_SECRET: secrets.runnerSecret,
      ADMIN_TOKEN: secrets.adminToken,
    },
    logFile,
  };
  const stopWatching = watchLog(logFile, (line) => tell("gateway", line));
  const first = await startGateway({ ...settings, port: options.port });
  const record = (part: Part) => instance.add("gateway", part.identity);
  record(first);
  instance.setUrl(first.url);
  const kept = keepRunning({
    name: "gateway",
    first,
    start: () => startGateway({ ...settings, port: first.port }),
    say: (line) => tell("gateway", line),
    onStart: record,
    giveUp,
  });
  context.undo.push(async () => {
    await stopInTime(kept, context.ending);
    stopWatching();
  });
  return first;
}

/** Stops a part in its own time, or quickly once somebody has asked again. */
async function stopInTime(part: KeptPart, ending: EndingRequest): Promise<void> {
  const hurried = aborted(ending.again).then(() => part.stop(HURRIED_GRACE_MS));
  await Promise.race([part.stop(), hurried]);
}
