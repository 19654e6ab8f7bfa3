// The command as somebody at a terminal sees it: on a pseudo-terminal that `script` of bsdutils makes,
// with what is typed coming through it, Ctrl-C too. And the completion of the shells, by the shells.

import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Installed, installCli, type Running, watch } from "../kit/coderunner-cli.ts";
import { richKey } from "./client.ts";

const { url } = inject("gateway");
const ESCAPE = "\u001b";
const COLOUR = new RegExp(`${ESCAPE}\\[\\d+m`);
const SPINNER = /[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏]/;

let cli: Installed;
let own: NodeJS.ProcessEnv;

beforeAll(async () => {
  cli = await installCli();
  own = { CODERUNNER_URL: url, CODERUNNER_API_KEY: await richKey(), TERM: "xterm" };
});

afterAll(() => cli?.remove());

/** Runs a line of a shell on a terminal. Both of its outputs come as one, as people see them. */
function onTerminal(
  line: string,
  env: NodeJS.ProcessEnv = {},
): Running & { type: (text: string) => void } {
  const child = spawn("script", ["-qefc", line.replaceAll("coderunner", cli.bin), "/dev/null"], {
    cwd: cli.home,
    env: cli.env({ ...own, ...env, SHELL: "/bin/bash" }),
    stdio: ["pipe", "pipe", "pipe"],
  });
  return { ...watch(child), type: (text) => child.stdin.write(text) };
}

const SLOW = `coderunner execute -l bash -c "sleep 1.5; echo first; sleep 1; echo second" < /dev/null`;

describe("a terminal", () => {
  test("has a spinner while there is nothing to show, output as it comes, and a last line", async () => {
    const running = onTerminal(SLOW);
    await running.says(SPINNER);
    await running.says(/first/);
    const firstAt = performance.now();
    await running.says(/second/);
    expect(performance.now() - firstAt).toBeGreaterThan(500);
    const { code, stdout } = await running.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(COLOUR);
    expect(stdout).toMatch(/first\r\nsecond\r\n.*bash 5\.\d.* · \d+ ms · .*credits left/s);
    // Nothing of the spinner is left where the output begins.
    expect(stdout.slice(0, stdout.indexOf("first"))).toMatch(new RegExp(`\\r${ESCAPE}\\[K$`));
  });

  test("has no colours where NO_COLOR says so", async () => {
    const { stdout } = await onTerminal(SLOW, { NO_COLOR: "1" }).ended;
    expect(stdout).toMatch(SPINNER);
    expect(stdout).not.toMatch(COLOUR);
  });

  test("that can only print gets nothing else, and neither does a pipe", async () => {
    const dumb = await onTerminal(SLOW, { TERM: "dumb" }).ended;
    expect(dumb.stdout).not.toContain(ESCAPE);
    const piped = await cli.run(["execute", "-l", "bash", "-c", "sleep 1; exit 3"], { env: own });
    expect(piped).toMatchObject({ code: 3, stdout: "", stderr: "" });
    const failed = await cli.run(["execute"], { env: own });
    expect(failed.stderr).not.toContain(ESCAPE);
  });

  test("lets people talk to a program", async () => {
    writeFileSync(
      join(cli.home, "ask.py"),
      "name = input('Who? ')\nprint('Hello', name)\nprint(input('And? '))\n",
    );
    const running = onTerminal("coderunner run ask.py");
    await running.says(/Who\? /);
    running.type("Ada\n");
    await running.says(/Hello Ada\r\nAnd\? /);
    running.type("\u0004");
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([1, expect.stringContaining("EOFError")]);
  });

  test("sends Ctrl-C", async () => {
    const running = onTerminal(
      `coderunner execute -l python -c "import time; print('on', flush=True); time.sleep(50)"`,
    );
    await running.says(/on\r/);
    running.type("\u0003");
    expect(await running.ended).toMatchObject({
      code: 130,
      stdout: expect.stringContaining("KeyboardInterrupt"),
    });
  });

  test("is asked for a key without showing it, and can be left there", async () => {
    const env = { CODERUNNER_API_KEY: "" };
    const running = onTerminal("coderunner login", env);
    await running.says(/not shown\): /);
    running.type(`${own.CODERUNNER_API_KEY}\r`);
    const { code, stdout } = await running.ended;
    expect([code, stdout]).toEqual([0, expect.stringContaining("credits.")]);
    expect(stdout).not.toContain(own.CODERUNNER_API_KEY);
    const left = onTerminal("coderunner login", env);
    await left.says(/not shown\): /);
    left.type("\u0003");
    expect(await left.ended).toMatchObject({ code: 130 });
    const stored = readFileSync(join(cli.home, ".config/coderunner/config.json"), "utf8");
    expect(stored).toContain(own.CODERUNNER_API_KEY);
  });

  test("is not read by a job in the background, which would be stopped for it", async () => {
    const line = `set -m; coderunner execute -l bash -c "echo from behind" & wait $!; echo "ended with $?"`;
    const { stdout } = await onTerminal(line).ended;
    expect(stdout).toMatch(/from behind\r\n/);
    expect(stdout).toMatch(/ended with 0/);
  });

  test("is not moved about by the names that programs give their files", async () => {
    const session = (await cli.run(["sessions", "open", "python"], { env: own })).stdout.trim();
    const code = "open('a\\x1b[2Jb', 'w')";
    await cli.run(["execute", "-s", session, "-c", code], { env: own });
    const { stdout } = await onTerminal(`coderunner files ls ${session}`).ended;
    expect(stdout).toContain("a [2Jb");
    expect(stdout).not.toContain(`${ESCAPE}[2J`);
  });
});

describe("completion", () => {
  /** What bash would offer for a line whose last word is being written. */
  async function offered(...words: string[]): Promise<string[]> {
    const { stdout: script } = await cli.run(["completion", "bash"]);
    const line = ["coderunner", ...words].map((word) => `'${word}'`).join(" ");
    const ask = `${script}\nCOMP_WORDS=(${line}); COMP_CWORD=${words.length}; _coderunner; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return execFileSync("bash", ["-c", ask], { cwd: cli.home, encoding: "utf8" })
      .trim()
      .split("\n");
  }

  test("knows commands, flags, languages and files", async () => {
    writeFileSync(join(cli.home, "complete.py"), "");
    expect(await offered("exe")).toEqual(["execute"]);
    expect(await offered("sessions", "o")).toEqual(["open"]);
    expect(await offered("execute", "--la")).toEqual(["--lang", "--lang-version"]);
    expect(await offered("execute", "runtimes", "--")).toEqual(["--json", "--url", "--help"]);
    expect(await offered("execute", "--lang", "py")).toEqual(["python"]);
    expect(await offered("execute", "-l", "=", "rus")).toEqual(["rust"]);
    expect(await offered("run", "--quiet", "comp")).toEqual(["complete.py"]);
    expect(await offered("completion", "")).toEqual(["bash", "zsh", "fish"]);
  });

  test("says for every shell all that the table of commands has", async () => {
    const help = (await cli.run(["--help"])).stdout;
    const commands = [...help.matchAll(/^ {2}([a-z]+(?: [a-z]+)?)(?: [A-Z[].*?)? {2,}[A-Z]/gm)].map(
      ([, name]) => String(name),
    );
    expect(commands.length).toBeGreaterThan(25);
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await cli.run(["completion", shell]);
      expect(code).toBe(0);
      expect(commands.filter((name) => !stdout.includes(name))).toEqual([]);
    }
  });
});

describe("help", () => {
  test("teaches every command by lines that are read as they stand", async () => {
    const help = (await cli.run(["--help"])).stdout;
    expect(help).toMatch(/coderunner execute --lang python --code 'print\(42\)'/);
    for (const command of [
      "execute",
      "run",
      "sessions open",
      "files put",
      "history show",
      "keys rotate",
      "login",
    ]) {
      const { code, stdout } = await cli.run(["help", ...command.split(" ")]);
      expect([command, code, stdout]).toEqual([
        command,
        0,
        expect.stringMatching(/Examples\n {2}.*coderunner/s),
      ]);
      expect((await cli.run([...command.split(" "), "--help"])).stdout).toBe(stdout);
    }
  });
});
