// How sessions, their files and what runs are told of by `/api`. It translates to and from the core's
// words and decides nothing else.

import * as z from "zod";
import { isSessionId } from "../../shared/ids.ts";
import { languageOf } from "../../shared/languages.ts";
import {
  LISTED_SESSIONS_DEFAULT,
  LISTED_SESSIONS_MAX,
  STDIN_BYTES_MAX,
} from "../../shared/limits.ts";
import { PackagesRequest } from "../../shared/packages.ts";
import {
  FILE_ENCODINGS,
  type InstalledPackage,
  isBase64,
  type RunnerSession,
  VersionSelector,
  type WorkspaceListing,
} from "../../shared/runner-api.ts";
import type { Place, Session } from "../account/sessions.ts";
import { Language } from "./fields.ts";
import { toSessionWord } from "./session-word.ts";

/** What `POST /api/sessions` takes. */
export const OpenSessionRequest = z.object({
  language: Language,
  version: VersionSelector.nullish(),
  packages: PackagesRequest.nullish(),
});

/** What `POST /api/sessions/:id/packages` takes. */
export const InstallRequest = PackagesRequest.refine(
  ({ pip = [], npm = [] }) => pip.length + npm.length > 0,
  { error: "is required where no `npm` is sent", path: ["pip"] },
);

const limitRule = { error: `must be a whole number from 1 to ${LISTED_SESSIONS_MAX}` };

/** What the query of `GET /api/sessions` may say. */
export const ListSessionsQuery = z.object({
  limit: z.coerce
    .number(limitRule)
    .int(limitRule)
    .min(1, limitRule)
    .max(LISTED_SESSIONS_MAX, limitRule)
    .default(LISTED_SESSIONS_DEFAULT),
  /** Without it, only those that live. */
  state: z.enum(["live", "all"], { error: "must be `live` or `all`" }).default("live"),
  cursor: z
    .string()
    .transform((text, ctx): Place => {
      const [, createdAtMs, id = ""] = /^(\d{1,15})\.(.+)$/.exec(text) ?? [];
      if (isSessionId(id)) return { createdAtMs: Number(createdAtMs), id };
      ctx.issues.push({ code: "custom", input: text, message: "must be the `cursor` of a reply" });
      return z.NEVER;
    })
    .optional(),
});

const INPUT_CHARACTERS_MAX = Math.ceil((STDIN_BYTES_MAX * 4) / 3) + 4;

/** What `POST /api/executions/:id/stdin` takes. */
export const InputRequest = z
  .object({
    data: z
      .string()
      .transform((text) => text.toWellFormed())
      .nullish(),
    encoding: z
      .enum(FILE_ENCODINGS, { error: `must be one of ${FILE_ENCODINGS.join(", ")}` })
      .nullish(),
    end: z.boolean().nullish(),
  })
  .refine(({ data, end }) => typeof data === "string" || end === true, {
    error: "is required where `end` is not true",
    path: ["data"],
  })
  .refine(({ data, encoding }) => encoding !== "base64" || isBase64(data ?? ""), {
    error: "is not base64",
    path: ["data"],
  })
  .refine(({ data, encoding }) => bytesOfInput(data ?? "", encoding) <= STDIN_BYTES_MAX, {
    error: `must be at most ${STDIN_BYTES_MAX} bytes`,
    path: ["data"],
    params: { code: "payload_too_large" },
  });

function bytesOfInput(data: string, encoding: string | null | undefined): number {
  if (data.length > INPUT_CHARACTERS_MAX) return data.length;
  if (encoding === "base64") return (data.length / 4) * 3 - (data.match(/=*$/)?.[0].length ?? 0);
  return new TextEncoder().encode(data).length;
}

/** What was put into a session, by whose packages they are. */
export function toApiPackages(installed: readonly InstalledPackage[]) {
  return installed.map(({ manager, name, version, hasSkippedScripts }) => ({
    manager,
    name,
    version,
    ...(hasSkippedScripts && { scriptsSkipped: true }),
  }));
}

/** A session as its account remembers it. */
export function toApiSession(session: Session) {
  const { id, language, version, executions, ending, isBusy, isExplicit } = session;
  return {
    sessionId: toSessionWord(id),
    ...languageFields(language, version),
    state: ending ?? (isBusy ? "busy" : "idle"),
    ...timeFields(session),
    executions,
    kept: isExplicit,
  };
}

/** A live session as its runner has just told of it. */
export function toLiveApiSession(session: RunnerSession, { isExplicit }: Session) {
  const { sessionId, language, version, state, executions } = session;
  return {
    sessionId: toSessionWord(sessionId),
    ...languageFields(language, version),
    state,
    ...timeFields(session),
    executions,
    kept: isExplicit,
  };
}

/** A page of sessions, and where the next begins if this one is full. */
export function toApiSessions(sessions: readonly Session[], limit: number) {
  const last = sessions.length > limit ? sessions[limit - 1] : undefined;
  return {
    sessions: sessions.slice(0, limit).map(toApiSession),
    cursor: last === undefined ? null : `${last.createdAtMs}.${last.id}`,
  };
}

/** A directory of a session's workspace. */
export function toApiListing({ entries, truncated }: WorkspaceListing) {
  return {
    entries: entries.map(({ name, type, bytes, modifiedAtMs }) => ({
      name,
      type,
      bytes,
      modifiedAt: new Date(modifiedAtMs).toISOString(),
    })),
    truncated,
  };
}

function languageFields(id: Session["language"], version: string | undefined) {
  const { name } = languageOf(id);
  return {
    language: version === undefined ? name : `${name} ${version}`,
    languageId: id,
    version: version ?? null,
  };
}

function timeFields(times: { createdAtMs: number; lastUsedAtMs: number; expiresAtMs: number }) {
  return {
    createdAt: new Date(times.createdAtMs).toISOString(),
    lastUsedAt: new Date(times.lastUsedAtMs).toISOString(),
    expiresAt: new Date(times.expiresAtMs).toISOString(),
  };
}
