// A session at a real runner, asked for over HTTP as the gateway would, for one account.

import { newId, newSessionId } from "../../shared/ids.ts";
import { LANGUAGES, type LanguageId } from "../../shared/languages.ts";
import { ExecutionReport, type RunnerExecuteRequest } from "../../shared/runner-api.ts";
import type { RunnerProcess } from "./runner-process.ts";
import type { Answer } from "./signed-call.ts";

/** A session that has been opened at `runner`. */
export async function openSession(
  runner: RunnerProcess,
  language: LanguageId,
  more: object = {},
): Promise<SessionCalls> {
  const session = sessionCalls(runner, language);
  const { status, text } = await session.open(more);
  if (status !== 201) throw new Error(`no session: ${status} ${text}`);
  return session;
}

/** What a cell prints. */
export async function stdoutOf(session: SessionCalls, code: string): Promise<string | undefined> {
  return (await session.run(code)).run?.stdout;
}

export type SessionCalls = ReturnType<typeof sessionCalls>;
type More = Partial<Omit<RunnerExecuteRequest, "sessionId">>;

/** The calls of one session, which `open` makes. */
export function sessionCalls(
  runner: RunnerProcess,
  language: LanguageId,
  { accountId = "sessions", sessionId = newSessionId() } = {},
) {
  const path = `/v1/sessions/${sessionId}`;
  const requestFor = (code: string, more: More = {}): RunnerExecuteRequest => ({
    ...{ executionId: newId("exec"), accountId, language, sessionId, isSnippet: true },
    files: [{ name: LANGUAGES[language].mainFile, content: code }],
    runTimeoutMs: 10_000,
    compileTimeoutMs: 30_000,
    ...more,
  });
  const post = (what: string, more: object = {}) =>
    runner.call({ path: path + what, payload: { accountId, ...more } });
  const attempt = (code: string, more?: More): Promise<Answer> =>
    runner.call({ path: "/v1/execute", payload: requestFor(code, more) });
  return {
    ...{ sessionId, accountId, path, requestFor, attempt, post },
    open: (more: object = {}) =>
      runner.call({ path: "/v1/sessions", payload: { sessionId, accountId, language, ...more } }),
    /** What comes of a cell that must be run. */
    run: async (code: string, more?: More): Promise<ExecutionReport> => {
      const { status, body } = await attempt(code, more);
      if (status !== 200) throw new Error(`${status} ${JSON.stringify(body)}`);
      return ExecutionReport.parse(body);
    },
    tell: () => runner.call({ path: `${path}?accountId=${accountId}` }),
    close: () => runner.call({ method: "DELETE", path: `${path}?accountId=${accountId}` }),
  };
}
