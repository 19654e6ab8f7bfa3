// The package as it is published: how large it is, what it needs, and what its types say.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createContext, runInContext } from "node:vm";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { median, rounded, timeMs } from "../../bench/stats.ts";
import { knownText } from "../../client/tables.ts";
import { run } from "../../runner/host/spawn.ts";
import { PackedClient } from "../kit/packed-client.ts";
import { readText } from "../tidy/sources.ts";
import { EXECUTION } from "./kit.ts";

/** What all of it may weigh on a page, gzipped. */
const SCRIPT_BYTES_MAX = 8 * 1024;

/** What it may add to a request, as a median. */
const ADDED_MS_MAX = 0.5;

let client: PackedClient;

beforeAll(async () => {
  client = await PackedClient.install();
}, 60_000);
afterAll(() => client.remove());

describe("the package", () => {
  test("is no more than a few kilobytes of script", () => {
    const scripts = readdirSync(client.path("dist")).filter((name) => name.endsWith(".js"));
    expect(scripts.sort()).toEqual(["index.js", "tools.js"]);
    const sizes = scripts.map(
      (name) => gzipSync(readFileSync(client.path(`dist/${name}`)), { level: 9 }).length,
    );
    console.info(`gzipped: ${scripts.map((name, index) => `${name} ${sizes[index]}`).join(", ")}`);
    expect(sizes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(SCRIPT_BYTES_MAX);
  });

  test("needs nothing else, and has all it says it has", () => {
    expect(
      readdirSync(join(client.folder, "node_modules")).filter((name) => !name.startsWith(".")),
    ).toEqual(["agent-coderunner"]);
    const { dependencies, peerDependencies, exports } = JSON.parse(
      readFileSync(client.path("package.json"), "utf8"),
    );
    expect([dependencies, peerDependencies]).toEqual([undefined, undefined]);
    const targets = [exports["."], exports["./tools"]].flatMap((entry) => Object.values(entry));
    for (const target of targets)
      expect(readFileSync(client.path(String(target)), "utf8")).not.toBe("");
    for (const name of ["README.md", "LICENSE"])
      expect(readFileSync(client.path(name), "utf8")).not.toBe("");
  });

  test("has types that a strict program can use, whatever its module resolution", async () => {
    const file = client.write("use.ts", CONSUMER);
    const tsc = new URL("../../node_modules/typescript/bin/tsc", import.meta.url).pathname;
    const strict = [
      "--noEmit",
      "--strict",
      "--exactOptionalPropertyTypes",
      "--skipLibCheck",
      "false",
    ];
    const platform = ["--target", "es2022", "--lib", "es2022,dom", "--types", ""];
    for (const module of ["nodenext", "preserve"]) {
      const args = [tsc, ...strict, ...platform, "--module", module, file];
      const { stdout } = await run(process.execPath, args, { cwd: client.folder, mayFail: true });
      expect(stdout).toBe("");
    }
    writeFileSync(file, CONSUMER.replace('"no_credits"', '"no_such_code"'));
    const args = [tsc, ...strict, ...platform, "--module", "nodenext", file];
    const wrong = await run(process.execPath, args, { cwd: client.folder, mayFail: true });
    expect(wrong.stdout).toContain("no_such_code");
  }, 60_000);

  test("adds next to nothing to a request", async () => {
    const { CodeRunner } = await client.load();
    const text = JSON.stringify(EXECUTION);
    const fetch = async (_url: string, init: RequestInit) => {
      new Headers(init.headers);
      return new Response(text);
    };
    const runner = new CodeRunner({ apiKey: "a", baseUrl: "http://service.test", fetch });
    const bare = async () => await (await fetch("", { headers: { a: "b" } })).json();
    const times = { own: [] as number[], bare: [] as number[] };
    for (let round = 0; round < 1000; round += 1) {
      times.bare.push(await timeMs(bare));
      times.own.push(await timeMs(() => runner.execute({ language: "python", code: "1" })));
    }
    const addedMs = median(times.own.slice(200)) - median(times.bare.slice(200));
    console.info(`the client adds ${rounded(addedMs)} ms`);
    expect(addedMs).toBeLessThanOrEqual(ADDED_MS_MAX);
  });

  test("runs where there is nothing but what browsers have", async () => {
    const entry = client.write("page.js", PAGE);
    const { outputFiles, warnings } = await build({
      entryPoints: [entry],
      bundle: true,
      write: false,
      platform: "browser",
      format: "iife",
    });
    expect(warnings).toEqual([]);
    const answers = [Response.json({}, { status: 503 }), Response.json(EXECUTION)];
    const asked: [string, RequestInit][] = [];
    const fetch = async (url: string, init: RequestInit) => {
      asked.push([url, init]);
      return answers[asked.length - 1];
    };
    const { crypto, URL, URLSearchParams, Headers, AbortController, TextDecoder } = globalThis;
    const platform = { crypto, URL, URLSearchParams, Headers, AbortController, TextDecoder };
    const page = createContext({ ...platform, fetch, setTimeout, clearTimeout });
    runInContext(outputFiles[0]?.text ?? "", page);
    expect(await page.done).toEqual(["42\n", "run_code"]);
    expect(asked.map(([url]) => url)).toEqual(Array(2).fill("https://page.test/v1/execute"));
  });
});

test("the client knows what the tables say", () => {
  expect(readText("client/src/known.ts")).toBe(knownText());
});

const CONSUMER = `
import { CodeRunner, CodeRunnerError, type Execution } from "agent-coderunner";
import { anthropicTools } from "agent-coderunner/tools";

const runner = new CodeRunner({ apiKey: "a", fetch, retries: 1 });
try {
  const ran: Execution = await runner.execute({ language: "python", code: "1", sessionId: null });
  const text: string | undefined = ran.run?.stdout;
  for await (const event of runner.stream({ language: "brainfuck", code: text ?? "" })) {
    if (event.type === "stdout") event.text.trim();
    else if (event.type === "end") event.execution.credits?.charged.toFixed();
  }
  const session = await runner.sessions.open({ language: "python", packages: { pip: ["six"] } });
  const bytes: Uint8Array = await session.files.read("a");
  await session.files.write("b", bytes);
  for await (const { id, outcome } of runner.executions.list()) outcome satisfies string | null, id.trim();
  anthropicTools(session).definitions[0]?.input_schema.required.join();
} catch (error) {
  if (error instanceof CodeRunnerError && error.code === "no_credits") error.status.toFixed();
}
`;

const PAGE = `
import { CodeRunner } from "agent-coderunner";
import { openaiTools } from "agent-coderunner/tools";

const runner = new CodeRunner({ apiKey: "a", baseUrl: "https://page.test" });
globalThis.done = runner
  .execute({ language: "python", code: "print(42)" })
  .then(({ run }) => [run.stdout, openaiTools(runner).definitions[0].function.name]);
`;
