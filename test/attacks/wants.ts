// The little language in which an attack or a sample says what is to become of it, in its first
// comment line:
//
//   # wants: timeout; timeoutMs=1000; within 1500 ms; stdout starts with "start"
//
// First come the outcomes that are right (`ok|error`; those of a program that was not compiled are
// `compile_error`, `compile_timeout` and so on), then clauses in any order. What a program is given:
// `timeoutMs=N`, `compileTimeoutMs=N`, `stdin "text"`, `args ["one", "two"]`, `named "file"`, `times=N`
// (the run's number is its first argument). What is measured: `within N ms` of wall time, `exit N`,
// `signal NAME`, `stdoutBytes >= N`, `stderrBytes >= N`, `peak <= N MB`. What it printed: `stdout
// is|has|lacks|starts with "text"`, and the same for stderr. Texts are JSON strings; `$HOST_NAME`,
// `$HOST_RELEASE` and `$HOST_CPU` in them stand for what this machine says of itself. What is measured
// and printed is the last stage's that there was. A line that does not parse fails its test.

import { readFileSync } from "node:fs";
import { hostname, release } from "node:os";
import type { ExecutionReport, StageReport } from "../../shared/runner-api.ts";

/** What came of the last stage that there was, and which of them that is. */
export type Result = Omit<StageReport, "outcome"> & { outcome: string };

export type Check = { clause: string; fails: (result: Result) => string | undefined };

export type Wants = {
  timeoutMs: number;
  compileTimeoutMs: number;
  stdin: string;
  args: string[];
  /** What its file is to be called instead of what its language says. */
  name: string | undefined;
  times: number;
  checks: Check[];
};

const TIMEOUT_MS_DEFAULT = 3000;
const COMPILE_TIMEOUT_MS_DEFAULT = 60_000;
/** How a comment begins, in whatever language. */
const COMMENT = /^(?:#|\/\/|--|<\?php \/\/|\/\*) wants: (.+?)(?: \*\/)?$/;

const NOTHING_GIVEN: Omit<Wants, "checks"> = {
  timeoutMs: TIMEOUT_MS_DEFAULT,
  compileTimeoutMs: COMPILE_TIMEOUT_MS_DEFAULT,
  stdin: "",
  args: [],
  name: undefined,
  times: 1,
};

/** Reads the wants out of a program's source. */
export function readWants(source: string): Wants {
  const line = source.slice(0, source.indexOf("\n"));
  const match = COMMENT.exec(line);
  if (match?.[1] === undefined) throw new Error(`the first line states no wants: ${line}`);
  const [outcomes, ...clauses] = splitClauses(match[1]);
  const wants: Wants = { ...NOTHING_GIVEN, checks: [] };
  wants.checks.push(outcomeCheck(outcomes ?? ""));
  for (const clause of clauses) readClause(clause, wants);
  return wants;
}

/** What of `wants` is false of a report, one text each. */
export function problemsOf(report: ExecutionReport, wants: Wants): string[] {
  const result = resultOf(report);
  return wants.checks.flatMap(({ clause, fails }) => {
    const was = fails(result);
    return was === undefined ? [] : [`wants ${clause}, was ${was}`];
  });
}

/** The stage whose end was the program's. */
export function resultOf({ compile, run }: ExecutionReport): Result {
  if (run !== undefined) return run;
  if (compile === undefined) throw new Error("a report of nothing");
  return { ...compile, outcome: `compile_${compile.outcome}` };
}

/** Cuts at every `;` that is not inside a JSON string. */
function splitClauses(text: string): string[] {
  const parts = text.match(/(?:"(?:\\.|[^"\\])*"|[^;"])+/g) ?? [];
  return parts.map((part) => part.trim());
}

function outcomeCheck(outcomes: string): Check {
  const right = outcomes.split("|");
  return check(outcomes, ({ outcome }) => (right.includes(outcome) ? undefined : outcome));
}

function readClause(clause: string, wants: Wants): void {
  for (const [pattern, read] of CLAUSES) {
    const match = pattern.exec(clause);
    if (match !== null) return read(match.slice(1) as string[], wants, clause);
  }
  throw new Error(`a clause nobody understands: ${clause}`);
}

type Read = (parts: string[], wants: Wants, clause: string) => void;

const CLAUSES: readonly (readonly [RegExp, Read])[] = [
  [/^timeoutMs=(\d+)$/, ([ms], wants) => set(wants, { timeoutMs: Number(ms) })],
  [/^compileTimeoutMs=(\d+)$/, ([ms], wants) => set(wants, { compileTimeoutMs: Number(ms) })],
  [/^args (\[.*\])$/, ([args], wants) => set(wants, { args: JSON.parse(args ?? "") })],
  [/^named (".*")$/, ([name], wants) => set(wants, { name: JSON.parse(name ?? "") })],
  [/^times=(\d+)$/, ([times], wants) => set(wants, { times: Number(times) })],
  [/^stdin (".*")$/, ([text], wants) => set(wants, { stdin: JSON.parse(text ?? "") })],
  [/^stdin of (\d+) bytes$/, ([size], wants) => set(wants, { stdin: "x".repeat(Number(size)) })],
  [/^within (\d+) ms$/, number((report, max) => bad(report.wallMs > max, report.wallMs))],
  [/^exit (\d+)$/, number((report, code) => bad(report.exitCode !== code, report.exitCode))],
  [
    /^signal (SIG\w+)$/,
    ([name], wants, clause) =>
      wants.checks.push(check(clause, ({ signal }) => bad(signal !== name, signal))),
  ],
  [
    /^stdoutBytes >= (\d+)$/,
    number((report, min) => bad(report.stdoutBytes < min, report.stdoutBytes)),
  ],
  [
    /^stderrBytes >= (\d+)$/,
    number((report, min) => bad(report.stderrBytes < min, report.stderrBytes)),
  ],
  [
    /^peak <= (\d+) MB$/,
    number((report, max) => bad(report.memoryPeakBytes > max * 1e6, report.memoryPeakBytes)),
  ],
  [/^(stdout|stderr) (is|has|lacks|starts with) (".*")$/, readText],
];

function set(wants: Wants, given: Partial<Wants>): void {
  Object.assign(wants, given);
}

function readText([stream, how, json]: string[], wants: Wants, clause: string): void {
  const text = withHostFacts(JSON.parse(json ?? ""));
  wants.checks.push(
    check(clause, (report) => {
      const written = stream === "stdout" ? report.stdout : report.stderr;
      return bad(!TEXT_TESTS[how as keyof typeof TEXT_TESTS](written, text), written.slice(0, 800));
    }),
  );
}

const TEXT_TESTS = {
  is: (written: string, text: string) => written === text,
  has: (written: string, text: string) => written.includes(text),
  lacks: (written: string, text: string) => text === "" || !written.includes(text),
  "starts with": (written: string, text: string) => written.startsWith(text),
};

function number(test: (report: Result, wanted: number) => string | undefined): Read {
  return ([digits], wants, clause) => {
    wants.checks.push(check(clause, (report) => test(report, Number(digits))));
  };
}

function check(clause: string, fails: Check["fails"]): Check {
  return { clause, fails };
}

function bad(isBad: boolean, was: unknown): string | undefined {
  return isBad ? JSON.stringify(was) : undefined;
}

function withHostFacts(text: string): string {
  const cpu = /^model name\s*:\s*(.+)$/m.exec(readFileSync("/proc/cpuinfo", "utf8"))?.[1] ?? "";
  return text
    .replace("$HOST_NAME", tellingOnly(hostname()))
    .replace("$HOST_RELEASE", tellingOnly(release()))
    .replace("$HOST_CPU", tellingOnly(cpu));
}

/** Names such as `vm` or `unknown` turn up anywhere and would tell nothing. */
function tellingOnly(fact: string): string {
  return fact.length < 6 || fact === "unknown" ? "" : fact;
}
