// Sessions as their callers see them: opened, used and listed, and alike to strangers whatever id they
// make up.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import {
  SESSION_CALLS_PER_MINUTE,
  SESSION_IDLE_MS_MAX,
  SESSIONS_MAX,
} from "../../shared/limits.ts";
import { client, expectRefused, uuidOf } from "./kit/client.ts";
import { errorOf, failing, gateway } from "./kit/gateway.ts";
import { refusal, reportOf, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const CELL = { code: "x = 42" };

type SessionBody = { sessionId: string; state: string; expiresAt: string; executions: number };

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

describe("POST /api/sessions", () => {
  it("opens a session and tells all about it", async () => {
    clockAt(START_MS);
    const { call } = await client();
    const response = await call("POST", "/api/sessions", { language: "py", version: "3.x" });
    expect(response.status).toBe(201);
    expect(await response.json()).toEqual({
      sessionId: expect.stringMatching(/^sess-[0-9a-f]{32}$/),
      language: "Python 3.13.5",
      languageId: "python",
      version: "3.13.5",
      state: "idle",
      createdAt: new Date(START_MS).toISOString(),
      lastUsedAt: new Date(START_MS).toISOString(),
      expiresAt: new Date(START_MS + SESSION_IDLE_MS_MAX).toISOString(),
      executions: 0,
      kept: true,
    });
  });

  it("costs nothing, and is counted apart from executions", async () => {
    const { call, credits } = await client();
    const before = await credits();
    const response = await call("POST", "/api/sessions", { language: "python" });
    expect(response.headers.get("RateLimit-Policy")).toBe(
      `"calls";q=${SESSION_CALLS_PER_MINUTE};w=60`,
    );
    expect(await credits()).toBe(before);
  });

  it.each([
    [{}, "language", "invalid_request"],
    [{ language: "cobol" }, "language", "unknown_language"],
    [{ language: "python", version: "new" }, "version", "invalid_request"],
  ])("is refused for %j", async (body, field, code) => {
    const { call, fake } = await client();
    const response = await call("POST", "/api/sessions", body);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code, field });
    expect(fake.asked).toEqual([]);
  });

  it("passes on that there is no such version, and leaves no trace", async () => {
    const { apiKey, call, fake } = await client();
    const more = { field: "version" };
    const g = gateway(() => refusal("unknown_version", more));
    const headers = { Authorization: `Bearer ${apiKey}` };
    const response = await g.post("/api/sessions", { language: "c" }, headers);
    await expectRefused(response, "unknown_version", 400);
    expect(await (await call("GET", "/api/sessions?state=all")).json()).toEqual({
      sessions: [],
      cursor: null,
    });
    expect(fake.sessions.size).toBe(0);
  });

  it("says busy when the runner has no room, and does not count it", async () => {
    const { apiKey, openSession } = await client();
    const g = gateway(failing(503, "busy"));
    const headers = { Authorization: `Bearer ${apiKey}` };
    for (let count = 0; count < SESSIONS_MAX; count += 1) {
      const response = await g.post("/api/sessions", { language: "c" }, headers);
      await expectRefused(response, "busy", 503);
    }
    expect(await openSession()).toMatch(/^sess-/);
  });

  it("has a session closed again that may have been opened without anybody hearing of it", async () => {
    const { apiKey, call } = await client();
    const asked: string[] = [];
    const late = Object.assign(new Error("too late"), { name: "TimeoutError" });
    const slow = gateway((request) => {
      asked.push(`${request.method} ${new URL(request.url).pathname}`);
      return Promise.reject(late);
    });
    const headers = { Authorization: `Bearer ${apiKey}` };
    const response = await slow.post("/api/sessions", { language: "python" }, headers);
    await expectRefused(response, "runner_fault", 502);
    expect(asked).toEqual([
      "POST /v1/sessions",
      expect.stringMatching(/^DELETE \/v1\/sessions\/[0-9a-f-]{36}$/),
    ]);
    expect(await (await call("GET", "/api/sessions?state=all")).json()).toMatchObject({
      sessions: [],
    });
  });

  it("refuses one too many, until one is deleted", async () => {
    const { call, openSession } = await client();
    const ids: string[] = [];
    for (let count = 0; count < SESSIONS_MAX; count += 1) ids.push(await openSession());
    const response = await call("POST", "/api/sessions", { language: "ruby" });
    await expectRefused(response, "too_many_sessions", 409);
    await call("DELETE", `/api/sessions/${ids[3]}`);
    expect((await call("POST", "/api/sessions", { language: "ruby" })).status).toBe(201);
  });

  it.each([
    [{}, "unauthorized"],
    [{ Authorization: "Bearer wrong" }, "invalid_key"],
  ] as [Record<string, string>, ErrorCode][])("needs a key: %j", async (headers, code) => {
    const g = gateway(() => expect.fail("the runner was asked"));
    const response = await g.post("/api/sessions", { language: "python" }, headers);
    await expectRefused(response, code, 401);
  });
});

describe("an execution in a session", () => {
  it("runs in the session's language, and says what became of the state", async () => {
    const { fake, openSession, execute, accountId } = await client();
    const id = await openSession("ruby");
    const response = await execute(id, { ...CELL, timeout: 5000 });
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({
      sessionId: id,
      language: "ruby",
      stdout: "499500",
      stateFresh: false,
      stateKept: true,
      result: null,
      results: [],
      credits: { charged: 1 },
    });
    expect(fake.executed[0]).toMatchObject({
      sessionId: uuidOf(id),
      accountId,
      language: "ruby",
      files: [{ name: "main.rb", content: "x = 42" }],
      isSnippet: true,
      runTimeoutMs: 5000,
    });
    expect(fake.executed[0]).not.toHaveProperty("opensSession");
  });

  it("takes a language that is the session's, and no other", async () => {
    const { fake, openSession, execute, credits } = await client();
    const id = await openSession("python");
    expect((await execute(id, { ...CELL, language: "py" })).status).toBe(200);
    const before = await credits();
    const response = await execute(id, { ...CELL, language: "ruby" });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      code: "invalid_request",
      field: "language",
      message: "`language` must be that of the session, Python.",
    });
    expect(await credits()).toBe(before);
    expect(fake.executed).toHaveLength(1);
  });

  it("refuses files that cannot be one program, whatever is needed to tell", async () => {
    const { fake, openSession, execute, credits } = await client();
    const id = await openSession("python");
    const before = await credits();
    const twice = [
      { name: "a", content: "" },
      { name: "a", content: "" },
    ];
    for (const files of [twice, [{ name: "main.py", content: "" }]]) {
      const response = await execute(id, { ...CELL, files });
      expect(response.status).toBe(400);
      expect((await errorOf(response)).field).toMatch(/^files\[\d\]\.name$/);
    }
    expect(await credits()).toBe(before);
    expect(fake.executed).toEqual([]);
  });

  it("has its last value as text, and all it showed", async () => {
    const shown = [
      { kind: "value", data: { "text/plain": "1" } },
      { kind: "display", data: { "image/png": "AAAA" } },
      { kind: "value", data: { "text/plain": "84", "text/html": "<b>84</b>" } },
      { kind: "display", data: { "text/plain": "no value" } },
    ] as const;
    const report = { shown: [...shown], shownTruncated: true };
    const fake = sessionRunner((request) => Response.json(reportOf(request, report)));
    const { openSession, execute } = await client(fake);
    const response = await execute(await openSession());
    expect(await response.json()).toMatchObject({
      result: "84",
      results: shown,
      resultsTruncated: true,
    });
  });

  it("brings back the files that were asked for", async () => {
    const file = { name: "out/a.bin", bytes: 3, sha256: "0".repeat(64) };
    const files = [{ ...file, content: "AAEC" }, file];
    const fake = sessionRunner((request) => Response.json(reportOf(request, { files })));
    const { openSession, execute } = await client(fake);
    const response = await execute(await openSession(), { ...CELL, outputFiles: ["out/*"] });
    expect(fake.executed[0]?.outputFiles).toEqual(["out/*"]);
    expect(await response.json()).toMatchObject({
      files: [{ ...file, content: "AAEC", encoding: "base64" }, file],
      filesTruncated: false,
    });
  });

  it.each([
    [{ outputFiles: ["../x"] }, "outputFiles[0]"],
    [{ outputFiles: ["/x"] }, "outputFiles[0]"],
    [{ outputFiles: [5] }, "outputFiles[0]"],
    [{ outputFiles: Array(17).fill("x") }, "outputFiles"],
    [{ outputFiles: "x" }, "outputFiles"],
    [{ stream: "yes" }, "stream"],
    [{ detach: 1 }, "detach"],
    [{ openStdin: true }, "openStdin"],
    [{ code: undefined }, "code"],
  ])("is refused for %j", async (fields, field) => {
    const { fake, openSession, execute } = await client();
    const response = await execute(await openSession(), { ...CELL, ...fields });
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe(field);
    expect(fake.executed).toEqual([]);
  });

  it("is told that too many wait, and when to try again", async () => {
    const fake = sessionRunner(() => refusal("session_busy", { retryAfterMs: 1500 }));
    const { openSession, execute, credits } = await client(fake);
    const before = await credits();
    const response = await execute(await openSession());
    expect(response.headers.get("Retry-After")).toBe("2");
    await expectRefused(response, "session_busy", 409);
    expect(await credits()).toBe(before);
  });

  it("is in the log with its session and without its program", async () => {
    const { openSession, execute } = await client();
    const id = await openSession();
    const log = vi.spyOn(console, "log");
    await execute(id, { code: "secret_program" });
    const line = String(log.mock.lastCall?.[0]);
    log.mockRestore();
    expect(JSON.parse(line)).toMatchObject({
      route: "/api/sessions/:sessionId/execute",
      sessionId: uuidOf(id),
      executionId: expect.stringMatching(/^exec-/),
    });
    expect(line).not.toContain("secret_program");
  });
});

describe("a session that is not the caller's", () => {
  const ways: [string, string][] = [
    ["GET", ""],
    ["DELETE", ""],
    ["POST", "/execute"],
    ["POST", "/interrupt"],
    ["POST", "/reset"],
    ["GET", "/files/a.txt"],
    ["PUT", "/files/a.txt"],
    ["DELETE", "/files/a.txt"],
  ];

  it.each(ways)("looks like none at all: %s %s", async (method, below) => {
    const owner = await client();
    const stranger = await client(owner.fake);
    const theirs = await owner.openSession();
    const askedBefore = owner.fake.asked.length;
    const bodies = new Set<string>();
    const ids = [theirs, uuidOf(theirs), `sess-${"0".repeat(32)}`, "sess-1", "x", "sess-"];
    for (const id of [...ids, `sess-${crypto.randomUUID().replaceAll("-", "")}`]) {
      const body = below === "/execute" ? CELL : undefined;
      const response = await stranger.call(method, `/api/sessions/${id}${below}`, body);
      expect(response.status).toBe(404);
      const { requestId: _, ...error } = await errorOf(response);
      bodies.add(JSON.stringify(error));
    }
    expect([...bodies]).toEqual([
      JSON.stringify({ code: "unknown_session", message: "There is no such session." }),
    ]);
    expect(owner.fake.asked).toHaveLength(askedBefore);
    expect((await owner.call("GET", `/api/sessions/${theirs}`)).status).toBe(200);
  });
});

describe("GET /api/sessions", () => {
  it("lists what lives, newest first, page by page", async () => {
    const { call, openSession } = await client();
    const ids: string[] = [];
    for (let count = 0; count < 5; count += 1) {
      clockAt(START_MS + count);
      ids.unshift(await openSession());
    }
    const listed: string[] = [];
    let cursor: string | null = "";
    do {
      const query: string = cursor === "" ? "" : `&cursor=${cursor}`;
      const response = await call("GET", `/api/sessions?limit=2${query}`);
      const page = await response.json<{ sessions: SessionBody[]; cursor: string | null }>();
      listed.push(...page.sessions.map(({ sessionId }) => sessionId));
      cursor = page.cursor;
    } while (cursor !== null);
    expect(listed).toEqual(ids);
  });

  it("has those that are over only when asked for all", async () => {
    const { call, openSession } = await client();
    const [one, other] = [await openSession(), await openSession()];
    await call("DELETE", `/api/sessions/${one}`);
    const states = async (query: string) => {
      const response = await call("GET", `/api/sessions${query}`);
      const { sessions } = await response.json<{ sessions: SessionBody[] }>();
      return new Map(sessions.map(({ sessionId, state }) => [sessionId, state]));
    };
    expect(await states("")).toEqual(new Map([[other, "idle"]]));
    expect(await states("?state=all")).toEqual(
      new Map([
        [other, "idle"],
        [one, "deleted"],
      ]),
    );
  });

  it.each([
    ["limit=0", "limit"],
    ["limit=101", "limit"],
    ["limit=x", "limit"],
    ["state=dead", "state"],
    ["cursor=x", "cursor"],
    ["cursor=1.sess-1", "cursor"],
  ])("is refused for ?%s", async (query, field) => {
    const { call } = await client();
    const response = await call("GET", `/api/sessions?${query}`);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe(field);
  });
});
