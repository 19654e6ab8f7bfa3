// What happens when parts of a started service die: each is killed outright while programs run. The
// service must be back by itself, in time; what ran at that moment must come to its right outcome or
// to an honest failure that costs nothing; and nothing may be left of what died, nor anything be
// wanting of what lives. The engine is the drills' own.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchPaths, type Paths } from "../../launch/paths.ts";
import { groupsOf } from "../../runner/host/container-group.ts";
import { findDaemon } from "../../runner/host/daemon.ts";
import { isRunning, type ProcessIdentity, signalProcess } from "../../runner/host/identity.ts";
import { findKeepers, findProcesses } from "../../runner/host/leftovers.ts";
import { Footprint } from "../kit/footprint.ts";
import { recordOf, type Start, startEnv, startUp } from "../kit/npm-start.ts";
import { makeOwnEngine, type OwnEngine } from "../kit/own-engine.ts";
import { eventually } from "../kit/runner-process.ts";
import { Caller, dishonesty, untilWell } from "../kit/whole-service.ts";

/** From the kill until every language has answered again. Generous, for a busy machine. */
const BACK_MS_MAX = 30_000;
/** Until nothing is left: the reaper looks every 15 s and leaves alone what is younger than 10 s. */
const CLEAN_MS_MAX = 60_000;
const DRILL_MS_MAX = 150_000;
const SET_UP_MS_MAX = 300_000;

let own: OwnEngine;
let paths: Paths;
let start: Start;
let footprint: Footprint;
let caller: Caller;
let neighbour: Caller;

beforeAll(async () => {
  own = await makeOwnEngine();
  const env = startEnv({
    CODERUNNER_STATE_DIR: join(own.dir, "state"),
    CODERUNNER_ENGINE_DIR: own.paths.root,
  });
  paths = launchPaths(env);
  footprint = new Footprint(own.paths);
  start = await startUp(env);
  const adminToken = readFileSync(join(paths.secrets, "admin-token"), "utf8").trim();
  caller = await Caller.open(start.url, adminToken);
  neighbour = await Caller.open(start.url, adminToken);
}, SET_UP_MS_MAX);

afterAll(async () => {
  footprint?.stop();
  if (start !== undefined) {
    signalProcess(start.record.launcher, "SIGTERM");
    await start.child.ended;
  }
  await own?.remove();
}, SET_UP_MS_MAX);

/** Kills something under running programs and checks everything that must hold afterwards. */
async function drill(name: string, find: () => Promise<ProcessIdentity[]>) {
  const running = [
    caller.send("python", "import time\nprint('a')\ntime.sleep(2)\nprint('b')"),
    neighbour.send("bash", "echo a; sleep 2; echo b"),
  ];
  await sleep(700);
  const victims = await find();
  const killedAt = performance.now();
  for (const victim of victims) signalProcess(victim, "SIGKILL");
  const replies = await Promise.all(running);
  const answeredMs = performance.now() - killedAt;
  await untilWell(caller, BACK_MS_MAX);
  const backMs = performance.now() - killedAt;
  let unclean: string[] = [];
  const isClean = async () => {
    unclean = await footprint.problems();
    return unclean.length === 0;
  };
  await eventually(isClean, { withinMs: CLEAN_MS_MAX });
  const cleanMs = performance.now() - killedAt;
  const statuses = replies.map(({ status }) => status).join(" ");
  const times = [answeredMs, backMs, cleanMs].map((ms) => `${(ms / 1000).toFixed(1)} s`);
  console.log(`${name}: ${statuses} after ${times[0]}, back ${times[1]}, clean ${times[2]}`);

  expect(unclean).toEqual([]);
  expect(replies.map((reply) => dishonesty(reply, "a\nb")).filter(Boolean)).toEqual([]);
  expect(await caller.creditProblem()).toBeUndefined();
  expect(await neighbour.creditProblem()).toBeUndefined();
  // A frozen one dies when it is found out.
  await eventually(() => !victims.some(isRunning), { withinMs: 15_000 });
  expect(victims.filter(isRunning)).toEqual([]);
  expect(isRunning(start.record.launcher)).toBe(true);
  return replies;
}

async function daemonProcess(part: "dockerd" | "containerd"): Promise<ProcessIdentity> {
  const record = await findDaemon(own.paths);
  if (record === undefined) throw new Error("the daemon does not run");
  return record[part];
}

/** A process of the first container whose control group says `state`. */
async function keeperOf(program: string, state: "busy" | "frozen"): Promise<ProcessIdentity> {
  let found: ProcessIdentity | undefined;
  await eventually(
    async () => {
      const ids = (await footprint.containers()).filter((id) => stateOf(id) === state);
      found = findKeepers(own.paths.run).find(
        ({ command }) =>
          command[0]?.includes(program) &&
          command.some((arg) => ids.some((id) => arg.includes(id))),
      )?.identity;
      return found !== undefined;
    },
    { withinMs: 10_000 },
  );
  if (found === undefined) throw new Error(`no container is ${state}`);
  return found;
}

/** A sandbox that works has the full weight; one that waits is frozen after a while. */
function stateOf(id: string): "busy" | "frozen" | "idle" {
  const says = (file: string, text: string) =>
    groupsOf(id).some((group) => {
      const path = join(group, file);
      return existsSync(path) && readFileSync(path, "utf8").trim() === text;
    });
  if (says("freezer.state", "FROZEN") || says("cgroup.freeze", "1")) return "frozen";
  return says("cpu.shares", "1024") || says("cpu.weight", "100") ? "busy" : "idle";
}

describe("a service comes back by itself", () => {
  test("after its runner was killed", { timeout: DRILL_MS_MAX }, async () => {
    await drill("runner", async () => [recordOf(paths).parts.runner]);
    expect(start.text()).toContain("runner: it was ended by SIGKILL; starting it again");
  });

  test("after its gateway was killed", { timeout: DRILL_MS_MAX }, async () => {
    const gateway = recordOf(paths).parts.gateway;
    signalProcess(gateway, "SIGKILL");
    const killedAt = performance.now();
    await untilWell(caller, BACK_MS_MAX);
    console.log(`gateway: back ${((performance.now() - killedAt) / 1000).toFixed(1)} s`);
    expect(await caller.creditProblem()).toBeUndefined();
    expect(isRunning(gateway)).toBe(false);
  });

  test.each(["dockerd", "containerd"] as const)(
    "after %s was killed",
    { timeout: DRILL_MS_MAX },
    async (part) => {
      const doomed = caller.send("bash", "echo a; sleep 20; echo b");
      const replies = await drill(part, async () => [await daemonProcess(part)]);
      expect((await doomed).status).toBe(502); // it was running when everything was cleared up
      // A program that ends before the new daemon clears up has its answer: none of it goes that way.
      // One that had not begun yet may hear that there is no room for it now.
      for (const { status } of replies) expect([200, 502, 503]).toContain(status);
      expect(start.text()).toContain(
        `engine: ${part} of the private Docker daemon ended; it is back`,
      );
    },
  );

  test.each([
    ["runsc-sandbox", "busy"],
    ["runsc-gofer", "busy"],
    ["containerd-shim", "busy"],
    ["runsc-sandbox", "frozen"],
    ["runsc-gofer", "frozen"],
    ["containerd-shim", "frozen"],
  ] as const)(
    "after a %s of a %s sandbox was killed",
    { timeout: DRILL_MS_MAX },
    async (program, state) => {
      if (state === "frozen") await sleep(4_000); // by then what waits is frozen
      const find = async () => [await keeperOf(program, state)];
      const replies = await drill(`${program} ${state}`, find);
      const isFatal = state === "busy" && program !== "containerd-shim"; // no byte goes through it
      if (isFatal) expect(replies.map(({ status }) => status)).toContain(502);
    },
  );

  test("after its runner and dockerd were killed at once", { timeout: DRILL_MS_MAX }, async () => {
    await drill("runner and dockerd", async () => [
      recordOf(paths).parts.runner,
      await daemonProcess("dockerd"),
    ]);
  });

  test("and ends as it should, with nothing left", { timeout: DRILL_MS_MAX }, async () => {
    signalProcess(start.record.launcher, "SIGTERM");
    expect(await start.child.ended).toEqual({ code: 0, signal: null });
    expect(findProcesses(own.paths.run)).toEqual([]);
    expect(start.text()).not.toMatch(/failed by a bug/);
  });
});
