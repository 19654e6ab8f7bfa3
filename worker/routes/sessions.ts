// /api/sessions: opens sessions, tells of them, and ends them. The account knows whose a session is
// and whether it can still be used; the runner has the session itself.

import { newSessionId } from "../../shared/ids.ts";
import { parse } from "../../shared/parse.ts";
import { asOpened, type Session } from "../account/sessions.ts";
import { type Call, logTrouble } from "../call.ts";
import { fromSessionWord, toSessionWord } from "../faces/session-word.ts";
import {
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
  closeOnRunner,
  installOnRunner,
  interruptSessionOnRunner,
  openOnRunner,
  resetOnRunner,
  sessionOnRunner,
} from "../runner-sessions.ts";
import { atRunner, visit, visitNewSession, visitSession } from "../visit.ts";

export const openSession = handle({
  body: OpenSessionRequest,
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
    await withAccount(call.env, accountId, (account) =>
      account.noteOpened(sessionId, opened.version),
    );
    const body = toApiSession({ ...found, version: opened.version });
    const installed = opened.packages && { packages: toApiPackages(opened.packages) };
    return { status: 201, body: { ...body, ...installed } };
  },
});

export const installPackages = handle({
  body: InstallRequest,
  run: async (packages, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    const installed = await atRunner(call, visited, (whose) =>
      installOnRunner(call, whose, packages),
    );
    return { body: { packages: toApiPackages(installed.packages) } };
  },
});

/** The answer of a request that was sent before, as it was given then. */
function openedBefore(call: Call, session: Session): Reply {
  noteReplay(call);
  return { status: 201, body: toApiSession(asOpened(session)) };
}

export const listSessions = handle({
  body: NoBody,
  run: async (_body, call) => {
    const query = Object.fromEntries(new URL(call.request.url).searchParams);
    const { limit, state, cursor } = parse(ListSessionsQuery, query);
    const place = cursor === undefined ? {} : { place: cursor };
    const page = { most: limit + 1, ended: state === "all", ...place };
    const { found } = await visit(call, async (account, keyHash) => {
      return await account.listSessions(keyHash, page);
    });
    return { body: toApiSessions(found, limit) };
  },
});

export const showSession = handle({
  body: NoBody,
  run: async (_body, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: false });
    const session = await atRunner(call, visited, (whose) => sessionOnRunner(call, whose));
    return { body: toLiveApiSession(session, visited.found) };
  },
});

export const deleteSession = handle({
  body: NoBody,
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
  body: NoBody,
  run: async (_body, call, { sessionId = "" }) => {
    const visited = await visitSession(call, fromSessionWord(sessionId), { isUse: true });
    const interrupted = await atRunner(call, visited, (whose) =>
      interruptSessionOnRunner(call, whose),
    );
    return { body: { sessionId: toSessionWord(visited.found.id), interrupted } };
  },
});

export const resetSession = handle({
  body: NoBody,
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
