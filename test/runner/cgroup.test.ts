// Which files control a container, for the control groups a host may have.

import { describe, expect, it } from "vitest";
import { controlsIn } from "../../runner/cgroup.ts";

const V1 = `13:misc:/
7:freezer:/docker/0123abc
4:memory:/docker/0123abc
3:cpu:/docker/0123abc
2:cpuacct:/docker/0123abc
1:name=systemd:/docker/0123abc
0::/
`;
const V2 = "0::/system.slice/docker-0123abc.scope\n";
const HYBRID = `5:cpuacct,cpu:/docker/0123abc
3:devices,freezer:/docker/0123abc
0::/system.slice/containerd.service
`;

describe("the files that control a container", () => {
  it("lie in one tree per controller with control groups of version 1", () => {
    expect(controlsIn(V1)).toEqual({
      freezer: {
        path: "/sys/fs/cgroup/freezer/docker/0123abc/freezer.state",
        frozen: "FROZEN",
        thawed: "THAWED",
      },
      cpu: {
        path: "/sys/fs/cgroup/cpu/docker/0123abc/cpu.shares",
        working: "1024",
        preparing: "64",
      },
    });
  });

  it("lie in one tree for all with control groups of version 2", () => {
    const group = "/sys/fs/cgroup/system.slice/docker-0123abc.scope";
    expect(controlsIn(V2)).toEqual({
      freezer: { path: `${group}/cgroup.freeze`, frozen: "1", thawed: "0" },
      cpu: { path: `${group}/cpu.weight`, working: "100", preparing: "6" },
    });
  });

  it("are version 1's where both are there, and several controllers share a tree", () => {
    const { freezer, cpu } = controlsIn(HYBRID);
    expect(freezer.path).toBe("/sys/fs/cgroup/freezer/docker/0123abc/freezer.state");
    expect(cpu.path).toBe("/sys/fs/cgroup/cpu/docker/0123abc/cpu.shares");
  });

  it("may lie at a path with colons in it", () => {
    expect(controlsIn("0::/kube:pod:7/x\n").freezer.path).toBe(
      "/sys/fs/cgroup/kube:pod:7/x/cgroup.freeze",
    );
  });

  it("are missing on a host that has neither, and that is said", () => {
    expect(() => controlsIn("4:memory:/docker/0123abc\n")).toThrow("no cgroup freezer");
    expect(() => controlsIn("")).toThrow("no cgroup freezer");
  });
});
