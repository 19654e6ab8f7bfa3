// What a runner may answer: the one rule that the shapes alone do not tell.

import { describe, expect, it } from "vitest";
import { OUTCOME_NAMES } from "../../shared/outcomes.ts";
import { ExecutionReport } from "../../shared/runner-api.ts";
import { REPORT, STAGE } from "../runner/kit/report.ts";

const isReport = (report: unknown) => ExecutionReport.safeParse(report).success;

describe("a report", () => {
  it("has a run, of whatever outcome", () => {
    for (const outcome of OUTCOME_NAMES) {
      expect(isReport({ ...REPORT, run: { ...STAGE, outcome } })).toBe(true);
    }
  });

  it("has both stages when the first ended well, and none but the first when it did not", () => {
    for (const outcome of OUTCOME_NAMES) {
      const compile = { ...STAGE, outcome, isCached: false };
      expect(isReport({ ...REPORT, compile }), outcome).toBe(outcome === "ok");
      expect(isReport({ ...REPORT, compile, run: undefined }), outcome).toBe(outcome !== "ok");
    }
  });

  it("of nothing at all is none", () => {
    expect(isReport({ ...REPORT, run: undefined })).toBe(false);
  });

  it("says of a compiler whether this is what it said before", () => {
    expect(isReport({ ...REPORT, compile: STAGE })).toBe(false);
  });

  it("has a version that is not too long", () => {
    expect(isReport({ ...REPORT, version: "1".repeat(64) })).toBe(true);
    expect(isReport({ ...REPORT, version: "1".repeat(65) })).toBe(false);
  });
});
