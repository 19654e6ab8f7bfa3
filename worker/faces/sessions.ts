// How sessions, their files and what runs are told of by `/api`. It translates to and from the core's
// words and decides nothing else.

import * as z from "zod";
import { isSessionId } from "../../shared/ids.ts";
import { LANGUAGE_IDS, languageOf } from "../../shared/languages.ts";
import {
  LISTED_SESSIONS_DEFAULT,
  LISTED_SESSIONS_MAX,
  STDIN_BYTES_MAX,
} from "../../shared/limits.ts";
import { PackagesRequest } from "../../shared/packages.ts";
import {
  FILE_ENCODINGS,
  InstalledPackage,
  isBase64,
  type RunnerSession,
  VersionSelector,
  WorkspaceEntry,
  type WorkspaceListing,
  WrittenFile,
} from "../../shared/runner-api.ts";
import type { Place, Session } from "../account/sessions.ts";
import { named } from "../openapi/named.ts";
import { Language } from "./fields.ts";
import { pageLimit } from "./page.ts";
import { toSessionWord } from "./session-word.ts";

/** What `POST /api/sessions` takes. */
export const OpenSessionRequest = z.object({
  language: Language,
  version: VersionSelector.nullish().describe("Refused if what is here is not in it."),
  packages: PackagesRequest.nullish().describe("What to install before it is used."),
});

/** What `POST /api/sessions/:id/packages` takes. */
export const InstallRequest = PackagesRequest.refine(
  ({ pip = [], npm = [] }) => pip.length + npm.length > 0,
  { error: "is required where no `npm` is sent", path: ["pip"] },
);

const Package = named(
  "Package",
  z.strictObject({
    manager: InstalledPackage.shape.manager,
    name: z.string(),
    version: z.string(),
    scriptsSkipped: z
      .boolean()
      .optional()
      .describe("`true` where it has scripts that its own manager would have run."),
  }),
);

/** What was installed. */
export const InstalledPackages = z.strictObject({ packages: z.array(Package) });

/** A session, in the words of this face. */
export const ApiSession = named(
  "Session",
  z.strictObject({
    sessionId: z.string(),
    language: z.string().describe("With its version, for people."),
    languageId: z.enum(LANGUAGE_IDS),
    version: z.string().nullable().describe("`null` while it is not known yet."),
    state: z
      .enum(["idle", "busy", "deleted", "expired", "evicted", "lost"])
      .describe("Whether something runs in it, or what became of it."),
    createdAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime(),
    expiresAt: z.iso.datetime().describe("When it is gone unless it is used before."),
    executions: z.int().nonnegative(),
    kept: z.boolean().describe("`false` for those that go first when there is no room."),
    packages: z.array(Package).optional().describe("What was installed when it was opened."),
  }),
);
type ApiSession = z.infer<typeof ApiSession>;

/** A page of sessions. */
export const ApiSessions = named(
  "Sessions",
  z.strictObject({
    sessions: z.array(ApiSession),
    cursor: z.string().nullable().describe("Where the next page begins, if there is one."),
  }),
);

/** What was made of an upload. */
export const ApiWrittenFile = named(
  "WrittenFile",
  z.strictObject({
    name: WrittenFile.shape.name,
    bytes: WrittenFile.shape.bytes,
    sha256: WrittenFile.shape.sha256.describe("In hexadecimal."),
  }),
);

/** What a directory of a session's workspace holds. */
export const ApiListing = named(
  "Listing",
  z.strictObject({
    entries: z.array(
      z.strictObject({
        name: z.string(),
        type: WorkspaceEntry.shape.type,
        bytes: z.int().nonnegative(),
        modifiedAt: z.iso.datetime(),
      }),
    ),
    truncated: z.boolean().describe("Whether there is more than is told."),
  }),
);

/** What the query of `GET /api/sessions` may say. */
export const ListSessionsQuery = z.object({
  limit: pageLimit({ most: LISTED_SESSIONS_MAX, usual: LISTED_SESSIONS_DEFAULT }),
  state: z
    .enum(["live", "all"], { error: "must be `live` or `all`" })
    .default("live")
    .describe("Only those that live, or also those that are gone."),
  cursor: z
    .string()
    .transform((text, ctx): Place => {
      const [, createdAtMs, id = ""] = /^(\d{1,15})\.(.+)$/.exec(text) ?? [];
      if (isSessionId(id)) return { createdAtMs: Number(createdAtMs), id };
      ctx.issues.push({ code: "custom", input: text, message: "must be the `cursor` of a reply" });
      return z.NEVER;
    })
    .optional()
    .describe("The `cursor` of the page before."),
});

const INPUT_CHARACTERS_MAX = Math.ceil((STDIN_BYTES_MAX * 4) / 3) + 4;

/** What `POST /api/executions/:id/stdin` takes. */
export const InputRequest = z
  .object({
    data: z
      .string()
      .transform((text) => text.toWellFormed())
      .nullish()
      .describe(`At most ${STDIN_BYTES_MAX} bytes.`),
    encoding: z
      .enum(FILE_ENCODINGS, { error: `must be one of ${FILE_ENCODINGS.join(", ")}` })
      .nullish()
      .describe("How `data` is written; `utf8` when not given."),
    end: z.boolean().nullish().describe("Whether that was all; the program reads its end then."),
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
export function toApiSession(session: Session): ApiSession {
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
export function toLiveApiSession(session: RunnerSession, { isExplicit }: Session): ApiSession {
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
export function toApiSessions(
  sessions: readonly Session[],
  limit: number,
): z.infer<typeof ApiSessions> {
  const last = sessions.length > limit ? sessions[limit - 1] : undefined;
  return {
    sessions: sessions.slice(0, limit).map(toApiSession),
    cursor: last === undefined ? null : `${last.createdAtMs}.${last.id}`,
  };
}

/** A directory of a session's workspace. */
export function toApiListing({ entries, truncated }: WorkspaceListing): z.infer<typeof ApiListing> {
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
