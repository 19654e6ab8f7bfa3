// What is judged about a host without changing it: problems and their remedies, versions, Debian's
// archive, and the daemon's configuration.

import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { parseTargets, sourceLines } from "../../runner/host/apt.ts";
import { dockerdArgs, dockerdConfig } from "../../runner/host/daemon.ts";
import { hashContext } from "../../runner/host/image.ts";
import { makeRoomInNestedCgroup } from "../../runner/host/nested-cgroup.ts";
import { DEFAULT_ENGINE_DIR, enginePaths } from "../../runner/host/paths.ts";
import {
  FIRST_SETUP_BYTES,
  findCgroup,
  findProblems,
  gatherFacts,
  type HostFacts,
} from "../../runner/host/preflight.ts";
import { isNewEnough, parseRunscVersion } from "../../runner/host/runsc.ts";

const GOOD: HostFacts = {
  platform: "linux",
  arch: "x64",
  uid: 0,
  capabilities: (1n << 40n) - 1n,
  hasApt: true,
  missingPrograms: [],
  cgroup: { version: 2, controllers: ["cpuset", "cpu", "io", "memory", "pids"] },
  diskFreeBytes: FIRST_SETUP_BYTES,
};

describe("problems of a host", () => {
  test("there are none on a good one, nor on this one", () => {
    expect(findProblems(GOOD, FIRST_SETUP_BYTES)).toEqual([]);
    expect(findProblems(gatherFacts("/var/lib/not/there/yet"), 1)).toEqual([]);
  });

  test.each<[string, Partial<HostFacts>, RegExp]>([
    ["another system", { platform: "darwin" }, /need Linux/],
    ["not root", { uid: 1000, capabilities: 0n }, /run this with sudo/],
    ["a container without rights", { capabilities: 0n }, /privileged/],
    ["an unknown processor", { arch: "riscv64" }, /riscv64/],
    ["no apt", { hasApt: false }, /use Debian/],
    ["missing tools", { missingPrograms: ["setpriv"] }, /setpriv missing; install/],
    ["no cgroups", { cgroup: { version: undefined, controllers: [] } }, /mount -t cgroup2/],
    [
      "no freezer",
      { cgroup: { version: 1, controllers: ["cpu", "memory"] } },
      /devices, freezer, pids/,
    ],
    ["no memory control", { cgroup: { version: 2, controllers: ["cpu", "pids"] } }, /memory/],
    ["a full disk", { diskFreeBytes: 10 * 1024 * 1024 }, /Only 10 MiB .* CODERUNNER_STATE_DIR/],
  ])("%s is one sentence with a remedy", (_, facts, sentence) => {
    const problems = findProblems({ ...GOOD, ...facts }, FIRST_SETUP_BYTES);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(sentence);
    expect(problems[0]).not.toContain("\n");
  });
});

describe("how a host groups processes", () => {
  const v1 = (names: string) => `cgroup /sys/fs/cgroup/${names} cgroup rw,relatime,${names} 0 0`;

  test("version 1, alone or beside version 2", () => {
    const mounts = [
      ...["cpu,cpuacct", "memory", "freezer", "pids", "devices"].map(v1),
      "cgroup2 /sys/fs/cgroup/unified cgroup2 rw 0 0",
    ].join("\n");
    const { version, controllers } = findCgroup(mounts, "");
    expect(version).toBe(1);
    expect([...controllers].sort()).toEqual(["cpu", "devices", "freezer", "memory", "pids"]);
  });

  test("version 2", () => {
    const mounts = "cgroup2 /sys/fs/cgroup cgroup2 rw 0 0";
    expect(findCgroup(mounts, "cpu memory pids\n")).toEqual({
      version: 2,
      controllers: ["cpu", "memory", "pids"],
    });
  });

  test("not at all", () => {
    expect(findCgroup("proc /proc proc rw 0 0", "").version).toBeUndefined();
  });
});

describe("the topmost group of a container", () => {
  const made: string[] = [];
  afterEach(() => {
    for (const dir of made.splice(0)) rmSync(dir, { recursive: true });
  });
  const group = (files: Record<string, string>) => {
    const dir = mkdtempSync(join(tmpdir(), "cgroup-"));
    made.push(dir);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text);
    return dir;
  };
  const files = { "cgroup.controllers": "cpu memory\n", "cgroup.procs": "11\n12\n" };

  test("is emptied into a lower one, and hands its controllers down", () => {
    const nested = { ...files, "cgroup.type": "domain\n", "cgroup.subtree_control": "cpu" };
    const dir = group(nested);
    expect(makeRoomInNestedCgroup(dir)).toBe(true);
    expect(readFileSync(join(dir, "init", "cgroup.procs"), "utf8")).toBe("1112");
    expect(readFileSync(join(dir, "cgroup.subtree_control"), "utf8")).toBe("cpu+memory");
  });

  test("is left alone on a host, and where all is handed down already", () => {
    const done = { ...files, "cgroup.type": "domain\n", "cgroup.subtree_control": "memory cpu\n" };
    expect(makeRoomInNestedCgroup(group(done))).toBe(false);
    expect(makeRoomInNestedCgroup(group({ ...files, "cgroup.subtree_control": "" }))).toBe(false);
    expect(makeRoomInNestedCgroup(group({}))).toBe(false);
  });
});

describe("runsc's version", () => {
  test.each([
    ["runsc version 0.0~20240729.0\nspec: 1.2.0\n", 20240729, true],
    ["runsc version release-20250113.0\nspec: 1.1.0-rc.1\n", 20250113, true],
    ["runsc version 0.0~20221219.0\n", 20221219, false],
    ["runsc version VERSION_MISSING\n", undefined, false],
    ["", undefined, false],
  ])("%j", (text, date, suits) => {
    expect(parseRunscVersion(text)).toBe(date);
    expect(isNewEnough(text)).toBe(suits);
  });
});

describe("Debian's archive", () => {
  test("is the one the host uses", () => {
    const targets = `http://mirror.example/debian/ bookworm main
http://mirror.example/debian/ bookworm-updates main
http://mirror.example/security/ bookworm-security main
https://elsewhere.example/tool stable contrib
`;
    expect(parseTargets(targets)).toEqual({
      uri: "http://mirror.example/debian",
      securityUri: "http://mirror.example/security",
    });
  });

  test("is the public one where the host names none that can be fetched from", () => {
    const { uri } = parseTargets("cdrom:[Debian]/ trixie main\nfile:/srv/debian trixie main\n");
    expect(uri).toMatch(/^http:.*\/debian$/);
    expect(parseTargets("").uri).toBe(uri);
  });

  test("is signed for by the host's keyring where there is one", () => {
    const archive = { uri: "http://a", securityUri: "http://s", keyring: "/k.gpg" };
    expect(sourceLines(archive, "trixie")).toEqual([
      "deb [signed-by=/k.gpg] http://a trixie main",
      "deb [signed-by=/k.gpg] http://a trixie-updates main",
      "deb [signed-by=/k.gpg] http://s trixie-security main",
    ]);
    expect(sourceLines({ ...archive, keyring: undefined }, "trixie")[0]).toBe(
      "deb http://a trixie main",
    );
  });
});

describe("the private daemon", () => {
  test("has nothing in common with one of the host's", () => {
    const paths = enginePaths();
    const args = dockerdArgs(paths);
    for (const flag of ["--bridge=none", "--iptables=false", "--ip6tables=false"]) {
      expect(args).toContain(flag);
    }
    const named = args.filter((arg) => arg.includes("=/") || arg.includes("unix://"));
    expect(named).toHaveLength(7);
    for (const arg of named) expect(arg).toContain("agent-coderunner");
  });

  test("runs gVisor without a network and on systrap", () => {
    const config = JSON.parse(dockerdConfig({ name: "coderunner-runsc", path: "/opt/runsc" }));
    expect(config.runtimes["coderunner-runsc"]).toEqual({
      path: "/opt/runsc",
      runtimeArgs: ["--network=none", "--platform=systrap", "--host-uds=open"],
    });
  });

  test("has short socket paths, and a run folder of its own per engine folder", () => {
    const roots = [DEFAULT_ENGINE_DIR, "/a/very/long/folder/name/".repeat(10), "/b"];
    const runs = roots.map((root) => enginePaths(root).run);
    expect(new Set(runs).size).toBe(3);
    for (const root of roots) expect(enginePaths(root).containerdSocket.length).toBeLessThan(80);
  });
});

describe("the sandbox image's hash", () => {
  test("changes with names, contents, modes and ingredients, and with nothing else", () => {
    const dir = mkdtempSync(join(tmpdir(), "context-"));
    try {
      mkdirSync(join(dir, "deep"));
      writeFileSync(join(dir, "Dockerfile"), "FROM x\n");
      writeFileSync(join(dir, "deep", "file"), "a");
      const first = hashContext(dir, ["node 24", "base"]);
      expect(hashContext(dir, ["node 24", "base"])).toBe(first);

      const seen = new Set([first, hashContext(dir, ["node 24", "other base"])]);
      writeFileSync(join(dir, "deep", "file"), "b");
      seen.add(hashContext(dir, ["node 24", "base"]));
      chmodSync(join(dir, "deep", "file"), 0o755);
      seen.add(hashContext(dir, ["node 24", "base"]));
      writeFileSync(join(dir, "deep", "another"), "");
      seen.add(hashContext(dir, ["node 24", "base"]));
      expect(seen.size).toBe(5);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
});
