// Executions that can be found by their id while they run and, some of them, for a while after.

import { describe, expect, it } from "vitest";
import { Execution, Executions } from "../../runner/executions.ts";
import { Failure } from "../../shared/errors.ts";
import type { ExecutionEvent, RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { REPORT } from "./kit/report.ts";

const REQUEST: RunnerExecuteRequest = {
  executionId: "exec-1",
  accountId: "a",
  language: "python",
  files: [{ name: "main.py", content: "" }],
  runTimeoutMs: 1000,
  compileTimeoutMs: 1000,
};

/** An execution that has begun, what its sandbox was told, and how to end it. */
async function begun({ isKept = false } = {}) {
  const executions = new Executions();
  const told: string[] = [];
  const events: ExecutionEvent[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<typeof REPORT>();
  const execution = new Execution(REQUEST, (event) => events.push(event));
  const ran = executions.run(execution, { isKept: () => isKept }, async () => {
    execution.begin("3.13.5", {
      interrupt: () => told.push("interrupt"),
      feed: (data, { isEnd }) => told.push(`${data} ${isEnd}`),
    });
    return await promise;
  });
  ran.catch(() => undefined);
  return { executions, execution, told, events, ran, end: resolve, fail: reject };
}

const codeOf = (act: () => unknown) => {
  try {
    act();
    return undefined;
  } catch (thrown) {
    return thrown instanceof Failure ? thrown.code : thrown;
  }
};

describe("an execution", () => {
  it("is found while it runs, by its account, and by nobody after", async () => {
    const { executions, told, ran, end } = await begun();
    executions.running("exec-1", "a").feed(Buffer.from("x"), { isEnd: true });
    executions.running("exec-1", "a").interrupt();
    expect(told).toEqual(["x true", "interrupt"]);
    expect(executions.state("exec-1", "a")).toEqual({ state: "running" });
    for (const [id, account] of [["exec-1", "b"] as const, ["exec-2", "a"] as const]) {
      expect(codeOf(() => executions.running(id, account))).toBe("unknown_execution");
      expect(codeOf(() => executions.state(id, account))).toBe("unknown_execution");
    }
    end(REPORT);
    expect(await ran).toBe(REPORT);
    expect(codeOf(() => executions.running("exec-1", "a"))).toBe("unknown_execution");
    expect(codeOf(() => executions.state("exec-1", "a"))).toBe("unknown_execution");
  });

  it("leaves its report, where it is to be kept, to its account", async () => {
    const { executions, ran, end } = await begun({ isKept: true });
    end(REPORT);
    await ran;
    expect(executions.state("exec-1", "a")).toEqual({ state: "ended", report: REPORT });
    expect(codeOf(() => executions.running("exec-1", "a"))).toBe("not_running");
    expect(codeOf(() => executions.state("exec-1", "b"))).toBe("unknown_execution");
  });

  it("leaves why there is no report, without anything internal", async () => {
    const { executions, ran, fail } = await begun({ isKept: true });
    fail(new Failure("runner_fault", { detail: "secret" }));
    await expect(ran).rejects.toThrow();
    const state = executions.state("exec-1", "a");
    expect(state).toMatchObject({ state: "ended", error: { code: "runner_fault" } });
    expect(JSON.stringify(state)).not.toContain("secret");
  });

  it("is not begun any more once it was interrupted", () => {
    const execution = new Execution(REQUEST);
    execution.interrupt();
    const runs = { interrupt: () => undefined, feed: () => undefined };
    expect(codeOf(() => execution.begin("1", runs))).toBe("conflict");
  });

  it("takes no input before it has begun", () => {
    const execution = new Execution(REQUEST);
    expect(codeOf(() => execution.feed(Buffer.from("x"), { isEnd: false }))).toBe("not_running");
  });

  it("is refused under an id that is in use", async () => {
    const { executions } = await begun();
    const again = executions.run(
      new Execution(REQUEST),
      { isKept: () => false },
      async () => REPORT,
    );
    await expect(again).rejects.toThrow("in use");
  });

  it("says what it says as events, with no character cut in two", async () => {
    const { execution, events } = await begun();
    const listener = execution.listenerFor?.("run");
    const bytes = Buffer.from("aü\n");
    listener?.onOutput("stdout", bytes.subarray(0, 2));
    listener?.onOutput("stderr", Buffer.from([0xff]));
    listener?.onOutput("stdout", bytes.subarray(2));
    listener?.onShown({ kind: "value", data: { "text/plain": "1" } });
    expect(events).toEqual([
      { type: "start", version: "3.13.5" },
      { type: "stdout", stage: "run", text: "a" },
      { type: "stderr", stage: "run", text: "\ufffd" },
      { type: "stdout", stage: "run", text: "ü\n" },
      { type: "shown", value: { kind: "value", data: { "text/plain": "1" } } },
    ]);
  });
});
