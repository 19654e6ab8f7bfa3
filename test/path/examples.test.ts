// The product page's own examples, sent as it prints them, through the gateway to a real sandbox.

import { execFileSync } from "node:child_process";
import { describe, expect, inject, test } from "vitest";
import { call, execute, newKey, richKey } from "./client.ts";

const { url } = inject("gateway");

/** What curl's `-d` sends, with the content type it sends when told none. */
function curl(path: string, ...args: string[]): Record<string, unknown> {
  const text = execFileSync("curl", ["-sS", "-X", "POST", `${url}${path}`, ...args], {
    encoding: "utf8",
  });
  return JSON.parse(text);
}

/** A template string of the example's own, which must not be filled in here. */
const LINE = ["`fib(", "{i}) = ", "{fib(i)}`"].join("$");
const JSON_TYPE = ["-H", "Content-Type: application/json"];

describe("the product page's examples", () => {
  test("the first curl runs without a key", () => {
    const data = `{"language":"python","code":"print(sum(range(1000)))"}`;
    const reply = curl("/api/execute", ...JSON_TYPE, "-d", data);
    expect(reply).toMatchObject({ exitCode: 0, stdout: "499500", timedOut: false });
    expect(Number.isInteger(reply.duration)).toBe(true);
  });

  test("a key comes at once and runs the Python example", () => {
    const { apiKey } = curl("/api/keys");
    const data = String.raw`{
    "language": "python",
    "code": "import math\nfor i in range(10):\n    print(f\"{i}! = {math.factorial(i)}\")",
    "timeout": 10000
  }`;
    const auth = ["-H", `Authorization: Bearer ${apiKey}`];
    const reply = curl("/api/execute", ...JSON_TYPE, ...auth, "-d", data);
    expect(reply).toMatchObject({
      id: expect.stringMatching(/^exec-/),
      exitCode: 0,
      stdout:
        "0! = 1\n1! = 1\n2! = 2\n3! = 6\n4! = 24\n5! = 120\n6! = 720\n7! = 5040\n8! = 40320\n9! = 362880",
      timedOut: false,
    });
  });

  test("the JavaScript example prints the Fibonacci numbers", () => {
    const data = String.raw`{
    "language": "javascript",
    "code": "const fib = n => n <= 1 ? n : fib(n-1) + fib(n-2);\nfor (let i = 0; i < 12; i++) console.log(${LINE});"
  }`;
    const { stdout, exitCode } = curl("/api/execute", ...JSON_TYPE, "-d", data);
    const lines = String(stdout).split("\n");
    expect(exitCode).toBe(0);
    expect(lines.slice(0, 4)).toEqual(["fib(0) = 0", "fib(1) = 1", "fib(2) = 1", "fib(3) = 2"]);
    expect(lines.at(-1)).toBe("fib(11) = 89");
    expect(lines).toHaveLength(12);
  });

  test("the Bash example tells the system and its disk", () => {
    const data = String.raw`{
    "language": "bash",
    "code": "echo \"System Info:\"\nuname -a\necho \"\nDisk:\"\ndf -h / | tail -1"
  }`;
    const { stdout, exitCode } = curl("/api/execute", ...JSON_TYPE, "-d", data);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/^System Info:\nLinux .+\n\nDisk:\n\S+ +\S+ +\S+ +\S+ +\d+% \/$/);
  });

  test("the integration examples give the output they promise", async () => {
    const { key } = await newKey();
    const squares = "import json\ndata = [i**2 for i in range(20)]\nprint(json.dumps(data))";
    const python = await execute(key, "python", squares, { timeout: 5000 });
    const wanted = JSON.stringify(Array.from({ length: 20 }, (_, i) => i ** 2)).replaceAll(
      ",",
      ", ",
    );
    expect(python.stdout).toBe(wanted);

    const sum = await execute(key, "python", "print(sum(range(100)))", { timeout: 5000 });
    expect(sum.stdout).toBe("4950");

    const code = `
      const squares = Array.from({length: 10}, (_, i) => i * i);
      console.log(JSON.stringify(squares));
    `;
    const javascript = await execute(key, "javascript", code, { timeout: 5000 });
    expect(javascript.stdout).toBe("[0,1,4,9,16,25,36,49,64,81]");
  });

  test("TypeScript runs with types and enums", async () => {
    const code = `enum Colour { Red, Green }
interface Named { name: string }
const named: Named = { name: Colour[Colour.Green] };
console.log(named.name, process.version.split(".")[0]);`;
    const reply = await execute(await richKey(), "typescript", code);
    expect(reply).toMatchObject({ exitCode: 0, stdout: "Green v24" });
  });

  test("the gateway says that a sandbox could be had", async () => {
    const { status, body } = await call("GET", "/health");
    expect(status).toBe(200);
    expect(body).toMatchObject({ status: "ok" });
  });
});
