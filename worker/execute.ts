// The heart of the gateway: admit, run, answer, settle. Two calls to the payer's object make one
// execution: the first before the program runs, the second after, off the path of the reply. It is
// registered before the run begins, so a caller who hangs up still pays for what ran, and if this
// Worker dies in between, the hold expires by itself.

import { newId } from "../shared/ids.ts";
import type { LanguageId } from "../shared/languages.ts";
import { answerMsMax, HOLD_GRACE_MS } from "../shared/limits.ts";
import { priceMicro } from "../shared/money.ts";
import { COMPILE_ERROR } from "../shared/outcomes.ts";
import type { ExecutionReport, ProgramFile } from "../shared/runner-api.ts";
import type { Admitted } from "./admission.ts";
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
  compileTimeoutMs: number;
};

/** A program that ran: what came of it, what it cost and what is left. */
export type Executed = {
  executionId: string;
  report: ExecutionReport;
  chargedMicro: number;
  left: Admitted["left"];
};

/** Runs a program for whoever the call's credentials say. */
export async function execute(call: Call, program: Program): Promise<Executed> {
  const payer = await payerOf(call);
  const executionId = newId("exec");
  const heldMicro = priceMicro(program.runTimeoutMs);
  const lastsMs = answerMsMax(program) + HOLD_GRACE_MS;
  const { left } = await admit(call, payer, { id: executionId, amountMicro: heldMicro, lastsMs });
  call.line.executionId = executionId;

  const running = runOnRunner(call, {
    executionId,
    accountId: payer.id,
    singleUse: payer.isShared,
    ...program,
  });
  call.ctx.waitUntil(resolve(call, payer, executionId, heldMicro, running));
  const report = await running;

  const chargedMicro = "demoRuns" in left ? 0 : chargeMicro(report, heldMicro);
  const { queueMs, compile, run } = report;
  const outcome = run?.outcome ?? COMPILE_ERROR;
  Object.assign(call.line, { outcome, queueMs, runMs: run?.wallMs, chargedMicro });
  if (compile !== undefined) call.line.compileMs = compile.wallMs;
  if ("demoRuns" in left) return { executionId, report, chargedMicro, left };
  const balanceMicro = left.balanceMicro + heldMicro - chargedMicro;
  return { executionId, report, chargedMicro, left: { balanceMicro } };
}

/** Charges a program that ran and returns the hold of one that did not. */
async function resolve(
  call: Call,
  payer: Payer,
  executionId: string,
  heldMicro: number,
  running: Promise<ExecutionReport>,
): Promise<void> {
  try {
    const report = await running.catch(() => undefined);
    if (report === undefined) await payer.void(executionId);
    else await payer.settle(executionId, chargeMicro(report, heldMicro));
  } catch (thrown) {
    logTrouble(call, `the hold ${executionId} was left to expire: ${thrown}`);
  }
}

/** The price of what ran. A run may end a little past its timeout; that is never charged, nor is compiling. */
function chargeMicro({ run }: ExecutionReport, heldMicro: number): number {
  return Math.min(priceMicro(run?.wallMs ?? 0), heldMicro);
}
