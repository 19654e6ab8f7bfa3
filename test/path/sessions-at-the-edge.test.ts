// The product page's examples of sessions, and the README's of files and streams, sent with curl
// through the gateway to a real sandbox.

import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { call, richKey } from "./client.ts";

const { url } = inject("gateway");
const JSON_TYPE = ["-H", "Content-Type: application/json"];

let key: string;
let dir: string;

beforeAll(async () => {
  key = await richKey();
  dir = mkdtempSync(join(tmpdir(), "session-files-"));
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function curlText(path: string, ...args: string[]): string {
  const auth = ["-H", `Authorization: Bearer ${key}`];
  return execFileSync("curl", ["-sS", ...auth, ...args, `${url}${path}`], { encoding: "utf8" });
}

function post(path: string, data: string): Record<string, unknown> {
  return JSON.parse(curlText(path, "-X", "POST", ...JSON_TYPE, "-d", data));
}

function openSession(): string {
  return String(post("/api/sessions", '{"language": "python"}').sessionId);
}

describe("the product page's session", () => {
  test("remembers what was run in it", async () => {
    const opened = post("/api/sessions", '{"language": "python"}');
    expect(opened).toMatchObject({
      sessionId: expect.stringMatching(/^sess-[0-9a-f]{32}$/),
      language: expect.stringMatching(/^Python 3\.\d+/),
    });
    const path = `/api/sessions/${opened.sessionId}`;
    expect(post(`${path}/execute`, '{"code": "x = 42"}')).toMatchObject({
      exitCode: 0,
      stateKept: true,
    });
    expect(post(`${path}/execute`, '{"code": "print(x * 2)"}')).toMatchObject({
      stdout: "84",
      stateFresh: false,
    });
    expect(post(`${path}/execute`, '{"code": "x * 2"}')).toMatchObject({ result: "84" });
    expect((await call("GET", path, { key })).body).toMatchObject({ state: "idle", executions: 3 });
  });

  test("is passed back by /v1 under its id, with files and variables", () => {
    const first = post(
      "/v1/execute",
      '{"language": "python", "code": "open(\'a\', \'w\').write(\'1\'); y = 7"}',
    );
    const session_id = String(first.session_id);
    expect(session_id).toMatch(/^[0-9a-f]{8}-/);
    const program = { language: "python", code: "print(open('a').read(), y)", session_id };
    expect(post("/v1/execute", JSON.stringify(program))).toMatchObject({
      session_id,
      run: { stdout: "1 7\n" },
      state_kept: true,
    });
  });

  test("is deleted once, and then known as deleted", async () => {
    const path = `/api/sessions/${openSession()}`;
    expect(curlText(path, "-X", "DELETE", "-w", "%{http_code}")).toBe("204");
    expect(curlText(path, "-X", "DELETE", "-o", "/dev/null", "-w", "%{http_code}")).toBe("410");
    expect(post(`${path}/execute`, '{"code": "1"}')).toMatchObject({
      error: { code: "session_deleted" },
    });
  });
});

describe("the README's examples", () => {
  test("put a file into a session and take one out, byte for byte", () => {
    const path = `/api/sessions/${openSession()}`;
    const bytes = Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7) % 256));
    const [here, back] = [join(dir, "data.bin"), join(dir, "back.bin")];
    writeFileSync(here, bytes);
    const written = JSON.parse(curlText(`${path}/files/in/data.bin`, "-T", here));
    const sha256 = createHash("sha256").update(bytes).digest("hex");
    expect(written).toEqual({ name: "in/data.bin", bytes: bytes.length, sha256 });
    const code = "open('out.bin', 'wb').write(open('in/data.bin', 'rb').read()[::-1])";
    expect(post(`${path}/execute`, JSON.stringify({ code }))).toMatchObject({ exitCode: 0 });
    curlText(`${path}/files/out.bin`, "-o", back);
    expect(readFileSync(back).equals(Buffer.from(bytes).reverse())).toBe(true);
    const { entries } = JSON.parse(curlText(`${path}/files`));
    expect(entries).toMatchObject([
      { name: "in", type: "directory" },
      { name: "out.bin", type: "file", bytes: bytes.length },
    ]);
  });

  test("tell of a program while it runs", async () => {
    const code = "import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.5)";
    const data = JSON.stringify({ language: "python", code, stream: true });
    const auth = ["-H", `Authorization: Bearer ${key}`];
    const args = ["-sSN", "-X", "POST", ...JSON_TYPE, ...auth, "-d", data, `${url}/api/execute`];
    const child = spawn("curl", args, { stdio: ["ignore", "pipe", "inherit"] });
    const heard: { atMs: number; text: string }[] = [];
    child.stdout.on("data", (chunk) => heard.push({ atMs: Date.now(), text: String(chunk) }));
    await once(child, "close");
    const whole = heard.map(({ text }) => text).join("");
    const names = [...whole.matchAll(/^event: (\w+)$/gm)].map(([, name]) => name);
    expect(names).toEqual(["start", "stdout", "stdout", "stdout", "end"]);
    const [first, last] = [heard[0]?.atMs ?? 0, heard.at(-1)?.atMs ?? 0];
    expect(last - first).toBeGreaterThan(900);
    expect(whole).toMatch(/event: end\ndata: \{.*"stdout":"0\\n1\\n2"/);
  });

  test("leave a program to itself and fetch what came of it, paid for once", async () => {
    const code = "import time; time.sleep(1); print('done')";
    const init = {
      method: "POST",
      headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
      body: JSON.stringify({ language: "python", code, stream: true, detach: true }),
    };
    const leave = new AbortController();
    const response = await fetch(`${url}/api/execute`, { ...init, signal: leave.signal });
    const start = await response.body?.getReader().read();
    const id = /"id":"(exec-\w+)"/.exec(new TextDecoder().decode(start?.value))?.[1];
    leave.abort();
    const show = async () => (await call("GET", `/api/executions/${id}`, { key })).body;
    expect(await show()).toMatchObject({ id, state: "running" });
    await expect.poll(show, { timeout: 10_000 }).toMatchObject({ state: "done", stdout: "done" });
    expect(await show()).toMatchObject({ credits: { charged: 1 } });
  });
});
