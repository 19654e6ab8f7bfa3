// The history of an account's executions: what is kept of each and comes back, how it is listed by
// either face, and how it goes.

import {
  createExecutionContext,
  runInDurableObject,
  waitOnExecutionContext,
} from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  HISTORY_BYTES_MAX,
  HISTORY_EXECUTIONS_MAX,
  HISTORY_OUTPUT_BYTES_MAX,
  OUTPUT_BYTES_MAX,
} from "../../shared/limits.ts";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import type { Env } from "../../worker/env.ts";
import { keptOf, pastOf } from "../../worker/history.ts";
import worker from "../../worker/index.ts";
import { client, expectRefused } from "./kit/client.ts";
import { COMPILED_REPORT, REFUSED_REPORT } from "./kit/compiled.ts";
import { counted } from "./kit/counted.ts";
import { errorOf, failing, gateway, PROGRAM, REPORT, reporting, STAGE } from "./kit/gateway.ts";
import { randomFrom } from "./kit/ledger.ts";
import { linesOf, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

type Listed = { executions: { id: string; state: string }[]; cursor: string | null };

/** A caller whose programs all come to `report`. */
async function having(report: ExecutionReport) {
  const own = await client(sessionRunner(() => Response.json(report)));
  const run = async (path = "/api/execute") => {
    const reply = await own.g.run(own.apiKey, PROGRAM, path);
    return await reply.json<{ id: string }>();
  };
  return { ...own, run };
}

async function listed(call: Awaited<ReturnType<typeof client>>["call"], query = "", face = "api") {
  const response = await call("GET", `/${face}/executions${query}`);
  expect(response.status).toBe(200);
  return await response.json<Listed>();
}

const TIMES = { createdAt: expect.any(String), endedAt: expect.any(String) };
const V1_TIMES = { created_at: expect.any(String), ended_at: expect.any(String) };

describe("an execution that is over", () => {
  const shown: ExecutionReport = {
    ...REPORT,
    shown: [{ kind: "value", data: { "text/plain": "84", "image/png": "AAAA" } }],
    files: [
      { name: "a.txt", bytes: 3, sha256: "0".repeat(64), content: "QUJD" },
      { name: "b.bin", bytes: 99, sha256: "1".repeat(64) },
    ],
    filesTruncated: false,
  };

  it.each([
    ["that ran", REPORT],
    ["that was compiled", COMPILED_REPORT],
    ["that could not be compiled", REFUSED_REPORT],
    ["that showed something and brought files back", shown],
    [
      "that said a lot",
      { ...REPORT, run: { ...STAGE, stdout: "é\0x".repeat(OUTPUT_BYTES_MAX / 4) } },
    ],
  ] as [string, ExecutionReport][])(
    "is told as it was answered, by both faces: one %s",
    async (_what, report) => {
      const { call, run } = await having(report);
      const reply = await run();
      const api = await call("GET", `/api/executions/${reply.id}`);
      expect(await api.json()).toEqual({ ...reply, state: "done", ...TIMES });
      const own = await run("/v1/execute");
      const v1 = await call("GET", `/v1/executions/${own.id}`);
      const outcome = report.run?.outcome ?? "compile_error";
      expect(await v1.json()).toEqual({ ...own, state: "done", outcome, ...V1_TIMES });
    },
  );

  it("costs two calls of an object, whole or as a stream", async () => {
    const { settings, calls } = counted();
    const own = await having(COMPILED_REPORT);
    for (const path of ["/api/execute", "/v1/execute"]) {
      calls.length = 0;
      const g = gateway(reporting(COMPILED_REPORT), settings);
      await g.run(own.apiKey, PROGRAM, path);
      expect(calls).toEqual(["account.admit", "account.settle"]);
    }
    const streamed = gateway(
      () =>
        linesOf([
          { type: "start", version: "3" },
          { type: "end", report: REPORT },
        ]),
      settings,
    );
    calls.length = 0;
    await (await streamed.run(own.apiKey, { ...PROGRAM, stream: true })).text();
    expect(calls).toEqual(["account.admit", "account.settle"]);
    calls.length = 0;
    await gateway(failing(503, "busy"), settings).run(own.apiKey);
    expect(calls).toEqual(["account.admit", "account.void"]);
  });

  it("is answered before it is on record", async () => {
    const own = await having(REPORT);
    const { settings, calls, release } = counted("account.settle");
    const g = gateway(reporting(REPORT), settings);
    const ctx = createExecutionContext();
    const request = new Request("https://gateway.test/api/execute", {
      method: "POST",
      headers: { Authorization: `Bearer ${own.apiKey}`, "Content-Type": "application/json" },
      body: JSON.stringify(PROGRAM),
    });
    const env = g.env as Env;
    const response = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, ctx);
    const { id } = await response.json<{ id: string }>();
    expect((await listed(own.call)).executions).toMatchObject([{ id, state: "running" }]);
    release();
    await waitOnExecutionContext(ctx);
    expect(calls).toEqual(["account.admit", "account.settle"]);
    expect((await listed(own.call)).executions).toMatchObject([{ id, state: "done" }]);
  });

  it("says why it came to nothing", async () => {
    const own = await client(
      sessionRunner(() => failing(503, "busy")(new Request("https://x")) as Response),
    );
    expect((await own.g.run(own.apiKey)).status).toBe(503);
    const { executions } = await listed(own.call);
    expect(executions).toHaveLength(1);
    const response = await own.call("GET", `/api/executions/${executions[0]?.id}`);
    expect(await response.json()).toMatchObject({ state: "failed", error: { code: "busy" } });
  });

  it("is nobody else's to see or remove", async () => {
    const { run } = await having(REPORT);
    const { id } = await run();
    const stranger = await client();
    for (const method of ["GET", "DELETE"]) {
      for (const face of ["api", "v1"]) {
        const response = await stranger.call(method, `/${face}/executions/${id}`);
        await expectRefused(response, "unknown_execution", 404);
      }
    }
    const response = await stranger.call("GET", `/api/executions/${id}/deliveries`);
    await expectRefused(response, "unknown_execution", 404);
    expect(await listed(stranger.call)).toEqual({ executions: [], cursor: null });
  });
});

describe("what is kept of a report", () => {
  it.each(Array.from({ length: 40 }, (_, seed) => seed + 1))(
    "is the whole of it, whatever is in it (seed %d)",
    async (seed) => {
      const report = anyReport(randomFrom(seed));
      const kept = await keptOf(report, 7);
      const { executed } = await pastOf(remembered(kept));
      expect(executed?.report).toEqual(report);
      expect(kept.summary.length).toBeLessThan(20_000);
    },
  );

  it.each([
    ["files", { files: [1, 2].map((n) => ({ ...FILE, name: `${n}`, content: noise(5 << 20) })) }],
    ["what was shown", { shown: [{ kind: "display", data: { "image/png": noise(7 << 20) } }] }],
  ] as [string, Partial<ExecutionReport>][])(
    "leaves out %s that would not fit, and not the text",
    async (_what, more) => {
      const kept = await keptOf({ ...REPORT, ...more });
      expect(typeof kept.outputs === "object" && kept.outputs.bytes.length).toBeLessThan(
        HISTORY_OUTPUT_BYTES_MAX,
      );
      const { executed } = await pastOf(remembered(kept));
      expect(executed?.report.run?.stdout).toBe(STAGE.stdout);
      expect(executed?.report.files?.map(({ content }) => content)).toEqual(
        more.files?.map(() => undefined),
      );
      expect(executed?.report.shownTruncated).toBe(more.shown ? true : undefined);
    },
  );
});

describe("a list of executions", () => {
  it("is in pages, newest first, each execution once", async () => {
    const { call, run } = await having(REPORT);
    const ids: string[] = [];
    for (let count = 0; count < 7; count += 1) ids.unshift((await run()).id);
    for (const limit of [1, 2, 3, 7, 100]) {
      const seen: string[] = [];
      for (let query = `?limit=${limit}`; query !== ""; ) {
        const { executions, cursor } = await listed(call, query);
        expect(executions.length).toBeLessThanOrEqual(limit);
        seen.push(...executions.map(({ id }) => id));
        query = cursor === null ? "" : `?limit=${limit}&cursor=${cursor}`;
      }
      expect(seen).toEqual(ids);
    }
  });

  it("tells of each without its outputs, in the words of its face", async () => {
    const { call, run } = await having(COMPILED_REPORT);
    const { id } = await run();
    const common = { id, language: "python", state: "done", version: "14.2.0", outcome: "ok" };
    const rest = { signal: null, credits: { charged: 1 } };
    const api = { ...common, ...rest, exitCode: 0, duration: 1, memoryKb: 8790, ...TIMES };
    expect(await listed(call)).toEqual({ executions: [api], cursor: null });
    const v1 = { ...common, ...rest, session_id: null, code: 0, time_ms: 1, memory_kb: 8790 };
    expect(await listed(call, "", "v1")).toEqual({
      executions: [{ ...v1, ...V1_TIMES }],
      cursor: null,
    });
  });

  it("can be of one session, one language or one outcome", async () => {
    const fake = sessionRunner(({ language }) => {
      const run = {
        ...STAGE,
        ...(language === "bash" && { outcome: "error" as const, exitCode: 1 }),
      };
      return Response.json({ ...REPORT, run });
    });
    const { call, g, apiKey, openSession, execute } = await client(fake);
    await g.run(apiKey, { language: "bash", code: "false" });
    await g.run(apiKey, { language: "ruby", code: "1" });
    const session = await openSession();
    await execute(session);
    const count = async (query: string) => (await listed(call, query)).executions.length;
    expect(await count("")).toBe(3);
    expect(await count("?language=bash")).toBe(1);
    expect(await count("?language=sh")).toBe(1);
    expect(await count("?outcome=error")).toBe(1);
    expect(await count("?outcome=ok")).toBe(2);
    expect(await count("?outcome=ok&language=bash")).toBe(0);
    expect(await count(`?session=${session}`)).toBe(1);
    expect(await count("?session=sess-0")).toBe(0);
  });

  it.each([
    "limit=0",
    "limit=101",
    "limit=x",
    "cursor=x",
    "cursor=-1",
    "language=x",
    "outcome=fine",
  ])("is not to be had for ?%s", async (query) => {
    const { call } = await client();
    const response = await call("GET", `/api/executions?${query}`);
    expect(response.status).toBe(400);
    expect((await errorOf(response)).field).toBe(query.split("=")[0]);
  });
});

describe("DELETE", () => {
  it("removes an execution that is over, with all of it, and nothing of its price", async () => {
    const { call, run, credits, g, accountId } = await having(REPORT);
    const [first, second] = [await run(), await run()];
    const left = await credits();
    expect((await call("DELETE", `/api/executions/${first.id}`)).status).toBe(204);
    await expectRefused(await call("GET", `/api/executions/${first.id}`), "unknown_execution", 404);
    await expectRefused(
      await call("DELETE", `/v1/executions/${first.id}`),
      "unknown_execution",
      404,
    );
    expect((await listed(call)).executions.map(({ id }) => id)).toEqual([second.id]);
    expect(await credits()).toBe(left);
    await runInDurableObject(g.account(accountId), (_account, { storage: { sql } }) => {
      const ids = sql.exec<{ id: string }>("SELECT execution_id AS id FROM output_piece").toArray();
      expect(ids.map(({ id }) => id)).toEqual([second.id]);
    });
  });

  it("of all removes what is over and leaves what runs", async () => {
    const fake = sessionRunner(({ detach }) =>
      detach ? linesOf([{ type: "start", version: "3" }]) : Response.json(REPORT),
    );
    const { call, g, apiKey } = await client(fake);
    for (let count = 0; count < 3; count += 1) await g.run(apiKey);
    const { id } = await (await g.run(apiKey, { ...PROGRAM, detach: true })).json<{ id: string }>();
    expect(await (await call("DELETE", "/api/executions")).json()).toEqual({ removed: 3 });
    expect((await listed(call)).executions).toMatchObject([{ id, state: "running" }]);
    expect(await (await call("DELETE", "/v1/executions")).json()).toEqual({ removed: 0 });
  });
});

describe("an account's history", () => {
  it("has the newest executions only", async () => {
    const { call, run, g, accountId } = await having(REPORT);
    const [first, second, third] = [await run(), await run(), await run()];
    await runInDurableObject(g.account(accountId), (_account, { storage: { sql } }) => {
      const number = HISTORY_EXECUTIONS_MAX + 1;
      sql.exec("UPDATE execution SET number = ? WHERE id = ?", number, third?.id ?? "");
    });
    const last = await run();
    const ids = (await listed(call)).executions.map(({ id }) => id);
    expect(ids).toEqual([last.id, third?.id]);
    expect(ids).not.toContain(first?.id);
    expect(ids).not.toContain(second?.id);
  });

  it("drops the oldest outputs where there are too many bytes, and says so", async () => {
    const { call, run, g, accountId } = await having(REPORT);
    const [first, second] = [await run(), await run()];
    await runInDurableObject(g.account(accountId), (_account, { storage: { sql } }) => {
      const id = second?.id ?? "";
      sql.exec("UPDATE execution SET outputs_to = ? WHERE id = ?", HISTORY_BYTES_MAX, id);
    });
    await run();
    const show = async (id = "") => await (await call("GET", `/api/executions/${id}`)).json();
    expect(await show(first?.id)).toMatchObject({
      stdout: "",
      stdoutBytes: 7,
      outputsDropped: true,
    });
    expect(await show(second?.id)).toMatchObject({ stdout: "499500" });
    expect(await show(second?.id)).not.toHaveProperty("outputsDropped");
  });
});

const FILE = { name: "a", bytes: 1, sha256: "0".repeat(64) };

/** Text of so many characters that does not get shorter by compressing it. */
function noise(length: number): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const parts: string[] = [];
  for (let left = length; left > 0; left -= 65_536) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(left, 65_536)));
    parts.push(Array.from(bytes, (byte) => letters[byte & 63]).join(""));
  }
  return parts.join("");
}

/** Any report there may be, of a moderate size. */
function anyReport(random: () => number): ExecutionReport {
  const pick = (below: number) => Math.floor(random() * below);
  const text = () => {
    const some = ["", "a\n", "é€😀", "\0", '"\\', "\u2028", "\ufffd", "x".repeat(pick(5000))];
    return Array.from({ length: pick(5) }, () => some[pick(some.length)]).join("");
  };
  const stage = () => ({ ...STAGE, stdout: text(), stderr: text(), wallMs: random() * 1000 });
  const isCompiled = pick(2) === 0;
  const isRefused = isCompiled && pick(3) === 0;
  const values = Array.from({ length: pick(4) }, () => ({
    kind: "value" as const,
    data: { "text/plain": text() },
  }));
  const files = Array.from({ length: pick(4) }, (_, n) => ({
    ...FILE,
    name: `${n}`,
    ...(pick(2) === 0 && { content: "AAAA" }),
  }));
  return {
    version: "1",
    queueMs: random(),
    ...(isCompiled && {
      compile: { ...stage(), outcome: isRefused ? "error" : "ok", isCached: pick(2) === 0 },
    }),
    ...(!isRefused && { run: stage() }),
    ...(values.length > 0 && { shown: values }),
    ...(pick(2) === 0 && { files, filesTruncated: pick(2) === 0 }),
  };
}

function remembered(kept: Awaited<ReturnType<typeof keptOf>>): Parameters<typeof pastOf>[0] {
  const execution = {
    id: "exec-1",
    number: 1,
    sessionId: undefined,
    runner: "local",
    language: "c" as const,
    runTimeoutMs: 1,
    state: "done" as const,
    createdAtMs: 1,
    endedAtMs: 2,
    outcome: "ok",
    summary: kept.summary,
    chargedMicro: 0,
    leftMicro: 0,
    failure: undefined,
    hasDroppedOutputs: false,
  };
  return { execution, ...(typeof kept.outputs === "object" && { outputs: kept.outputs }) };
}
