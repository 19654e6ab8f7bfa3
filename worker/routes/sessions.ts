// /api/sessions: opens sessions, tells of them, and ends them. The account knows whose a session is
// and whether it can still be used; the runner has the session itself.

import * as z from "zod";
import { newSessionId } from "../../shared/ids.ts";
import { asOpened, type Session } from "../account/sessions.ts";
import { type Call, logTrouble } from "../call.ts";
import { OPEN_SESSION_EXAMPLES } from "../faces/examples.ts";
import { fromSessionWord, toSessionWord } from "../faces/session-word.ts";
import {
  ApiSession,
  ApiSessions,
  InstalledPackages,
  InstallRequest,
  ListSessionsQuery,
  OpenSessionRequest,
  toApiPackages,
  toApiSession,
  toApiSessions,
  toLiveApiSession,
} from "../faces/sessions.ts";
import { handle, NoBody, type Reply } from "../handle.ts";
import { noteReplay } from "../idempotency.ts";
import { withAccount } from "../objects.ts";
import {
  PACKAGE_ERRORS,
  REPEAT_ERRORS,
  REPEATABLE,
  RUNNER_ERRORS,
  SESSION_ERRORS,
} from "../openapi/about.ts";
import {
  closeOnRunner,
  installOnRunner,
  interruptSessionOnRunner,
  openOnRunner,
  resetOnRunner,
  sessionOnRunner,
} from "../runner-sessions.ts";
import { atRunner, visit, visitNewSession, visitSession } from "../visit.ts";

const InterruptedSession = z.strictObject({
  sessionId: z.string(),
  interrupted: z.boolean().describe("Whether anything ran."),
});
const ToldSession = z.strictObject({ sessionId: z.string() });

export const openSession = handle({
  summary: "Open a session",
  description:
    "A place where variables and files stay between executions. It is gone when it was not used for a while.",
  operation: "openSession",
  body: OpenSessionRequest,
  reply: { 201: { json: ApiSession } },
  errors: [
    "unknown_language",
    "unknown_version",
    "too_many_sessions",
    ...PACKAGE_ERRORS,
    ...REPEAT_ERRORS,
    ...RUNNER_ERRORS,
  ],
  headers: REPEATABLE,
  examples: OPEN_SESSION_EXAMPLES,
  run: async ({ language, version, packages }, call) => {
    const sessionId = newSessionId();
    const { key, found } = await visitNewSession(call, sessionId, language);
    if (found.id !== sessionId) return openedBefore(call, found);
    const { accountId } = key;
    const request = {
      ...{ sessionId, accountId, language },
      ...(version && { version }),
      ...(packages && { packages }),
    };
    const opened = await openOnRunner(call, request).catch(async (thrown) => {
      await withAccount(call.env, accountId, (account) => account.forgetSession(sessionId));
      // It may be there all the same, and nobody would ever come for it.
      call.ctx.waitUntil(closeOnRunner(call, { accountId, sessionId }).catch(() => undefined));
      throw thrown;
    });
    const installed = opened.packages && JSON.stringify(toApiPackages(opened.packages));
    await withAccount(call.env, accountId, (account) =>
      account.noteOpened(sessionId, opened.version, installed),
    );
    return openedReply({ ...found, version: opened.version, packages: installed });
  },
});

export const installPackages = handle({
  summary: "Install packages in a session",
  description: "Whatever its programs can import from then on; only where the operator allows it.",
  operation: "installPackages",
  body: InstallRequest,
  reply: InstalledPackages,
  errors: ["conflict", "session_busy", ...PACKAGE_ERRORS, ...SESSION_ERRORS, ...RUNNER_ERRORS],
  examples: { pip: { summary: "One of Python's", body: { pip: ["six==1.17.0"] } } },
  run: async (packages, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    const installed = await atRunner(call, visited, (whose) =>
      installOnRunner(call, whose, packages),
    );
    return { body: { packages: toApiPackages(installed.packages) } };
  },
});

/** The answer of a request that was sent before, as it was given then. */
function openedBefore(call: Call, session: Session): Reply<z.output<typeof ApiSession>> {
  noteReplay(call);
  return openedReply(asOpened(session));
}

function openedReply(session: Session): Reply<z.output<typeof ApiSession>> {
  const { packages } = session;
  const installed = packages !== undefined && { packages: JSON.parse(packages) };
  return { status: 201, body: { ...toApiSession(session), ...installed } };
}

export const listSessions = handle({
  summary: "List sessions",
  description: "Newest first.",
  operation: "listSessions",
  body: NoBody,
  query: ListSessionsQuery,
  reply: ApiSessions,
  examples: { all: { summary: "Also those that are gone", query: { state: "all", limit: "10" } } },
  run: async (_body, call, _params, { limit, state, cursor }) => {
    const place = cursor === undefined ? {} : { place: cursor };
    const page = { most: limit + 1, ended: state === "all", ...place };
    const { found } = await visit(call, async (account, keyHash) => {
      return await account.listSessions(keyHash, page);
    });
    return { body: toApiSessions(found, limit) };
  },
});

export const showSession = handle({
  summary: "Ask after a session",
  operation: "getSession",
  body: NoBody,
  reply: ApiSession,
  errors: [...SESSION_ERRORS, ...RUNNER_ERRORS],
  examples: { one: { summary: "One that lives" } },
  run: async (_body, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: false });
    const session = await atRunner(call, visited, (whose) => sessionOnRunner(call, whose));
    return { body: toLiveApiSession(session, visited.found) };
  },
});

export const deleteSession = handle({
  summary: "End a session",
  description: "With everything that runs in it and everything it holds.",
  operation: "deleteSession",
  body: NoBody,
  reply: { 204: { description: "It is over." } },
  errors: SESSION_ERRORS,
  examples: { one: { summary: "One that lives" } },
  run: async (_body, call, { sessionId = "" }) => {
    const id = fromSessionWord(sessionId);
    if (id !== "") call.line.sessionId = id;
    const { key } = await visit(call, async (account, keyHash) => {
      return await account.deleteSession(keyHash, id);
    });
    await close(call, { accountId: key.accountId, sessionId: id });
    return "nothing";
  },
});

export const interruptSession = handle({
  summary: "Interrupt what runs in a session",
  description: "As Ctrl-C would; the session's state stays if its program ends by itself.",
  operation: "interruptSession",
  body: NoBody,
  reply: InterruptedSession,
  errors: [...SESSION_ERRORS, ...RUNNER_ERRORS],
  examples: { one: { summary: "One that lives" } },
  run: async (_body, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    const interrupted = await atRunner(call, visited, (whose) =>
      interruptSessionOnRunner(call, whose),
    );
    return { body: { sessionId: toSessionWord(visited.found.id), interrupted } };
  },
});

export const resetSession = handle({
  summary: "Have a session begin anew",
  description: "Its files stay; what its executions have left in memory does not.",
  operation: "resetSession",
  body: NoBody,
  reply: ToldSession,
  errors: [...SESSION_ERRORS, ...RUNNER_ERRORS],
  examples: { one: { summary: "One that lives" } },
  run: async (_body, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    await atRunner(call, visited, (whose) => resetOnRunner(call, whose));
    return { body: { sessionId: toSessionWord(visited.found.id) } };
  },
});

/** The session is over for its owner, whatever the runner says; it forgets it by itself in the end. */
async function close(call: Call, whose: { accountId: string; sessionId: string }): Promise<void> {
  try {
    await closeOnRunner(call, whose);
  } catch (thrown) {
    logTrouble(call, `the deleted session ${whose.sessionId} was left to its runner: ${thrown}`);
  }
}
