// One account that lives through whatever happens, with what must be true of it checked after every
// step. What each call must answer is told beforehand from the books and a few facts beside them; what
// the account itself believes is never asked.

import { vi } from "vitest";
import {
  IMPLICIT_SESSIONS_MAX,
  RATE_PER_MINUTE as RATES,
  SESSIONS_MAX,
} from "../../../shared/limits.ts";
import { CREDIT_MICRO } from "../../../shared/money.ts";
import type { Account } from "../../../worker/account/account.ts";
import type { Booking } from "../../../worker/account/money-in.ts";
import type { Intent } from "../../../worker/admission.ts";
import { type Bench, Faulted } from "./bench.ts";
import { Books, ratePerMinuteOf } from "./books.ts";
import { type Deed, type Fault, PARTS, type Step } from "./deeds.ts";
import { KeyRing } from "./key-ring.ts";
import { must } from "./must.ts";

/** Far ahead, because the platform rings alarms of the past at once, by its own clock. */
export const START_MS = Date.UTC(2100, 0);
export const FIRST_KEY = "key-0";

const REPORT = { outcome: "ok", version: "3.13.5" };
const RESOLVED: Record<string, string> = {
  settle: "already_settled",
  void: "already_voided",
  expire: "already_expired",
};
/** More alarms than anything in one life may take. */
const RINGS_MAX = 500;

type Request = Parameters<Account["admit"]>[0];

type HoldRow = { id: string; amount_micro: number; expires_at_ms: number };

export class Life {
  readonly #bench: Bench;
  readonly #sql: SqlStorage;
  readonly #books: Books;
  readonly #requests: Request[] = [];
  readonly #sessions: string[] = [];
  readonly #ring = new KeyRing(FIRST_KEY);
  #account: Account;
  #ratePerMinute: number = RATES.free;
  #nowMs = START_MS;
  #named = 0;

  constructor(bench: Bench) {
    this.#bench = bench;
    this.#sql = bench.state.storage.sql;
    this.#books = new Books(this.#sql);
    this.#clock(0);
    this.#account = bench.wake();
    this.#books.read(this.#ratePerMinute);
  }

  /** What alarms threw that was not meant to be. They say so only when they are waited for. */
  readonly troubles: unknown[] = [];
  /** How many executions were let through, how many were refused, and how often it owed. */
  readonly count = { admitted: 0, refused: 0, faults: 0, owing: 0 };

  step({ deed, fault }: Step): void {
    const done = this.#act(deed, fault);
    if (done !== undefined) {
      this.count.faults += 1;
      if (done === "crash") this.#account = this.#bench.wake();
    }
    this.#check();
  }

  /** Nobody asks any more; alarms alone have to bring everything that is open to its end. */
  end(): void {
    for (let rings = 0; this.#holds().length > 0; rings += 1) {
      must(rings < RINGS_MAX, "alarms come to an end", rings);
      const atMs = this.#bench.alarmAtMs;
      must(atMs !== undefined, "what is open has an alarm to come");
      this.#clock(Math.max(0, atMs - this.#nowMs));
      this.#ringAlarm(undefined);
      this.#check();
    }
    must(this.#books.open().size === 0, "every hold is resolved in the end");
  }

  #act(deed: Deed, fault: Fault | undefined): Fault["kind"] | undefined {
    switch (deed.do) {
      case "admit":
        return this.#admit(this.#requestOf(deed), fault);
      case "admitAgain":
        return this.#requests.length === 0
          ? undefined
          : this.#admit(this.#pick(this.#requests, deed.which), fault);
      case "settle":
        return this.#settle(deed, fault);
      case "void":
        return this.#void(deed, fault);
      case "settleLate":
        return this.#settleLate(deed, fault);
      case "grant":
        return this.#change({ grant: { id: `grant-${deed.id}`, amountMicro: deed.micro } }, fault);
      case "terms":
        return this.#change({ plan: deed.plan, ratePerMinute: deed.ratePerMinute }, fault);
      case "book":
        return this.#book(deed.booking, fault);
      case "openSession":
        return this.#openSession(fault);
      case "deleteSession":
        return this.#faultOf(fault, () => {
          const id = this.#pick(this.#sessions, deed.which) ?? this.#freshSession();
          return this.#account.deleteSession(this.#anyKey(), id);
        });
      case "rotateKey":
        return this.#rotate(deed, fault);
      case "revokeKey":
        return this.#revoke(deed, fault);
      case "wait":
        this.#clock(deed.ms);
        return deed.rings && this.#isDue() ? this.#ringAlarm(fault) : undefined;
      case "ring":
        return this.#ringAlarm(fault);
      case "restart":
        this.#account = this.#bench.wake();
        return undefined;
    }
  }

  #admit(request: Request, fault: Fault | undefined): Fault["kind"] | undefined {
    const wanted = this.#admissionOf(request);
    const before = this.#books.balanceMicro;
    const done = this.#bench.under(fault, () => this.#account.admit(request));
    const isThere = this.#books.holds.has(request.hold.id);
    this.#books.read(this.#ratePerMinute);
    if ("fault" in done) {
      const isNow = this.#books.holds.has(request.hold.id);
      must(isNow === isThere, "a call that failed has reserved nothing", request.hold.id);
      return done.fault;
    }
    const { answer } = done;
    this.count[answer.ok ? "admitted" : "refused"] += 1;
    const isIn = request.intent.session?.opens === false;
    const isDeadEnd = !answer.ok && /session/.test(answer.code);
    const code = answer.ok ? "ok" : answer.code;
    must(code === wanted || (isIn && isDeadEnd), `it is answered ${wanted}`, code);
    const { balanceMicro } = this.#books;
    if (!answer.ok) {
      must(balanceMicro === before, "what is refused costs nothing", balanceMicro);
      return undefined;
    }
    if ("repeats" in answer) throw new Error("an admission repeats one that had no claim");
    const heldMicro = this.#books.openMicro(request.hold.id);
    must(heldMicro === answer.heldMicro, "what is let through has an open hold", heldMicro);
    const leftMicro = "balanceMicro" in answer.left ? answer.left.balanceMicro : undefined;
    must(leftMicro === balanceMicro, "the caller is told what is left", leftMicro);
    return undefined;
  }

  /** What a request must come to, were it for its session alone. */
  #admissionOf({ keyHash, hold }: Request): string {
    if (!this.#ring.isLive(keyHash, this.#nowMs)) return "invalid_key";
    const known = this.#books.holds.get(hold.id);
    if (known !== undefined) return known.ending === undefined ? "ok" : "conflict";
    const rate = this.#books.admittedWithin(this.#nowMs);
    if (rate >= this.#ratePerMinute) return "rate_limited";
    const { balanceMicro } = this.#books;
    return balanceMicro < Math.min(hold.amountMicro, hold.leastMicro) ? "no_credits" : "ok";
  }

  #settle(
    { which, parts, reports }: Extract<Deed, { do: "settle" }>,
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const id = this.#anyExecution(which);
    const hold = this.#books.holds.get(id);
    const chargeMicro = this.#partOf(id, parts);
    const wanted = hold === undefined ? "unknown_hold" : (RESOLVED[hold.ending ?? ""] ?? "settled");
    const done = this.#bench.under(fault, () =>
      this.#account.settle(id, chargeMicro, reports ? REPORT : undefined),
    );
    this.#books.read(this.#ratePerMinute);
    if ("fault" in done) return done.fault;
    must(done.answer === wanted, `settling comes to ${wanted}`, done.answer);
    const isCharged = wanted !== "settled" || this.#books.chargedMicro(id) === chargeMicro;
    must(isCharged, "what is charged is what was to be", id);
    return undefined;
  }

  #void(
    { which, ending }: Extract<Deed, { do: "void" }>,
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const id = this.#anyExecution(which);
    const hold = this.#books.holds.get(id);
    const wanted = hold === undefined ? "unknown_hold" : (RESOLVED[hold.ending ?? ""] ?? "voided");
    const done = this.#bench.under(fault, () => this.#account.void(id, ending));
    if ("fault" in done) return done.fault;
    must(done.answer === wanted, `voiding comes to ${wanted}`, done.answer);
    return undefined;
  }

  #settleLate(
    { which, parts }: Extract<Deed, { do: "settleLate" }>,
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const id = this.#anyExecution(which);
    const hold = this.#books.holds.get(id);
    const dueMicro = this.#partOf(id, parts);
    const { balanceMicro } = this.#books;
    const before = this.#books.chargedMicro(id);
    const ending = hold?.ending;
    const isOver = ending === "settle" || this.#books.holds.has(`${id}:late`);
    const lateMicro = isOver ? before : Math.max(0, Math.min(dueMicro, balanceMicro));
    const dueNowMicro = ending === undefined ? dueMicro : lateMicro;
    const chargedMicro = hold === undefined ? 0 : dueNowMicro;
    const done = this.#bench.under(fault, () => this.#account.settleLate(id, dueMicro, REPORT));
    this.#books.read(this.#ratePerMinute);
    if ("fault" in done) return done.fault;
    const charged = done.answer?.chargedMicro;
    must(charged === chargedMicro, `${chargedMicro} are charged in all`, charged);
    must(this.#books.chargedMicro(id) === chargedMicro, "and that is what the entries say", id);
    must(done.answer?.balanceMicro === this.#books.balanceMicro, "the owner is told what is left");
    return undefined;
  }

  #change(
    change: Parameters<Account["change"]>[0],
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const done = this.#bench.under(fault, () => this.#account.change(change));
    this.#readOn();
    if ("fault" in done) return done.fault;
    must(done.answer?.balanceMicro === this.#books.balanceMicro, "a change tells what there is");
    const { ratePerMinute, plan } = change;
    const isAsTold = plan === undefined || this.#ratePerMinute === (ratePerMinute ?? RATES[plan]);
    must(isAsTold, "a change of terms is done", this.#ratePerMinute);
    return undefined;
  }

  #book(booking: Booking, fault: Fault | undefined): Fault["kind"] | undefined {
    const wanted = this.#books.payments.outcomeOf(booking);
    const done = this.#bench.under(fault, () => this.#account.apply(booking));
    this.#readOn();
    if ("fault" in done) return done.fault;
    must(done.answer.result === wanted, `booking comes to ${wanted}`, done.answer.result);
    this.count.owing += this.#books.balanceMicro < 0 ? 1 : 0;
    return undefined;
  }

  /** Reads what was booked, and then the terms that may be new. */
  #readOn(): void {
    this.#books.read(this.#ratePerMinute);
    this.#ratePerMinute = ratePerMinuteOf(this.#sql);
  }

  #openSession(fault: Fault | undefined): Fault["kind"] | undefined {
    const id = this.#freshSession();
    this.#sessions.push(id);
    return this.#faultOf(fault, () => this.#account.openSession(this.#anyKey(), id, "python"));
  }

  #rotate(
    { which, graceMs }: Extract<Deed, { do: "rotateKey" }>,
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const old = this.#pick(this.#ring.keys, which);
    const made = this.#ring.fresh();
    const key = { id: made, hash: made };
    const deed = { kind: "rotate" as const, id: old.id, key, graceMs };
    const done = this.#bench.under(fault, () => this.#account.doWithKeys(this.#anyKey(), deed));
    if ("fault" in done) return done.fault;
    if (done.answer.ok) this.#ring.replace(old, made, this.#nowMs, this.#nowMs + graceMs);
    return undefined;
  }

  #revoke(
    { which }: Extract<Deed, { do: "revokeKey" }>,
    fault: Fault | undefined,
  ): Fault["kind"] | undefined {
    const key = this.#pick(this.#ring.keys, which);
    const deed = { kind: "revoke" as const, id: key.id, evenLast: false };
    const done = this.#bench.under(fault, () => this.#account.doWithKeys(this.#anyKey(), deed));
    if ("fault" in done) return done.fault;
    if (done.answer.ok) key.isRevoked = true;
    return undefined;
  }

  #ringAlarm(fault: Fault | undefined): Fault["kind"] | undefined {
    this.#bench.alarmAtMs = undefined;
    const done = this.#bench.under(fault, () => {
      this.#account.alarm().catch((thrown) => {
        if (!(thrown instanceof Faulted)) this.troubles.push(thrown);
      });
    });
    // The platform rings again when an alarm has failed.
    if ("fault" in done) this.#bench.alarmAtMs ??= this.#nowMs;
    if ("fault" in done) return done.fault;
    const overdue = this.#holds().filter(({ expires_at_ms }) => expires_at_ms <= this.#nowMs);
    must(overdue.length === 0, "after an alarm no hold is past its time", overdue[0]?.id);
    return undefined;
  }

  #faultOf(fault: Fault | undefined, act: () => unknown): Fault["kind"] | undefined {
    const done = this.#bench.under(fault, act);
    return "fault" in done ? done.fault : undefined;
  }

  /** What must be true whatever has happened. */
  #check(): void {
    this.#books.read(this.#ratePerMinute);
    const holds = this.#holds();
    for (const { id, amount_micro } of holds) {
      must(this.#books.openMicro(id) === amount_micro, "a hold is what its entry says", id);
    }
    must(holds.length === this.#books.open().size, "what no entry has resolved is a hold");
    const running = new Set(this.#ids("SELECT id FROM execution WHERE state = 'running'"));
    for (const { id } of holds) must(running.has(id), "what has a hold runs", id);
    const earliestMs = Math.min(...holds.map(({ expires_at_ms }) => expires_at_ms));
    if (holds.length > 0) {
      const alarmAtMs = this.#bench.alarmAtMs ?? Number.POSITIVE_INFINITY;
      const inTimeMs = Math.max(earliestMs, this.#nowMs);
      must(alarmAtMs <= inTimeMs, "an alarm comes in time", alarmAtMs);
    }
    must(this.#live(1) <= SESSIONS_MAX, "no more sessions are open than may be");
    must(this.#live(0) <= IMPLICIT_SESSIONS_MAX, "nor more than are kept while there is room");
  }

  #requestOf(deed: Extract<Deed, { do: "admit" }>): Request {
    const id = `exec-${this.#requests.length}`;
    const amountMicro = deed.credits * CREDIT_MICRO;
    const leastMicro = deed.leastCredits * CREDIT_MICRO;
    const intent: Intent = {
      runner: "local",
      runTimeoutMs: 30_000,
      ...this.#sessionOf(deed.session),
    };
    const hold = { id, amountMicro, leastMicro, lastsMs: deed.lastsMs };
    const request = { keyHash: this.#pick(this.#ring.keys, deed.key).hash, hold, intent };
    this.#requests.push(request);
    return request;
  }

  #sessionOf(which: number | "new" | "none"): Pick<Intent, "language" | "session"> {
    if (which === "none") return { language: "python" };
    if (which !== "new" && this.#sessions.length > 0) {
      return { session: { id: this.#pick(this.#sessions, which), opens: false } };
    }
    const id = this.#freshSession();
    this.#sessions.push(id);
    return { language: "python", session: { id, opens: true } };
  }

  /** An id that no session has had, the same in every life that is led again. */
  #freshSession(): string {
    this.#named += 1;
    return `00000000-0000-4000-8000-${String(this.#named).padStart(12, "0")}`;
  }

  #partOf(id: string, parts: number): number {
    const heldMicro = this.#books.holds.get(id)?.heldMicro ?? CREDIT_MICRO;
    return Math.floor((heldMicro * parts) / PARTS);
  }

  /** An execution that was asked for, or one that never was. */
  #anyExecution(which: number): string {
    return `exec-${which % (this.#requests.length + 1)}`;
  }

  #anyKey(): string {
    return this.#ring.anyLive(this.#nowMs);
  }

  #isDue(): boolean {
    return (this.#bench.alarmAtMs ?? Number.POSITIVE_INFINITY) <= this.#nowMs;
  }

  #clock(ms: number): void {
    this.#nowMs += ms;
    vi.setSystemTime(this.#nowMs);
  }

  #holds(): HoldRow[] {
    return this.#sql.exec<HoldRow>("SELECT * FROM hold").toArray();
  }

  #live(isExplicit: 0 | 1): number {
    const where = `ending IS NULL AND is_explicit = ${isExplicit}`;
    return this.#ids(`SELECT id FROM session WHERE ${where}`).length;
  }

  #ids(query: string): string[] {
    const rows = this.#sql.exec<{ id: string }>(query).toArray();
    return rows.map(({ id }) => id);
  }

  #pick<Thing>(things: readonly Thing[], which: number): Thing {
    return things[which % things.length] as Thing;
  }
}
