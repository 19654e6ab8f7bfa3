// The bindings of objects, with every call to one counted by its name, and some held up.

import { env } from "cloudflare:workers";
import type { Env } from "../../../worker/env.ts";

/**
 * Bindings for a gateway, and the calls that were made through them, in order. A call of a name in
 * `held` gets to its object when `release` is called.
 */
export function counted(...held: string[]) {
  const calls: string[] = [];
  const released = Promise.withResolvers<void>();
  const wrap = <Namespace extends object>(namespace: Namespace, kind: string): Namespace => {
    const stubOf = (stub: object) =>
      new Proxy(stub, {
        get: (target, name) => {
          return async (...values: unknown[]) => {
            const called = `${kind}.${String(name)}`;
            calls.push(called);
            if (held.includes(called)) await released.promise;
            return await (target as Record<string | symbol, Method>)[name]?.(...values);
          };
        },
      });
    return new Proxy(namespace, {
      get: (target, name) => {
        const method = (Reflect.get(target, name) as Method).bind(target);
        if (name !== "get" && name !== "getByName") return method;
        return (...values: unknown[]) => stubOf(method(...values) as object);
      },
    });
  };
  const settings: Partial<Env> = {
    ACCOUNTS: wrap(env.ACCOUNTS, "account"),
    VISITORS: wrap(env.VISITORS, "visitor"),
    COURIERS: wrap(env.COURIERS, "courier"),
  };
  return { settings, calls, release: () => released.resolve() };
}

type Method = (...values: unknown[]) => unknown;
