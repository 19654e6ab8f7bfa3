// The tools that models are given, and nothing of how they are called: names, descriptions, what each
// takes and gives, and what of the gateway it asks. Their fields are those of the `/api` face, so a
// limit or a sentence that changes there changes here. Whoever offers these tools elsewhere asks this
// gateway for them; there is no second list.

import * as z from "zod";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import {
  LISTED_SESSIONS_MAX,
  RUN_TIMEOUT_MS_MAX,
  SESSION_IDLE_MS_MAX,
} from "../../shared/limits.ts";
import { parse } from "../../shared/parse.ts";
import { FILE_ENCODINGS, isBase64, WorkspacePath } from "../../shared/runner-api.ts";
import {
  ApiExecuteRequest,
  type ApiExecution,
  ApiLanguage,
  type SessionExecuteRequest,
} from "../faces/api.ts";
import { hasProgram, Language, programRule } from "../faces/fields.ts";
import {
  ApiListing,
  ApiSession,
  ApiSessions,
  ApiWrittenFile,
  OpenSessionRequest,
} from "../faces/sessions.ts";
import {
  ExecutionTold,
  FileTold,
  type Told,
  toldExecution,
  toldFile,
  toldPlainly,
} from "./results.ts";

/** Where a tool gets what it is asked for: the gateway itself, for one caller and one call. */
export type Desk = {
  /** Runs a program; what it does is told while it runs. */
  execute: (request: SessionExecuteRequest, sessionId?: string) => Promise<ApiExecution>;
  /** Asks a route of the gateway's own, by its operation. */
  ask: (operation: Operation, asked?: Asked) => Promise<Response>;
};

/** The routes that tools ask. */
export type Operation =
  | "listLanguages"
  | "openSession"
  | "listSessions"
  | "resetSession"
  | "deleteSession"
  | "readFile"
  | "writeFile";

export type Asked = {
  sessionId?: string;
  /** A path in the workspace; of a directory with a slash at its end. */
  path?: string;
  query?: Record<string, string>;
  body?: object | Uint8Array;
};

/** What a client may assume of a tool. */
type Hints = { reads?: true; destroys?: true; repeats?: true };

export type Tool = {
  name: string;
  title: string;
  description: string;
  input: z.ZodType;
  output: z.ZodType;
  hints: Hints;
  /** Throws a Failure where the arguments or the gateway say no. */
  run: (given: unknown, desk: Desk) => Promise<Told>;
};

const SessionId = z.string().describe("The `sessionId` that `open_session` has given.");
const path = WorkspacePath.describe("A path in the session's workspace, such as `data/in.csv`.");

const { code, files, args, stdin, version, optimize, timeout, compileTimeout, outputFiles } =
  ApiExecuteRequest.shape;

const ExecuteArguments = z
  .strictObject({
    language: Language.nullish().describe(
      `One of ${LANGUAGE_IDS.join(", ")}. Needed unless there is a \`sessionId\`.`,
    ),
    ...{ code, files, args, stdin, timeout, compileTimeout, outputFiles, version, optimize },
    sessionId: SessionId.nullish().describe(
      "Run in this session, with the variables and files that were left in it; without it, alone.",
    ),
  })
  .refine(hasProgram, programRule)
  .refine(({ language, sessionId }) => Boolean(language) || Boolean(sessionId), {
    error: "is required where there is no `sessionId`",
    path: ["language"],
  });

const ToldSession = z.object({ sessionId: z.string() });

export const TOOLS: readonly Tool[] = [
  tool({
    name: "execute",
    title: "Run a program",
    description: `Runs code in a fresh sandbox without a network and tells what it printed, its exit code and the pictures it showed. A program that fails is no error of the tool: look at \`outcome\`, \`exitCode\` and \`stderr\`. Each call is alone unless it names a \`sessionId\`. A run lasts at most ${RUN_TIMEOUT_MS_MAX / 1000} s. Pictures: in a Python session, whatever is plotted or displayed; elsewhere name them in \`outputFiles\`.`,
    input: ExecuteArguments,
    output: ExecutionTold,
    hints: {},
    run: async ({ sessionId, ...program }, desk) =>
      toldExecution(await desk.execute(program, sessionId ?? undefined)),
  }),
  tool({
    name: "list_languages",
    title: "What can be run",
    description: "The languages that can be run here, with their versions and other names.",
    input: z.strictObject({}),
    output: z.object({ languages: z.array(ApiLanguage) }),
    hints: { reads: true },
    run: async (_given, desk) => toldPlainly({ languages: await json(desk.ask("listLanguages")) }),
  }),
  tool({
    name: "open_session",
    title: "Open a session",
    description: `Opens a place where variables and files stay between executions. It is gone after ${SESSION_IDLE_MS_MAX / 60_000} minutes without use. Needs an API key.`,
    input: z.strictObject(OpenSessionRequest.shape),
    output: ApiSession,
    hints: {},
    run: async (body, desk) => toldPlainly(await json(desk.ask("openSession", { body }))),
  }),
  tool({
    name: "list_sessions",
    title: "List sessions",
    description: "The sessions of this account that live, newest first.",
    input: z.strictObject({
      limit: z.int().nullish().describe(`How many, at most ${LISTED_SESSIONS_MAX}.`),
      cursor: z.string().nullish().describe("The `cursor` of the page before."),
    }),
    output: ApiSessions,
    hints: { reads: true },
    run: async ({ limit, cursor }, desk) => {
      const query = {
        ...(typeof limit === "number" && { limit: String(limit) }),
        ...(typeof cursor === "string" && { cursor }),
      };
      return toldPlainly(await json(desk.ask("listSessions", { query })));
    },
  }),
  tool({
    name: "reset_session",
    title: "Have a session begin anew",
    description: "Forgets the variables of a session and ends what runs in it; its files stay.",
    input: z.strictObject({ sessionId: SessionId }),
    output: ToldSession,
    hints: { destroys: true, repeats: true },
    run: async (given, desk) => toldPlainly(await json(desk.ask("resetSession", given))),
  }),
  tool({
    name: "close_session",
    title: "Close a session",
    description: "Ends a session, with what runs in it and all its files.",
    input: z.strictObject({ sessionId: SessionId }),
    output: ToldSession,
    hints: { destroys: true, repeats: true },
    run: async ({ sessionId }, desk) => {
      await desk.ask("deleteSession", { sessionId });
      return toldPlainly({ sessionId });
    },
  }),
  tool({
    name: "read_file",
    title: "Read a file",
    description: "Reads a file of a session: a text as text, a picture as a picture.",
    input: z.strictObject({ sessionId: SessionId, path }),
    output: FileTold,
    hints: { reads: true },
    run: async (given, desk) => await toldFile(given.path, await desk.ask("readFile", given)),
  }),
  tool({
    name: "write_file",
    title: "Write a file",
    description:
      "Writes a file into the workspace of a session, in place of what is there; directories on its way are made.",
    input: z
      .strictObject({
        sessionId: SessionId,
        path,
        content: z.string(),
        encoding: z
          .enum(FILE_ENCODINGS, { error: `must be one of ${FILE_ENCODINGS.join(", ")}` })
          .nullish()
          .describe("How `content` is written; `utf8` when not given."),
      })
      .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
        error: "is not base64",
        path: ["content"],
      }),
    output: ApiWrittenFile,
    hints: { destroys: true, repeats: true },
    run: async ({ content, encoding, ...where }, desk) => {
      const body = encoding === "base64" ? bytesOf(content) : new TextEncoder().encode(content);
      return toldPlainly(await json(desk.ask("writeFile", { ...where, body })));
    },
  }),
  tool({
    name: "list_files",
    title: "List files",
    description: "What a directory of a session's workspace holds.",
    input: z.strictObject({
      sessionId: SessionId,
      path: path.nullish().describe("The directory; without it, the workspace itself."),
    }),
    output: ApiListing,
    hints: { reads: true },
    run: async ({ sessionId, path: directory }, desk) => {
      const asked = { sessionId, path: directory ? `${directory}/` : "" };
      return toldPlainly(await json(desk.ask("readFile", asked)));
    },
  }),
];

/** The tool of this name. */
export function findTool(name: string): Tool | undefined {
  return TOOLS.find((known) => known.name === name);
}

function tool<Input extends z.ZodType>(
  about: Omit<Tool, "input" | "run"> & {
    input: Input;
    run: (given: z.output<Input>, desk: Desk) => Promise<Told>;
  },
): Tool {
  return { ...about, run: async (given, desk) => about.run(parse(about.input, given), desk) };
}

async function json(response: Promise<Response>): Promise<object> {
  return await (await response).json();
}

function bytesOf(base64: string): Uint8Array {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
}
