// The command with settings that will not do, as they are left by a disk that was full or by hand: what
// mends them must work all the same, and a key that has been made must not be lost. And the files it
// writes, where something else lies in their place.

import { execFile, execFileSync } from "node:child_process";
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { buildCli } from "../../cli/build.ts";
import { placeIn, writeWhole } from "../../cli/src/save.ts";

const dir = mkdtempSync(join(tmpdir(), "coderunner-settings-"));
const program = join(dir, "coderunner.cjs");
const config = join(dir, "coderunner", "config.json");
const asked: string[] = [];
let refusesCredits = false;
let service: Server;
let url: string;

beforeAll(async () => {
  await buildCli(program);
  service = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    if (request.url === "/api/credits" && refusesCredits) response.statusCode = 418;
    if (request.url?.includes("/files/")) return response.end("content");
    response.end(JSON.stringify({ apiKey: "cr_live_new", credits: 50, plan: "free" }));
  }).listen(0, "127.0.0.1");
  await new Promise((resolve) => service.once("listening", resolve));
  url = `http://127.0.0.1:${(service.address() as AddressInfo).port}`;
});
beforeEach(() => {
  refusesCredits = false;
  asked.length = 0;
  rmSync(join(dir, "coderunner"), { recursive: true, force: true });
  mkdirSync(join(dir, "coderunner"));
});
afterAll(() => {
  service.close();
  rmSync(dir, { recursive: true });
});

async function run(words: string[], own: NodeJS.ProcessEnv = {}) {
  const env = { PATH: process.env.PATH, XDG_CONFIG_HOME: dir, CODERUNNER_URL: url, ...own };
  const running = promisify(execFile)(process.execPath, [program, ...words], { env });
  running.child.stdin?.end();
  return await running.then(
    ({ stdout, stderr }) => ({ code: 0, stdout, stderr }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }) as never,
  );
}

const NOWHERE = { CODERUNNER_URL: "" };
const BROKEN = [
  ["cut off", '{ "url": "http'],
  ["with no address", '{ "url": "nowhere", "apiKey": "k" }'],
  ["with no key", `{ "url": "http://127.0.0.1:8787", "apiKey": "a b" }`],
];

describe.each(BROKEN)("stored settings %s", (_how, text) => {
  beforeEach(() => writeFileSync(config, text ?? ""));

  test("are put right by login", async () => {
    expect(await run(["login", "--new", "--url", url], NOWHERE)).toMatchObject({ code: 0 });
    expect(JSON.parse(readFileSync(config, "utf8"))).toEqual({ url, apiKey: "cr_live_new" });
  });

  test("are removed by logout", async () => {
    expect(await run(["logout"], NOWHERE)).toMatchObject({ code: 0 });
    expect(() => readFileSync(config)).toThrow("ENOENT");
  });

  test("are nothing to completion, nor to who sets all of it", async () => {
    expect(await run(["completion", "bash"], NOWHERE)).toMatchObject({ code: 0, stderr: "" });
    expect(await run(["credits"], { CODERUNNER_API_KEY: "k" })).toMatchObject({ code: 0 });
  });
});

describe("a new key", () => {
  test("is not made where it cannot be stored", async () => {
    writeFileSync(join(dir, "file"), "");
    const own = { XDG_CONFIG_HOME: join(dir, "file") };
    expect(await run(["login", "--new"], own)).toMatchObject({ code: 120 });
    expect(asked).toEqual([]);
  });

  test("is kept although the service says no more", async () => {
    refusesCredits = true;
    expect(await run(["login", "--new"])).toMatchObject({ code: 123 });
    expect(readFileSync(config, "utf8")).toContain("cr_live_new");
  });
});

describe("files get", () => {
  const env = { CODERUNNER_API_KEY: "k" };

  test("writes into a pipe and does not put a file in its place", async () => {
    const pipe = join(dir, "pipe");
    execFileSync("mkfifo", [pipe]);
    const reading = promisify(execFile)("cat", [pipe], { timeout: 5_000 });
    expect(await run(["files", "get", "s", "a.txt", pipe], env)).toMatchObject({ code: 0 });
    expect(lstatSync(pipe).isFIFO()).toBe(true);
    expect((await reading).stdout).toBe("content");
  });

  test("writes where a link leads", async () => {
    const [link, file] = [join(dir, "link"), join(dir, "there.txt")];
    writeFileSync(file, "old");
    symlinkSync(file, link);
    expect(await run(["files", "get", "s", "a.txt", link], env)).toMatchObject({ code: 0 });
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readFileSync(file, "utf8")).toBe("content");
  });
});

describe("files that programs have made", () => {
  test("may have names that only look like a way up", () => {
    expect(placeIn("out", "..data/x")).toBe(resolve("out/..data/x"));
    expect(placeIn("out", "...")).toBe(resolve("out/..."));
    for (const name of ["..", "../x", "a/../../x", "/x", "", "."]) {
      expect(() => placeIn("out", name)).toThrow("outside");
    }
  });

  test("are not written through a link that somebody has put where they are made", () => {
    const victim = join(dir, "victim");
    writeFileSync(victim, "mine");
    symlinkSync(victim, join(dir, `.coderunner-${process.pid}`));
    writeWhole(join(dir, "made.txt"), Buffer.from("theirs"));
    expect(readFileSync(victim, "utf8")).toBe("mine");
    expect(readFileSync(join(dir, "made.txt"), "utf8")).toBe("theirs");
  });
});
