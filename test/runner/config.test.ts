// The runner's settings: what is taken when nothing is said, and that each bad one is named.

import { describe, expect, it } from "vitest";
import { ceilingFor, readConfig } from "../../runner/config.ts";
import { SANDBOX_KINDS } from "../../shared/languages.ts";

const GIB = 1024 ** 3;
const NEEDED = {
  RUNNER_ID: "r1",
  RUNNER_SECRET: "a-secret-for-tests-of-at-least-32-characters",
  CODERUNNER_DOCKER_SOCKET: "/run/docker.sock",
  CODERUNNER_IMAGE: "coderunner-sandbox",
};

describe("the settings", () => {
  it("need only an id, a secret, a socket and an image", () => {
    expect(readConfig(NEEDED)).toMatchObject({
      runnerId: "r1",
      host: "127.0.0.1",
      port: 8788,
      runtime: "coderunner-runsc",
      poolFloor: 2,
      compileCacheBytes: 256 * 1024 ** 2,
      strictIsolation: false,
      logLevel: "info",
    });
  });

  it("can all be given", () => {
    const config = readConfig({
      ...NEEDED,
      RUNNER_HOST: "0.0.0.0",
      RUNNER_PORT: "0",
      CODERUNNER_RUNTIME: "runsc",
      POOL_FLOOR: "3",
      POOL_CEILING: "40",
      COMPILE_CACHE_MB: "3",
      STRICT_ISOLATION: "true",
      LOG_LEVEL: "warn",
      SOMETHING_ELSE: "is no concern of ours",
    });
    expect(config).toEqual({
      runnerId: "r1",
      secret: NEEDED.RUNNER_SECRET,
      host: "0.0.0.0",
      port: 0,
      dockerSocket: "/run/docker.sock",
      image: "coderunner-sandbox",
      runtime: "runsc",
      poolFloor: 3,
      poolCeiling: 40,
      compileCacheBytes: 3 * 1024 ** 2,
      strictIsolation: true,
      logLevel: "warn",
    });
  });

  it("name where packages come from, and none do where none is named", () => {
    expect(readConfig(NEEDED).packages).toBeUndefined();
    const { packages } = readConfig({
      ...NEEDED,
      CODERUNNER_PIP_INDEX: "https://me:safe@index.example/simple",
      CODERUNNER_PACKAGE_ORIGINS: "https://files.example, https://index.example:444/a",
      CODERUNNER_PACKAGE_CACHE_DIR: "/var/cache/packages",
      CODERUNNER_PACKAGE_CACHE_MB: "64",
    });
    expect(packages).toMatchObject({
      pipIndex: "https://index.example/simple/",
      npmRegistry: undefined,
      cacheDir: "/var/cache/packages",
      cacheBytesMax: 64 * 1024 ** 2,
    });
    expect(packages?.origins.map(({ origin, mayBePrivate }) => [origin, mayBePrivate])).toEqual([
      ["https://index.example", true],
      ["https://files.example", false],
      ["https://index.example:444", false],
    ]);
  });

  const bad: [string, string | undefined][] = [
    ["CODERUNNER_PIP_INDEX", "index.example"],
    ["CODERUNNER_NPM_REGISTRY", "file:///etc"],
    ["CODERUNNER_PACKAGE_ORIGINS", "https://files.example,files.example"],
    ["CODERUNNER_PACKAGE_CACHE_DIR", "here"],
    ["CODERUNNER_PACKAGE_CACHE_MB", "0"],
    ["RUNNER_ID", undefined],
    ["RUNNER_ID", ""],
    ["RUNNER_ID", "Has Spaces"],
    ["RUNNER_ID", "r".repeat(64)],
    ["RUNNER_SECRET", undefined],
    ["RUNNER_SECRET", "short"],
    ["CODERUNNER_DOCKER_SOCKET", undefined],
    ["CODERUNNER_DOCKER_SOCKET", "tcp://1.2.3.4:2375"],
    ["CODERUNNER_IMAGE", undefined],
    ["CODERUNNER_IMAGE", ""],
    ["RUNNER_PORT", "-1"],
    ["RUNNER_PORT", "65536"],
    ["RUNNER_PORT", "eighty"],
    ["RUNNER_PORT", "80.5"],
    ["POOL_FLOOR", "0"],
    ["POOL_FLOOR", "65"],
    ["POOL_FLOOR", "many"],
    ["POOL_CEILING", "0"],
    ["POOL_CEILING", "2000"],
    ["COMPILE_CACHE_MB", "0"],
    ["COMPILE_CACHE_MB", "65537"],
    ["COMPILE_CACHE_MB", "lots"],
    ["STRICT_ISOLATION", "perhaps"],
    ["LOG_LEVEL", "loud"],
  ];

  it.each(bad)("are refused with the name of %s when it is %j", (name, value) => {
    expect(() => readConfig({ ...NEEDED, [name]: value })).toThrow(`setting ${name}:`);
  });

  it("never show the secret in what they complain of", () => {
    const secret = "too-short-but-secret";
    const complaint = () => readConfig({ ...NEEDED, RUNNER_SECRET: secret });
    expect(complaint).not.toThrow(secret);
  });

  it("leave room under the ceiling for the floor of every kind", () => {
    const floors = { POOL_FLOOR: "8", POOL_CEILING: "4" };
    expect(() => readConfig({ ...NEEDED, ...floors })).toThrow("setting POOL_CEILING:");
  });
});

describe("the ceiling", () => {
  it("grows with the machine's memory up to a limit", () => {
    expect(ceilingFor(4 * GIB, 1)).toBe(21);
    expect(ceilingFor(16 * GIB, 1)).toBe(85);
    expect(ceilingFor(1024 * GIB, 1)).toBe(256);
  });

  it("is never below what the floors need, with one to spare", () => {
    expect(ceilingFor(0.5 * GIB, 2)).toBe(2 * SANDBOX_KINDS.length + 1);
  });
});
