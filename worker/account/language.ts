// Which language an execution is in: the one it names, or that of the session it is to run in. The
// account is asked for this before anything is reserved.

import { type LanguageId, languageOf } from "../../shared/languages.ts";
import type { Intent, Refusal } from "../admission.ts";
import { deadEnd, findSession } from "./sessions.ts";

/** The language of an execution, or why it cannot run in the session it names. */
export function languageFor(
  sql: SqlStorage,
  nowMs: number,
  { language, session }: Intent,
  isRepeated: boolean,
): LanguageId | Refusal {
  if (session === undefined || session.opens) {
    if (language === undefined) throw new Error("an execution has no language and no session");
    return language;
  }
  const found = findSession(sql, nowMs, session.id);
  const code = isRepeated && found ? undefined : deadEnd(found);
  if (found === undefined || code !== undefined) {
    return { ok: false, code: code ?? "unknown_session" };
  }
  if (language === undefined || language === found.language) return found.language;
  const message = `\`language\` must be that of the session, ${languageOf(found.language).name}.`;
  return { ok: false, code: "invalid_request", field: "language", message };
}
