// One deposit: a transaction and the address it paid. That it counts once, for one account, comes from
// there being one such object by its name. It writes down what is due before it tells the account, and
// tells it again until it has heard; an alarm goes on where a process has died, waits for the blocks that
// are missing, and looks again when the chain says that it is safe and final. Nothing is written for a
// transaction that brings nothing.

import { DurableObject } from "cloudflare:workers";
import {
  DEPOSIT_FINAL_AGAIN_MS,
  DEPOSIT_FINAL_MS,
  DEPOSIT_GONE_MS,
  DEPOSIT_MICRO_MAX,
  DEPOSIT_MICRO_MIN,
  DEPOSIT_RETRY_MS,
  DEPOSIT_RETRY_MS_MAX,
  DEPOSIT_SAFE_AGAIN_MS,
  DEPOSIT_SAFE_MS,
} from "../../../shared/limits.ts";
import { BLOCK_MS, networkOf } from "../../../shared/networks.ts";
import type { Env } from "../../env.ts";
import { hasTables, migrate } from "../../migrate.ts";
import { isClaimedBy } from "../claim-signature.ts";
import type { DepositRef } from "../objects.ts";
import { RpcTrouble, rpcOf } from "../rpc.ts";
import { type DepositSettings, depositSettingsOf } from "../settings.ts";
import type { Evidence } from "../transfers.ts";
import { deliver } from "./deliver.ts";
import { isIn, judge, type Standing } from "./judge.ts";
import { type Look, lookAt } from "./look.ts";
import { type Deposited, noteFailures, readDeposit, release, writeStanding } from "./record.ts";
import { DEPOSIT_MIGRATIONS } from "./schema.ts";

export type Claim = {
  ref: DepositRef;
  accountId: string;
  /** Absent where the address that was paid is the account's own. */
  signature?: `0x${string}`;
};

/** A deposit as its owner is told of it. */
export type DepositView = Pick<
  Deposited,
  "ref" | "state" | "amountMicro" | "confirmations" | "version"
> & { blockNumber: number; required: number };

/** What a claim came to. */
export type ClaimAnswer =
  | { result: "standing"; view: DepositView }
  | { result: "none"; payees: string[] }
  | { result: "trouble"; detail: string }
  | {
      result:
        | "unknown"
        | "waiting"
        | "reverted"
        | "too_small"
        | "claimed"
        | "not_signed"
        | "several_senders"
        | "is_purchase";
    };

export class Deposit extends DurableObject<Env> {
  readonly #sql: SqlStorage;
  #looking: Promise<Look> | undefined;
  #delivering: Promise<void> = Promise.resolve();

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#sql = ctx.storage.sql;
    if (hasTables(this.#sql)) migrate(ctx.storage, DEPOSIT_MIGRATIONS);
  }

  /** Credits the deposit to an account as far as the chain allows. Repeatable by the same account. */
  async claim(claim: Claim): Promise<ClaimAnswer> {
    return await this.#orTrouble(async () => await this.#claim(claim));
  }

  /** Lets in what is more than may come in by itself; by an operator's word. */
  async release(): Promise<ClaimAnswer> {
    if (this.#deposit() === undefined) return { result: "unknown" };
    release(this.#sql);
    return await this.#orTrouble(async () => {
      await this.#advance();
      return await this.#told();
    });
  }

  /** Does what is due, looks again, and says when to come back. The platform may call it twice. */
  override async alarm(): Promise<void> {
    const before = this.#deposit();
    if (before === undefined) return;
    let failures = 0;
    try {
      await this.#deliver();
      if (before.state !== "final") await this.#advance();
      await this.#deliver();
    } catch (thrown) {
      failures = before.failures + 1;
      const { txHash } = before.ref;
      console.error(JSON.stringify({ deposit: txHash, failures, detail: String(thrown) }));
    }
    if (failures !== before.failures) noteFailures(this.#sql, failures);
    const nextAtMs = this.#nextAtMs(Date.now());
    if (nextAtMs !== undefined) await this.ctx.storage.setAlarm(nextAtMs);
  }

  async #claim(claim: Claim): Promise<ClaimAnswer> {
    const before = this.#deposit();
    if (before === undefined) {
      const look = await this.#look(claim.ref);
      const refusal = await this.#refusal(claim, look.evidence);
      if (refusal !== undefined) return refusal;
      // Somebody may have been first meanwhile; then this look is too old.
      if (this.#deposit() === undefined) this.#take(claim, look);
    }
    if (this.#deposit()?.accountId !== claim.accountId) return { result: "claimed" };
    if (before !== undefined && !isIn(before)) await this.#advance();
    return await this.#told();
  }

  /** What it is, when all who have to know have been told. */
  async #told(): Promise<ClaimAnswer> {
    await this.#deliver();
    const view = this.#view();
    if (view === undefined) throw new Error("a deposit is gone that was there just now");
    return { result: "standing", view };
  }

  /** An error loses its class on the way out of an object, and an alarm heals what is under way. */
  async #orTrouble(act: () => Promise<ClaimAnswer>): Promise<ClaimAnswer> {
    try {
      return await act();
    } catch (thrown) {
      return { result: "trouble", detail: String(thrown) };
    }
  }

  /** Why there is nothing here for whoever claims it; nothing was written yet. */
  async #refusal(claim: Claim, evidence: Evidence): Promise<ClaimAnswer | undefined> {
    if (evidence.kind === "none") return { result: "none", payees: evidence.payees };
    if (evidence.kind === "gone") return { result: "unknown" };
    if (evidence.kind !== "found") return { result: evidence.kind };
    if (evidence.amountMicro < DEPOSIT_MICRO_MIN) return { result: "too_small" };
    if (claim.signature === undefined) return undefined;
    // What was paid by x402 has been paid for something already.
    if (evidence.isAuthorized) return { result: "is_purchase" };
    const [sender, ...others] = evidence.senders;
    if (sender === undefined || others.length > 0) return { result: "several_senders" };
    const { network, rpcUrl } = this.#settings();
    const { accountId, signature } = claim;
    const signed = { txHash: claim.ref.txHash, accountId, signature, sender };
    const isOwn = await isClaimedBy(rpcOf(rpcUrl), network, signed);
    return isOwn ? undefined : { result: "not_signed" };
  }

  /** Looks at the chain again. */
  async #advance(): Promise<void> {
    const before = this.#deposit();
    if (before === undefined) return;
    this.#take(before, await this.#look(before.ref));
  }

  /** Who asks while the chain is being asked gets the same answer. */
  async #look(ref: DepositRef): Promise<Look> {
    this.#looking ??= lookAt(this.#settings(), ref, this.#deposit()).finally(() => {
      this.#looking = undefined;
    });
    return await this.#looking;
  }

  /** Writes down what was learned and what is due, with an alarm to see to it. */
  #take(claim: Pick<Claim, "ref" | "accountId">, look: Look): void {
    const nowMs = Date.now();
    this.ctx.storage.transactionSync(() => {
      const before = this.#deposit();
      const judged = judge(before, look.evidence, {
        ...look,
        confirmations: requiredOf(claim),
        amountMicroMax: before?.isReleased ? Number.POSITIVE_INFINITY : DEPOSIT_MICRO_MAX,
      });
      if (judged === undefined || (before && isSame(before, judged.after))) return;
      if (before === undefined) migrate(this.ctx.storage, DEPOSIT_MIGRATIONS);
      writeStanding(this.#sql, nowMs, claim, judged);
      const isWaiting = judged.after.state === "pending";
      const nextAtMs = isWaiting ? this.#nextAtMs(nowMs) : undefined;
      void this.ctx.storage.setAlarm(nextAtMs ?? nowMs + DEPOSIT_RETRY_MS);
    });
  }

  /** Tells the account and the others of what they have not heard yet; one after the other. */
  async #deliver(): Promise<void> {
    const turn = this.#delivering.then(() => deliver(this.env, this.#sql, () => this.#view()));
    this.#delivering = turn.catch(() => undefined);
    await turn;
  }

  /** When to look again, if ever. */
  #nextAtMs(nowMs: number): number | undefined {
    const now = this.#deposit();
    if (now === undefined) return undefined;
    const { state, sinceMs, failures } = now;
    const waitMs = Math.min(DEPOSIT_RETRY_MS * 2 ** failures, DEPOSIT_RETRY_MS_MAX);
    if (failures > 0) return nowMs + waitMs;
    switch (state) {
      case "pending":
        return nowMs + Math.max(1, requiredOf(now) - now.confirmations) * BLOCK_MS;
      case "credited":
        return Math.max(sinceMs + DEPOSIT_SAFE_MS, nowMs + DEPOSIT_SAFE_AGAIN_MS);
      case "safe":
        return Math.max(sinceMs + DEPOSIT_FINAL_MS, nowMs + DEPOSIT_FINAL_AGAIN_MS);
      case "reversed":
      case "dropped": {
        const agoMs = nowMs - sinceMs;
        const againMs = Math.max(DEPOSIT_SAFE_AGAIN_MS, agoMs / 4);
        return agoMs < DEPOSIT_GONE_MS ? nowMs + againMs : undefined;
      }
      case "review":
      case "final":
        return undefined;
    }
  }

  #view(): DepositView | undefined {
    const now = this.#deposit();
    if (now === undefined) return undefined;
    const { ref, state, amountMicro, confirmations, version, block } = now;
    const required = requiredOf(now);
    return { ref, state, amountMicro, confirmations, version, blockNumber: block.number, required };
  }

  #deposit(): Deposited | undefined {
    return hasTables(this.#sql) ? readDeposit(this.#sql) : undefined;
  }

  #settings(): DepositSettings {
    const settings = depositSettingsOf(this.env);
    if (settings === undefined) throw new RpcTrouble("payments are switched off");
    return settings;
  }
}

function requiredOf({ ref }: Pick<Deposited, "ref">): number {
  return networkOf(ref.chainId).confirmations;
}

/** Whether there is nothing to write down. */
function isSame(before: Deposited, after: Standing): boolean {
  const { state, round, amountMicro, confirmations, block } = after;
  const isInPlace = before.block.hash === block.hash && before.state === state;
  const isAsMuch = before.amountMicro === amountMicro && before.round === round;
  // While it waits, each block counts.
  const isAsDeep = before.confirmations === confirmations || state !== "pending";
  return isInPlace && isAsMuch && isAsDeep;
}
