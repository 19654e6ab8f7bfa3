// What executions cost the operator at the platform, measured on the real object: docs/costs.md says
// what is found here. An execution that comes to cost more shows here first.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, describe, expect, it, vi } from "vitest";
import costs from "../../docs/costs.md?raw";
import type { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { gateway, PROGRAM } from "./kit/gateway.ts";
import { meter, type Use } from "./kit/meter.ts";
import { bindingsWith } from "./kit/object-calls.ts";
import { refusal, reportOf, sessionRunner } from "./kit/session-runner.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const EXECUTIONS = 120;
/** As often as the free plan lets them through. */
const APART_MS = 6000;

type Stub = Parameters<typeof meter>[0];
type Kind = { name: string; path: string; inSession?: boolean; fails?: boolean };

const KINDS: Kind[] = [
  { name: "`POST /api/execute`", path: "/api/execute" },
  { name: "`POST /v1/execute`, in a session it opens", path: "/v1/execute" },
  { name: "in a session that is there", path: "", inSession: true },
  { name: "that is not run, because no sandbox is free", path: "/api/execute", fails: true },
];

/** What so many executions of one kind use, with every alarm that they cause until nothing is due. */
async function useOf({ path, inSession = false, fails = false }: Kind) {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  const answer = (request: RunnerExecuteRequest) =>
    fails ? refusal("busy") : Response.json(reportOf(request));
  let calls = 0;
  const g = gateway(
    sessionRunner(answer).runner,
    bindingsWith(async (_call, make) => {
      calls += 1;
      return await make();
    }),
  );
  const { apiKey, accountId } = await g.open();
  const stub = gateway().account(accountId);
  await stub.change({ ratePerMinute: 20, grant: { id: "grant-1", amountMicro: 10_000_000 } });
  const headers = { Authorization: `Bearer ${apiKey}` };
  const opened = await g.post("/api/sessions", { language: "python" }, headers);
  const { sessionId } = await opened.json<{ sessionId: string }>();
  const to = inSession ? `/api/sessions/${sessionId}/execute` : path;
  const program = inSession ? { code: "print(1)" } : PROGRAM;

  const read = await meter(stub);
  let nowMs = START_MS;
  const all: Use = { calls: 0, rowsRead: 0, rowsWritten: 0 };
  const take = (use: Use) => {
    all.calls += use.calls;
    all.rowsRead += use.rowsRead;
    all.rowsWritten += use.rowsWritten;
  };
  for (let count = 0; count < EXECUTIONS; count += 1) {
    nowMs += APART_MS;
    vi.setSystemTime(nowMs);
    calls = 0;
    const response = await g.run(apiKey, program, to);
    expect(response.status).toBe(fails ? 503 : 200);
    take(read(calls));
    // The platform rings when it is due; here it is asked as often as once a minute.
    if (count % 10 === 9 && (await isDue(stub, nowMs))) {
      await runDurableObjectAlarm(stub);
      take(read(1));
    }
  }
  for (let atMs = await alarmOf(stub); atMs !== null; atMs = await alarmOf(stub)) {
    vi.setSystemTime(Math.max(atMs, nowMs));
    await runDurableObjectAlarm(stub);
    take(read(1));
  }
  const each = (total: number) => total / EXECUTIONS;
  return {
    calls: each(all.calls),
    rowsRead: each(all.rowsRead),
    rowsWritten: each(all.rowsWritten),
  };
}

async function alarmOf(stub: Stub): Promise<number | null> {
  return await runInDurableObject(stub, (_account, { storage }) => storage.getAlarm());
}

async function isDue(stub: Stub, nowMs: number): Promise<boolean> {
  const atMs = await alarmOf(stub);
  return atMs !== null && atMs <= nowMs;
}

/** The table of docs/costs.md. */
async function measuredTable(): Promise<string> {
  const rows: string[] = [];
  for (const kind of KINDS) {
    const use = await useOf(kind);
    // Ids are random, and so is where they fall in an index: rows are told to the nearest one.
    const figures = [use.calls.toFixed(1), use.rowsRead.toFixed(0), use.rowsWritten.toFixed(0)];
    rows.push(`| ${[kind.name, ...figures].join(" | ")} |`);
  }
  const head = ["An execution", "Object calls", "Rows read", "Rows written"];
  const lines = [head, head.map(() => "---")].map((cells) => `| ${cells.join(" | ")} |`);
  return [...lines, ...rows].join("\n");
}

describe("what an execution costs at the platform", () => {
  it("is what docs/costs.md says", { timeout: 120_000 }, async () => {
    const table = await measuredTable();
    const told = /<!-- measured -->\n([\s\S]*?)\n<!-- \/measured -->/.exec(costs)?.[1];
    expect(told, "put the received table between the marks of docs/costs.md").toBe(table);
  });
});
