// Sends the gateway many thousand requests that it should survive: the real gateway on the real
// workerd, before a runner that answers at once. None may be answered with a fault of ours, or not at
// all, or with a word of the inside; and when all is over every ledger must add up to what was run.

import { setTimeout as sleep } from "node:timers/promises";
import { type EdgeStack, richAccount, startEdge } from "../../bench/edge-stack.ts";
import { randomFrom } from "../kit/random.ts";
import { problemsOfLedgers, problemWith } from "./check.ts";
import { type Api, type FuzzRequest, requestOf } from "./requests.ts";
import { bytesOf, type FuzzReply, sendBytes } from "./wire.ts";

export type FuzzOptions = {
  seed: number;
  requests: number;
  /** This request alone. */
  only?: number | undefined;
  say: (line: string) => void;
};

export type FuzzResult = {
  requests: number;
  seconds: number;
  /** How often each status was answered; `server` where it was not the gateway's, `none` without. */
  statuses: Record<string, number>;
  /** With the bytes that bring it about, ready to be sent again. */
  problems: { number: number; problem: string; bytes: Buffer }[];
  ledger: ReturnType<typeof problemsOfLedgers>;
};

type World = { accounts: Account[]; adminToken: string; port: number; api: Api };
type Account = {
  apiKey: string;
  accountId: string;
  sessions: string[];
  /** The session that is deleted, so that the others stay for everything else. */
  doomed: string;
  executionId: string;
};

const ACCOUNTS = 40;
const SESSIONS = 3;
const AT_ONCE = 16;
const SAY_EVERY = 5000;
const PROBLEMS_MAX = 20;
/** What an execution whose stream broke off may take until it is paid for. */
const SETTLE_MS = 8_000;

/** Sends the requests of a seed and looks at what becomes of them. */
export async function fuzz(options: FuzzOptions): Promise<FuzzResult> {
  const stack = await startEdge({ INSTANT_KEYS_PER_DAY: "100000", DEMO_RUNS_PER_DAY: "200" });
  try {
    const world = await worldOf(stack);
    const startedAt = performance.now();
    const { statuses, problems } = await sendAll(world, options);
    const seconds = Math.round((performance.now() - startedAt) / 1000);
    await sleep(SETTLE_MS);
    await expectAlive(stack, world);
    await stack.end();
    const ledger = problemsOfLedgers(stack.objectsDir, stack.stub.executed);
    const requests = options.only === undefined ? options.requests : 1;
    return { requests, seconds, statuses, problems, ledger };
  } finally {
    await stack.stop();
  }
}

async function worldOf(stack: EdgeStack): Promise<World> {
  const response = await fetch(`${stack.url}/openapi.json`);
  const api = (await response.json()) as Api;
  const accounts: Account[] = [];
  for (let count = 0; count < ACCOUNTS; count += 1) {
    const account = await richAccount(stack);
    const post = async (path: string, body: object) => {
      const headers = {
        Authorization: `Bearer ${account.apiKey}`,
        "Content-Type": "application/json",
      };
      const init = { method: "POST", headers, body: JSON.stringify(body) };
      return (await (await fetch(`${stack.url}${path}`, init)).json()) as Record<string, string>;
    };
    const sessions: string[] = [];
    for (let session = 0; session <= SESSIONS; session += 1) {
      const opened = await post("/api/sessions", { language: "python" });
      sessions.push(opened.sessionId ?? "");
    }
    const { id = "" } = await post("/api/execute", { language: "python", code: "1" });
    const doomed = sessions.pop() ?? "";
    accounts.push({ ...account, sessions, doomed, executionId: id });
  }
  return { accounts, adminToken: stack.adminToken, port: stack.gateway.port, api };
}

async function sendAll(world: World, { seed, requests, only, say }: FuzzOptions) {
  const statuses: Record<string, number> = {};
  const problems: FuzzResult["problems"] = [];
  const end = only === undefined ? requests : only + 1;
  let next = only ?? 0;
  const client = async () => {
    while (next < end && problems.length < PROBLEMS_MAX) {
      const number = next;
      next += 1;
      if (number > 0 && number % SAY_EVERY === 0) say(`${number} of ${requests} requests`);
      const request = requestOf(world.api, seed, number);
      const bytes = bytesOf(request, fillerOf(world, request));
      // Who lies about what is still to come must not wait for an answer to it.
      const reply = await sendBytes(world.port, bytes, { hangsUp: request.isBroken });
      const word = wordFor(reply);
      statuses[word] = (statuses[word] ?? 0) + 1;
      const problem = problemWith(request, reply, request.possible);
      if (problem !== undefined) problems.push({ number, problem, bytes });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, client));
  problems.sort((one, other) => one.number - other.number);
  return { statuses, problems };
}

/** Puts keys and ids where a request has their names: always the same account's for one request. */
function fillerOf(
  { accounts, adminToken }: World,
  { number, method, target }: FuzzRequest,
): (text: string) => string {
  const random = randomFrom(number);
  const account = random.pick(accounts);
  const isEnd = method === "DELETE" && !target.includes("/files/");
  const values: Record<string, string> = {
    key: account.apiKey,
    admin: adminToken,
    accountId: account.accountId,
    executionId: account.executionId,
    sessionId: isEnd ? account.doomed : random.pick(account.sessions),
  };
  return (text: string) => text.replace(/\{\{(\w+)\}\}/g, (all, name) => values[name] ?? all);
}

function wordFor(reply: FuzzReply): string {
  if (reply.kind !== "reply") return "none";
  return reply.headers.has("x-request-id") ? String(reply.status) : "server";
}

/** Throws unless the gateway that was started is the one that still answers. */
async function expectAlive({ url, gateway }: EdgeStack, { accounts }: World): Promise<void> {
  const ended = await Promise.race([gateway.ended, sleep(0, "alive")]);
  if (ended !== "alive") throw new Error(`the gateway has ended: ${JSON.stringify(ended)}`);
  const response = await fetch(`${url}/api/execute`, {
    method: "POST",
    headers: { Authorization: `Bearer ${accounts[0]?.apiKey}`, "Content-Type": "application/json" },
    body: JSON.stringify({ language: "python", code: "1" }),
  });
  if (response.status !== 200) throw new Error(`afterwards: ${await response.text()}`);
}

/** A run in words: what was answered, and how to send the first request that failed again. */
export function reportOf({ requests, seconds, statuses, problems, ledger }: FuzzResult): string {
  const counts = Object.entries(statuses).map(([word, count]) => `${word}: ${count}`);
  const [first] = problems;
  return [
    `${requests} requests in ${seconds} s; by status, ${counts.join(", ")}`,
    `${ledger.accounts} ledgers with ${ledger.entries} entries and ${ledger.executions} executions: ${ledger.problems.length === 0 ? "every credit is where it should be" : ledger.problems.join("; ")}`,
    ...problems.map(({ number, problem }) => `request ${number}: ${problem}`),
    ...(first === undefined
      ? []
      : [`The first of them, as ${first.bytes.length} bytes of base64:`, shown(first.bytes)]),
  ].join("\n");
}

function shown(bytes: Buffer): string {
  const text = bytes.subarray(0, 20_000).toString("base64");
  return `${text}\n(the same again: --only with its number, and the same seed)`;
}
