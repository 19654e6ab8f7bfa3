// Sessions as their callers see them: opened, used, listed, interrupted, reset, deleted, and what is
// said of those that are not there any more.

import { afterEach, describe, expect, it, vi } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import {
  SESSION_CALLS_PER_MINUTE,
  SESSION_IDLE_MS_MAX,
  SESSION_MEMORY_MS,
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

describe("a session", () => {
  it("is told of as its runner sees it, under either way to write its id", async () => {
    const { call, openSession, execute } = await client();
    const id = await openSession();
    await execute(id);
    for (const word of [id, uuidOf(id)]) {
      const response = await call("GET", `/api/sessions/${word}`);
      expect(await response.json()).toMatchObject({
        sessionId: id,
        language: "Python 3.13.5",
        state: "idle",
        executions: 1,
        kept: true,
      });
    }
  });

  it.each(["interrupt", "reset"])("is told to %s", async (what) => {
    const { call, openSession, fake, accountId } = await client();
    const id = await openSession();
    const response = await call("POST", `/api/sessions/${id}/${what}`);
    expect(await response.json()).toEqual({ sessionId: id });
    expect(fake.told).toEqual([{ path: `/${what}`, body: { accountId } }]);
  });

  it("is deleted once, at the runner too, and remembered as deleted", async () => {
    const { call, openSession, execute, fake } = await client();
    const id = await openSession();
    const responses = await Promise.all([
      call("DELETE", `/api/sessions/${id}`),
      call("DELETE", `/api/sessions/${id}`),
    ]);
    expect(responses.map(({ status }) => status).sort()).toEqual([204, 410]);
    expect(fake.sessions.size).toBe(0);
    await expectRefused(await execute(id), "session_deleted", 410);
    await expectRefused(await call("DELETE", `/api/sessions/${id}`), "session_deleted", 410);
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_deleted", 410);
    expect(fake.asked.filter(({ method }) => method === "DELETE")).toHaveLength(1);
  });

  it("is deleted although its runner cannot be reached", async () => {
    const { call, openSession, apiKey } = await client();
    const id = await openSession();
    const alone = gateway(() => Promise.reject(new Error("connect ECONNREFUSED")));
    const trouble = vi.spyOn(console, "error");
    const headers = { Authorization: `Bearer ${apiKey}` };
    const response = await alone.send(`/api/sessions/${id}`, { method: "DELETE", headers });
    expect(response.status).toBe(204);
    expect(String(trouble.mock.lastCall?.[0])).toContain("was left to its runner");
    trouble.mockRestore();
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_deleted", 410);
  });

  it("that is deleted while it runs a program ends that, which costs nothing", async () => {
    let release = () => {};
    const deleted = new Promise<void>((resolve) => {
      release = resolve;
    });
    const fake = sessionRunner(async () => {
      await deleted;
      return refusal("session_deleted");
    });
    const { call, openSession, execute, credits } = await client(fake);
    const before = await credits();
    const id = await openSession();
    const running = execute(id);
    await vi.waitFor(() => expect(fake.executed).toHaveLength(1));
    expect((await call("DELETE", `/api/sessions/${id}`)).status).toBe(204);
    release();
    await expectRefused(await running, "session_deleted", 410);
    expect(await credits()).toBe(before);
  });

  it("expires when it was not used for long enough, and is forgotten a day later", async () => {
    clockAt(START_MS);
    const { openSession, execute, fake } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await execute(id)).status).toBe(200);
    clockAt(START_MS + 2 * SESSION_IDLE_MS_MAX - 2);
    expect((await execute(id)).status).toBe(200);
    const expiresMs = START_MS + 3 * SESSION_IDLE_MS_MAX - 2;
    clockAt(expiresMs);
    const asked = fake.executed.length;
    await expectRefused(await execute(id), "session_expired", 410);
    clockAt(expiresMs + SESSION_MEMORY_MS - 1);
    await expectRefused(await execute(id), "session_expired", 410);
    clockAt(expiresMs + SESSION_MEMORY_MS);
    await expectRefused(await execute(id), "unknown_session", 404);
    expect(fake.executed).toHaveLength(asked);
  });

  it("is not kept alive by being looked at", async () => {
    clockAt(START_MS);
    const { call, openSession } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await call("GET", `/api/sessions/${id}`)).status).toBe(200);
    clockAt(START_MS + SESSION_IDLE_MS_MAX);
    await expectRefused(await call("GET", `/api/sessions/${id}`), "session_expired", 410);
  });

  it("is kept alive by its files", async () => {
    clockAt(START_MS);
    const { call, openSession } = await client();
    const id = await openSession();
    clockAt(START_MS + SESSION_IDLE_MS_MAX - 1);
    expect((await call("GET", `/api/sessions/${id}/files`)).status).toBe(200);
    clockAt(START_MS + SESSION_IDLE_MS_MAX);
    expect((await call("GET", `/api/sessions/${id}`)).status).toBe(200);
  });

  it.each<[ErrorCode | undefined, ErrorCode]>([
    ["session_expired", "session_expired"],
    ["session_evicted", "session_evicted"],
    ["session_lost", "session_lost"],
    [undefined, "session_lost"],
  ])("whose runner says %s of it is %s, from then on without asking", async (said, code) => {
    for (const ask of ["execute", "files/a", ""]) {
      const { call, openSession, execute, fake, credits } = await client();
      const before = await credits();
      const id = await openSession();
      fake.forget(said);
      const first =
        ask === "execute" ? await execute(id) : await call("GET", `/api/sessions/${id}/${ask}`);
      await expectRefused(first, code, 410);
      const asked = fake.asked.length;
      await expectRefused(await execute(id), code, 410);
      await expectRefused(await call("DELETE", `/api/sessions/${id}`), code, 410);
      expect(fake.asked).toHaveLength(asked);
      expect(await credits()).toBe(before);
    }
  });
});

describe("the calls an account may make besides executions", () => {
  it("are limited by a rate of their own", async () => {
    clockAt(START_MS);
    const { call, execute, openSession } = await client();
    const id = await openSession();
    for (let count = 1; count < SESSION_CALLS_PER_MINUTE; count += 1) {
      await call("GET", "/api/sessions?limit=1");
    }
    const response = await call("GET", `/api/sessions/${id}`);
    expect(response.headers.get("RateLimit")).toBe('"calls";r=0;t=60');
    await expectRefused(response, "rate_limited", 429);
    expect((await execute(id)).status).toBe(200);
  });
});
