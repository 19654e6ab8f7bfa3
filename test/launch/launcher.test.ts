// The launcher's own parts: options, secrets, tallies, log lines, the record of what runs, and
// starting again what has ended by itself.

import { appendFileSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { claimInstance } from "../../launch/instance.ts";
import { troubleIn, watchLog } from "../../launch/log-file.ts";
import { parseStartOptions } from "../../launch/options.ts";
import { keepRunning, type Part, stopperFor } from "../../launch/part.ts";
import { launchPaths } from "../../launch/paths.ts";
import { requireFreePort } from "../../launch/preflight.ts";
import { runSteps } from "../../launch/progress.ts";
import { keepKey, lastKey, loadSecrets } from "../../launch/secrets.ts";
import { tallyLine, tallyOf } from "../../launch/tally.ts";
import { isRunning } from "../../runner/host/identity.ts";
import { startChild } from "../../runner/host/spawn.ts";

let dir: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "launcher-"));
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("options", () => {
  test("have defaults that expose nothing", () => {
    expect(parseStartOptions([], {})).toEqual({
      help: false,
      host: "127.0.0.1",
      port: 8787,
      socket: undefined,
      runtime: undefined,
      gatewaySettings: { CLIENT_ADDRESS_HEADER: "none" },
      gatewaySecrets: {},
      runnerId: "local",
    });
  });

  test("come from flags before the environment", () => {
    const env = { PORT: "1000", CODERUNNER_DOCKER_SOCKET: "/s.sock", DEMO_RUNS_PER_DAY: "3" };
    const options = parseStartOptions(["--port", "9000", "--host", "::1"], env);
    expect(options).toMatchObject({ port: 9000, host: "::1", socket: "/s.sock" });
    expect(options.gatewaySettings.DEMO_RUNS_PER_DAY).toBe("3");
    expect(parseStartOptions([], env).port).toBe(1000);
  });

  test.each([[["--port", "x"]], [["--port", "65536"]], [["--prot", "1"]], [["1"]]])(
    "%j is refused",
    (args) => {
      expect(() => parseStartOptions(args, {})).toThrow(/port|prot|argument/);
    },
  );
});

describe("paths", () => {
  test("follow the state folder, and the engine's can be shared", () => {
    const alone = launchPaths({ CODERUNNER_STATE_DIR: "/srv/one" });
    expect(alone.engine.root).toBe("/srv/one/engine");
    expect(alone.objects).toBe("/srv/one/gateway/objects");
    const shared = launchPaths({ CODERUNNER_STATE_DIR: "/srv/two", CODERUNNER_ENGINE_DIR: "/e" });
    expect(shared.engine.root).toBe("/e");
    expect(shared.state).toBe("/srv/two");
    expect(launchPaths({}).engine.run).toBe("/run/agent-coderunner");
  });
});

describe("secrets", () => {
  test("are made once, kept, and readable by their owner only", () => {
    const first = loadSecrets(join(dir, "secrets"), {});
    expect(first.runnerSecret.length).toBeGreaterThanOrEqual(32);
    expect(first.adminToken).not.toBe(first.runnerSecret);
    expect(loadSecrets(join(dir, "secrets"), {})).toEqual(first);
    expect(statSync(join(dir, "secrets")).mode & 0o777).toBe(0o700);
    expect(statSync(first.adminTokenFile ?? "").mode & 0o777).toBe(0o600);
  });

  test("are overridden by the environment, which must not be short", () => {
    const given = "x".repeat(32);
    expect(loadSecrets(dir, { ADMIN_TOKEN: given })).toMatchObject({
      adminToken: given,
      adminTokenFile: undefined,
    });
    expect(() => loadSecrets(dir, { RUNNER_SECRET: "short" })).toThrow(/RUNNER_SECRET must have/);
  });

  test("the latest key is kept for a day without another", () => {
    expect(lastKey(dir)).toBeUndefined();
    keepKey(dir, "one");
    keepKey(dir, "two");
    expect(lastKey(dir)).toBe("two");
  });
});

describe("the tally of a test run", () => {
  const file = (status: string, tests: number) => ({
    status,
    assertionResults: Array.from({ length: tests }, () => ({})),
  });
  const report = (passed: number, failed: number, testResults: unknown[]) => ({
    numPassedTests: passed,
    numFailedTests: failed,
    testResults,
  });

  test.each([
    ["all pass", report(3, 0, [file("passed", 3)]), 0, { passed: 3, failed: 0 }],
    ["some fail", report(2, 1, [file("failed", 3)]), 1, { passed: 2, failed: 1 }],
    ["a file does not load", report(2, 0, [file("failed", 0)]), 1, { passed: 2, failed: 1 }],
    ["an error outside any test", report(2, 0, [file("passed", 2)]), 1, { passed: 2, failed: 1 }],
    ["nothing ran", report(0, 0, []), 0, { passed: 0, failed: 1 }],
    ["no report", undefined, 0, { passed: 0, failed: 1 }],
  ])("%s", (_, given, code, expected) => {
    expect(tallyOf(given, code)).toEqual(expected);
  });

  test("is one line", () => expect(tallyLine({ passed: 3, failed: 1 })).toBe("3 passed, 1 failed"));
});

describe("what is shown of a log", () => {
  test.each([
    ['{"level":30,"msg":"fine"}', undefined],
    ['{"level":40,"msg":"odd"}', "odd"],
    ['{"level":50,"msg":"bad","err":{"message":"why"}}', "bad: why"],
    ['{"requestId":"r","status":200}', undefined],
    ['{"requestId":"r","detail":"Error: why\\n at x"}', "Error: why"],
    ["server.c++: error: Uncaught exception", "server.c++: error: Uncaught exception"],
    ["listening", undefined],
  ])("%s", (line, shown) => expect(troubleIn(line)).toBe(shown));

  test("is read along, whole lines only, from where it stood", async () => {
    const file = join(dir, "log");
    writeFileSync(file, "an old error\n");
    const seen: string[] = [];
    const stop = watchLog(file, (line) => seen.push(line));
    appendFileSync(file, "a new er");
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(seen).toEqual([]);
    appendFileSync(file, "ror\n");
    stop();
    expect(seen).toEqual(["a new error"]);
  });
});

describe("a state folder", () => {
  const files = () => ({ record: join(dir, "start.json"), recordLock: join(dir, "start.lock") });

  test("is refused to a second start while the first runs", async () => {
    const first = await claimInstance(files(), "http://127.0.0.1:1");
    const second = claimInstance(files(), "http://127.0.0.1:2");
    await expect(second).rejects.toThrow(
      new RegExp(`already running at http://127.0.0.1:1 \\(process ${process.pid}\\)`),
    );
    first.leave();
    (await claimInstance(files(), "http://127.0.0.1:2")).leave();
  });

  test("is taken over from a dead start, whose processes are ended and nobody else's", async () => {
    const [left, stranger] = await Promise.all([
      startChild("sleep", ["60"]),
      startChild("sleep", ["60"]),
    ]);
    const dead = { ...left.identity, startTicks: left.identity.startTicks - 1 };
    const reused = { ...stranger.identity, startTicks: stranger.identity.startTicks - 1 };
    writeFileSync(
      files().record,
      JSON.stringify({
        launcher: dead,
        url: "u",
        parts: { gateway: left.identity, runner: reused },
      }),
    );
    const instance = await claimInstance(files(), "http://127.0.0.1:1");
    expect(isRunning(left.identity)).toBe(false);
    expect(isRunning(stranger.identity)).toBe(true);
    instance.leave();
    await stopperFor(stranger.identity)(1_000);
  });
});

describe("a part that is kept running", () => {
  const start = async (seconds: number | string): Promise<Part> => {
    const { identity, ended } = await startChild("sleep", [String(seconds)]);
    return { identity, ended, logFile: join(dir, "log"), stop: stopperFor(identity) };
  };
  const base = { name: "part", backoffMs: [10, 10], giveUp: () => undefined };

  test("is started again when it ends, and ended when stopped", async () => {
    const said: string[] = [];
    const again = Promise.withResolvers<Part>();
    const kept = keepRunning({
      ...base,
      first: await start(0),
      start: () => start(60),
      say: (line) => said.push(line),
      onStart: again.resolve,
    });
    const second = await again.promise;
    expect(said).toEqual(["it ended with exit code 0; starting it again"]);
    await kept.stop(1_000);
    expect(isRunning(second.identity)).toBe(false);
  });

  test("is given up after it has failed too often in a row", async () => {
    writeFileSync(join(dir, "log"), "last words\n");
    const why = await new Promise<string>((resolve) => {
      void start("nonsense").then((first) =>
        keepRunning({
          ...base,
          first,
          start: () => start("x"),
          say: () => undefined,
          giveUp: resolve,
        }),
      );
    });
    expect(why).toMatch(
      /part has failed 3 times in a row and now ended with exit code 1;.*\nlast words$/,
    );
  });

  test("counts starts that fail, and can be stopped during one", async () => {
    const started = Promise.withResolvers<void>();
    const kept = keepRunning({
      ...base,
      first: await start(0),
      start: (signal) =>
        new Promise<Part>((_, reject) => {
          started.resolve();
          signal.addEventListener("abort", () => reject(new Error("stopped")));
        }),
      say: () => undefined,
    });
    await started.promise;
    await kept.stop(1_000);
  });
});

describe("steps", () => {
  test("a failing one stops the other lanes and is what is thrown", async () => {
    const failure = new Error("the disk is full");
    let stopped = false;
    const lanes = [
      [
        {
          title: "fails",
          run: async () => {
            throw failure;
          },
        },
      ],
      [
        {
          title: "goes on",
          run: (_: unknown, signal: AbortSignal) =>
            new Promise<undefined>((resolve) => {
              signal.addEventListener("abort", () => {
                stopped = true;
                resolve(undefined);
              });
            }),
        },
      ],
    ];
    await expect(runSteps(lanes, new AbortController().signal)).rejects.toBe(failure);
    expect(stopped).toBe(true);
  });
});

describe("a port", () => {
  test("in use, and an address of another machine, are refused by name", async () => {
    const { createServer } = await import("node:net");
    const server = createServer();
    const port = await new Promise<number>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)),
    );
    await expect(requireFreePort("127.0.0.1", port)).rejects.toThrow(`Port ${port} on 127.0.0.1`);
    await expect(requireFreePort("192.0.2.1", port)).rejects.toThrow(/EADDRNOTAVAIL/);
    server.close();
    await expect(requireFreePort("127.0.0.1", 0)).resolves.toBeUndefined();
  });
});
