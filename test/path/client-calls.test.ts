// Every call of the packed and installed client, through the gateway, to real sandboxes.

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import type { CodeRunner, CodeRunnerError, ExecutionEvent } from "../../client/src/index.ts";
import { PackedClient } from "../kit/packed-client.ts";
import { eventually } from "../kit/runner-process.ts";
import { newKey, richKey } from "./client.ts";

const { url } = inject("gateway");
const COUNTING = "import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.05)";
const ENDLESS = "import time\nprint('on', flush=True)\nwhile True:\n    time.sleep(0.05)";

let packed: PackedClient;
let Client: typeof CodeRunner;
let runner: CodeRunner;
/** Methods and headers that were sent, for the test of what pages of other sites may send. */
const used = { methods: new Set<string>(), headers: new Set<string>() };

beforeAll(async () => {
  packed = await PackedClient.install();
  ({ CodeRunner: Client } = await packed.load());
  runner = new Client({ baseUrl: url, apiKey: await richKey(), fetch: noting });
});
afterAll(() => packed.remove());

async function noting(to: string, init: RequestInit): Promise<Response> {
  used.methods.add(init.method ?? "GET");
  for (const name of new Headers(init.headers).keys()) used.headers.add(name);
  return await fetch(to, init);
}

async function failing(promise: Promise<unknown>): Promise<CodeRunnerError> {
  return (await promise.then(
    () => expect.unreachable("it should have failed"),
    (thrown: unknown) => thrown,
  )) as CodeRunnerError;
}

/** What the history says of the newest execution, when it is over. */
async function newest() {
  const last = async () => (await runner.executions.list({ limit: 1 })).executions[0];
  await eventually(async () => (await last())?.state !== "running", { withinMs: 8000 });
  return await last();
}

describe("executions", () => {
  test("run to their end, with all that can be said of a program", async () => {
    const { run, files, credits } = await runner.execute({
      language: "py",
      files: [
        { name: "main.py", content: "import sys, lib\nlib.write(sys.argv[1], input())" },
        { name: "lib.py", content: "def write(name, text): open(name, 'w').write(text)" },
      ],
      args: ["out.txt"],
      stdin: "text",
      version: "3",
      timeout: 5000,
      outputFiles: ["*.txt"],
    });
    expect(run).toMatchObject({ outcome: "ok", code: 0 });
    expect(files).toMatchObject([{ name: "out.txt", content: btoa("text") }]);
    expect(credits?.charged).toBe(1);
  });

  test("are told of while they run", async () => {
    const events: ExecutionEvent[] = [];
    const stream = runner.stream({ language: "python", code: COUNTING });
    for await (const event of stream) events.push(event);
    expect(events[0]).toMatchObject({ type: "start", language: "python" });
    const texts = events.flatMap((event) => (event.type === "stdout" ? [event.text] : []));
    expect(texts.join("")).toBe("0\n1\n2\n");
    expect(texts.length).toBeGreaterThan(1);
    expect((await stream.result()).run?.stdout).toBe("0\n1\n2\n");
  });

  test("take input while they run, in order", async () => {
    const code = "import sys\nprint([line.strip() for line in sys.stdin])";
    const stream = runner.stream({ language: "python", code, openStdin: true });
    for (let line = 0; line < 5; line += 1) void stream.write(`${line}\n`);
    await stream.write(new TextEncoder().encode("ü\n"));
    await stream.end();
    const { run } = await stream.result();
    expect(run?.stdout).toBe("['0', '1', '2', '3', '4', 'ü']\n");
    await stream.end();
    expect(await stream.interrupt()).toBe(false);
  });

  test("go on by themselves, are waited for, interrupted and forgotten", async () => {
    const job = await runner.detach({ language: "bash", code: "sleep 0.3; echo done" });
    expect(await runner.executions.get(job.id)).toMatchObject({ state: "running" });
    expect((await runner.executions.wait(job.id)).run?.stdout).toBe("done\n");
    expect(await runner.executions.interrupt(job.id)).toBe(false);
    const endless = await runner.detach({ language: "python", code: ENDLESS });
    expect(await runner.executions.interrupt(endless.id)).toBe(true);
    expect((await runner.executions.wait(endless.id)).run?.outcome).not.toBe("ok");
    expect(await runner.executions.deliveries(job.id)).toMatchObject({ webhook: null });
    await runner.executions.remove(job.id);
    expect((await failing(runner.executions.get(job.id))).code).toBe("unknown_execution");
  });

  test("are done once, however often they are sent", async () => {
    const same = { language: "bash", code: "echo $RANDOM", idempotencyKey: crypto.randomUUID() };
    const [one, other] = await Promise.all([runner.execute(same), runner.execute(same)]);
    expect(other).toEqual(one);
    const code = "echo another";
    expect((await failing(runner.execute({ ...same, code }))).code).toBe("idempotency_mismatch");
  });

  test("work without a key", async () => {
    const visitor = new Client({ baseUrl: url, apiKey: "" });
    const { run, demo, session_id } = await visitor.execute({ language: "bash", code: "echo hi" });
    expect([run?.stdout, session_id]).toEqual(["hi\n", null]);
    expect(demo?.remaining).toBeGreaterThanOrEqual(0);
    const { code, status } = await failing(visitor.credits());
    expect([code, status]).toEqual(["unauthorized", 401]);
  });
});

describe("whoever ends an execution early", () => {
  test("ends the program, too: by a signal", async () => {
    const signal = AbortSignal.timeout(600);
    const startedAt = performance.now();
    const thrown = await failing(runner.execute({ language: "python", code: ENDLESS, signal }));
    expect(thrown.name).toBe("TimeoutError");
    expect(performance.now() - startedAt).toBeLessThan(2000);
    expect(await newest()).toMatchObject({ state: "done", outcome: "signal" });
    expect((await newest())?.time_ms).toBeLessThan(3000);
  });

  test("also before anything was heard of it", async () => {
    const leaving = new AbortController();
    const left = runner.execute({ language: "python", code: ENDLESS, signal: leaving.signal });
    setTimeout(() => leaving.abort(), 3);
    expect((await failing(left)).name).toBe("AbortError");
    const last = await newest();
    expect(last?.state).not.toBe("running");
    expect(last?.outcome).not.toBe("timeout");
  });

  test("by no longer listening", async () => {
    for await (const { type } of runner.stream({ language: "python", code: ENDLESS })) {
      if (type === "stdout") break;
    }
    expect(await newest()).toMatchObject({ state: "done", outcome: "signal" });
  });

  test("without a key, by hanging up", async () => {
    const visitor = new Client({ baseUrl: url, apiKey: "" });
    const startedAt = performance.now();
    for await (const { type } of visitor.stream({ language: "python", code: ENDLESS })) {
      if (type === "stdout") break;
    }
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test("but not one that is to go on by itself", async () => {
    const code = "import time\nprint('on', flush=True)\ntime.sleep(1)\nprint('whole')";
    let id = "";
    for await (const event of runner.stream({ language: "python", code, detach: true })) {
      if (event.type === "start") id = event.id;
      if (event.type === "stdout") break;
    }
    expect((await runner.executions.wait(id)).run?.stdout).toBe("on\nwhole\n");
  });
});

describe("sessions", () => {
  test("keep variables and files, are reset, and end", async () => {
    const session = await runner.sessions.open({ language: "python" });
    expect(session.info).toMatchObject({ languageId: "python", state: "idle", kept: true });
    await session.execute("x = 42");
    expect((await session.execute({ code: "x * 2", timeout: 5000 })).result).toBe("84");
    const again = runner.sessions.use(session.id);
    const { session_id, result } = await again.execute("x");
    expect(result).toBe("42");
    const bare = await runner.execute({ language: "python", session_id, code: "print(x)" });
    expect(bare.run?.stdout).toBe("42\n");
    await session.reset();
    expect((await session.execute("x")).run?.stderr).toContain("NameError");
    expect((await runner.sessions.get(session.id)).info?.executions).toBe(5);
    await session.delete();
    expect((await failing(session.execute("1"))).code).toBe("session_deleted");
  });

  test("are listed, page after page", async () => {
    const opened: string[] = [];
    for (let count = 0; count < 3; count += 1) {
      opened.push((await runner.sessions.open({ language: "bash" })).id);
    }
    const page = await runner.sessions.list({ limit: 2 });
    expect(page.sessions).toHaveLength(2);
    expect(page.cursor).not.toBeNull();
    const listed: string[] = [];
    for await (const { sessionId } of runner.sessions.list({ limit: 2 })) listed.push(sessionId);
    expect(listed.slice(0, 3)).toEqual(opened.toReversed());
    for (const id of opened) await runner.sessions.delete(id);
  });

  test("are interrupted and stream", async () => {
    await using session = await runner.sessions.open({ language: "python" });
    const stream = await session.stream(`kept = 1\n${ENDLESS}`);
    for await (const event of stream) {
      if (event.type === "stdout") expect(await session.interrupt()).toBe(true);
    }
    expect((await session.execute("kept")).result).toBe("1");
    expect(await session.interrupt()).toBe(false);
    const job = await session.detach("kept + 1");
    expect((await runner.executions.wait(job.id)).result).toBe("2");
  });

  test("say whether they may install packages", async () => {
    await using session = await runner.sessions.open({ language: "python" });
    const { code, status } = await failing(session.install({ pip: ["six"] }));
    expect([code, status]).toEqual(["packages_disabled", 403]);
  });

  test("hold files of every kind and name", async () => {
    await using session = await runner.sessions.open({ language: "python" });
    const { files } = session;
    const bytes = new Uint8Array(300_000).map((_, index) => index * 31);
    expect(await files.write("a b/ü%2f#?.bin", bytes)).toMatchObject({ bytes: bytes.length });
    expect(await files.read("a b/ü%2f#?.bin")).toEqual(bytes);
    const streamed = await new Response(await files.stream("a b/ü%2f#?.bin")).arrayBuffer();
    expect(new Uint8Array(streamed)).toEqual(bytes);
    const body = new Response("as a stream").body;
    await files.write("stream.txt", body ?? "");
    await files.write("blob.txt", new Blob(["as a blob"]));
    expect(await files.readText("stream.txt")).toBe("as a stream");
    expect(await files.readText("blob.txt")).toBe("as a blob");
    expect((await session.execute("open('stream.txt').read()")).result).toBe("'as a stream'");
    const top = (await files.list()).entries.map(({ name, type }) => `${type} ${name}`);
    expect(top).toEqual(["directory a b", "file blob.txt", "file stream.txt"]);
    expect((await files.list("a b/")).entries).toMatchObject([{ name: "ü%2f#?.bin" }]);
    await files.remove("blob.txt");
    await files.remove("a b/");
    expect((await files.list()).entries).toHaveLength(1);
    expect((await failing(files.read("blob.txt"))).code).toBe("unknown_file");
    const large = new Uint8Array(10 * 1024 * 1024 + 1);
    expect((await failing(files.write("large", large))).code).toBe("payload_too_large");
  });
});

describe("an account", () => {
  test("has keys, credits and a ledger", async () => {
    const { key } = await newKey();
    const owner = new Client({ baseUrl: url, apiKey: key, fetch: noting });
    const second = await owner.keys.create({ name: "second" });
    const other = new Client({ baseUrl: url, apiKey: second.apiKey });
    expect((await other.keys.list()).map(({ name, current }) => [name, current])).toEqual([
      ["second", true],
      [null, false],
    ]);
    expect(await owner.keys.rename(second.id, "renamed")).toMatchObject({ name: "renamed" });
    const { apiKey, replaced } = await owner.keys.rotate(second.id, { graceMs: 60_000 });
    expect(replaced?.expiresAt).not.toBeNull();
    await owner.keys.revoke(second.id);
    expect((await failing(other.credits())).code).toBe("invalid_key");
    const third = new Client({ baseUrl: url, apiKey });
    await third.execute({ language: "bash", code: "echo", timeout: 1000 });
    await eventually(async () => (await third.credits()).held === 0, { withinMs: 5000 });
    expect(await third.credits()).toMatchObject({ credits: 49, plan: "free" });
    const kinds: string[] = [];
    for await (const { kind } of third.ledger({ limit: 1 })) kinds.push(kind);
    expect(kinds).toEqual(["settle", "reserve", "grant"]);
    expect(await third.executions.webhookSecret()).toMatch(/^whsec_/);
    expect(await third.executions.clear()).toBe(1);
  });

  test("knows what can be run", async () => {
    const runtimes = await runner.runtimes();
    expect(runtimes.find(({ language }) => language === "csharp")).toMatchObject({
      main_file: "Program.cs",
      compiled: true,
    });
  });

  test("may be used from pages of other sites: the gateway lets through all that was sent", async () => {
    const { headers } = await fetch(`${url}/v1/execute`, { method: "OPTIONS" });
    const allowed = (headers.get("access-control-allow-headers") ?? "").toLowerCase().split(", ");
    const always = ["accept"];
    const refused = [...used.headers].filter((name) => ![...allowed, ...always].includes(name));
    expect(refused).toEqual([]);
    expect([...used.methods].sort()).toEqual(["DELETE", "GET", "PATCH", "POST", "PUT"]);
  });
});
