// What a benchmark run shows and keeps: its options, tables and pictures, and that the figures kept
// in the repository are whole and in step with the pictures beside them.

import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { BENCH_HELP, parseBenchOptions, sizesFor } from "../../bench/options.ts";
import { drawPicture } from "../../bench/picture.ts";
import { PROGRAMS } from "../../bench/programs.ts";
import { aligned, machineLine, reportOf } from "../../bench/report.ts";
import { LATEST, PART_NAMES, Results, readLatest } from "../../bench/results.ts";
import { tablesOf, targetSummary, targetTable } from "../../bench/tables.ts";
import { INTERPRETED } from "../../bench/targets.ts";
import { someResults } from "./kit.ts";

describe("options", () => {
  test("measure everything unless told otherwise", () => {
    expect(parseBenchOptions([])).toEqual({ help: false, rounds: 50, parts: PART_NAMES });
  });

  test("name parts in any order, which are measured in the one that is ours", () => {
    const { parts, rounds } = parseBenchOptions(["--only", "idle, latency", "--rounds", "3"]);
    expect(parts).toEqual(["latency", "idle"]);
    expect(rounds).toBe(3);
  });

  test("are refused when they do not parse", () => {
    for (const rounds of ["0", "-1", "1.5", "many", ""]) {
      expect(() => parseBenchOptions([`--rounds=${rounds}`])).toThrow("--rounds takes");
    }
    expect(() => parseBenchOptions(["--only", "latency,speed"])).toThrow('not "speed"');
    expect(() => parseBenchOptions(["--fast"])).toThrow("npm run bench --");
  });

  test("have a help that names every part", () => {
    for (const part of PART_NAMES) expect(BENCH_HELP).toContain(`\n  ${part} `);
  });

  test("shrink every part below the full number of rounds, but none to nothing", () => {
    const full = {
      ...{ idleWaits: 5, bursts: 3, dockerRuns: 50 },
      ...{ compiledRounds: 20, sustainedMs: 10_000, freezes: 10, keptSessions: 100 },
      ...{ edgeSingle: 2_000, edgeLoadMs: 15_000 },
    };
    expect(sizesFor(50)).toEqual(full);
    expect(sizesFor(1000)).toEqual(full);
    expect(Object.values(sizesFor(1)).every((size) => size >= 1)).toBe(true);
  });
});

describe("the programs", () => {
  test("are one of each language", () => {
    expect(PROGRAMS.map(({ language }) => language).sort()).toEqual([...INTERPRETED].sort());
  });
});

describe("the report", () => {
  test("has a table for each part that was measured and for no other", () => {
    const whole = someResults();
    expect(tablesOf(whole)).toHaveLength(PART_NAMES.length + 1); // cells and files have one each
    const { idle } = whole;
    if (idle === undefined) throw new Error("there is an idle pool");
    expect(tablesOf({ idle }).map(({ title }) => title)).toEqual([
      "Processor time of 25 idle sandboxes in 20 s, in ms",
    ]);
    expect(tablesOf({})).toEqual([]);
  });

  test("has as many cells in a row as in its head", () => {
    for (const { head, rows } of [...tablesOf(someResults()), targetTable(someResults())]) {
      expect(rows.length).toBeGreaterThan(0);
      for (const row of rows) expect(row).toHaveLength(head.length);
    }
  });

  test("marks what was reached and what was missed", () => {
    const text = reportOf(someResults());
    expect(text).toMatch(/edge, in parts of docker exec \(median\) +Bash +1\/8 +at most 1\/8 +✓/);
    expect(text).toMatch(/edge, in parts of docker exec \(median\) +Python +1\/4 +at most 1\/8 +✗/);
    expect(text).toContain("scaled from 25");
    expect(text).toMatch(/what the gateway adds .* gateway +3.5 ms +at most 3 ms +✗/);
    expect(text).toMatch(/one core's worth of gateway +gateway +750 +at least 700 +✓/);
    expect(text).toMatch(/half the load .* gateway +22 ms +at most 25 ms +✓/);
    expect(text).toContain("2 cores (Some <Model> & Co), 24 GB, Linux 6.18.0-1-amd64");
  });

  test("puts together what has one target, each language still by itself", () => {
    const { rows } = targetSummary(someResults());
    expect(rows).toContainEqual([
      "edge, in parts of docker exec (median)",
      "at most 1/8",
      "Bash 1/8 ✓, Python 1/4 ✗",
    ]);
    expect(rows.length).toBeLessThan(targetTable(someResults()).rows.length);
  });

  test("aligns words to the left and figures to the right", () => {
    const lines = [
      ["", "a"],
      ["Python", "1.5"],
      ["Go", "100.5"],
    ];
    expect(aligned(lines)).toBe("               a\n  Python     1.5\n  Go       100.5");
  });
});

describe("the picture", () => {
  const svg = drawPicture(someResults(), "light");

  test("names every language and contestant, and prints every median", () => {
    for (const text of ["Bash", "Python", "through the edge", "docker exec, gVisor"]) {
      expect(svg).toContain(`>${text}<`);
    }
    for (const { p50Ms } of someResults().latency ?? []) {
      expect(svg).toContain(`>${p50Ms.toFixed(p50Ms < 100 ? 1 : 0)} ms<`);
    }
  });

  test("is drawn on a card of its own, light or dark", () => {
    expect(svg).toContain('rx="12" fill="#ffffff"');
    expect(drawPicture(someResults(), "dark")).toContain('rx="12" fill="#111820"');
  });

  test("holds nothing that is not a number where one belongs, and escapes what it is told", () => {
    expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    expect(svg).toContain("Some &lt;Model&gt; &amp; Co");
  });

  test("is the same text for the same figures", () => {
    expect(drawPicture(someResults(), "light")).toBe(svg);
  });

  test("cannot be drawn of nothing", () => {
    const { latency: _, ...rest } = someResults();
    expect(() => drawPicture(rest, "light")).toThrow("no latencies");
  });
});

describe("the figures that are kept", () => {
  test("are whole, but for the part that came after them", () => {
    const results = readLatest();
    const missing = PART_NAMES.filter((part) => results[part] === undefined);
    expect(["", "edge"]).toContain(missing.join(", "));
  });

  test("are in step with the pictures beside them", () => {
    const results = readLatest();
    expect(readFileSync(LATEST.light, "utf8")).toBe(drawPicture(results, "light"));
    expect(readFileSync(LATEST.dark, "utf8")).toBe(drawPicture(results, "dark"));
  });

  test("say nothing of the machine but what bears on them", () => {
    expect(Object.keys(readLatest().machine).sort()).toEqual(
      ["docker", "kernel", "memoryBytes", "model", "node", "processors", "runsc"].sort(),
    );
    expect(readFileSync(LATEST.json, "utf8")).not.toMatch(/\/(home|root|tmp|work|var)\//);
    expect(() => Results.parse({ ...readLatest(), host: "a" })).toThrow();
    expect(machineLine(readLatest().machine)).toMatch(/cores .* Linux .* Docker .* runsc .* Node/);
  });
});
