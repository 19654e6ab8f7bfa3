// The courier of an account, with its runner and its way outside replaced, and its alarm in the
// test's hand.

import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import type { Courier } from "../../../worker/courier/courier.ts";
import type { Env } from "../../../worker/env.ts";
import type { Gateway } from "./gateway.ts";

/** What a webhook was sent. */
export type Sent = { url: string; headers: Headers; body: string; redirect: string };

/** The courier of `accountId`, with what it was made to send, and how its receiver answers. */
export function courierFor(g: Gateway, accountId: string) {
  const stub = g.env.COURIERS.getByName(accountId);
  const sent: Sent[] = [];
  const receiver: { answer: () => Response | Promise<Response> } = {
    answer: () => new Response(null, { status: 204 }),
  };
  const OUTSIDE: Env["OUTSIDE"] = {
    fetch: async (input, init) => {
      const { url, headers, redirect } = new Request(input as string, init as RequestInit);
      sent.push({ url, headers, body: String(init?.body), redirect });
      return await receiver.answer();
    },
  };
  const replace = (courier: Courier) => {
    Object.assign(courier, { env: { ...g.env, OUTSIDE } });
  };
  return {
    stub,
    sent,
    receiver,
    /** Rings its alarm; says whether one was set. */
    async ring(): Promise<boolean> {
      await runInDurableObject(stub, replace);
      return await runDurableObjectAlarm(stub);
    },
    /** When its alarm comes. */
    async alarmAt(): Promise<number | null> {
      return await runInDurableObject(stub, (_courier, { storage }) => storage.getAlarm());
    },
  };
}
