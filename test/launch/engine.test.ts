// The private daemon with everything of its own in a throw-away folder: shared by lease, stopped by
// the last to leave, adopted, replaced or brought back after a crash, and never leaving a process or
// container.

import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../runner/host/client.ts";
import { groupsOf } from "../../runner/host/container-group.ts";
import { type DaemonRecord, findDaemon } from "../../runner/host/daemon.ts";
import { type Engine, ensureEngine, planEngine, RUNTIME } from "../../runner/host/engine.ts";
import { signalProcess, waitForEnd } from "../../runner/host/identity.ts";
import { findDaemons, findKeepers, findProcesses } from "../../runner/host/leftovers.ts";
import { endOrphans, ORPHAN_AGE_MS_MIN } from "../../runner/host/orphans.ts";
import { type EnginePaths, enginePaths } from "../../runner/host/paths.ts";
import { keepDaemon } from "../../runner/host/revive.ts";
import { findRunsc } from "../../runner/host/runsc.ts";
import { run, startChild } from "../../runner/host/spawn.ts";
import { copyRunsc, removeEngine } from "../kit/own-engine.ts";

const TIMEOUT_MS = 120_000;

let dir: string;
let paths: EnginePaths;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "engine-"));
  paths = enginePaths(dir);
  await copyRunsc(paths); // or each test would fetch one
});

afterEach(async () => {
  // Whoever still holds one would bring its daemon back.
  await Promise.allSettled(entered.splice(0).map((engine) => engine.release()));
  await removeEngine(paths);
  rmSync(dir, { recursive: true, force: true });
});

const entered: Engine[] = [];
const enter = async (notice?: (line: string) => void) => {
  const engine = await ensureEngine({ paths, report: () => undefined, notice });
  entered.push(engine);
  return engine;
};
const names = (command: readonly string[], id: string) => command.some((arg) => arg.includes(id));

/** An image with nothing but `sleep` and its libraries. */
async function importSleep(engine: Engine): Promise<void> {
  const { stdout } = await run("ldd", ["/bin/sleep"]);
  const files = ["/bin/sleep", ...(stdout.match(/\/\S+/g) ?? [])].map((file) => file.slice(1));
  const tar = await startChild("tar", ["--create", "--dereference", "-C", "/", ...files], {
    output: "pipe",
  });
  if (tar.stdout === null) throw new Error("tar has no output");
  const stream = await connect(engine.socket).importImage(tar.stdout, { repo: "sleep", tag: "1" });
  for await (const _ of stream);
}

/** Starts a container in gVisor and freezes it, as the runner does with those that wait. */
async function startFrozen(engine: Engine): Promise<string> {
  const container = await connect(engine.socket).createContainer({
    Image: "sleep:1",
    Cmd: ["/bin/sleep", "1000"],
    HostConfig: { Runtime: RUNTIME, NetworkMode: "none" },
  });
  await container.start();
  for (const group of groupsOf(container.id)) {
    const [v1, v2] = [join(group, "freezer.state"), join(group, "cgroup.freeze")];
    if (existsSync(v1)) writeFileSync(v1, "FROZEN");
    if (existsSync(v2)) writeFileSync(v2, "1");
  }
  return container.id;
}

/** The groups of a container the daemon has already forgotten, as one that dies in between leaves. */
function leaveGroupsLike(id: string): string[] {
  const lost = id.replace(/^.{8}/, "0badc0de");
  const groups = groupsOf(id).filter(existsSync);
  if (groups.length === 0) throw new Error("the container has no control group");
  for (const group of groups) mkdirSync(group.replace(id, lost));
  return groups.map((group) => group.replace(id, lost));
}

async function killDaemon(...parts: ("dockerd" | "containerd")[]): Promise<DaemonRecord> {
  const record = await findDaemon(paths);
  if (record === undefined) throw new Error("there is no daemon to kill");
  for (const part of parts) {
    signalProcess(record[part], "SIGKILL");
    await waitForEnd(record[part], 5_000);
  }
  return record;
}

/** What is left when the process that held every lease is killed: the files, but nobody's. */
function loseLeases(): void {
  rmSync(paths.leases, { recursive: true, force: true });
}

describe("the engine", () => {
  test(
    "is one daemon for all who use it, and stopped by the last to leave",
    async () => {
      const first = await enter();
      const second = await enter();
      const daemon = await findDaemon(paths);
      expect(second.socket).toBe(first.socket);
      expect(first.othersUsing()).toBe(1);
      expect((await connect(first.socket).info()).Runtimes).toHaveProperty(RUNTIME);

      await first.release();
      await first.release();
      expect(await findDaemon(paths)).toEqual(daemon);
      expect(second.othersUsing()).toBe(0);

      await second.release();
      expect(findProcesses(paths.run)).toEqual([]);
      expect(await planEngine({ paths })).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "is adopted after its users were killed, and rid of their frozen containers",
    async () => {
      const killed = await enter();
      const daemon = await findDaemon(paths);
      await importSleep(killed);
      await startFrozen(killed);
      loseLeases();

      const next = await enter();
      expect(await findDaemon(paths)).toEqual(daemon);
      expect(await next.countContainers()).toBe(0);
      await next.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "is replaced after the daemon itself was killed, frozen containers and all",
    async () => {
      const killed = await enter();
      await importSleep(killed);
      await startFrozen(killed);
      await killDaemon("dockerd", "containerd");
      loseLeases();
      expect(findProcesses(paths.run)).not.toEqual([]);

      const next = await enter();
      expect(await next.countContainers()).toBe(0);
      await next.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test.each(["dockerd", "containerd"] as const)(
    "is brought back by one of its users when %s has died, rid of what it held",
    async (part) => {
      const notices: string[] = [];
      const notice = (line: string) => void notices.push(line);
      const users = [await enter(notice), await enter(notice)];
      const [engine] = users;
      if (engine === undefined) throw new Error("there is no engine");
      await importSleep(engine);
      const id = await startFrozen(engine);
      const left = leaveGroupsLike(id);
      const before = await killDaemon(part);
      const isBack = (line: string) => /; it is back after [\d.]+ s$/.test(line);
      await expect.poll(() => notices.filter(isBack), { timeout: 30_000 }).toHaveLength(1);
      await sleep(1_000); // for the other to look as well, if it has noticed anything at all
      expect(notices.filter(isBack)).toHaveLength(1);
      expect(notices.find(isBack)).toContain(`${part} of the private Docker daemon ended`);

      const after = await findDaemon(paths);
      expect([after?.dockerd.pid, after?.containerd.pid]).not.toContain(before.dockerd.pid);
      expect([after?.dockerd.pid, after?.containerd.pid]).not.toContain(before.containerd.pid);
      expect(findDaemons(paths.run)).toHaveLength(2);
      expect(findKeepers(paths.run)).toEqual([]);
      expect([...groupsOf(id), ...left].filter(existsSync)).toEqual([]);
      expect(await engine.countContainers()).toBe(0);
      await startFrozen(engine);
      expect(await engine.countContainers()).toBe(1);
      for (const user of users) await user.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "is given up, with a sentence, when its daemon dies again and again",
    async () => {
      const engine = await enter();
      const runtime = { name: RUNTIME, path: (await findRunsc(paths)) ?? "" };
      const notice = () => undefined;
      const kept = keepDaemon({ paths, runtime, notice, watchMs: 20, backoffMs: [] });
      await killDaemon("dockerd");
      expect(await kept.lost).toMatch(/ended 1 times in a row, last .*dockerd; the logs in \//);
      await engine.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "has processes of lost containers ended and their remains removed, and no others",
    async () => {
      const engine = await enter();
      await importSleep(engine);
      const [lost, kept] = [await startFrozen(engine), await startFrozen(engine)];
      const shim = findKeepers(paths.run).find(
        ({ command }) => command.includes(lost) && command[0]?.includes("shim"),
      );
      if (shim === undefined) throw new Error("there is no shim");
      const known = async () => new Set([kept]);
      expect(await endOrphans(paths.run, known), "while they are young").toEqual([]);
      await sleep(ORPHAN_AGE_MS_MIN + 1_000);
      expect(await endOrphans(paths.run, async () => new Set([lost, kept]))).toEqual([]);

      // containerd then wants to clean up, and waits for the frozen sandbox for ever.
      signalProcess(shim.identity, "SIGKILL");
      await waitForEnd(shim.identity, 5_000);
      expect(await endOrphans(paths.run, async () => new Set([lost, kept]))).toEqual([lost]);
      expect(await endOrphans(paths.run, known)).not.toContain(kept);
      await expect
        .poll(() => findKeepers(paths.run).filter(({ command }) => names(command, lost)), {
          timeout: 20_000,
        })
        .toEqual([]);
      expect(findKeepers(paths.run).filter(({ command }) => names(command, kept))).toHaveLength(3);
      await engine.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "refuses a daemon of the host's that does not answer or lacks the runtime",
    async () => {
      const report = () => undefined;
      const nobody = ensureEngine({ paths, report, socket: join(dir, "nobody.sock") });
      await expect(nobody).rejects.toThrow(/No Docker daemon answers/);

      const engine = await enter();
      const options = { paths, report, socket: engine.socket };
      await expect(ensureEngine({ ...options, runtime: "another" })).rejects.toThrow(
        /has no runtime "another"; add it/,
      );
      const guest = await ensureEngine(options);
      expect(guest.isPrivate).toBe(false);
      await guest.release();
      expect(await findDaemon(paths)).toBeDefined();
      await engine.release();
    },
    TIMEOUT_MS,
  );
});
