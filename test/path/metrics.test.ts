// What a real runner tells of itself on its metrics port after real executions.

import { describe, expect, it } from "vitest";
import { startRunner } from "../kit/runner-process.ts";

describe("a runner with a metrics port", () => {
  it("counts its executions, its sandboxes and how they were come by", async () => {
    const runner = await startRunner({ settings: { METRICS_PORT: "0" } });
    try {
      const program = { accountId: "a", language: "bash", code: "echo 1" };
      await runner.run(program);
      await runner.settle("bash");
      await runner.run(program);
      await runner.run({ ...program, code: "exit 3" });
      const text = await (
        await fetch(`http://127.0.0.1:${runner.said("metrics")?.port}/metrics`)
      ).text();
      expect(figureOf(text, 'coderunner_executions_total{language="bash",outcome="ok"}')).toBe(2);
      expect(figureOf(text, 'coderunner_executions_total{language="bash",outcome="error"}')).toBe(
        1,
      );
      const own = 'coderunner_sandbox_takes_total{kind="bash",sandbox="own",when="at once"}';
      expect(figureOf(text, own)).toBeGreaterThanOrEqual(1);
      expect(figureOf(text, 'coderunner_sandboxes{kind="python",state="unowned"}')).toBe(1);
      expect(figureOf(text, 'coderunner_sandbox_start_seconds_count{kind="bash"}')).toBeGreaterThan(
        0,
      );
    } finally {
      expect(await runner.stop()).toBe(0);
    }
  });
});

function figureOf(text: string, series: string): number {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return Number(line?.split(" ").at(-1));
}
