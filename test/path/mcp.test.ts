// The tools on real sandboxes, by the official clients of both generations, over HTTP and through the
// bridge as a process: pictures that programs make, output heard before the end, and that a program whose
// caller has cancelled or gone runs no more.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { launchPaths } from "../../launch/paths.ts";
import { type Block, type Models, newClient, oldClient, type Way } from "../kit/mcp-clients.ts";
import { call, richKey } from "./client.ts";

const { url } = inject("gateway");
const BRIDGE = { command: process.execPath, args: [join(launchPaths().repo, "mcp/bin.ts")] };

/** A picture of one red point, made by hand. */
const BY_HAND = `
import struct, zlib
def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))
png = (b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
       + chunk(b"IDAT", zlib.compress(b"\\0\\xff\\0\\0")) + chunk(b"IEND", b""))
open("point.png", "wb").write(png)
`;
const BY_MATPLOTLIB = "import matplotlib.pyplot as plt\nplt.plot([1, 3, 2])\nplt.show()\n";
/** Leaves a sign of life ten times a second, for half a minute. */
const LIVING = `
import time
for count in range(300):
    with open("alive", "w") as file: file.write(str(count))
    print(count, flush=True)
    time.sleep(0.1)
`;

function sizeOf({ data = "" }: Block): [number, number] {
  const bytes = Buffer.from(data, "base64");
  expect(bytes.subarray(1, 4).toString()).toBe("PNG");
  return [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
}

const WAYS: [string, (way: Way) => Promise<Models>, boolean][] = [
  ["the older client over HTTP", oldClient, false],
  ["the newer client over HTTP", newClient, false],
  ["the older client through the bridge", oldClient, true],
  ["the newer client through the bridge", newClient, true],
];

describe.each(WAYS)("%s", (_name, connect, isBridge) => {
  let models: Models;
  let sessionId: string;

  beforeAll(async () => {
    const apiKey = await richKey();
    models = await connect({ url, apiKey, ...(isBridge && { bridge: BRIDGE }) });
    const opened = await models.call("open_session", { language: "python" });
    sessionId = String(opened.structuredContent?.sessionId);
  });
  afterAll(async () => await models?.close());

  /** What the program in the session last wrote. */
  async function lastSign(): Promise<number> {
    const read = await models.call("read_file", { sessionId, path: "alive" });
    return Number(read.structuredContent?.text);
  }

  async function expectEnded(): Promise<void> {
    // It hears that it is to end within a moment, or when the next thing is to be told.
    await sleep(1000);
    const sign = await lastSign();
    await sleep(500);
    expect(await lastSign()).toBe(sign);
    expect(sign).toBeLessThan(100);
  }

  test("sees what matplotlib draws", async () => {
    const result = await models.call("execute", { sessionId, code: BY_MATPLOTLIB });
    const pictures = result.content.filter(({ type }) => type === "image");
    expect(pictures.map(({ mimeType }) => mimeType)).toEqual(["image/png"]);
    expect(sizeOf(pictures[0] as Block)[0]).toBeGreaterThan(100);
  });

  test("sees a picture that a program leaves as a file, with and without a session", async () => {
    const program = { language: "python", code: BY_HAND, outputFiles: ["*.png"] };
    for (const where of [{}, { sessionId }]) {
      const result = await models.call("execute", { ...program, ...where });
      expect(sizeOf(result.content[1] as Block)).toEqual([1, 1]);
    }
    const read = await models.call("read_file", { sessionId, path: "point.png" });
    expect(sizeOf(read.content[0] as Block)).toEqual([1, 1]);
  });

  test("keeps variables in a session until it begins anew", async () => {
    await models.call("execute", { sessionId, code: "x = 41" });
    const shown = await models.call("execute", { sessionId, code: "x + 1" });
    expect(shown.structuredContent).toMatchObject({ result: "42", outcome: "ok" });
    await models.call("reset_session", { sessionId });
    const gone = await models.call("execute", { sessionId, code: "x" });
    expect(gone.structuredContent).toMatchObject({ outcome: "error", exitCode: 1 });
    expect(gone.content[0]?.text).toContain("NameError");
  });

  test("hears what a program prints long before it ends", async () => {
    const code = "import time\nprint('now', flush=True)\ntime.sleep(1.5)\nprint('then')";
    const heard: { message: string; atMs: number }[] = [];
    const onprogress = ({ message = "" }: { message?: string | undefined }) =>
      heard.push({ message, atMs: performance.now() });
    const result = await models.call("execute", { sessionId, code }, { onprogress });
    const endedMs = performance.now();
    expect(result.structuredContent?.stdout).toBe("now\nthen");
    const now = heard.find(({ message }) => message.includes("now"));
    expect(endedMs - (now?.atMs ?? endedMs)).toBeGreaterThan(1200);
  });

  test("ends a program by cancelling", async () => {
    const caller = new AbortController();
    const begun = Promise.withResolvers<void>();
    const onprogress = ({ message = "" }: { message?: string | undefined }) => {
      if (message.includes("1\n")) begun.resolve();
    };
    const given = { sessionId, code: LIVING };
    const calling = models.call("execute", given, { signal: caller.signal, onprogress });
    const failed = expect(calling).rejects.toThrow();
    await begun.promise;
    caller.abort();
    await failed;
    await expectEnded();
    // Its session is free for the next.
    const next = await models.call("execute", { sessionId, code: "1 + 1" });
    expect(next.structuredContent?.result).toBe("2");
  });
});

describe("the bridge as a process", () => {
  let child: ChildProcess | undefined;

  afterAll(() => child?.kill("SIGKILL"));

  function start(env: Record<string, string>) {
    const own = spawn(BRIDGE.command, BRIDGE.args, {
      env: { PATH: process.env.PATH ?? "", ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    child = own;
    const lines = createInterface({ input: own.stdout })[Symbol.asyncIterator]();
    return {
      own,
      exited: once(own, "exit").then(([code]) => code as number | null),
      send: (message: object) =>
        own.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`),
      receive: async () => JSON.parse((await lines.next()).value ?? "{}"),
    };
  }

  const clientInfo = { name: "tests", version: "1" };
  const BEGIN = {
    id: 0,
    method: "initialize",
    params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo },
  };

  test.each([
    ["SIGTERM", async (bridge: ReturnType<typeof start>) => bridge.own.kill("SIGTERM")],
    ["SIGINT", async (bridge: ReturnType<typeof start>) => bridge.own.kill("SIGINT")],
    ["the end of its input", async (bridge: ReturnType<typeof start>) => bridge.own.stdin.end()],
  ] as const)("ends what it began when it ends by %s", async (_how, leave) => {
    const key = await richKey();
    const opened = await call("POST", "/api/sessions", { key, body: { language: "python" } });
    const { sessionId } = opened.body;
    const bridge = start({ CODERUNNER_URL: url, CODERUNNER_API_KEY: key });
    bridge.send(BEGIN);
    expect((await bridge.receive()).result.protocolVersion).toBe("2025-06-18");
    const given = { sessionId, code: LIVING };
    const params = { name: "execute", arguments: given, _meta: { progressToken: "t" } };
    bridge.send({ id: 1, method: "tools/call", params });
    await bridge.receive();
    await bridge.receive();
    await leave(bridge);
    expect(await bridge.exited).toBe(0);
    const sign = async () =>
      await (
        await fetch(`${url}/api/sessions/${sessionId}/files/alive`, {
          headers: { Authorization: `Bearer ${key}` },
        })
      ).text();
    await sleep(1000);
    const last = await sign();
    await sleep(500);
    expect(await sign()).toBe(last);
    expect(Number(last)).toBeLessThan(100);
  });

  test("answers for a gateway that is not there, and says what to look at", async () => {
    const bridge = start({ CODERUNNER_URL: "http://127.0.0.1:9" });
    bridge.send(BEGIN);
    const { id, error } = await bridge.receive();
    expect(id).toBe(0);
    expect(error.message).toMatch(/could not be reached.*CODERUNNER_URL/);
    bridge.own.stdin.end();
    expect(await bridge.exited).toBe(0);
  });

  test("says how to come by a key where the one it has is none", async () => {
    const bridge = start({ CODERUNNER_URL: url, CODERUNNER_API_KEY: "nonsense" });
    bridge.send(BEGIN);
    const { error } = await bridge.receive();
    expect(error.message).toMatch(/not valid.*CODERUNNER_API_KEY/);
    expect(error.data.code).toBe("invalid_key");
    bridge.own.kill("SIGTERM");
    expect(await bridge.exited).toBe(0);
  });

  test("refuses an address that is none", async () => {
    const bridge = start({ CODERUNNER_URL: "nowhere" });
    expect(await bridge.exited).toBe(2);
  });

  test("tells that what it was sent is not JSON, and goes on", async () => {
    const bridge = start({ CODERUNNER_URL: url });
    bridge.own.stdin.write("{nonsense\n");
    expect((await bridge.receive()).error.code).toBe(-32700);
    bridge.send(BEGIN);
    expect((await bridge.receive()).id).toBe(0);
    bridge.own.stdin.end();
    expect(await bridge.exited).toBe(0);
  });
});
