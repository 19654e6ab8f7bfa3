// The heart of the gateway: admit, run, answer, settle. Two calls to the payer's object make one
// execution: the first before the program runs, the second after, off the path of the reply. It is
// registered before the run begins, so a caller who hangs up still pays for what ran, and if this
// Worker dies in between, the hold expires by itself. Whether the answer comes whole or as a stream
// makes no difference to any of this.

import { asFailure, type ErrorCode, Failure, type SessionEnding } from "../shared/errors.ts";
import { newId, newSessionId } from "../shared/ids.ts";
import { type LanguageId, languageOf } from "../shared/languages.ts";
import { answerMsMax, HOLD_GRACE_MS } from "../shared/limits.ts";
import { coveredMs, priceMicro } from "../shared/money.ts";
import {
  type ExecutionReport,
  outcomeOf,
  type ProgramFile,
  type RunnerExecuteRequest,
} from "../shared/runner-api.ts";
import type { Report } from "./account/runs.ts";
import type { Admitted, Hold, Intent, Left, Repeated } from "./admission.ts";
import { type Call, logTrouble } from "./call.ts";
import { relieve } from "./courier/entrust.ts";
import { settingsOf } from "./env.ts";
import { BrokenOff } from "./events.ts";
import { failureIn, keptOf, pastOf } from "./history.ts";
import { inProgress, noteReplay } from "./idempotency.ts";
import { admit, type Payer, payerOf } from "./payer.ts";
import { executionOnRunner, type Listener, runOnRunner, streamOnRunner } from "./runner-client.ts";
import { endingOf, failureOfRunner, OF_EXECUTING } from "./runner-failure.ts";

/** A program to run, whatever face it came in by. */
export type Program = {
  language: LanguageId;
  version?: string;
  /** The first is the program, unless the language finds its main file by what is in them. */
  files: ProgramFile[];
  /** Whether the first is no file of the caller's but a text. */
  isSnippet: boolean;
  args?: string[];
  stdin?: string;
  optimize?: boolean;
};

/** The times of an execution. */
export type Times = {
  runTimeoutMs: number;
  /** Where the whole of `runTimeoutMs` cannot be paid for, at least so much must be. */
  leastRunMs: number;
  compileTimeoutMs: number;
};

/** What is asked for: a program, and how and where it is to run. */
export type Order = {
  /** Absent where it is the session's. */
  language?: LanguageId;
  /** Throws a Failure when the files cannot be a program in this language. */
  programIn: (language: LanguageId) => Program;
  times: Times;
  /** One that is there, by its id, or one to be opened for whoever has a key. Else it runs by itself. */
  session?: { id: string } | "new";
  wishes: Pick<RunnerExecuteRequest, "outputFiles" | "openStdin" | "detach">;
  /** Where to tell that it has ended. */
  webhook?: string;
};

/** A program that was run or could not be compiled: what came of it, its cost and what is left. */
export type Executed = {
  executionId: string;
  sessionId: string | undefined;
  language: LanguageId;
  report: ExecutionReport;
  /** The time it had to run in. */
  runTimeoutMs: number;
  chargedMicro: number;
  left: Left;
};

/** An execution that was let through. */
export type Begun = {
  executionId: string;
  sessionId: string | undefined;
  opensSession: boolean;
  order: Order;
  payer: Payer;
  admitted: Admitted;
  runTimeoutMs: number;
  msMax: number;
  /** When a streamed program began to run, and in which version of its language. */
  started?: { atMs: number; version: string };
  /** Whether somebody else sees to its end where we do not. */
  isEntrusted?: boolean;
  /** Whether its caller has been told of it. */
  isAnswered?: boolean;
};

/** What is told of an execution that has begun. */
export type Started = Pick<Executed, "executionId" | "sessionId" | "language">;

/** We have lost sight of an execution that may run on, and that somebody else looks after. */
export class LostSight extends Failure {}

/** How an execution fails that may have run all the same. */
const UNCERTAIN: readonly ErrorCode[] = ["no_runner", "runner_fault", "internal"];

const LEFT_REPORT_WAITS_MS = [100, 200, 400, 800, 1600, 3200];

/** Runs a program for whoever the call's credentials say. */
export async function execute(call: Call, order: Order): Promise<Executed> {
  const begun = await begin(call, order);
  if ("repeats" in begun) return await executedBefore(call, begun);
  return await follow(call, begun, run(call, begun));
}

/**
 * Runs a program that was let through, with everything told to `tell` as it happens. `signal` is for a
 * caller who has hung up: what runs is interrupted then, and paid for like anything that ran.
 */
export async function executeLive(
  call: Call,
  begun: Begun,
  live: { signal: AbortSignal; tell: Listener },
): Promise<Executed> {
  return await follow(call, begun, runLive(call, begun, live));
}

/** What came of an execution that was asked for before, under the same key. */
export async function executedBefore(call: Call, { repeats }: Repeated): Promise<Executed> {
  const { execution, executed } = await pastOf(repeats);
  if (executed !== undefined) {
    noteReplay(call);
    return executed;
  }
  const code = failureIn(execution);
  if (code === undefined) throw inProgress();
  noteReplay(call);
  throw new Failure(code);
}

/**
 * Has an execution let through, or throws the Failure that says why not. What was asked for before
 * is not begun again, and waited for unless it goes on by itself.
 */
export async function begin(call: Call, order: Order): Promise<Begun | Repeated> {
  const payer = await payerOf(call);
  const executionId = newId("exec");
  const session = sessionFor(order, payer);
  const msMax = answerMsMaxOf(order);
  const { times, language } = order;
  const intent: Intent = {
    runner: settingsOf(call.env).RUNNER_ID,
    runTimeoutMs: times.runTimeoutMs,
    ...(language !== undefined && { language }),
    ...(session !== undefined && { session }),
  };
  const hold = holdOf(executionId, times, msMax);
  const isAwaited = order.wishes.detach !== true;
  const admitted = await admit(call, payer, hold, { intent, isAwaited });
  if ("repeats" in admitted) {
    call.line.executionId = admitted.repeats.execution.id;
    return admitted;
  }
  call.line.executionId = executionId;
  if (session !== undefined) call.line.sessionId = session.id;
  const runTimeoutMs = Math.min(times.runTimeoutMs, coveredMs(admitted.heldMicro));
  const { id: sessionId, opens: opensSession = false } = session ?? {};
  return { executionId, sessionId, opensSession, order, payer, admitted, runTimeoutMs, msMax };
}

/** Refuses what strangers cannot have: they share no session, nor can they come back for anything. */
export function refuseForStrangers({ session, wishes }: Order): void {
  if (typeof session === "object") throw needsKey("A session");
  if (wishes.detach) throw needsKey("An execution that goes on by itself");
  if (wishes.openStdin) throw needsKey("An execution with an open input");
}

function sessionFor(order: Order, payer: Payer): Intent["session"] {
  if (payer.isShared) refuseForStrangers(order);
  const { session } = order;
  if (session === undefined || (session === "new" && payer.isShared)) return undefined;
  return session === "new" ? { id: newSessionId(), opens: true } : { ...session, opens: false };
}

function needsKey(what: string): Failure {
  const message = `${what} needs a key; get a free one with POST /api/keys.`;
  return new Failure("unauthorized", { message });
}

function holdOf(id: string, { runTimeoutMs, leastRunMs }: Times, msMax: number): Hold {
  return {
    id,
    amountMicro: priceMicro(runTimeoutMs),
    leastMicro: priceMicro(leastRunMs),
    lastsMs: msMax + HOLD_GRACE_MS,
  };
}

/** Nobody waits for the compiler of a language that has none. */
function answerMsMaxOf({ language, times }: Order): number {
  const { runTimeoutMs, compileTimeoutMs } = times;
  const isCompiled = language === undefined || languageOf(language).compile !== undefined;
  return answerMsMax({ runTimeoutMs, compileTimeoutMs: isCompiled ? compileTimeoutMs : 0 });
}

async function run(call: Call, begun: Begun): Promise<ExecutionReport> {
  return await runOnRunner(call, requestOf(begun), begun.msMax);
}

async function runLive(
  call: Call,
  begun: Begun,
  live: { signal: AbortSignal; tell: Listener },
): Promise<ExecutionReport> {
  const { msMax } = begun;
  const tell: Listener = (event) => {
    if (event.type === "start") begun.started = { atMs: Date.now(), version: event.version };
    live.tell(event);
  };
  try {
    return await streamOnRunner(call, requestOf(begun), { msMax, signal: live.signal, tell });
  } catch (thrown) {
    if (!(thrown instanceof BrokenOff)) throw thrown;
    const left = await leftReport(call, begun);
    if (left instanceof Failure) throw left;
    if (left !== undefined) return left;
    const { code, detail } = thrown.failure;
    if (!begun.isEntrusted) throw thrown.failure;
    const message = `The execution ${begun.executionId} was lost sight of; what comes of it is told by its id, and charged then.`;
    throw new LostSight(code, { message, detail });
  }
}

/**
 * What the runner has kept of an execution whose stream broke off: a report, or why there is none.
 * Soon there is something or nothing.
 */
async function leftReport(
  call: Call,
  { payer, executionId }: Begun,
): Promise<ExecutionReport | Failure | undefined> {
  for (const waitMs of LEFT_REPORT_WAITS_MS) {
    await scheduler.wait(waitMs);
    const left = await executionOnRunner(call, payer.id, executionId).catch(() => undefined);
    if (left === undefined) return undefined;
    if ("error" in left) return failureOfRunner(left.error, "for it", OF_EXECUTING);
    if ("report" in left) return left.report;
  }
  return undefined;
}

function requestOf(begun: Begun): RunnerExecuteRequest {
  const { order, payer, executionId, sessionId, opensSession, runTimeoutMs, admitted } = begun;
  const { isSnippet, ...program } = order.programIn(admitted.language);
  return {
    ...program,
    ...order.wishes,
    ...(sessionId !== undefined && {
      sessionId,
      ...(opensSession && { opensSession }),
      ...(isSnippet && { isSnippet }),
    }),
    executionId,
    accountId: payer.id,
    singleUse: payer.isShared,
    runTimeoutMs,
    compileTimeoutMs: order.times.compileTimeoutMs,
  };
}

/** Waits for the report, and sees to it that it is paid for, whoever else waits. */
async function follow(
  call: Call,
  begun: Begun,
  running: Promise<ExecutionReport>,
): Promise<Executed> {
  call.ctx.waitUntil(resolve(call, begun, running));
  const { executionId, sessionId, runTimeoutMs, admitted } = begun;
  const { left, heldMicro, language } = admitted;
  const report = await running;
  const chargedMicro = chargedOf(left, chargeMicro(report, runTimeoutMs));
  note(call, report, chargedMicro);
  const executed = { executionId, sessionId, language, report, runTimeoutMs, chargedMicro };
  if (!("balanceMicro" in left)) return { ...executed, left };
  return { ...executed, left: { balanceMicro: left.balanceMicro + heldMicro - chargedMicro } };
}

/** What an execution cost: nothing in a demo, and all of what was paid for it alone. */
function chargedOf(left: Left, dueMicro: number): number {
  if ("paidMicro" in left) return left.paidMicro;
  return "demoRuns" in left ? 0 : dueMicro;
}

/** Charges a program that ran and returns the hold of one that did not. */
async function resolve(call: Call, begun: Begun, running: Promise<ExecutionReport>): Promise<void> {
  const { payer, executionId } = begun;
  try {
    const ended = await running.catch(asFailure);
    if (ended instanceof LostSight) return;
    const due = await dueFor(begun, ended);
    const resolved =
      "chargeMicro" in due
        ? await payer.settle(executionId, due.chargeMicro, due.report)
        : await payer.void(executionId, due.ending, due.failure);
    if (begun.isEntrusted && isCertain(ended)) {
      await relieve(call, payer.id, { executionId, isAnswered: begun.isAnswered === true });
    }
    if (resolved === "already_expired" || resolved === "unknown_hold") {
      logTrouble(call, `the hold ${executionId} was gone when it was to be resolved: ${resolved}`);
    }
  } catch (thrown) {
    logTrouble(call, `the hold ${executionId} was left to expire: ${thrown}`);
  }
}

/** Whether there can be nothing more to hear of an execution from its runner. */
function isCertain(ended: ExecutionReport | Failure): boolean {
  return !(ended instanceof Failure) || !UNCERTAIN.includes(ended.code);
}

type Due =
  | { chargeMicro: number; report: Report }
  | { ending: SessionEnding | undefined; failure: ErrorCode };

/**
 * What is due for an execution. Who deletes a session while a program runs in it has ended that by
 * choice, and there is no report of it: it ran for as long as its runner says, or, of one that was
 * telling what it did, our clock.
 */
async function dueFor(begun: Begun, ended: ExecutionReport | Failure): Promise<Due> {
  const { runTimeoutMs, started } = begun;
  if (!(ended instanceof Failure)) {
    return { chargeMicro: chargeMicro(ended, runTimeoutMs), report: await reportOf(ended, begun) };
  }
  const ranMs = ended.ranMs ?? (started && Date.now() - started.atMs);
  if (ended.code !== "session_deleted" || ranMs === undefined) {
    return { ending: endingOf(ended), failure: ended.code };
  }
  const report = cutShort(ended.code, started?.version);
  return { chargeMicro: chargeOfMs(ranMs, runTimeoutMs), report };
}

/** How an execution ended that ran, and was ended by a choice that left no report of it. */
export function cutShort(failure: ErrorCode, version?: string): Report {
  return { outcome: "signal", failure, ...(version !== undefined && { version }) };
}

/** What the payer is told of a run; strangers have no history. */
async function reportOf(
  report: ExecutionReport,
  { admitted: { left, heldMicro }, runTimeoutMs }: Begun,
): Promise<Report> {
  const told = { outcome: outcomeOf(report), version: report.version };
  if (!("balanceMicro" in left)) return told;
  const leftMicro = left.balanceMicro + heldMicro - chargeMicro(report, runTimeoutMs);
  return { ...told, kept: await keptOf(report, leftMicro) };
}

/** The price of what ran. A run may end a little past its time; that is never charged, nor is compiling. */
export function chargeMicro({ run }: ExecutionReport, runTimeoutMs: number): number {
  return chargeOfMs(run?.wallMs ?? 0, runTimeoutMs);
}

/** The same of a program without a report. */
export function chargeOfMs(ranMs: number, runTimeoutMs: number): number {
  return priceMicro(Math.min(ranMs, runTimeoutMs));
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
