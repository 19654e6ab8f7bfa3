// The errands of one account's detached executions: it sees to it that each comes to its end on the
// account's record, also when the Worker that began it is gone, and then tells the webhook, if there is
// one, until that has taken it or too often has not. It is an object of its own because it waits for
// answers from outside, which an account must never do; between its errands it sleeps. It decides
// nothing about money: what is due is the account's to charge, once.

import { DurableObject } from "cloudflare:workers";
import type { Env } from "../env.ts";
import { hasTables, migrate } from "../migrate.ts";
import { deliver } from "./deliver.ts";
import * as errands from "./errands.ts";
import { follow } from "./follow.ts";
import { COURIER_MIGRATIONS } from "./schema.ts";

/** How it went with an execution's webhook so far. */
export type Deliveries = Pick<errands.Standing, "state" | "webhook" | "nextAtMs"> & {
  attempts: errands.Attempt[];
};

export class Courier extends DurableObject<Env> {
  readonly #sql: SqlStorage;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, COURIER_MIGRATIONS);
  }

  /** Takes on an execution that is about to begin. Repeatable with its id. */
  async follow(errand: errands.Errand): Promise<void> {
    migrate(this.ctx.storage, COURIER_MIGRATIONS);
    errands.addErrand(this.#sql, Date.now(), errand);
    await this.#setAlarm();
  }

  /** Hears that an execution was seen to its end by somebody else, and whether there is one to tell. */
  async relieve(executionId: string, isToBeTold: boolean): Promise<void> {
    if (!hasTables(this.#sql)) return;
    if (isToBeTold) errands.relieveErrand(this.#sql, Date.now(), executionId);
    else errands.dropErrand(this.#sql, executionId);
    await this.#setAlarm();
  }

  /** How it went with an execution's webhook, if it is to have one. */
  deliveries(executionId: string): Deliveries | undefined {
    if (!hasTables(this.#sql)) return undefined;
    const errand = errands.findErrand(this.#sql, executionId);
    if (errand?.webhook === undefined) return undefined;
    const { state, webhook, nextAtMs } = errand;
    return { state, webhook, nextAtMs, attempts: errands.attemptsOf(this.#sql, executionId) };
  }

  /** Sees to what is due. The platform may call it late, early or twice. */
  override async alarm(): Promise<void> {
    if (!hasTables(this.#sql)) return;
    const due = errands.dueErrands(this.#sql, Date.now());
    await Promise.all(due.map((errand) => this.#seeTo(errand)));
    errands.purgeErrands(this.#sql, Date.now());
    await this.#setAlarm();
  }

  async #seeTo(errand: errands.Standing): Promise<void> {
    if (errand.state === "following") {
      const isOver = await follow(this.env, errand, Date.now());
      if (!isOver) return errands.followOn(this.#sql, Date.now(), errand.executionId);
      if (!errands.finishFollowing(this.#sql, errand)) return;
    }
    const attempt = await deliver(this.env, errand);
    if (attempt !== undefined) return errands.addAttempt(this.#sql, errand, attempt);
    errands.endErrand(this.#sql, Date.now(), errand.executionId, "given_up");
  }

  async #setAlarm(): Promise<void> {
    const nextAtMs = errands.nextErrandAtMs(this.#sql);
    if (nextAtMs === undefined) await this.ctx.storage.deleteAll();
    else await this.ctx.storage.setAlarm(nextAtMs);
  }
}
