// Which processes are orphans, and which containers are stray: the rules, without an engine. What
// becomes of real ones is tested with the private daemon and in the drills.

import { describe, expect, it, vi } from "vitest";
import type { Engine, Found } from "../../runner/docker.ts";
import {
  type KeeperProcess,
  keeperOf,
  ORPHAN_AGE_MS_MIN,
  selectOrphans,
} from "../../runner/host/orphans.ts";
import { runDirOf } from "../../runner/host/paths.ts";
import { reap } from "../../runner/reaper.ts";

const A = "a".repeat(64);
const B = "b".repeat(64);
const RUN = "/run/agent-coderunner";

const stage = vi.hoisted(() => ({ found: [] as unknown[], removed: [] as string[] }));

vi.mock("../../runner/docker.ts", () => ({
  listContainers: async () => stage.found,
  knownContainers: async () => new Set(),
  removeContainer: async (_engine: unknown, id: string) => void stage.removed.push(id),
}));

describe("a process's command line", () => {
  const identity = { pid: 7, startTicks: 500, bootId: "boot" };
  const read = (...command: string[]) => keeperOf({ identity, command }, 25_000);

  it("tells what it is, whose and how old", () => {
    const shim = ["/usr/bin/containerd-shim-runc-v2", "-namespace", "moby", "-id", A, "-address"];
    expect(read(...shim, `${RUN}/containerd.sock`)).toEqual({
      identity,
      kind: "shim",
      containerId: A,
      ageMs: 20_000,
    });
    expect(read(...shim, `${RUN}/containerd.sock`, "delete")?.kind).toBe("errand");
    expect(read(...shim, `${RUN}/containerd.sock`, "start")?.kind).toBe("errand");
    const bundle = `--bundle=${RUN}/containerd/io.containerd.runtime.v2.task/moby/${B}`;
    expect(read("runsc-sandbox", `--root=${RUN}/exec`, "boot", bundle)).toMatchObject({
      kind: "runtime",
      containerId: B,
    });
  });

  it("tells nothing when no container's id is in it", () => {
    expect(read("runsc", `--root=${RUN}/exec`, "list")).toBeUndefined();
    expect(read("runsc", `--root=${RUN}/${A}0`)).toBeUndefined();
    expect(read()).toBeUndefined();
  });
});

describe("an orphan", () => {
  const process = (kind: KeeperProcess["kind"], containerId: string, ageMs = 60_000) => ({
    identity: { pid: 1, startTicks: 1, bootId: "boot" },
    kind,
    containerId,
    ageMs,
  });
  const whole = (id: string) => [
    process("shim", id),
    process("runtime", id),
    process("errand", id),
  ];

  it("is none of a container that is known and has its shim", () => {
    expect(selectOrphans(whole(A), new Set([A]))).toEqual([]);
  });

  it("is everything of a container the daemon does not know", () => {
    expect(selectOrphans([...whole(A), ...whole(B)], new Set([A]))).toEqual(whole(B));
  });

  it("is what the runtime started when the shim is dead, known or not", () => {
    const left = [process("runtime", A), process("errand", A)];
    expect(selectOrphans([...left, ...whole(B)], new Set([A, B]))).toEqual([left[0]]);
  });

  it("is nothing that is young", () => {
    const young = [
      process("runtime", A, ORPHAN_AGE_MS_MIN - 1),
      process("shim", B, ORPHAN_AGE_MS_MIN - 1),
    ];
    expect(selectOrphans(young, new Set())).toEqual([]);
  });
});

describe("the run folder", () => {
  it("is a private daemon's or none", () => {
    expect(runDirOf("/run/agent-coderunner/docker.sock")).toBe("/run/agent-coderunner");
    expect(runDirOf("/run/agent-coderunner-0123abcd/docker.sock")).toMatch(/0123abcd$/);
    for (const other of [
      "/var/run/docker.sock",
      "/run/docker.sock",
      "/run/agent-coderunner",
      "/run/agent-coderunner-other/docker.sock",
      "/tmp/run/agent-coderunner/docker.sock",
      "/run/agent-coderunner/deeper/docker.sock",
    ]) {
      expect(runDirOf(other)).toBeUndefined();
    }
  });
});

describe("a stray container", () => {
  const reapAll = async (found: Omit<Found, "runnerId">[], wanted: string[] = []) => {
    stage.found = found.map((one) => ({ ...one, runnerId: "r" }));
    stage.removed = [];
    const log = { warn: () => undefined };
    const options = { engine: {} as Engine, runDir: undefined, log, wanted: () => new Set(wanted) };
    expect(await reap(options)).toBe(stage.removed.length);
    return stage.removed;
  };
  const old = Date.now() - 120_000;

  it("is one whose runner is gone, however young", async () => {
    expect(await reapAll([{ id: "x", owner: "gone", createdAtMs: Date.now() }])).toEqual(["x"]);
  });

  it("is one of our own that we do not hold, once it is old", async () => {
    const mine = (id: string, createdAtMs: number) => ({ id, owner: "self" as const, createdAtMs });
    const found = [mine("held", old), mine("lost", old), mine("young", Date.now())];
    expect(await reapAll(found, ["held"])).toEqual(["lost"]);
  });

  it("is never one of another runner that lives", async () => {
    expect(await reapAll([{ id: "theirs", owner: "alive", createdAtMs: old }])).toEqual([]);
  });
});
