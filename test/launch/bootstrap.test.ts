// The bootstrap, run as npm runs it but in a small checkout of its own, with a stand-in for npm: when
// it installs, when it does not, and how faithfully it hands over.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";

const LOCK = {
  packages: {
    "": { name: "small" },
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/b": { version: "2.0.0", integrity: "sha512-b", optional: true },
  },
};
const INSTALLED = { packages: { "node_modules/a": LOCK.packages["node_modules/a"] } };

let repo: string;

beforeEach(() => {
  repo = mkdtempSync(join(tmpdir(), "bootstrap-"));
  for (const dir of ["launch", "node_modules/.bin"])
    mkdirSync(join(repo, dir), { recursive: true });
  copyFileSync(
    join(launchPaths().repo, "launch", "bootstrap.mjs"),
    join(repo, "launch", "bootstrap.mjs"),
  );
  symlinkSync(process.execPath, join(repo, "node_modules", ".bin", "node"));
  write("package.json", '{"type":"module"}');
  write("package-lock.json", JSON.stringify(LOCK));
  // What stands in for npm leaves word of how it was called, and the record npm would leave.
  write(
    "npm.js",
    `import { writeFileSync } from "node:fs";
     writeFileSync("called.json", JSON.stringify(process.argv.slice(2)));
     writeFileSync("node_modules/.package-lock.json", ${JSON.stringify(JSON.stringify(INSTALLED))});`,
  );
});

afterEach(() => rmSync(repo, { recursive: true, force: true }));

function write(file: string, text: string): void {
  writeFileSync(join(repo, file), text);
}

function bootstrap(...args: string[]): ChildProcess {
  return spawn(process.execPath, [join(repo, "launch", "bootstrap.mjs"), ...args], {
    env: { ...process.env, npm_execpath: join(repo, "npm.js"), npm_lifecycle_event: undefined },
    stdio: ["ignore", "pipe", "pipe"],
  });
}

async function outcome(child: ChildProcess) {
  const texts = { stdout: "", stderr: "" };
  child.stdout?.on("data", (chunk) => (texts.stdout += chunk));
  child.stderr?.on("data", (chunk) => (texts.stderr += chunk));
  const [code] = await once(child, "close");
  return { code, ...texts };
}

const installed = () => existsSync(join(repo, "called.json"));

describe("dependencies", () => {
  beforeEach(() => write("launch/start.ts", "process.exit(0);"));

  test("are installed once when they are missing, and not again", async () => {
    const first = await outcome(bootstrap("start"));
    expect(first.stdout).toContain("npm ci");
    expect(installed()).toBe(true);
    rmSync(join(repo, "called.json"));
    expect((await outcome(bootstrap("start"))).code).toBe(0);
    expect(installed()).toBe(false);
  });

  test("installed by somebody else already are left alone, absent optional ones included", async () => {
    write("node_modules/.package-lock.json", JSON.stringify(INSTALLED));
    expect((await outcome(bootstrap("start"))).code).toBe(0);
    expect(installed()).toBe(false);
  });

  test("are installed again when the lock has changed", async () => {
    await outcome(bootstrap("start"));
    rmSync(join(repo, "called.json"));
    const a = { version: "1.0.1", integrity: "sha512-other" };
    write("package-lock.json", JSON.stringify({ packages: { "node_modules/a": a } }));
    await outcome(bootstrap("start"));
    expect(installed()).toBe(true);
  });

  test("that npm cannot install end it with npm's failure", async () => {
    write("npm.js", "process.exit(7);");
    const { code, stderr } = await outcome(bootstrap("start"));
    expect(code).toBe(1);
    expect(stderr).toBe("agent-coderunner: npm ci failed; its own messages above say why.\n");
  });
});

describe("handing over", () => {
  beforeEach(() => write("node_modules/.package-lock.json", JSON.stringify(INSTALLED)));

  test("passes the arguments and keeps the exit code", async () => {
    write("launch/test.ts", "console.log(process.argv.slice(2).join(' ')); process.exit(3);");
    const { code, stdout } = await outcome(bootstrap("test", "--project", "unit"));
    expect(code).toBe(3);
    expect(stdout).toBe("--project unit\n");
  });

  test("passes signals on and waits for the end", async () => {
    write(
      "launch/start.ts",
      `process.on("SIGTERM", () => setTimeout(() => { console.log("ended"); process.exit(0); }, 100));
       setInterval(() => {}, 1000); console.log("up");`,
    );
    const child = bootstrap("start");
    const ended = outcome(child);
    await once(child.stdout ?? child, "data");
    child.kill("SIGTERM");
    expect(await ended).toMatchObject({ code: 0, stdout: expect.stringContaining("ended") });
  });

  test("lets the launcher notice that it was killed", async () => {
    write(
      "launch/start.ts",
      `process.on("disconnect", () => { console.log("alone"); process.exit(0); });
       setInterval(() => {}, 1000); console.log("up");`,
    );
    const child = bootstrap("start");
    const ended = outcome(child);
    await once(child.stdout ?? child, "data");
    child.kill("SIGKILL");
    expect((await ended).stdout).toContain("alone");
  });

  test("refuses a command it does not know in one line", async () => {
    const { code, stderr } = await outcome(bootstrap("dance"));
    expect(code).toBe(1);
    expect(stderr.trim().split("\n")).toHaveLength(1);
  });
});
