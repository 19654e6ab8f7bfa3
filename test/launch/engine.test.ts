// The private daemon with everything of its own in a throw-away folder: shared by lease, stopped by
// the last to leave, adopted or replaced after a crash, and never leaving a process or container.

import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connect } from "../../runner/host/client.ts";
import { findDaemon } from "../../runner/host/daemon.ts";
import { type Engine, ensureEngine, planEngine, RUNTIME } from "../../runner/host/engine.ts";
import { signalProcess, waitForEnd } from "../../runner/host/identity.ts";
import { findProcesses } from "../../runner/host/leftovers.ts";
import { type EnginePaths, enginePaths } from "../../runner/host/paths.ts";
import { findRunsc } from "../../runner/host/runsc.ts";
import { run, startChild } from "../../runner/host/spawn.ts";

const TIMEOUT_MS = 120_000;

let dir: string;
let paths: EnginePaths;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "engine-"));
  paths = enginePaths(dir);
  // A copy of the runsc this machine has already, if any, saves fetching one.
  const runsc = await findRunsc(enginePaths(process.env.CODERUNNER_ENGINE_DIR));
  mkdirSync(paths.tools, { recursive: true });
  if (runsc !== undefined) copyFileSync(runsc, join(paths.tools, "runsc"));
});

afterEach(() => {
  for (const left of findProcesses(paths.run)) signalProcess(left, "SIGKILL");
  rmSync(dir, { recursive: true, force: true });
  rmSync(paths.run, { recursive: true, force: true });
});

const enter = () => ensureEngine({ paths, report: () => undefined });

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
async function startFrozen(engine: Engine): Promise<void> {
  const container = await connect(engine.socket).createContainer({
    Image: "sleep:1",
    Cmd: ["/bin/sleep", "1000"],
    HostConfig: { Runtime: RUNTIME, NetworkMode: "none" },
  });
  await container.start();
  const v1 = `/sys/fs/cgroup/freezer/docker/${container.id}/freezer.state`;
  if (existsSync(v1)) writeFileSync(v1, "FROZEN");
  else writeFileSync(`/sys/fs/cgroup/docker/${container.id}/cgroup.freeze`, "1");
}

async function killDaemon(): Promise<void> {
  const record = await findDaemon(paths);
  if (record === undefined) throw new Error("there is no daemon to kill");
  for (const identity of [record.dockerd, record.containerd]) {
    signalProcess(identity, "SIGKILL");
    await waitForEnd(identity, 5_000);
  }
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
      await killDaemon();
      loseLeases();
      expect(findProcesses(paths.run)).not.toEqual([]);

      const next = await enter();
      expect(await next.countContainers()).toBe(0);
      await next.release();
      expect(findProcesses(paths.run)).toEqual([]);
    },
    TIMEOUT_MS,
  );

  test(
    "tells its user when the daemon has ended, and can still be left",
    async () => {
      const engine = await enter();
      await importSleep(engine);
      await startFrozen(engine);
      await killDaemon();
      expect(await engine.lost).toMatch(/private Docker daemon has ended; .*dockerd.log/);
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
