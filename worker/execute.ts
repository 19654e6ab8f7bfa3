// The heart of the gateway: admit, run, answer, settle. Two calls to the payer's object make one
// execution: the first before the program runs, the second after, off the path of the reply. It is
// registered before the run begins, so a caller who hangs up still pays for what ran, and if this
// Worker dies in between, the hold expires by itself.

import { newId } from "../shared/ids.ts";
import type { LanguageId } from "../shared/languages.ts";
import { priceMicro } from "../shared/money.ts";
import type { ExecutionReport } from "../shared/runner-api.ts";
import type { Admitted } from "./admission.ts";
import { type Call, logTrouble } from "./call.ts";
import { admit, type Payer, payerOf } from "./payer.ts";
import { runOnRunner } from "./runner-client.ts";

/** A program to run, whatever face it came in by. */
export type Program = {
  language: LanguageId;
  code: string;
  stdin?: string;
  runTimeoutMs: number;
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
  const { left } = await admit(call, payer, executionId, heldMicro);
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
  const { outcome, queueMs, wallMs } = report;
  Object.assign(call.line, { outcome, queueMs, runMs: wallMs, chargedMicro });
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

/** The price of what ran. A run may end a little past its timeout; that is never charged. */
function chargeMicro(report: ExecutionReport, heldMicro: number): number {
  return Math.min(priceMicro(report.wallMs), heldMicro);
}
