// `npm start` from beginning to end, on a real engine: it comes up, works, says what it promises,
// refuses to run twice, comes back after every kind of death, and leaves nothing behind.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { launchPaths, type Paths } from "../../launch/paths.ts";
import { OWNER_LABEL } from "../../launch/runner.ts";
import { answers, connect, countContainers } from "../../runner/host/client.ts";
import { isRunning, type ProcessIdentity, signalProcess } from "../../runner/host/identity.ts";
import { type Ending, findProgram, run } from "../../runner/host/spawn.ts";
import { beginStart, type Start, startEnv, startUp as startUpWith } from "../kit/npm-start.ts";

/** A second start has nothing to make: only processes to start. Generous, for a busy machine. */
const SECOND_START_MS_MAX = 15_000;
const READY_MS_MAX = 300_000;

let dir: string;
let env: NodeJS.ProcessEnv;
let paths: Paths;

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "lifecycle-"));
  env = startEnv({
    CODERUNNER_STATE_DIR: dir,
    CODERUNNER_ENGINE_DIR: launchPaths().engine.root,
  });
  paths = launchPaths(env);
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

const begin = () => beginStart(env);
const startUp = () => startUpWith(env);

/** The command a start prints to be pasted. */
function printedCommand(start: Start): string {
  return /^ {2}(curl .*)$/m.exec(start.text())?.[1] ?? "";
}

/** Does what the printed command does; by the command itself where the host has curl. */
async function paste(command: string): Promise<unknown> {
  if (findProgram("curl") !== undefined) {
    return JSON.parse((await run("bash", ["-c", command])).stdout);
  }
  const headers = [...command.matchAll(/-H "([^:]+): ([^"]+)"/g)].map(
    ([, name = "", value = ""]): [string, string] => [name, value],
  );
  const body = /-d '(.*)'$/.exec(command)?.[1] ?? "";
  const reply = await fetch(/http:\S+/.exec(command)?.[0] ?? "", { method: "POST", headers, body });
  return await reply.json();
}

async function containersOf(runner: ProcessIdentity): Promise<number> {
  if (!(await answers(paths.engine.socket))) return 0;
  const label = `${OWNER_LABEL}=${JSON.stringify(runner)}`;
  return await countContainers(connect(paths.engine.socket), label);
}

async function expectNothingLeft({ record }: Start): Promise<void> {
  const { launcher, parts } = record;
  await expect
    .poll(() => [launcher, ...Object.values(parts)].filter(isRunning), { timeout: 20_000 })
    .toEqual([]);
  await expect.poll(() => containersOf(parts.runner), { timeout: 20_000 }).toBe(0);
}

async function end(start: Start, signal: NodeJS.Signals): Promise<Ending> {
  signalProcess(start.child.identity, signal);
  return await start.child.ended;
}

describe("npm start", () => {
  test(
    "comes up, does what it says, and ends at Ctrl-C with nothing left",
    async () => {
      const start = await startUp();
      expect(await paste(printedCommand(start))).toMatchObject({ stdout: "499500", exitCode: 0 });
      expect(await containersOf(start.record.parts.runner)).toBeGreaterThan(0);

      const second = await begin();
      expect(await second.child.ended).toEqual({ code: 1, signal: null });
      expect(second.text()).toContain(`already running at ${start.url} (process `);
      expect(second.text().trim().split("\n")).toHaveLength(1);

      expect(await end(start, "SIGINT")).toEqual({ code: 0, signal: null });
      await expectNothingLeft(start);
    },
    READY_MS_MAX,
  );

  test("comes up quickly the second time, with every key still known", async () => {
    const first = await startUp();
    const command = printedCommand(first);
    await end(first, "SIGTERM");
    const second = await startUp();
    expect(second.readyMs).toBeLessThan(SECOND_START_MS_MAX);
    const again = command.replace(first.url, second.url);
    expect(await paste(again)).toMatchObject({ stdout: "499500" });

    // Twice is not harder than once: what it has started still ends in order.
    signalProcess(second.child.identity, "SIGINT");
    setTimeout(() => signalProcess(second.child.identity, "SIGINT"), 100);
    expect(await second.child.ended).toEqual({ code: 0, signal: null });
    await expectNothingLeft(second);
  });

  test("starts again what ends by itself, and says so", async () => {
    const start = await startUp();
    signalProcess(start.record.parts.runner, "SIGKILL");
    signalProcess(start.record.parts.gateway, "SIGKILL");
    const command = printedCommand(start);
    await expect
      .poll(() => paste(command).catch(() => undefined), { timeout: 30_000, interval: 500 })
      .toMatchObject({ stdout: "499500" });
    expect(start.text()).toContain("runner: it was ended by SIGKILL; starting it again");
    expect(start.text()).toContain("gateway: it was ended by SIGKILL; starting it again");
    expect(await containersOf(start.record.parts.runner)).toBe(0);
    expect(await end(start, "SIGTERM")).toEqual({ code: 0, signal: null });
    await expectNothingLeft(start);
  });

  test("takes everything down with it when it is killed outright, and starts again", async () => {
    const killed = await startUp();
    signalProcess(killed.record.launcher, "SIGKILL");
    expect((await killed.child.ended).code).toBe(137);
    const next = await startUp();
    await expectNothingLeft(killed);
    expect(await paste(printedCommand(next))).toMatchObject({ stdout: "499500" });

    // The same when it is what npm started that is killed.
    await end(next, "SIGKILL");
    await expectNothingLeft(next);
  });

  test("can be interrupted before it is ready", async () => {
    const { child, text, line } = await begin();
    await line(/Runner at http/);
    signalProcess(child.identity, "SIGINT");
    expect(await child.ended).toEqual({ code: 130, signal: null });
    expect(text()).toContain("Stopped before it was ready.");
    expect(() => readFileSync(paths.record)).toThrow();
  });
});
