// An account's storage on a bench: its statements can be made to fail, its alarm is rung by nobody but
// the test, and all that was written is taken back in the end.

import { Account } from "../../../worker/account/account.ts";
import type { Env } from "../../../worker/env.ts";
import type { Fault } from "./deeds.ts";

/** What a statement throws that was made to fail. */
export class Faulted extends Error {}

/** A storage whose statements can be made to fail, and whose alarm is rung by nobody but the test. */
export class Bench {
  alarmAtMs: number | undefined;
  readonly state: DurableObjectState;
  readonly #env: Env;
  #until: number | undefined;
  #hasFailed = false;

  constructor(state: DurableObjectState, env: Env) {
    this.state = state;
    this.#env = env;
    const { storage } = state;
    const exec = storage.sql.exec.bind(storage.sql);
    const failing: typeof exec = (...args) => {
      if (this.#until !== undefined) this.#until -= 1;
      this.#hasFailed ||= this.#until === 0;
      if (this.#until === 0) throw new Faulted();
      return exec(...args);
    };
    Object.defineProperty(storage.sql, "exec", { value: failing });
    const setAlarm = async (atMs: number) => {
      this.alarmAtMs = atMs;
    };
    Object.defineProperty(storage, "setAlarm", { value: setAlarm });
  }

  /** The account as it comes back after an eviction. */
  wake(): Account {
    return new Account(this.state, this.#env);
  }

  /** Lives a life and takes it back, so that the next begins where this one did. */
  taking(back: () => void): void {
    const done = new Error();
    try {
      this.state.storage.transactionSync(() => {
        back();
        throw done;
      });
    } catch (thrown) {
      if (thrown !== done) throw thrown;
    } finally {
      this.alarmAtMs = undefined;
    }
  }

  /** Does something that a fault may end. Says whether it did, and as what. */
  under<Answer>(
    fault: Fault | undefined,
    act: () => Answer,
  ): { answer: Answer } | { fault: Fault["kind"] } {
    const alarmAtMs = this.alarmAtMs;
    this.#until = fault?.at;
    this.#hasFailed = false;
    try {
      const run = () => {
        const answer = act();
        this.#until = undefined;
        // An alarm's own failure is in its promise.
        if (this.#hasFailed) throw new Faulted();
        return answer;
      };
      // All that a call writes without waiting is written at once or, if the process dies, not at all.
      const isCrash = fault?.kind === "crash";
      return { answer: isCrash ? this.state.storage.transactionSync(run) : run() };
    } catch (thrown) {
      if (!(thrown instanceof Faulted) || fault === undefined) throw thrown;
      if (fault.kind === "crash") this.alarmAtMs = alarmAtMs;
      return { fault: fault.kind };
    } finally {
      this.#until = undefined;
    }
  }
}
