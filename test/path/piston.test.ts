// Programs that were written for Piston, as they are but for the address: its client for Node, and what
// its own documentation sends, against real sandboxes.

import { piston } from "piston-client";
import { describe, expect, inject, test } from "vitest";
import { call, newKey, richKey } from "./client.ts";

const { url } = inject("gateway");
const KEY = await richKey();

type Stage = Record<"stdout" | "stderr" | "output", string> & {
  code: number | null;
  signal: string | null;
  status: string | null;
  message: string | null;
  memory: number;
  wall_time: number;
};
type Reply = { run: Stage; compile?: Stage; language: string; version: string };

async function execute(request: object): Promise<Reply> {
  const body = { version: "*", ...request };
  const reply = await call("POST", "/api/v2/execute", { key: KEY, body });
  expect(reply).toMatchObject({ status: 200 });
  return reply.body as Reply;
}

describe("Piston's client for Node", () => {
  const client = piston({ server: url });

  test("lists the runtimes and runs a program, by language and text alone", async () => {
    const runtimes = await client.runtimes();
    expect(runtimes).toContainEqual({
      language: "python",
      version: expect.stringMatching(/^3\.\d+\.\d+$/),
      aliases: expect.arrayContaining(["py"]),
    });
    const result = await client.execute(
      "python",
      "import sys\nprint('Hello World!', sys.argv[1:])",
    );
    expect(result).toMatchObject({
      language: "python",
      run: { stdout: "Hello World! ['1', '2', '3']\n", stderr: "", code: 0, signal: null },
    });
  });

  test("runs a compiled program with files, input and limits of its own", async () => {
    const result = await client.execute({
      language: "c++",
      files: [
        {
          name: "solution",
          content: `#include <iostream>\n#include "add.h"\nint main() { int a, b; std::cin >> a >> b; std::cout << add(a, b); }`,
        },
        { name: "add.h", content: "inline int add(int a, int b) { return a + b; }" },
      ],
      stdin: "20 22",
      args: [],
      compileTimeout: 20_000,
      runTimeout: 2000,
    });
    expect(result).toMatchObject({ language: "c++", compile: { code: 0 }, run: { stdout: "42" } });
  });

  test("is told what is wrong", async () => {
    const result = await client.execute({ language: "python", version: "2.7.18", files: [] });
    expect(result).toMatchObject({ message: "files must include at least one utf8 encoded file" });
    const old = await client.execute({ language: "python", version: "2.7.18" }, "print 1");
    expect(old).toMatchObject({ message: "python-2.7.18 runtime is unknown" });
  });
});

describe("a program written for Piston", () => {
  test("runs as Piston's documentation sends it", async () => {
    const { run, language } = await execute({
      language: "js",
      version: ">=20",
      files: [{ name: "my_cool_code.js", content: "console.log(process.argv.slice(2))" }],
      stdin: "",
      args: ["1", "2", "3"],
      compile_timeout: 10_000,
      run_timeout: 3000,
      compile_memory_limit: -1,
      run_memory_limit: -1,
    });
    expect(language).toBe("javascript");
    expect(run).toMatchObject({
      stdout: "[ '1', '2', '3' ]\n",
      code: 0,
      signal: null,
      status: null,
    });
    expect(run.output).toBe(run.stdout);
    expect(run.memory).toBeGreaterThan(1_000_000);
  });

  test("has its outputs in the order in which they came", async () => {
    const code = `import sys, time
for n in range(3):
    print("out", n, flush=True)
    time.sleep(0.1)
    print("err", n, file=sys.stderr, flush=True)
    time.sleep(0.1)`;
    const { run } = await execute({ language: "python", files: [{ content: code }] });
    expect(run.output).toBe("out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n");
    expect(run.stderr).toBe("err 0\nerr 1\nerr 2\n");
  });

  test("is ended after three seconds when it asks for no time", async () => {
    const { run } = await execute({ language: "python", files: [{ content: "while True: pass" }] });
    expect(run).toMatchObject({ code: null, signal: "SIGKILL", status: "TO" });
    expect(run.wall_time).toBeGreaterThan(2900);
    expect(run.wall_time).toBeLessThan(6000);
  });

  test("reads an empty line where it was given no input", async () => {
    const code = "print(repr(input()))";
    expect((await execute({ language: "py", files: [{ content: code }] })).run.stdout).toBe("''\n");
  });

  test("fails in Piston's words", async () => {
    const failing = { language: "bash", files: [{ name: "a.sh", content: "exit 3" }] };
    expect((await execute(failing)).run).toMatchObject({
      code: 3,
      status: "RE",
      message: "Exited with error status 3",
    });
    const crash = { language: "c", files: [{ content: "int main() { *(volatile int *)0 = 1; }" }] };
    expect((await execute(crash)).run).toMatchObject({ signal: "SIGSEGV", status: "SG" });
    const wrong = await execute({
      language: "c",
      files: [{ content: "int main() { return x; }" }],
    });
    expect(wrong.compile).toMatchObject({ code: 1, stderr: expect.stringContaining("undeclared") });
    expect(wrong.run).toEqual(wrong.compile);
    const nothing = { language: "python", version: "2.7.18", files: [{ content: "" }] };
    const reply = await call("POST", "/api/v2/execute", { key: KEY, body: nothing });
    expect(reply.status).toBe(400);
    expect(reply.body.message).toBe("python-2.7.18 runtime is unknown");
  });

  test("is paid for like any other, at either address", async () => {
    const { key } = await newKey();
    const body = { language: "python", version: "3.x", files: [{ content: "print(1)" }] };
    for (const path of ["/api/v2/execute", "/api/v2/piston/execute"]) {
      expect(await call("POST", path, { key, body })).toMatchObject({ status: 200 });
    }
    expect((await call("GET", "/api/credits", { key })).body).toMatchObject({
      credits: 48,
      held: 0,
    });
    expect((await call("GET", "/api/v2/piston/runtimes")).status).toBe(200);
  });
});
