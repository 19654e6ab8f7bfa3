// The calls a gateway makes to its objects, one by one: to count them, to hold them up, or to lose them.

import { env } from "cloudflare:workers";
import type { Env } from "../../../worker/env.ts";

/** One call to an object. */
export type ObjectCall = { object: "account" | "visitor"; method: string };

/** What becomes of a call; `make` makes it. */
export type Fate = (call: ObjectCall, make: () => Promise<unknown>) => Promise<unknown>;

type Methods = Record<string, (...args: unknown[]) => Promise<unknown>>;

/** The bindings of a gateway whose calls to objects meet their fate first. */
export function bindingsWith(fate: Fate): Pick<Env, "ACCOUNTS" | "VISITORS"> {
  return {
    ACCOUNTS: namespaceWith(env.ACCOUNTS, "account", fate),
    VISITORS: namespaceWith(env.VISITORS, "visitor", fate),
  };
}

/** A failure of the platform's, after which a call may be made again, or may not. */
export function lost(retryable: boolean): Error {
  return Object.assign(new Error("the object was lost on the way"), { retryable });
}

function namespaceWith<Namespace extends object>(
  namespace: Namespace,
  object: ObjectCall["object"],
  fate: Fate,
): Namespace {
  return new Proxy(namespace, {
    get: (target, name) => {
      const own: unknown = Reflect.get(target, name);
      if (typeof own !== "function") return own;
      const method = own.bind(target);
      if (name !== "get" && name !== "getByName") return method;
      return (id: unknown) => stubWith(method(id), object, fate);
    },
  });
}

function stubWith(stub: object, object: ObjectCall["object"], fate: Fate): object {
  return new Proxy(stub, {
    get:
      (target, name) =>
      (...args: unknown[]) =>
        fate(
          { object, method: String(name) },
          () => (target as Methods)[String(name)]?.(...args) ?? never(),
        ),
  });
}

function never(): never {
  throw new Error("an object has no such method");
}
