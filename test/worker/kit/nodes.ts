// The nodes that the gateway asks about a chain: two of them, both before the same real chain, whose
// answers a test can bend. Nothing else is replaced: what is not bent is what the chain says.

import { vi } from "vitest";
import type { Chain } from "./chain.ts";

/** Bends what a node answers to a method: a result of one's own, or the real one from `real`. */
export type Bend = (
  question: { method: string; params: unknown[] },
  real: () => Promise<unknown>,
) => unknown;

const NAMES = { "one.rpc.test": "one", "two.rpc.test": "two" } as const;

export class Nodes {
  readonly #bends: { one?: Bend | undefined; two?: Bend | undefined } = {};
  /** The chain that they are before now. */
  chain: Chain;
  /** Every method that either was asked for. */
  readonly asked: string[] = [];

  constructor(chain: Chain) {
    this.chain = chain;
    const outside = globalThis.fetch;
    vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
      const request = new Request(input, init);
      const name = NAMES[new URL(request.url).hostname as keyof typeof NAMES];
      return name === undefined ? await outside(request) : await this.#answer(name, request);
    });
  }

  /** Bends the answers of one node, until it is told otherwise. */
  bend(node: "one" | "two", bend: Bend | undefined): void {
    this.#bends[node] = bend;
  }

  async #answer(name: "one" | "two", request: Request): Promise<Response> {
    const question = await request.json<{ id: number; method: string; params: unknown[] }>();
    const { id, method, params } = question;
    this.asked.push(method);
    const real = async () => await this.chain.ask(method, params);
    try {
      const bend = this.#bends[name];
      const bent = bend === undefined ? real() : bend(question, real);
      const result = await Promise.race([bent, abortOf(request)]);
      if (result instanceof Response) return result;
      return Response.json({ jsonrpc: "2.0", id, result });
    } catch (thrown) {
      if (thrown instanceof TypeError) throw thrown;
      const error = { code: -32_000, message: String(thrown) };
      return Response.json({ jsonrpc: "2.0", id, error });
    }
  }
}

/** Bends one method. */
export function bending(method: string, bend: (result: never, params: unknown[]) => unknown): Bend {
  return async (question, real) => {
    const result = await real();
    return question.method === method ? bend(result as never, question.params) : result;
  };
}

/** A node that cannot be reached. */
export const unreachable: Bend = () => {
  throw new TypeError("fetch failed");
};

/** Throws when whoever asks has given up. */
async function abortOf({ signal }: Request): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(new TypeError("given up")));
  return await promise;
}
