// The heart of the gateway: admit, run, answer, settle. Two calls to the payer's object make one
// execution: the first before the program runs, the second after, off the path of the reply. It is
// registered before the run begins, so a caller who hangs up still pays for what ran, and if this
// Worker dies in between, the hold expires by itself.

import { newId } from "../shared/ids.ts";
import { type LanguageId, languageOf } from "../shared/languages.ts";
import { answerMsMax, HOLD_GRACE_MS } from "../shared/limits.ts";
import { coveredMs, priceMicro } from "../shared/money.ts";
import { type ExecutionReport, outcomeOf, type ProgramFile } from "../shared/runner-api.ts";
import type { Admitted, Hold } from "./admission.ts";
import { type Call, logTrouble } from "./call.ts";
import { admit, type Payer, payerOf } from "./payer.ts";
import { runOnRunner } from "./runner-client.ts";

/** A program to run, whatever face it came in by. */
export type Program = {
  language: LanguageId;
  version?: string;
  /** The first is the program, unless the language finds its main file by what is in them. */
  files: ProgramFile[];
  args?: string[];
  stdin?: string;
  optimize?: boolean;
  runTimeoutMs: number;
  /** Where the whole of `runTimeoutMs` cannot be paid for, at least so much must be. */
  leastRunMs: number;
  compileTimeoutMs: number;
};

/** A program that was run or could not be compiled: what came of it, its cost and what is left. */
export type Executed = {
  executionId: string;
  report: ExecutionReport;
  /** The time it had to run in. */
  runTimeoutMs: number;
  chargedMicro: number;
  left: Admitted["left"];
};

/** Runs a program for whoever the call's credentials say. */
export async function execute(call: Call, program: Program): Promise<Executed> {
  const payer = await payerOf(call);
  const executionId = newId("exec");
  const msMax = answerMsMaxOf(program);
  const { heldMicro, left } = await admit(call, payer, holdOf(executionId, program, msMax));
  call.line.executionId = executionId;

  const { leastRunMs: _, ...job } = program;
  const runTimeoutMs = Math.min(program.runTimeoutMs, coveredMs(heldMicro));
  const request = { ...job, executionId, accountId: payer.id, singleUse: payer.isShared };
  const running = runOnRunner(call, { ...request, runTimeoutMs }, msMax);
  call.ctx.waitUntil(resolve(call, payer, executionId, runTimeoutMs, running));
  const report = await running;

  const chargedMicro = "demoRuns" in left ? 0 : chargeMicro(report, runTimeoutMs);
  note(call, report, chargedMicro);
  if ("demoRuns" in left) return { executionId, report, runTimeoutMs, chargedMicro, left };
  const balanceMicro = left.balanceMicro + heldMicro - chargedMicro;
  return { executionId, report, runTimeoutMs, chargedMicro, left: { balanceMicro } };
}

function holdOf(id: string, { runTimeoutMs, leastRunMs }: Program, msMax: number): Hold {
  return {
    id,
    amountMicro: priceMicro(runTimeoutMs),
    leastMicro: priceMicro(leastRunMs),
    lastsMs: msMax + HOLD_GRACE_MS,
  };
}

/** Nobody waits for the compiler of a language that has none. */
function answerMsMaxOf({ language, runTimeoutMs, compileTimeoutMs }: Program): number {
  const isCompiled = languageOf(language).compile !== undefined;
  return answerMsMax({ runTimeoutMs, compileTimeoutMs: isCompiled ? compileTimeoutMs : 0 });
}

/** Charges a program that ran and returns the hold of one that did not. */
async function resolve(
  call: Call,
  payer: Payer,
  executionId: string,
  runTimeoutMs: number,
  running: Promise<ExecutionReport>,
): Promise<void> {
  try {
    const report = await running.catch(() => undefined);
    const resolved =
      report === undefined
        ? await payer.void(executionId)
        : await payer.settle(executionId, chargeMicro(report, runTimeoutMs));
    if (resolved === "already_expired" || resolved === "unknown_hold") {
      logTrouble(call, `the hold ${executionId} was gone when it was to be resolved: ${resolved}`);
    }
  } catch (thrown) {
    logTrouble(call, `the hold ${executionId} was left to expire: ${thrown}`);
  }
}

/** The price of what ran. A run may end a little past its time; that is never charged, nor is compiling. */
function chargeMicro({ run }: ExecutionReport, runTimeoutMs: number): number {
  return priceMicro(Math.min(run?.wallMs ?? 0, runTimeoutMs));
}

function note(call: Call, report: ExecutionReport, chargedMicro: number): void {
  const { queueMs, compile, run } = report;
  Object.assign(call.line, {
    outcome: outcomeOf(report),
    queueMs,
    ...(compile && { compileMs: compile.wallMs }),
    ...(run && { runMs: run.wallMs }),
    chargedMicro,
  } satisfies Call["line"]);
}
