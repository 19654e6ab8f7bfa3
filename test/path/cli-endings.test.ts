// How the command ends when something ends it: Ctrl-C in every state, signals, readers that leave, servers
// that are dead, silent or break off. Real processes get real signals, and the account's history says what
// became of the programs.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Installed, installCli, type Running, watch } from "../kit/coderunner-cli.ts";
import { call, richKey } from "./client.ts";

const { url } = inject("gateway");
const SLEEP = "import time; print('on', flush=True); time.sleep(50)";

let cli: Installed;
let key: string;
let own: NodeJS.ProcessEnv;
const servers: Server[] = [];

beforeAll(async () => {
  cli = await installCli();
  key = await richKey();
  own = { CODERUNNER_URL: url, CODERUNNER_API_KEY: key };
});

afterAll(() => {
  for (const server of servers) server.close();
  cli?.remove();
});

/** Starts a program, and knows its execution's id when it says something. */
async function begin(args: readonly string[], options: Parameters<Installed["start"]>[1] = {}) {
  const running = cli.start(["execute", ...args, "--json", "--stream"], {
    env: own,
    stdin: "ignore",
    ...options,
  });
  const [, id = ""] = await running.says(/"type":"start","id":"(exec-\w+)"|"id":"(exec-\w+)"/);
  return { ...running, id: id || String(/exec-\w+/.exec(running.stdout())) };
}

/** What the account's history says of an execution when it is over. */
async function endOf(id: string): Promise<Record<string, unknown>> {
  const show = async () => (await call("GET", `/api/executions/${id}`, { key })).body;
  await expect.poll(async () => (await show()).state, { timeout: 15_000 }).not.toBe("running");
  return await show();
}

/** A server on this machine, for what the gateway would not do. */
async function serve(onSocket: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    onSocket(socket);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function timed({ ended }: Pick<Running, "ended">) {
  const startedAt = performance.now();
  const how = await ended;
  return { ...how, ms: performance.now() - startedAt };
}

describe("Ctrl-C", () => {
  test("ends the program where it runs, whose last words are still heard", async () => {
    const code = `import time\nprint('on', flush=True)\ntry:\n    time.sleep(50)\nfinally:\n    print('last words')`;
    const running = cli.start(["execute", "-l", "python", "-c", code, "--stream"], {
      env: own,
      stdin: "ignore",
    });
    await running.says(/on/);
    running.child.kill("SIGINT");
    const how = await timed(running);
    expect(how).toMatchObject({ code: 130, stdout: "on\nlast words\n" });
    expect(how.ms).toBeLessThan(5_000);
    const [last] = (await call("GET", "/api/executions?limit=1", { key })).body.executions as {
      id: string;
    }[];
    expect(await endOf(String(last?.id))).toMatchObject({ outcome: "signal", signal: "SIGINT" });
  });

  test("does so while a compiler is at work", async () => {
    const lines = Array.from(
      { length: 400 },
      (_, i) =>
        `template<int N> struct A${i} { static constexpr int v = A${i}<N - 1>::v + 1; }; template<> struct A${i}<0> { static constexpr int v = 0; };`,
    );
    const code = `${lines.join("\n")}\nint main() { return ${lines.map((_, i) => `A${i}<800>::v`).join(" + ")}; }`;
    const running = await begin(["-l", "cpp", "-c", code, "-O"]);
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
    const { signal, error } = await endOf(running.id);
    // Where the compiler has not begun yet, it never does.
    expect(["SIGINT", "conflict"]).toContain(signal ?? (error as { code: string }).code);
  });

  test("does so while input is awaited that nobody sends", async () => {
    const running = await begin(["-l", "bash", "-c", "read -r line"], { stdin: "pipe" });
    running.child.kill("SIGINT");
    expect(await running.ended).toMatchObject({ code: 130 });
    expect(await endOf(running.id)).toMatchObject({ outcome: "signal" });
  });

  test("takes back what waits for its turn in a session, if that is not about to come", async () => {
    const session = (await cli.run(["sessions", "open", "bash"], { env: own })).stdout.trim();
    const first = await begin(["-s", session, "-l", "bash", "-c", "sleep 12; echo first"]);
    const waiting = ["execute", "-s", session, "-l", "bash", "-c", "touch came"];
    const second = cli.start(waiting, { env: own, stdin: "ignore" });
    await sleep(2_000);
    second.child.kill("SIGINT");
    expect(await second.ended).toMatchObject({ code: 130, stdout: "" });
    expect(await first.ended).toMatchObject({ code: 0, stdout: expect.stringContaining("first") });
    const files = await cli.run(["files", "ls", session], { env: own });
    expect(files).toMatchObject({ code: 0, stdout: "" });
  });

  test("twice ends at once, also with a program that will not hear of it, which is ended all the same", async () => {
    const running = await begin(["-l", "bash", "-c", "trap '' INT; while :; do sleep 1; done"]);
    running.child.kill("SIGINT");
    await sleep(200);
    running.child.kill("SIGINT");
    const how = await timed(running);
    expect(how).toMatchObject({ code: 130 });
    expect(how.ms).toBeLessThan(1_000);
    expect(await endOf(running.id)).toMatchObject({ outcome: "signal", signal: "SIGKILL" });
  });

  test.each(["SIGTERM", "SIGHUP"] as const)(
    "is what %s is, with a code of its own",
    async (signal) => {
      const running = await begin(["-l", "python", "-c", SLEEP]);
      running.child.kill(signal);
      expect(await running.ended).toMatchObject({ code: signal === "SIGTERM" ? 143 : 129 });
      expect(await endOf(running.id)).toMatchObject({ outcome: "signal" });
    },
  );

  test("ends what waits for a server that says nothing", async () => {
    let came = 0;
    const silent = await serve(() => {
      came += 1;
    });
    for (const args of [
      ["credits"],
      ["execute", "-l", "bash", "-c", "echo"],
      ["files", "get", "s", "f"],
    ]) {
      const before = came;
      const running = cli.start(args, { env: { ...own, CODERUNNER_URL: silent }, stdin: "ignore" });
      await expect.poll(() => came, { timeout: 20_000 }).toBeGreaterThan(before);
      await sleep(100);
      running.child.kill("SIGINT");
      const how = await timed(running);
      expect({ args, ...how }).toMatchObject({ args, code: 130, stdout: "" });
      expect(how.ms).toBeLessThan(6_000);
    }
  });

  test("ends what waits for its own reader", async () => {
    const running = cli.start(["execute", "-l", "python", "-c", "print('x' * 500000)"], {
      env: own,
      stdin: "ignore",
    });
    running.child.stdout?.pause();
    await sleep(3_000);
    running.child.kill("SIGINT");
    const ended = once(running.child, "exit");
    expect(await ended).toEqual([130, null]);
    running.child.stdout?.resume();
  });
});

describe("a reader that leaves", () => {
  test("ends the program and is no crash", async () => {
    const running = await begin(["-l", "bash", "-c", "while :; do echo y; sleep 0.05; done"]);
    running.child.stdout?.destroy();
    expect(await once(running.child, "exit")).toEqual([141, null]);
    expect(running.stderr()).toBe("");
    expect(await endOf(running.id)).toMatchObject({ outcome: "signal" });
  });

  test("leaves no word behind after the first line", async () => {
    const line = `"${cli.bin}" execute -l python -c 'print("x" * 500000)' --quiet | head -c 1; echo " \${PIPESTATUS[0]}"`;
    const child = spawn("bash", ["-c", line], {
      env: cli.env(own),
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await watch(child).ended).toMatchObject({ stdout: "x 141\n", stderr: "" });
  });

  test("that cannot write is told", async () => {
    const child = spawn("bash", ["-c", `"${cli.bin}" execute -l bash -c 'echo 1' > /dev/full`], {
      env: cli.env(own),
      stdio: ["ignore", "pipe", "pipe"],
    });
    expect(await watch(child).ended).toMatchObject({
      code: 120,
      stderr: expect.stringMatching(/^coderunner: .*ENOSPC.*\n$/),
    });
  });
});

describe("a server", () => {
  test("that is dead is told in one line", async () => {
    const gone = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    for (const args of [
      ["execute", "-l", "bash", "-c", "echo"],
      ["sessions"],
      ["login", "--new"],
    ]) {
      const how = await cli.run(args, { env: { ...own, CODERUNNER_URL: gone } });
      expect(how).toMatchObject({ code: 123, stdout: "" });
      expect(how.stderr).toMatch(/^coderunner: .*ECONNREFUSED.*CODERUNNER_URL.*\n$/);
    }
  });

  test("that breaks off is told in one line, and the program is ended", async () => {
    const target = new URL(url);
    const open: Socket[] = [];
    const way = await serve((socket) => {
      const on = connect(Number(target.port), target.hostname);
      on.on("error", () => undefined);
      socket.pipe(on).pipe(socket);
      open.push(socket, on);
    });
    const running = await begin(["-l", "python", "-c", SLEEP], {
      env: { ...own, CODERUNNER_URL: way },
    });
    await running.says(/on/);
    servers.at(-1)?.close();
    for (const socket of open) socket.destroy();
    const how = await running.ended;
    expect(how.code).toBe(123);
    expect(how.stderr).toMatch(
      new RegExp(
        `^coderunner: .* broke off while ${running.id} ran.*history show ${running.id}\\n$`,
      ),
    );
    expect(await endOf(running.id)).toMatchObject({ outcome: "signal" });
  });

  test("that is another one, or none of the web, is told as such", async () => {
    const odd = {
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello": 123,
      "HTTP/1.1 301 Moved\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n": 123,
      "SSH-2.0-OpenSSH\r\n": 123,
    };
    for (const [answer, code] of Object.entries(odd)) {
      const other = await serve((socket) => socket.once("data", () => socket.end(answer)));
      const how = await cli.run(["credits"], { env: { ...own, CODERUNNER_URL: other } });
      expect({ answer, ...how }).toMatchObject({ answer, code, stdout: "" });
      expect(how.stderr).toMatch(/^coderunner: [^\n]+CODERUNNER_URL right\?\n$/);
    }
  });
});

describe("the tools for agents", () => {
  const PING = '{"jsonrpc":"2.0","id":7,"method":"ping"}\n';

  test("end with their input, and answer for a server that is dead", async () => {
    const gone = await serve(() => undefined);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const how = await cli.run(["mcp"], { env: { ...own, CODERUNNER_URL: gone }, input: PING });
    expect(how.code).toBe(0);
    expect(JSON.parse(how.stdout)).toMatchObject({
      jsonrpc: "2.0",
      id: 7,
      error: { message: expect.stringContaining("ECONNREFUSED") },
    });
    expect(how.stderr).toMatch(/^coderunner: [^\n]+\n$/);
  });

  test("end when they are told to, also while a server says nothing", async () => {
    let came = 0;
    const silent = await serve(() => {
      came += 1;
    });
    const running = cli.start(["mcp"], { env: { ...own, CODERUNNER_URL: silent } });
    running.child.stdin?.write(PING);
    await expect.poll(() => came, { timeout: 20_000 }).toBeGreaterThan(0);
    running.child.kill("SIGTERM");
    const how = await timed(running);
    expect(how).toMatchObject({ code: 143, stdout: "" });
    expect(how.ms).toBeLessThan(5_000);
  });
});

describe("what is not written right", () => {
  const bad: [args: string[], code: number, says: RegExp][] = [
    [["exec"], 120, /did you mean `coderunner execute`/i],
    [["execute", "--lnag", "python"], 120, /did you mean --lang\?/],
    [["execute", "--lang", "--code", "1"], 120, /--lang needs a value/],
    [["execute", "--code", "1"], 120, /--lang LANGUAGE/],
    [["execute", "--lang", "python"], 120, /--code CODE or --file FILE/],
    [["execute", "--lang", "python", "--code", "1", "--file", "x"], 120, /cannot both/],
    [["execute", "--file", "missing.py"], 120, /missing\.py is not there/],
    [["execute", "--file", "."], 120, /is a directory/],
    [["execute", "-l", "python", "-c", "1", "-c", "2"], 120, /only once/],
    [["execute", "-l", "python", "-c", "1", "-t", "soon"], 120, /soon is no time/],
    [["execute", "-l", "python", "-c", "1", "--json=yes"], 120, /takes no value/],
    [["run"], 120, /coderunner run FILE/],
    [["files", "get", "a"], 120, /coderunner files get SESSION PATH/],
    [["sessions", "opne", "python"], 120, /sessions open/],
    [["history", "-n", "many"], 120, /many is no number/],
    [["completion", "tcsh"], 120, /bash, zsh, fish/],
    [["credits", "--url", "ftp://x"], 120, /is no address/],
    [["execute", "-l", "cobol", "-c", "1"], 122, /execute runtimes/],
    [["execute", "-l", "python", "-c", "1", "-s", "abc-123"], 122, /sessions open/],
    [["history", "show", "exec-none"], 122, /coderunner history/],
    [["files", "get", "sess-none", "../../etc/passwd"], 122, /not an id or a name/],
  ];

  test.each(bad)("%j ends with %i and one line", async (args, code, says) => {
    const how = await cli.run(args, { env: own });
    expect(how).toMatchObject({ code, stdout: "" });
    expect(how.stderr).toMatch(/^coderunner: [^\n]+\n$/);
    expect(how.stderr).toMatch(says);
  });

  test("is told without a key, with a wrong one, and for scripts as JSON", async () => {
    const none = await cli.run(["sessions", "--json"], { env: { CODERUNNER_URL: url } });
    expect(none).toMatchObject({ code: 121, stderr: expect.stringContaining("login --new") });
    expect(JSON.parse(none.stdout)).toMatchObject({ error: { code: "unauthorized" } });
    for (const wrong of ["cr_live_x", "schlüssel"]) {
      const how = await cli.run(["credits"], { env: { ...own, CODERUNNER_API_KEY: wrong } });
      expect(how).toMatchObject({
        code: 121,
        stderr: expect.stringMatching(/^coderunner: .*API key.*\n$/),
      });
    }
  });
});
