// A caller of a whole started service, for tests that break parts of it: keeps programs running while
// something dies, tells honest answers from dishonest ones, and knows to the credit what each account
// should still have.

import { setTimeout as sleep } from "node:timers/promises";
import { WARM_LANGUAGE_IDS, type WarmLanguageId } from "../../shared/languages.ts";
import { eventually } from "./runner-process.ts";

export type Reply = { status: number; retryAfter: string | null; body: Record<string, unknown> };

/** Failures of ours that an honest answer may have while parts of the service are away. */
const HONEST = ["runner_fault", "no_runner", "busy"];
const CREDITS = 100_000;
const REQUEST_MS_MAX = 60_000;

const HELLO: Record<WarmLanguageId, string> = {
  python: "print('hello')",
  javascript: "console.log('hello')",
  typescript: "const word: string = 'hello'; console.log(word)",
  bash: "echo hello",
  ruby: "puts 'hello'",
  java: 'public class Main { public static void main(String[] args) { System.out.print("hello"); } }',
  csharp: 'class Program { static void Main() { System.Console.Write("hello"); } }',
};

/** One account of the service and what it has been charged, by its own counting. */
export class Caller {
  readonly #url: string;
  readonly #key: string;
  readonly #accountId: string;
  readonly #adminToken: string;
  readonly #granted: number;
  /** Answers with an outcome, each worth a credit. */
  outcomes = 0;

  private constructor(
    url: string,
    adminToken: string,
    account: { key: string; id: string; granted: number },
  ) {
    this.#url = url;
    this.#adminToken = adminToken;
    this.#key = account.key;
    this.#accountId = account.id;
    this.#granted = account.granted;
  }

  /** Opens an account that may run as often as a test likes. */
  static async open(url: string, adminToken: string): Promise<Caller> {
    const { status, body } = await call(url, "POST", "/api/keys");
    if (status !== 201) throw new Error(`no key: ${JSON.stringify(body)}`);
    const id = String(body.accountId);
    const change = { grantCredits: CREDITS, ratePerMinute: 1_000_000 };
    await call(url, "PATCH", `/admin/accounts/${id}`, adminToken, change);
    const account = { key: String(body.apiKey), id, granted: CREDITS + Number(body.credits) };
    return new Caller(url, adminToken, account);
  }

  /** Sends a program. A service that cannot be reached at all answers with status 0. */
  async send(language: string, code: string, more: object = {}): Promise<Reply> {
    const body = { language, code, ...more };
    const reply = await call(this.#url, "POST", "/api/execute", this.#key, body).catch(
      () => NOBODY,
    );
    if (reply.status === 200) this.outcomes++;
    return reply;
  }

  /** What is wrong with the credits by now; waits a little, because holds come back after answers. */
  async creditProblem(): Promise<string | undefined> {
    const wanted = this.#granted - this.outcomes;
    let left = Number.NaN;
    const isExact = await eventually(
      async () => {
        const path = `/admin/accounts/${this.#accountId}`;
        const change = { ratePerMinute: 1_000_000 };
        left = Number(
          (await call(this.#url, "PATCH", path, this.#adminToken, change)).body.credits,
        );
        return left === wanted;
      },
      { withinMs: 5_000 },
    );
    return isExact ? undefined : `${left} credits are left instead of ${wanted}`;
  }
}

/** Waits until every warm language answers as it should; returns how long that took. */
export async function untilWell(caller: Caller, withinMs: number): Promise<number> {
  const startedAt = performance.now();
  for (const language of WARM_LANGUAGE_IDS) {
    let last: Reply | undefined;
    const isWell = await eventually(
      async () => {
        last = await caller.send(language, HELLO[language]);
        if (last.status !== 200) await sleep(50);
        return last.status === 200 && last.body.stdout === "hello" && last.body.outcome === "ok";
      },
      { withinMs: withinMs - (performance.now() - startedAt) },
    );
    if (!isWell) throw new Error(`${language} is not back: ${JSON.stringify(last)}`);
  }
  return performance.now() - startedAt;
}

/** Why an answer is not honest: it must be the whole right outcome, or a failure of ours. */
export function dishonesty(reply: Reply, wantedStdout: string): string | undefined {
  const { status, body } = reply;
  if (status === 200) {
    const isRight = body.outcome === "ok" && body.stdout === wantedStdout && body.stderr === "";
    return isRight ? undefined : `an outcome the program did not have: ${JSON.stringify(body)}`;
  }
  const code = (body.error as { code?: unknown } | undefined)?.code;
  if (status === 0 || HONEST.includes(String(code))) return undefined;
  return `${status} ${JSON.stringify(body)}`;
}

const NOBODY: Reply = { status: 0, retryAfter: null, body: {} };

async function call(
  url: string,
  method: string,
  path: string,
  key?: string,
  body?: object,
): Promise<Reply> {
  const response = await fetch(`${url}${path}`, {
    method,
    headers: {
      "Content-Type": "application/json",
      ...(key === undefined ? {} : { Authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify(body ?? {}),
    signal: AbortSignal.timeout(REQUEST_MS_MAX),
  });
  const retryAfter = response.headers.get("retry-after");
  return { status: response.status, retryAfter, body: (await response.json()) as Reply["body"] };
}
