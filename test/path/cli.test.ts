// The command, packed and installed as it is published, against the whole service: the product page's
// lines word for word, and every command's ordinary use.

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import {
  type Installed,
  installCli,
  jsonOf,
  packageOf,
  packedFiles,
  watch,
} from "../kit/coderunner-cli.ts";
import { newKey, richKey } from "./client.ts";

const { url } = inject("gateway");

let cli: Installed;
let own: NodeJS.ProcessEnv;

beforeAll(async () => {
  cli = await installCli();
  own = { CODERUNNER_URL: url, CODERUNNER_API_KEY: await richKey() };
});

afterAll(() => cli?.remove());

async function ask(...args: string[]) {
  return await cli.run(args, { env: own });
}

/** What a command prints, which must have gone well. */
async function said(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await ask(...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  return stdout.trim();
}

/** A line as a shell reads it, with the installed command in the place of the page's. */
async function shell(line: string) {
  const env = { ...cli.env(own), PATH: `${join(cli.bin, "..")}:${process.env.PATH}` };
  const child = spawn("bash", ["-c", line], {
    cwd: cli.home,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  return await watch(child).ended;
}

describe("the product page's lines", () => {
  test("run code, a file, with input, as JSON and quietly", async () => {
    writeFileSync(join(cli.home, "script.py"), "print('from a file')\n");
    const lines = {
      "coderunner execute --lang python --code 'print(42)'": "42\n",
      "coderunner execute --lang python --file script.py": "from a file\n",
      "coderunner execute --lang python --code 'print(input())' --stdin 'hello'": "hello\n",
      "coderunner execute --lang python --code 'print(42)' --quiet | head -1": "42\n",
    };
    for (const [line, stdout] of Object.entries(lines)) {
      expect({ line, ...(await shell(line)) }).toMatchObject({ line, code: 0, stdout, stderr: "" });
    }
    const json = await shell("coderunner execute --lang python --code 'print(42)' --json");
    expect(jsonOf(json)).toMatchObject({ language: "python", run: { stdout: "42\n", code: 0 } });
    expect(json.stdout.trim().split("\n")).toHaveLength(1);
  });

  test("list the runtimes", async () => {
    const { stdout } = await shell("coderunner execute runtimes");
    expect(stdout).toMatch(/^python\tPython\t3\.\d+\.\d+\tpy, python3$/m);
    expect(JSON.parse(await said("execute", "runtimes", "--json"))).toContainEqual(
      expect.objectContaining({ language: "rust", compiled: true }),
    );
  });

  test("run in a session, which remembers", async () => {
    const first = jsonOf(await ask("execute", "--lang", "python", "--code", "x = 42", "--json"));
    const session = String(first.session_id);
    const again = ["execute", "--lang", "python", "--session", session, "--code"];
    expect(await said(...again, "print(x)")).toBe("42");
    const value = await ask(...again, "x * 2");
    expect(value).toMatchObject({ code: 0, stdout: "", stderr: "=> 84\n" });
  });
});

describe("running", () => {
  test("takes the language from a file's name or first line, files beside it, and arguments", async () => {
    mkdirSync(join(cli.home, "src/lib"), { recursive: true });
    writeFileSync(
      join(cli.home, "src/main.py"),
      "import sys\nfrom lib.add import add\nprint(add(1, 2), sys.argv[1:])\n",
    );
    writeFileSync(join(cli.home, "src/lib/add.py"), "def add(a, b): return a + b\n");
    writeFileSync(join(cli.home, "tool"), "#!/usr/bin/env -S ruby -w\nputs ARGF.read.upcase\n");
    expect(await said("run", "src/main.py", "src/lib/add.py", "--", "--fast", "a b")).toBe(
      "3 ['--fast', 'a b']",
    );
    const piped = await cli.run(["run", "tool"], { env: own, input: "hello" });
    expect(piped).toMatchObject({ code: 0, stdout: "HELLO\n", stderr: "" });
  });

  test("has the program's exit code, 128 and more for signals, and words for limits", async () => {
    const bash = (code: string, ...more: string[]) =>
      ask("execute", "-l", "bash", "-c", code, ...more);
    expect(await bash("echo out; echo err >&2; exit 7")).toMatchObject({
      code: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await bash("kill -SEGV $$")).toMatchObject({
      code: 139,
      stderr: expect.stringContaining("ended by SIGSEGV"),
    });
    const late = await bash("sleep 20", "--timeout", "300ms", "--json");
    expect(late).toMatchObject({
      code: 124,
      stdout: expect.stringContaining('"outcome":"timeout"'),
    });
    const broken = await ask("execute", "-l", "c", "-c", "int main(void) {", "--quiet");
    expect(broken).toMatchObject({ code: 1, stdout: "", stderr: "" });
  });

  test("sends on what comes by a pipe while the program runs, also what is no text", async () => {
    const code = "import sys\nfor line in sys.stdin.buffer:\n    print('got', line, flush=True)";
    const { child, says, ended } = cli.start(["execute", "-l", "py", "-c", code, "--stream"], {
      env: own,
    });
    child.stdin?.write("one\n");
    await says(/got b'one\\n'/);
    child.stdin?.write(Buffer.from([0xff, 0x00, 0x0a]));
    await says(/got b'\\xff\\x00\\n'/);
    child.stdin?.end();
    expect(await ended).toMatchObject({ code: 0, stderr: "" });
  });

  test("is not held up by a pipe that nobody closes", async () => {
    const { child, ended } = cli.start(["execute", "-l", "bash", "-c", "echo done"], { env: own });
    expect(await ended).toMatchObject({ code: 0, stdout: "done\n" });
    child.stdin?.destroy();
  });

  test("needs no key, also for input that comes late", async () => {
    const code = "import sys; print(sys.stdin.read().upper())";
    const env = { CODERUNNER_URL: url };
    const { child, ended } = cli.start(["execute", "-l", "python", "-c", code], { env });
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    child.stdin?.end("late");
    expect(await ended).toMatchObject({ code: 0, stdout: "LATE\n", stderr: "" });
    const binary = await cli.run(["execute", "-l", "python", "-c", code], {
      env,
      input: Buffer.from([255]),
    });
    expect(binary).toMatchObject({ code: 121, stderr: expect.stringContaining("login --new") });
  });

  test("tells events a line each, and leaves a program running that is asked for later", async () => {
    const live = await ask("execute", "-l", "bash", "-c", "echo 1; exit 3", "--json", "--stream");
    const types = live.stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { type: string }).type);
    expect([live.code, types]).toEqual([3, ["start", "stdout", "end"]]);
    const id = await said("execute", "-l", "bash", "-c", "sleep 1; echo late; exit 4", "--detach");
    expect(await ask("history", "show", id, "--wait")).toMatchObject({ code: 4, stdout: "late\n" });
  });

  test("brings back files, and lets none lie elsewhere", async () => {
    const code = "import os; os.mkdir('out'); open('out/a.txt', 'w').write('made')";
    await said("execute", "-l", "python", "-c", code, "--get", "out/*", "--out", "made");
    expect(readFileSync(join(cli.home, "made/out/a.txt"), "utf8")).toBe("made");
  });
});

describe("the other commands", () => {
  test("open, show, reset and end sessions, and move files", async () => {
    const session = await said("sessions", "open", "python");
    expect(session).toMatch(/^sess-[0-9a-f]{32}$/);
    const bytes = Buffer.from([0, 255, 10, 13, 1]);
    writeFileSync(join(cli.home, "data.bin"), bytes);
    await said("files", "put", session, "data.bin", "in/data.bin");
    expect(await said("files", "ls", session, "in")).toMatch(/^data\.bin\t5\t\d+ s ago$/);
    await said("files", "get", session, "in/data.bin", "back.bin");
    expect(readFileSync(join(cli.home, "back.bin")).equals(bytes)).toBe(true);
    const odd = await cli.run(["files", "put", session, "-", "odd"], { env: own, input: bytes });
    expect(odd.code).toBe(0);
    expect(await said("execute", "-s", session, "-c", "print(open('odd', 'rb').read())")).toContain(
      "\\xff",
    );
    await said("files", "rm", session, "in/");
    expect(await said("files", "ls", session)).toMatch(/^odd\t/);
    expect(await said("sessions", "show", session)).toMatch(/idle/);
    expect(await said("sessions")).toContain(session);
    expect(await said("sessions", "interrupt", session)).toBe("nothing ran");
    await said("sessions", "reset", session);
    await said("sessions", "rm", session);
    const gone = await ask("sessions", "show", session);
    expect(gone).toMatchObject({ code: 122, stderr: expect.stringContaining("was deleted") });
  });

  test("tell the history, credits and the ledger, and forget", async () => {
    await ask("execute", "-l", "bash", "-c", "echo remembered; exit 5");
    const [last] = JSON.parse(await said("history", "--json", "-n", "1")) as {
      id: string;
      code: number;
    }[];
    expect(last?.code).toBe(5);
    expect(await ask("history", "show", String(last?.id))).toMatchObject({
      code: 5,
      stdout: "remembered\n",
    });
    expect(await said("history")).toContain(`${last?.id}\tbash`);
    await said("history", "rm", String(last?.id));
    expect(await ask("history", "show", String(last?.id))).toMatchObject({ code: 122 });
    expect(await said("credits")).toMatch(/^\d+\t0\tfree\t100000$/);
    expect(await said("credits", "ledger")).toMatch(/^\d+\t\d+ s ago\tsettle/);
  });

  test("make, name, replace and revoke keys", async () => {
    const { key } = await newKey();
    const env = { ...own, CODERUNNER_API_KEY: key };
    const made = await cli.run(["keys", "new", "night", "--json"], { env });
    const { id, apiKey } = jsonOf(made) as { id: string; apiKey: string };
    expect((await cli.run(["keys", "rename", id, "day"], { env })).code).toBe(0);
    const rotated = await cli.run(["keys", "rotate", id, "--grace", "1m"], { env });
    expect(rotated.stdout).toMatch(/^cr_live_\w+\n$/);
    const listed = await cli.run(["keys"], { env });
    expect(listed.stdout).toMatch(new RegExp(`^${id}\tday\t.*\tends soon$`, "m"));
    expect((await cli.run(["keys", "revoke", id], { env })).code).toBe(0);
    const refused = await cli.run(["credits"], { env: { ...own, CODERUNNER_API_KEY: apiKey } });
    expect(refused).toMatchObject({
      code: 121,
      stderr: expect.stringContaining("CODERUNNER_API_KEY"),
    });
  });

  test("store a key for its owner alone, use it for its own service only, and forget it", async () => {
    const env = { CODERUNNER_URL: url };
    expect((await cli.run(["login", "--new"], { env })).stdout).toMatch(/It has 50 credits\.\n$/);
    const file = join(cli.home, ".config/coderunner/config.json");
    expect([statSync(file).mode & 0o777, statSync(join(file, "..")).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    expect((await cli.run(["credits"])).code).toBe(0);
    const elsewhere = await cli.run(["credits"], {
      env: { CODERUNNER_URL: url.replace("127.0.0.1", "localhost") },
    });
    expect(elsewhere).toMatchObject({ code: 121, stderr: expect.stringContaining("login --new") });
    const bad = await cli.run(["login"], { env, input: `${own.CODERUNNER_API_KEY}x\n` });
    expect(bad).toMatchObject({ code: 121 });
    expect(readFileSync(file, "utf8")).not.toContain(own.CODERUNNER_API_KEY);
    expect((await cli.run(["login"], { env, input: `${own.CODERUNNER_API_KEY}\n` })).code).toBe(0);
    expect(readFileSync(file, "utf8")).toContain(own.CODERUNNER_API_KEY);
    expect(await cli.run(["logout"])).toMatchObject({ code: 0 });
    expect((await cli.run(["credits"], { env })).code).toBe(121);
  });
});

describe("the package", () => {
  test("is one file without dependencies", () => {
    const { dependencies, version } = packageOf(cli);
    expect(dependencies).toBeUndefined();
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
  });

  test("has the licences of all that is in it", () => {
    const licences = ["LICENSE", "LICENSE.eventsource-parser"];
    expect(packedFiles(cli)).toEqual([...licences, "coderunner.cjs"]);
  });
});
