// The way to the Durable Objects. A call the platform says may be repeated is repeated once, with a
// fresh stub; every method called through here is safe to repeat, because its id is the caller's.

import { Failure } from "../shared/errors.ts";
import { BUSY_RETRY_AFTER_MS } from "../shared/limits.ts";
import type { Account } from "./account/account.ts";
import type { Courier } from "./courier/courier.ts";
import type { Env } from "./env.ts";
import type { Payment } from "./payments/x402/payment.ts";
import type { Visitor } from "./visitor/visitor.ts";

type Stub<Kind extends Rpc.DurableObjectBranded> = DurableObjectStub<Kind>;

/**
 * Calls the account of this id; `undefined` when it cannot be an account of this deployment. The
 * platform's own ids are used, which carry a check only the platform can make, so an invented id
 * does not reach any object.
 */
export async function withAccount<Answer>(
  env: Env,
  accountId: string,
  ask: (account: Stub<Account>) => Promise<Answer>,
): Promise<Answer | undefined> {
  const id = accountIdFrom(env, accountId);
  if (id === undefined) return undefined;
  return await insist(() => ask(env.ACCOUNTS.get(id)));
}

/** Calls the visitor known under this id. */
export async function withVisitor<Answer>(
  env: Env,
  visitorId: string,
  ask: (visitor: Stub<Visitor>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.VISITORS.getByName(visitorId)));
}

/** Calls the courier of an account. */
export async function withCourier<Answer>(
  env: Env,
  accountId: string,
  ask: (courier: Stub<Courier>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.COURIERS.getByName(accountId)));
}

/** Calls the payment of this id. */
export async function withPayment<Answer>(
  env: Env,
  paymentId: string,
  ask: (payment: Stub<Payment>) => Promise<Answer>,
): Promise<Answer> {
  return await insist(() => ask(env.PAYMENTS.getByName(paymentId)));
}

function accountIdFrom(env: Env, text: string): DurableObjectId | undefined {
  try {
    return env.ACCOUNTS.idFromString(text);
  } catch {
    return undefined;
  }
}

/** Asks an object, and once more where the platform says that this may be done. */
export async function insist<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  try {
    return await ask();
  } catch (thrown) {
    const { retryable, overloaded } = thrown as { retryable?: boolean; overloaded?: boolean };
    if (overloaded) {
      throw new Failure("busy", {
        retryAfterMs: BUSY_RETRY_AFTER_MS,
        detail: `a durable object is overloaded: ${thrown}`,
      });
    }
    if (!retryable) throw thrown;
    return await ask();
  }
}
