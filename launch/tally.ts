// Counts what passed and what failed. A check counts like a test; a test file that could not even be
// loaded, and a run that failed for no reason it names, count as a failure each.

import * as z from "zod";

export type Tally = { passed: number; failed: number };

const VitestReport = z.object({
  numPassedTests: z.int(),
  numFailedTests: z.int(),
  testResults: z.array(z.object({ status: z.string(), assertionResults: z.array(z.unknown()) })),
});

/** The tally of a vitest run: its JSON report, or `undefined` when it wrote none, and exit code. */
export function tallyOf(report: unknown, exitCode: number): Tally {
  const parsed = VitestReport.safeParse(report).data;
  if (parsed === undefined) return { passed: 0, failed: 1 };
  const unloaded = parsed.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && assertionResults.length === 0,
  );
  const passed = parsed.numPassedTests;
  const failed = parsed.numFailedTests + unloaded.length;
  const isUnexplained = failed === 0 && (exitCode !== 0 || passed === 0);
  return { passed, failed: isUnexplained ? 1 : failed };
}

/** The line a test run ends with. */
export function tallyLine({ passed, failed }: Tally): string {
  return `${passed} passed, ${failed} failed`;
}
