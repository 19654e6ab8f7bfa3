// What must be true of the answer to any request at all, and of the ledgers when all is over.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { ERRORS, type ErrorCode } from "../../shared/errors.ts";
import { CREDIT_MICRO } from "../../shared/money.ts";
import { checkEntries, type Entry } from "./ledger.ts";
import type { FuzzRequest } from "./requests.ts";
import type { FuzzReply } from "./wire.ts";

/** What only the inside of the service would say. */
const INTERNAL =
  /\bat \S+ \(|\.[tj]s:\d|node_modules|\bzod|sqlite|(Type|Range|Syntax|Reference)Error|durable object|workerd|\[object |undefined|\bNaN\b/i;
/** A body larger than this may be refused before it is read, by a connection that ends. */
const LARGE_BYTES = 60_000;

/** What is wrong with an answer, or `undefined`. */
export function problemWith(
  request: FuzzRequest,
  reply: FuzzReply,
  possible: ReadonlySet<number> | undefined,
): string | undefined {
  if (reply.kind === "silent") return `no end of an answer: ${reply.received || "nothing at all"}`;
  const isLarge = request.body.length > LARGE_BYTES;
  if (reply.kind === "closed") return request.isBroken || isLarge ? undefined : "no answer";
  const { status, headers, body } = reply;
  if (!headers.has("x-request-id")) return fromTheServer(request, reply);
  if (status >= 500) return `answered ${status}: ${body}`;
  if (status >= 400 && request.method !== "HEAD") {
    const problem = problemWithError(status, body);
    if (problem !== undefined) return problem;
  }
  if (possible !== undefined && status !== 404 && !possible.has(status)) {
    return `answered ${status}, which is not described: ${body}`;
  }
  const isJson = headers.get("content-type") === "application/json";
  return status < 400 && isJson && request.method !== "HEAD" && !isObject(body)
    ? `answered ${status} with what is not JSON: ${body}`
    : undefined;
}

/** An answer of the HTTP server's own, which never reached the gateway: only for what is not HTTP. */
function fromTheServer(request: FuzzRequest, reply: FuzzReply & { kind: "reply" }) {
  // Who asks for a tunnel is refused by the server with a status of its own choice.
  const tunnel = request.method === "CONNECT" ? [500] : [];
  const isRefusal = [400, 413, 431, 501, ...tunnel].includes(reply.status);
  if (isRefusal && request.isBroken) return undefined;
  return `the server itself answered ${reply.status}: ${reply.body}`;
}

function problemWithError(status: number, body: string): string | undefined {
  try {
    const { jsonrpc, error } = JSON.parse(body) as {
      jsonrpc?: string;
      error: { code: ErrorCode; message: string };
    };
    // The protocol of the tools has errors of its own, whose codes are numbers.
    const isOurs = jsonrpc !== "2.0" || typeof error.code !== "number";
    if (isOurs && ERRORS[error.code].status !== status)
      return `${error.code} with status ${status}`;
    if (INTERNAL.test(error.message)) return `the inside shows: ${error.message}`;
    return undefined;
  } catch {
    return `${status} with what is no error of ours: ${body.slice(0, 300)}`;
  }
}

function isObject(text: string): boolean {
  try {
    return typeof JSON.parse(text) === "object";
  } catch {
    return false;
  }
}

/** What is wrong with the ledgers in a folder of objects, given how much each account has run. */
export function problemsOfLedgers(
  objectsDir: string,
  executed: ReadonlyMap<string, number>,
): { problems: string[]; accounts: number; entries: number; executions: number } {
  const dir = join(objectsDir, "agent-coderunner-Account");
  const files = readdirSync(dir).filter((name) => /^[0-9a-f]{64}\.sqlite$/.test(name));
  const sum = { problems: [] as string[], accounts: 0, entries: 0, executions: 0 };
  for (const file of files) {
    const database = new DatabaseSync(join(dir, file), { readOnly: true });
    const isAccount = "SELECT 1 FROM sqlite_master WHERE name = 'entry'";
    if (database.prepare(isAccount).get() !== undefined) {
      const entries = database.prepare("SELECT * FROM entry ORDER BY number").all() as Entry[];
      const { problems, chargedMicro } = checkEntries(entries);
      const wanted = (executed.get(file.slice(0, 64)) ?? 0) * CREDIT_MICRO;
      if (chargedMicro !== wanted) problems.push(`charged ${chargedMicro} instead of ${wanted}`);
      sum.problems.push(...problems.map((problem) => `account ${file.slice(0, 8)}: ${problem}`));
      sum.accounts += 1;
      sum.entries += entries.length;
      sum.executions += chargedMicro / CREDIT_MICRO;
    }
    database.close();
  }
  return sum;
}
