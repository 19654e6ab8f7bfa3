// Sessions by `/v1`: opened by an execution, passed back by their id, and kept while there is room.

import { afterEach, describe, expect, it, vi } from "vitest";
import { IMPLICIT_SESSIONS_MAX } from "../../shared/limits.ts";
import { client, expectRefused, uuidOf } from "./kit/client.ts";
import { failing, gateway, PROGRAM } from "./kit/gateway.ts";
import { sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);

function clockAt(ms: number): void {
  vi.useFakeTimers({ toFake: ["Date"], now: ms });
}

describe("a session by /v1", () => {
  async function v1(fake = sessionRunner()) {
    const own = await client(fake);
    const run = async (fields: object = {}) => {
      const response = await own.g.run(own.apiKey, { ...PROGRAM, ...fields }, "/v1/execute");
      const body = await response.json<{ session_id: string; state_kept: boolean }>();
      return { status: response.status, body };
    };
    return { ...own, run };
  }

  it("is opened by an execution and can be passed back", async () => {
    const { run, fake } = await v1();
    const { body } = await run();
    expect(body).toMatchObject({ state_kept: true });
    expect(fake.executed[0]).toMatchObject({
      sessionId: body.session_id,
      opensSession: true,
      isSnippet: true,
    });
    const again = await run({ session_id: body.session_id });
    expect(again.body.session_id).toBe(body.session_id);
    expect(fake.executed[1]).toMatchObject({ sessionId: body.session_id });
    expect(fake.executed[1]).not.toHaveProperty("opensSession");
  });

  it("has files as files, and a text as a snippet", async () => {
    const { run, fake } = await v1();
    await run({ code: undefined, files: [{ name: "a.py", content: "1" }] });
    expect(fake.executed[0]).not.toHaveProperty("isSnippet");
  });

  it("may be one that was opened by /api, and the other way round", async () => {
    const { run, openSession, call, execute, fake } = await v1();
    const opened = await openSession();
    expect((await run({ session_id: opened })).body.session_id).toBe(uuidOf(opened));
    const { body } = await run();
    expect((await execute(body.session_id)).status).toBe(200);
    const shown = await call("GET", `/api/sessions/${body.session_id}`);
    expect(await shown.json()).toMatchObject({ kept: false, executions: 2 });
    expect(fake.executed).toHaveLength(3);
  });

  it.each(["", "abc-123-def", "00000000-0000-4000-8000-000000000000"])(
    "is not known by the name %j",
    async (session_id) => {
      const { g, apiKey, credits } = await v1();
      const before = await credits();
      const response = await g.run(apiKey, { ...PROGRAM, session_id }, "/v1/execute");
      await expectRefused(response, "unknown_session", 404);
      expect(await credits()).toBe(before);
    },
  );

  it("needs a key", async () => {
    const g = gateway(() => expect.fail("the runner was asked"));
    const session_id = crypto.randomUUID();
    const response = await g.post("/v1/execute", { ...PROGRAM, session_id });
    await expectRefused(response, "unauthorized", 401);
  });

  it("has to make room for newer ones of its kind, but not for those that were asked for", async () => {
    clockAt(START_MS);
    const { run, openSession, execute, g, apiKey } = await v1();
    const asked = await openSession();
    const ids: string[] = [];
    for (let count = 0; count <= IMPLICIT_SESSIONS_MAX; count += 1) {
      clockAt(START_MS + count);
      ids.push((await run()).body.session_id);
    }
    const program = { ...PROGRAM, session_id: ids[0] };
    await expectRefused(await g.run(apiKey, program, "/v1/execute"), "session_evicted", 410);
    for (const session_id of ids.slice(1)) expect((await run({ session_id })).status).toBe(200);
    expect((await execute(asked)).status).toBe(200);
  });

  it("is lost when its first execution failed", async () => {
    const { g, apiKey, call } = await v1();
    await gateway(failing(503, "busy")).run(apiKey, PROGRAM, "/v1/execute");
    const list = await call("GET", "/api/sessions?state=all");
    const { sessions } = await list.json<{ sessions: object[] }>();
    expect(sessions).toMatchObject([{ state: "lost", executions: 0 }]);
    expect((await g.run(apiKey, PROGRAM, "/v1/execute")).status).toBe(200);
  });
});
