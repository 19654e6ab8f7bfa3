// The runner's HTTP face, over real HTTP, with only the execution itself replaced: what is refused,
// in which words, and that nothing of the inside ever shows in an answer.

import { createServer as createHttpServer, request as httpRequest, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Executions } from "../../runner/executions.ts";
import { createServer } from "../../runner/server.ts";
import { NonceMemory } from "../../runner/signed.ts";
import { Failure } from "../../shared/errors.ts";
import {
  COMPILE_TIMEOUT_MS_MAX,
  FILE_BYTES_MAX,
  LONG_RUN_TIMEOUT_MS_MAX,
  REQUEST_BODY_BYTES_MAX,
} from "../../shared/limits.ts";
import { RunnerError, type RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { importSigningKey, type SignatureHeaders } from "../../shared/signature.ts";
import { answerOf, type Call, callRunner, type Target } from "../kit/signed-call.ts";
import { REPORT } from "./kit/report.ts";

const EXECUTE = "/v1/execute";
const PROGRAM = {
  executionId: "exec-1",
  accountId: "a",
  language: "python",
  files: [{ name: "main.py", content: "print(1)" }],
  runTimeoutMs: 1000,
  compileTimeoutMs: 2000,
};
const HEALTH = { ready: true, runnerId: "r1", languages: {}, sandboxes: {} };

let server: Server;
let target: Target;
let asked: RunnerExecuteRequest[] = [];
let logged = "";
let execute: () => Promise<typeof REPORT>;

beforeAll(async () => {
  const secret = "a-secret-for-tests-of-at-least-32-characters";
  const app = createServer({
    keeper: { key: await importSigningKey(secret), runnerId: "r1", nonces: new NonceMemory() },
    log: pino({ level: "debug" }, { write: note }),
    execute: (request) => {
      asked.push(request);
      return execute();
    },
    executions: new Executions(),
    health: () => HEALTH,
    withSession: () => Promise.reject(new Error("nobody asks")),
    routes: [],
  });
  server = createHttpServer(app).listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  target = { port: (server.address() as AddressInfo).port, runnerId: "r1", secret };
});

function note(line: string): void {
  logged += line;
}

afterAll(() => {
  server.close();
  server.closeAllConnections();
});

beforeEach(() => {
  asked = [];
  logged = "";
  execute = async () => REPORT;
});

const call = (more: Call) => callRunner(target, more);
const run = (payload: unknown, more: Partial<Call> = {}) =>
  call({ path: EXECUTE, payload, ...more });

describe("an execution", () => {
  it("is answered with its report", async () => {
    const answer = await run(PROGRAM);
    expect(answer.status).toBe(200);
    expect(answer.body).toEqual(REPORT);
    expect(asked).toEqual([PROGRAM]);
  });

  it("is logged in one line with its ids and its outcome, but not its code", async () => {
    await run(PROGRAM, { headers: { "x-request-id": "req-7" } });
    const lines = logged.trim().split("\n");
    expect(lines.length).toBe(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({
      requestId: "req-7",
      executionId: "exec-1",
      accountId: "a",
      language: "python",
      outcome: "ok",
    });
    expect(logged).not.toContain("print(1)");
  });

  it("may come with everything an execution can have", async () => {
    const program = {
      ...PROGRAM,
      singleUse: true,
      version: ">=3 <4",
      files: [...PROGRAM.files, { name: "a/b.txt", content: "aGk=", encoding: "base64" }],
      optimize: true,
      runTimeoutMs: LONG_RUN_TIMEOUT_MS_MAX,
      compileTimeoutMs: COMPILE_TIMEOUT_MS_MAX,
      args: ["one"],
      stdin: "in",
    };
    expect((await run(program)).status).toBe(200);
    expect(asked).toEqual([program]);
  });

  it("may bring a file of the largest size in base64", async () => {
    const content = Buffer.alloc(FILE_BYTES_MAX, 7).toString("base64");
    const answer = await run({ ...PROGRAM, files: [base64(content)] });
    expect(answer.status).toBe(200);
    expect(asked[0]?.files?.[0]?.content).toBe(content);
  });

  it("is not told of when nobody signed it", async () => {
    await run(PROGRAM, { tamper: () => ({}) });
    expect(asked).toEqual([]);
  });
});

describe("a bad request", () => {
  const bad: [string, unknown, string | undefined][] = [
    ["no JSON", "{nope", "body"],
    ["an empty body", "", "body"],
    ["bytes that are no text", Buffer.from([0xff, 0xfe]), "body"],
    ["a list", [], undefined],
    ["null", null, undefined],
    ["no language", without("language"), "language"],
    ["an unknown language", { ...PROGRAM, language: "cobol" }, "language"],
    [
      "an alias of a language, which is the gateway's to know",
      { ...PROGRAM, language: "py" },
      "language",
    ],
    ["a program in place of files", { ...without("files"), code: "print(1)" }, "files"],
    ["no files", without("files"), "files"],
    ["an empty list of files", { ...PROGRAM, files: [] }, "files"],
    [
      "a program that is a number",
      { ...PROGRAM, files: [{ name: "a", content: 7 }] },
      "files[0].content",
    ],
    ["a version that is a number", { ...PROGRAM, version: 3 }, "version"],
    ["a version that is too long", { ...PROGRAM, version: "1".repeat(129) }, "version"],
    ["a wish to optimize in words", { ...PROGRAM, optimize: "yes" }, "optimize"],
    ["no account", without("accountId"), "accountId"],
    ["an empty account", { ...PROGRAM, accountId: "" }, "accountId"],
    ["no id", without("executionId"), "executionId"],
    ["no timeout", without("runTimeoutMs"), "runTimeoutMs"],
    ["a timeout of nothing", { ...PROGRAM, runTimeoutMs: 0 }, "runTimeoutMs"],
    [
      "a timeout that is too long",
      { ...PROGRAM, runTimeoutMs: LONG_RUN_TIMEOUT_MS_MAX + 1 },
      "runTimeoutMs",
    ],
    ["no time for a compiler", without("compileTimeoutMs"), "compileTimeoutMs"],
    ["a compiler's time of nothing", { ...PROGRAM, compileTimeoutMs: 0 }, "compileTimeoutMs"],
    [
      "a compiler's time that is too long",
      { ...PROGRAM, compileTimeoutMs: COMPILE_TIMEOUT_MS_MAX + 1 },
      "compileTimeoutMs",
    ],
    ["a timeout between two milliseconds", { ...PROGRAM, runTimeoutMs: 1.5 }, "runTimeoutMs"],
    ["a timeout in words", { ...PROGRAM, runTimeoutMs: "1000" }, "runTimeoutMs"],
    ["arguments that are no list", { ...PROGRAM, args: "a" }, "args"],
    ["an argument that is no text", { ...PROGRAM, args: ["a", 1] }, "args[1]"],
    ["too many arguments", { ...PROGRAM, args: Array(65).fill("a") }, "args"],
    ["an argument with a NUL in it", { ...PROGRAM, args: ["a\0b"] }, "args[0]"],
    ["standard input that is no text", { ...PROGRAM, stdin: {} }, "stdin"],
    ["files that are no list", { ...PROGRAM, files: {} }, "files"],
    [
      "too many files",
      { ...PROGRAM, files: Array.from({ length: 65 }, (_, i) => file(`f${i}`)) },
      "files",
    ],
    ["a file without content", { ...PROGRAM, files: [{ name: "a" }] }, "files[0].content"],
    [
      "a file in no known encoding",
      { ...PROGRAM, files: [{ ...file("a"), encoding: "hex" }] },
      "files[0].encoding",
    ],
    [
      "a file that is no base64",
      { ...PROGRAM, files: [base64("not base64 at all!")] },
      "files[0].content",
    ],
    ["a file that is half base64", { ...PROGRAM, files: [base64("QUJ")] }, "files[0].content"],
    [
      "a file outside the workspace",
      { ...PROGRAM, files: [file("ok"), file("../a")] },
      "files[1].name",
    ],
    ["a file at an absolute path", { ...PROGRAM, files: [file("/etc/passwd")] }, "files[0].name"],
    ["a file with an empty name", { ...PROGRAM, files: [file("")] }, "files[0].name"],
    ["a file with a NUL in its name", { ...PROGRAM, files: [file("a\0b")] }, "files[0].name"],
    ["a file with a dot for a name", { ...PROGRAM, files: [file("a/./b")] }, "files[0].name"],
    ["a field nobody knows", { ...PROGRAM, sudo: true }, "sudo"],
  ];

  it.each(bad)("with %s is refused and names the field at fault", async (_what, payload, field) => {
    const answer = await run(payload);
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
    expect(answer.body.error.field).toBe(field);
    expect(asked).toEqual([]);
  });

  it("is answered in the one shape the gateway can read", async () => {
    const answer = await run({ ...PROGRAM, files: 7 });
    expect(RunnerError.safeParse(answer.body).success).toBe(true);
    expect(answer.headers.get("content-type")).toMatch("application/json");
  });

  it("with a body over the cap is refused without being read to its end", async () => {
    const answer = await run(Buffer.alloc(REQUEST_BODY_BYTES_MAX + 1, "x"));
    expect(answer.status).toBe(413);
    expect(answer.body.error.code).toBe("payload_too_large");
    expect(asked).toEqual([]);
  });

  it("cannot bring a body that grows past the cap when it is unpacked", async () => {
    const { gzipSync } = await import("node:zlib");
    const packed = new Uint8Array(gzipSync(Buffer.alloc(64 * 1024 * 1024)));
    const headers = { "content-encoding": "gzip" };
    const url = `http://127.0.0.1:${target.port}${EXECUTE}`;
    const answer = await answerOf(await fetch(url, { method: "POST", headers, body: packed }));
    expect(answer.status).toBeGreaterThanOrEqual(400);
    expect(answer.status).toBeLessThan(500);
  });
});

describe("an unsigned request", () => {
  const ways: [string, Partial<Call>][] = [
    ["without any signature", { tamper: () => ({ signature: "", "signature-input": "" }) }],
    ["with another runner's", { tamper: (signed) => ({ ...signed, signature: "sig=:AAAA:" }) }],
    ["signed long ago", { nowMs: Date.now() - 3_600_000 }],
    ["signed for later", { nowMs: Date.now() + 3_600_000 }],
    [
      "with the digest of another body",
      { tamper: (s) => ({ ...s, "content-digest": "sha-256=:AAAA:" }) },
    ],
  ];

  it("is always answered with the same 401, whatever was wrong with it", async () => {
    const headers = { "x-request-id": "req-1" };
    const answers = await Promise.all(ways.map(([, how]) => run(PROGRAM, { ...how, headers })));
    answers.push(await run("{nope", { ...ways[0]?.[1], headers }));
    answers.push(await call({ path: "/v1/health", ...ways[0]?.[1], headers }));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(asked).toEqual([]);
  });

  it("leaves the reason in the log", async () => {
    await run(PROGRAM, { nowMs: Date.now() - 3_600_000 });
    expect(logged).toContain("old");
  });

  it("is refused when it is a copy of one that was let through", async () => {
    const nowMs = Date.now();
    let copied: Partial<SignatureHeaders> = {};
    const tamper: Call["tamper"] = (signed) => {
      copied = signed;
      return signed;
    };
    expect((await run(PROGRAM, { nowMs, tamper })).status).toBe(200);
    const replay = await run(PROGRAM, { nowMs, tamper: () => copied });
    expect(replay.status).toBe(401);
    expect(asked.length).toBe(1);
  });
});

describe("everything else", () => {
  it.each(["/", "/v1", "/v1/executex", "/admin", "/%2e%2e/etc"])(
    "is not found: %s",
    async (path) => {
      const answer = await call({ path, payload: PROGRAM });
      expect([401, 404]).toContain(answer.status);
      expect(asked.length).toBe(0);
    },
  );

  it("has no other method", async () => {
    const answer = await call({ path: EXECUTE });
    expect(answer.status).toBe(404);
  });

  it("tells how it is when it is asked with a signature", async () => {
    const answer = await call({ path: "/v1/health" });
    expect([answer.status, answer.body]).toEqual([200, HEALTH]);
  });

  it("does not say what it is made of", async () => {
    const { headers } = await call({ path: "/v1/health" });
    expect(headers.get("x-powered-by")).toBeNull();
    expect(headers.get("server")).toBeNull();
  });
});

describe("a failure", () => {
  const SECRET_TEXT = "SECRET /srv/runner/pool.ts:12";

  it("of ours shows its sentence and keeps its detail", async () => {
    execute = async () => Promise.reject(new Failure("runner_fault", { detail: SECRET_TEXT }));
    const answer = await run(PROGRAM);
    expect([answer.status, answer.body.error.code]).toEqual([502, "runner_fault"]);
    expect(answer.text).not.toContain("SECRET");
    expect(logged).toContain("SECRET");
  });

  const bugs: [string, unknown][] = [
    ["an error", new Error(SECRET_TEXT)],
    [
      "an error with a status",
      Object.assign(new Error(SECRET_TEXT), { status: 400, secret: SECRET_TEXT }),
    ],
    ["a text", SECRET_TEXT],
    ["nothing", undefined],
  ];

  it.each(bugs)("that is a bug shows nothing of it: %s", async (_what, thrown) => {
    execute = async () => Promise.reject(thrown);
    const answer = await run(PROGRAM);
    expect([answer.status, answer.body.error.code]).toEqual([500, "internal"]);
    expect(answer.text).not.toContain("SECRET");
    expect(answer.text).not.toMatch(/\bat \w|\.ts|node_modules|stack/);
  });

  it("of being busy says when to come back", async () => {
    execute = async () => Promise.reject(new Failure("busy", { retryAfterMs: 1200 }));
    const answer = await run(PROGRAM);
    expect(answer.status).toBe(503);
    expect(answer.headers.get("retry-after")).toBe("2");
    expect(answer.body.error.retryAfterMs).toBe(1200);
  });

  it("carries the request's own id when that is fit to be repeated", async () => {
    execute = async () => Promise.reject(new Failure("busy"));
    const idOf = async (id: string) =>
      (await run(PROGRAM, { headers: { "x-request-id": id } })).body.error.requestId;
    expect(await idOf("req-0123.abc_D")).toBe("req-0123.abc_D");
    expect(await idOf("a b")).toMatch(/^req-[0-9a-z]{20}$/);
    expect(await idOf("x".repeat(65))).toMatch(/^req-[0-9a-z]{20}$/);
  });
});

describe("a caller that goes away", () => {
  it("in the middle of its body does no harm", async () => {
    await new Promise<void>((resolve) => {
      const headers = { "content-length": "1000" };
      const request = httpRequest({ port: target.port, path: EXECUTE, method: "POST", headers });
      request.on("error", () => resolve());
      request.write("{");
      setTimeout(() => request.destroy(), 50);
    });
    expect((await run(PROGRAM)).status).toBe(200);
  });
});

function without(field: keyof typeof PROGRAM): object {
  return Object.fromEntries(Object.entries(PROGRAM).filter(([name]) => name !== field));
}

function base64(content: string): object {
  return { name: "a", content, encoding: "base64" };
}

function file(name: string): { name: string; content: string } {
  return { name, content: "x" };
}
