// The gateway's table of contents, and the only place where a request enters and a reply leaves.
// The router below is the whole list of routes: what is not in it does not exist (404), and what is
// in it under another method says so (405 with the methods it has).

import { Router, type RouterType } from "itty-router";
import { Failure } from "../shared/errors.ts";
import { PATH_BYTES_MAX } from "../shared/limits.ts";
import { begin, type Call } from "./call.ts";
import { type Env, settingsOf } from "./env.ts";
import type { RouteMatch } from "./handle.ts";
import { publishRoutes } from "./openapi/table.ts";
import { wakeTreasury } from "./payments/objects.ts";
import { finish, preflight, refuse } from "./reply.ts";
import { changeAccount } from "./routes/accounts.ts";
import { listApiEntries, listV1Entries, showApiCredits, showV1Credits } from "./routes/credits.ts";
import {
  claimApiDeposit,
  claimV1Deposit,
  listApiDeposits,
  listV1Deposits,
  showApiDeposit,
  showV1Deposit,
} from "./routes/deposits.ts";
import { showDescription, showGuide, showReference } from "./routes/documents.ts";
import { executeForApi, executeForV1, executeInSession } from "./routes/execute.ts";
import { interruptExecution, sendInput } from "./routes/executions.ts";
import { readFile, removeFile, writeFile } from "./routes/files.ts";
import { health } from "./routes/health.ts";
import { apiHistory, v1History } from "./routes/history.ts";
import { createKey, listKeys, renameKey, revokeKey, rotateKey } from "./routes/keys.ts";
import { answerModels } from "./routes/mcp.ts";
import { listAddresses, listPayments, releaseDeposit } from "./routes/payments.ts";
import {
  executeForPiston,
  executeForPublicPiston,
  listPistonRuntimes,
  listPublicPistonRuntimes,
} from "./routes/piston.ts";
import { root } from "./routes/root.ts";
import { listApiLanguages, listV1Runtimes } from "./routes/runtimes.ts";
import {
  deleteSession,
  installPackages,
  interruptSession,
  listSessions,
  openSession,
  resetSession,
  showSession,
} from "./routes/sessions.ts";
import { topUpForApi, topUpForV1 } from "./routes/topup.ts";
import { showWebhookSecret } from "./routes/webhook.ts";

export { Account } from "./account/account.ts";
export { Courier } from "./courier/courier.ts";
export { Deposit } from "./payments/deposit/deposit.ts";
export { Treasury } from "./payments/treasury/treasury.ts";
export { Wallet } from "./payments/wallet/wallet.ts";
export { Payment } from "./payments/x402/payment.ts";
export { Settler } from "./payments/x402/settler.ts";
export { Visitor } from "./visitor/visitor.ts";

type Gateway = RouterType<RouteMatch, [Call], Response>;

const router: Gateway = Router<RouteMatch, [Call], Response>({
  before: [refuseOddPaths, requireSettings, answerOptions],
  catch: (thrown: unknown, _match: RouteMatch, call: Call) => refuse(thrown, call),
  finally: [
    (response: Response, { route }: RouteMatch, call: Call) =>
      finish(response, routeName(route), call),
  ],
})
  .get("/", root)
  .get("/health", health)
  .get("/openapi.json", showDescription)
  .get("/docs", showReference)
  .get("/llms.txt", showGuide)
  .post("/api/keys", createKey)
  .get("/api/keys", listKeys)
  .patch("/api/keys/:keyId", renameKey)
  .delete("/api/keys/:keyId", revokeKey)
  .post("/api/keys/:keyId/rotate", rotateKey)
  .get("/api/credits", showApiCredits)
  .get("/api/credits/ledger", listApiEntries)
  .post("/api/credits/topup", topUpForApi)
  .get("/api/deposits", listApiDeposits)
  .post("/api/deposits", claimApiDeposit)
  .get("/api/deposits/:txHash", showApiDeposit)
  .get("/api/languages", listApiLanguages)
  .post("/api/execute", executeForApi)
  .post("/api/sessions", openSession)
  .get("/api/sessions", listSessions)
  .get("/api/sessions/:sessionId", showSession)
  .delete("/api/sessions/:sessionId", deleteSession)
  .post("/api/sessions/:sessionId/execute", executeInSession)
  .post("/api/sessions/:sessionId/interrupt", interruptSession)
  .post("/api/sessions/:sessionId/reset", resetSession)
  .post("/api/sessions/:sessionId/packages", installPackages)
  .get("/api/sessions/:sessionId/files/*", readFile)
  .put("/api/sessions/:sessionId/files/*", writeFile)
  .delete("/api/sessions/:sessionId/files/*", removeFile)
  .get("/api/executions", apiHistory.list)
  .delete("/api/executions", apiHistory.clear)
  .get("/api/executions/:executionId", apiHistory.show)
  .delete("/api/executions/:executionId", apiHistory.remove)
  .get("/api/executions/:executionId/deliveries", apiHistory.deliveries)
  .post("/api/executions/:executionId/interrupt", interruptExecution)
  .post("/api/executions/:executionId/cancel", interruptExecution)
  .post("/api/executions/:executionId/stdin", sendInput)
  .post("/v1/execute", executeForV1)
  .get("/v1/execute/runtimes", listV1Runtimes)
  .get("/v1/credits", showV1Credits)
  .get("/v1/credits/ledger", listV1Entries)
  .post("/v1/credits/topup", topUpForV1)
  .get("/v1/deposits", listV1Deposits)
  .post("/v1/deposits", claimV1Deposit)
  .get("/v1/deposits/:txHash", showV1Deposit)
  .get("/v1/executions", v1History.list)
  .delete("/v1/executions", v1History.clear)
  .get("/v1/executions/:executionId", v1History.show)
  .delete("/v1/executions/:executionId", v1History.remove)
  .get("/v1/executions/:executionId/deliveries", v1History.deliveries)
  .get("/api/v2/runtimes", listPistonRuntimes)
  .post("/api/v2/execute", executeForPiston)
  .get("/api/v2/piston/runtimes", listPublicPistonRuntimes)
  .post("/api/v2/piston/execute", executeForPublicPiston)
  .get("/api/webhook-secret", showWebhookSecret)
  .post("/mcp", answerModels)
  .patch("/admin/accounts/:accountId", changeAccount)
  .get("/admin/payments", listPayments)
  .get("/admin/payments/addresses", listAddresses)
  .post("/admin/payments/release", releaseDeposit)
  .all("*", answerMissing);

publishRoutes(router.routes);

const PLAIN_PATH = /^(\/[\w.~-]+)+\/?$/;
const FILE_PATH = /^\/api\/sessions\/[\w.~-]+\/files\//;

export default {
  async fetch(request: Request, env: Env, ctx: ExecutionContext): Promise<Response> {
    const call = begin(request, env, ctx);
    // A request with two hosts has an address that is none, and the router would not survive it.
    if (!URL.canParse(request.url)) return finish(refuse(noAddress(), call), "none", call);
    // HEAD is answered as GET would be; the body is left out when the reply leaves.
    const method = request.method === "HEAD" ? "GET" : request.method;
    return await router.fetch({ method, url: request.url, params: {}, route: "none" }, call);
  },
  /** Called by the clock: nothing that is due depends on it, but for a search that has come to a stop. */
  async scheduled(_controller: unknown, env: Env): Promise<void> {
    await wakeTreasury(env);
  },
} satisfies ExportedHandler<Env>;

function noAddress(): Failure {
  return new Failure("invalid_request", { message: "The request's address is not a valid URL." });
}

/**
 * No route has an empty segment, an escape or a strange character, so no such path is looked up. What
 * a file may be called is for the route of files.
 */
function refuseOddPaths({ url }: RouteMatch): void {
  const { pathname } = new URL(url);
  const isPlain = pathname === "/" || PLAIN_PATH.test(pathname) || FILE_PATH.test(pathname);
  if (!isPlain || pathname.length > PATH_BYTES_MAX) throw new Failure("not_found");
}

function requireSettings(_match: RouteMatch, call: Call): void {
  settingsOf(call.env);
}

function answerOptions(match: RouteMatch): Response | undefined {
  if (match.method !== "OPTIONS") return undefined;
  const methods = methodsAt(match.url);
  if (methods.length === 0) throw new Failure("not_found");
  return preflight(methods);
}

function answerMissing(match: RouteMatch, call: Call): Response {
  const methods = methodsAt(match.url);
  if (methods.length === 0) throw new Failure("not_found");
  call.headers.set("Allow", methods.join(", "));
  throw new Failure("method_not_allowed");
}

/** The methods the table has for a path; none when it does not know the path. */
function methodsAt(url: string): string[] {
  const { pathname } = new URL(url);
  const own = router.routes
    .filter(([method, pattern]) => method !== "ALL" && pattern.test(pathname))
    .map(([method]) => method);
  if (own.length === 0) return [];
  return [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"];
}

/** A route as the log names it: its path in the table, or `none`. The router calls `/` empty. */
function routeName(route: string): string {
  return route === "*" ? "none" : route || "/";
}
