// The gateway and its objects together, with many callers at once: whatever calls to an account are
// lost on the way there or on the way back, and however runners answer, what is paid is what was run.
// How to repeat what fails is said in ledger-property.test.ts.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import * as fc from "fast-check";
import { afterEach, expect, it, vi } from "vitest";
import { CREDIT_MICRO, priceMicro } from "../../shared/money.ts";
import { RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { gateway, PROGRAM, REPORT, type Runner, STAGE } from "./kit/gateway.ts";
import { checkLedger, type Entry } from "./kit/ledger.ts";
import { must } from "./kit/must.ts";
import { bindingsWith, lost } from "./kit/object-calls.ts";
import { propertySettings } from "./kit/property.ts";

afterEach(() => void vi.useRealTimers());

const START_MS = Date.UTC(2100, 0);
const LONG_AFTER_MS = 3_600_000;
const CREDITS = 50;

/** Where a call gets lost, and whether the platform says it may be made again. */
type Loss = { where: "there" | "back"; retryable: boolean } | undefined;

/** How one execution goes. */
type Course = {
  path: "/api/execute" | "/v1/execute";
  runner: { wallMs: number } | "busy" | "fault" | "gone";
  admission: Loss;
  resolution: Loss;
};

const loss: fc.Arbitrary<Loss> = fc.oneof(
  { weight: 5, arbitrary: fc.constant(undefined) },
  {
    weight: 2,
    arbitrary: fc.record({
      where: fc.constantFrom("there" as const, "back" as const),
      retryable: fc.boolean(),
    }),
  },
);
const course: fc.Arbitrary<Course> = fc.record({
  path: fc.constantFrom("/api/execute" as const, "/v1/execute" as const),
  runner: fc.oneof(
    { weight: 5, arbitrary: fc.record({ wallMs: fc.integer({ min: 0, max: 70_000 }) }) },
    { weight: 2, arbitrary: fc.constantFrom("busy" as const, "fault" as const, "gone" as const) },
  ),
  admission: loss,
  resolution: loss,
});

/** What is known of an execution when all is over. */
type Told = { course: Course; status: number; charged: number | undefined };

const { runs, ...repeated } = propertySettings(40);

it(`takes what ran and nothing else, ${runs} times`, { timeout: 600_000 }, async () => {
  vi.useFakeTimers({ toFake: ["Date"], now: START_MS });
  vi.spyOn(console, "error").mockReturnValue();
  const count = { executions: 0, ran: 0, lost: 0 };
  const property = fc.asyncProperty(
    fc.array(course, { minLength: 1, maxLength: 10 }),
    fc.scheduler(),
    async (courses, order) => {
      vi.setSystemTime(START_MS);
      const { apiKey, accountId } = await gateway().open();
      const account = gateway().account(accountId);
      await account.change({ ratePerMinute: 1000 });
      const ran = new Map<number, string[]>();

      const all = courses.map(async (each, index): Promise<Told> => {
        const tried = new Set<string>();
        const g = gateway(
          runnerOf(each, order, (id) => void ran.set(index, [...(ran.get(index) ?? []), id])),
          bindingsWith(async ({ method }, make) => {
            const isAgain = tried.has(method);
            tried.add(method);
            const wanted = method === "admit" ? each.admission : each.resolution;
            const fate = isAgain ? undefined : wanted;
            await order.schedule(Promise.resolve(), `${method} of ${index}`);
            return await meet(fate, make);
          }),
        );
        const response = await g.run(apiKey, PROGRAM, each.path);
        const { status } = response;
        const body = await response.json<{ credits?: { charged: number } }>();
        return { course: each, status, charged: body.credits?.charged };
      });
      const told = await order.waitFor(Promise.all(all));

      vi.setSystemTime(START_MS + LONG_AFTER_MS);
      await runDurableObjectAlarm(account);
      const entries = await runInDurableObject(account, (_account, { storage: { sql } }) => {
        must(sql.exec("SELECT * FROM hold").toArray().length === 0, "nothing is held for ever");
        return sql.exec<Entry>("SELECT * FROM entry ORDER BY number").toArray();
      });
      checkLedger(entries);
      let spent = 0;
      for (const [index, one] of told.entries()) {
        const ids = ran.get(index) ?? [];
        must(ids.length <= 1, "nothing runs twice", index);
        const charged = chargedFor(entries, ids[0]);
        spent += charged;
        checkOne(one, ids.length === 1, charged);
        count.executions += 1;
        count.ran += ids.length;
        count.lost += Number(
          one.course.admission !== undefined || one.course.resolution !== undefined,
        );
      }
      const left = (entries.at(-1)?.balance_micro ?? 0) / CREDIT_MICRO;
      must(left === CREDITS - spent, "what is left is what was not spent", left, spent);
    },
  );
  await fc.assert(property, { numRuns: runs, ...repeated });
  console.log(JSON.stringify({ runs, ...count }));
  expect(count.ran).toBeGreaterThan(runs);
  expect(count.lost).toBeGreaterThan(runs);
});

function runnerOf({ runner }: Course, order: fc.Scheduler, onRun: (id: string) => void): Runner {
  return async (request) => {
    const { executionId } = RunnerExecuteRequest.parse(await request.json());
    await order.schedule(Promise.resolve(), `answer to ${executionId}`);
    if (runner === "gone") throw new Error("connect ECONNREFUSED");
    if (typeof runner === "object") {
      onRun(executionId);
      return Response.json({ ...REPORT, run: { ...STAGE, wallMs: runner.wallMs } });
    }
    const code = runner === "busy" ? "busy" : "runner_fault";
    return Response.json({ error: { code, message: "from the runner" } }, { status: 503 });
  };
}

/** Has a call meet its fate. */
async function meet(fate: Loss, make: () => Promise<unknown>): Promise<unknown> {
  if (fate === undefined) return await make();
  if (fate.where === "back") await make();
  throw lost(fate.retryable);
}

function chargedFor(entries: readonly Entry[], id: string | undefined): number {
  const own = entries.filter((entry) => entry.id === id);
  return own.reduce((sum, { amount_micro }) => sum - amount_micro, 0) / CREDIT_MICRO;
}

function checkOne({ course, status, charged }: Told, hasRun: boolean, paid: number): void {
  const { admission, resolution, runner, path } = course;
  if (!hasRun) {
    must(status !== 200, "what did not run is not answered as if it had", status);
    must(paid === 0, "what did not run costs nothing", paid);
    return;
  }
  must(status === 200, "what has run is answered", status);
  must(admission === undefined || admission.retryable, "a lost admission runs nothing");
  const longestMs = path === "/api/execute" ? 30_000 : 300_000;
  const wallMs = typeof runner === "object" ? Math.min(runner.wallMs, longestMs) : 0;
  const price = priceMicro(wallMs) / CREDIT_MICRO;
  must(charged !== undefined && charged <= price, "no more is asked for than the price", charged);
  const isLost = resolution !== undefined && !resolution.retryable && resolution.where === "there";
  must(paid === (isLost ? 0 : charged), "what is paid is what the caller was told", paid);
}
