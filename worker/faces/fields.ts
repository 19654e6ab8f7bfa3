// What the faces have in common: the fields a program is written in, whatever it is sent to, and how
// they become the core's. Null is as good as absent. Half a surrogate pair cannot be UTF-8 and
// becomes U+FFFD, in texts and in names.

import * as z from "zod";
import type { ErrorCode } from "../../shared/errors.ts";
import { bytesOf, refuseBadFiles } from "../../shared/files.ts";
import { findLanguage, LANGUAGE_IDS, type LanguageId, languageOf } from "../../shared/languages.ts";
import {
  ARGS_BYTES_MAX,
  ARGS_MAX,
  CODE_BYTES_MAX,
  FILE_BYTES_MAX,
  FILES_BYTES_MAX,
  FILES_MAX,
  OUTPUT_PATTERNS_MAX,
  RUN_TIMEOUT_MS_MIN,
  STDIN_BYTES_MAX,
} from "../../shared/limits.ts";
import { creditsOf, USDC_MICRO } from "../../shared/money.ts";
import {
  type ExecutionReport,
  FILE_ENCODINGS,
  isBase64,
  OutputFile,
  OutputPattern,
  ProgramArgs,
  type ProgramFile,
  ShownValue,
  VersionSelector,
  WorkspacePath,
} from "../../shared/runner-api.ts";
import type { Executed, Order, Program, Times } from "../execute.ts";
import { named } from "../openapi/named.ts";

const WellFormed = z.string().transform((text) => text.toWellFormed());

const SentFile = z
  .object({
    name: WellFormed.pipe(WorkspacePath).describe(
      "A path inside the directory the program starts in, such as `lib/util.h`.",
    ),
    content: WellFormed.describe(`At most ${FILE_BYTES_MAX} bytes.`),
    encoding: z
      .enum(FILE_ENCODINGS, { error: `must be one of ${FILE_ENCODINGS.join(", ")}` })
      .nullish()
      .describe("How `content` is written; `utf8` when not given."),
  })
  .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
    error: "is not base64",
    path: ["content"],
  })
  .transform(
    ({ name, content, encoding }): ProgramFile => ({
      name,
      content,
      ...(encoding && { encoding }),
    }),
  );

named("SentFile", SentFile);

/** A language, by any of its names. */
export const Language = z
  .string()
  .transform((word, ctx) => {
    const id = findLanguage(word);
    if (id !== undefined) return id;
    const params: { code: ErrorCode } = { code: "unknown_language" };
    const message = `is not a supported language; use one of ${LANGUAGE_IDS.join(", ")}`;
    ctx.issues.push({ code: "custom", input: word, params, message });
    return z.NEVER;
  })
  .describe(`One of ${LANGUAGE_IDS.join(", ")}, or another of its names, in any case.`);

/** The fields that every face calls by the same name. */
export const programFields = {
  language: Language,
  /** The program, where it is one file. */
  code: limitedText(CODE_BYTES_MAX)
    .refine((code) => code !== "", { error: "must not be empty" })
    .nullish()
    .describe(`The program, where it is one file; at most ${CODE_BYTES_MAX} bytes.`),
  files: listOf(SentFile, { most: FILES_MAX, of: "files" })
    .nullish()
    .describe(
      `At most ${FILES_MAX} files of at most ${FILES_BYTES_MAX} bytes together. Where they are the whole program, the main file is the first.`,
    ),
  args: listOf(WellFormed, { most: ARGS_MAX, of: "arguments" })
    .pipe(ProgramArgs)
    .nullish()
    .describe(
      `What the program gets as arguments; at most ${ARGS_MAX}, of ${ARGS_BYTES_MAX} bytes together.`,
    ),
  stdin: limitedText(STDIN_BYTES_MAX)
    .nullish()
    .describe(`What the program reads; at most ${STDIN_BYTES_MAX} bytes.`),
  version: VersionSelector.nullish().describe(
    "A version or a range of versions, such as `3`, `^3.12` or `>=3.12 <4`; refused if what is here is not in it.",
  ),
  optimize: z
    .boolean()
    .nullish()
    .describe("Have the compiler take its time to make the program faster."),
  /** Whether the answer is to be a stream. */
  stream: z
    .boolean()
    .nullish()
    .describe("Answer with server-sent events; the same as `Accept: text/event-stream`."),
  /** Whether it goes on when its caller hangs up. */
  detach: z.boolean().nullish().describe("Go on when the caller hangs up; needs a key."),
  /** Where to tell that such a one has ended. */
  webhook: z
    .string()
    .nullish()
    .describe("With `detach`: an HTTPS address that is told when the execution has ended."),
};
/** What a face calls by names of its own. */
export const outputPatterns = listOf(WellFormed, { most: OUTPUT_PATTERNS_MAX, of: "patterns" })
  .pipe(z.array(OutputPattern))
  .nullish()
  .describe(
    "Patterns of files to bring back when it is over: `*` and `?` stop at a slash, `**` does not.",
  );
export const openInput = z
  .boolean()
  .nullish()
  .describe("Leave the program's input open, for more to be sent while it runs; for streams.");

const ProgramFields = z.object(programFields);
export type ProgramFields = z.infer<typeof ProgramFields>;

/** A whole number of milliseconds, up to `msMax`. */
export function timeoutOf(msMax: number, what: string) {
  const rule = {
    error: `must be a whole number of milliseconds from ${RUN_TIMEOUT_MS_MIN} to ${msMax}`,
  };
  return z
    .int(rule)
    .min(RUN_TIMEOUT_MS_MIN, rule)
    .max(msMax, rule)
    .nullish()
    .describe(`${what}, in milliseconds; ${msMax} when not given.`);
}

/** The time to run in: what was asked for; or, where nothing was, as much of the default as is paid for. */
export function runTimes(askedMs: number | null | undefined, defaultMs: number) {
  return {
    runTimeoutMs: askedMs ?? defaultMs,
    leastRunMs: askedMs ?? RUN_TIMEOUT_MS_MIN,
  };
}

/** Whether there is anything to run. */
export function hasProgram({ code, files }: Pick<ProgramFields, "code" | "files">): boolean {
  return typeof code === "string" || hasFiles({ files });
}

/** Whether there are files; a list of none is as good as no list. */
export function hasFiles({ files }: Pick<ProgramFields, "files">): boolean {
  return (files ?? []).length > 0;
}

/** The rule of both faces, and its sentence. */
export const programRule = {
  error: "is required where no `files` are sent",
  path: ["code"],
};

/** The fields a face has translated before its order is made. */
export type OrderFields = Omit<ProgramFields, "language"> & {
  language?: LanguageId | null | undefined;
};

/** What a face asks for besides the program. */
export type Wishes = {
  times: Times;
  session?: Order["session"];
  outputFiles?: string[] | null | undefined;
  openStdin?: boolean | null | undefined;
};

/** A face's fields as an order for the core. Throws Failure when its files cannot be one program. */
export function orderOf(fields: OrderFields, wishes: Wishes): Order {
  const { language, detach, webhook } = fields;
  const { times, session, outputFiles, openStdin } = wishes;
  const known = language ? programOf(fields, language) : undefined;
  // What can be told without the language is told before anything is reserved.
  if (known === undefined) refuseBadFiles(sizesOf(fields.files ?? []));
  return {
    ...(language && { language }),
    programIn: (id) => known ?? programOf(fields, id),
    times,
    ...(session !== undefined && { session }),
    wishes: {
      ...(outputFiles && outputFiles.length > 0 && { outputFiles }),
      ...(openStdin && { openStdin }),
      ...(detach && { detach }),
    },
    ...(typeof webhook === "string" && { webhook }),
  };
}

function programOf(fields: OrderFields, language: LanguageId): Program {
  const { code, args, stdin, version, optimize } = fields;
  return {
    language,
    files: filesOf(fields, language),
    isSnippet: typeof code === "string",
    ...(args && { args }),
    ...(typeof stdin === "string" && { stdin }),
    ...(typeof version === "string" && { version }),
    ...(typeof optimize === "boolean" && { optimize }),
  };
}

function filesOf({ code, files }: OrderFields, language: LanguageId): ProgramFile[] {
  const others = files ?? [];
  const isCode = typeof code === "string";
  const all = isCode ? [{ name: languageOf(language).mainFile, content: code }, ...others] : others;
  // A caller counts its own files, and `code` is none of them.
  const fieldAt = (index: number) => (index === 0 ? "code" : `files[${index - 1}]`);
  refuseBadFiles(sizesOf(all), isCode ? fieldAt : undefined);
  return all;
}

function sizesOf(files: readonly ProgramFile[]) {
  return files.map((file) => ({ name: file.name, bytes: bytesOf(file) }));
}

named("ShownValue", ShownValue);

/** What a program showed, in the words of every face. */
export const shownFields = {
  result: z
    .string()
    .nullable()
    .describe("In a session, the text of its last value; `null` when it has none."),
  results: z.array(ShownValue).describe("Values and pictures it showed, by media type."),
};
export type Shown = { result: string | null; results: ShownValue[] };

export function shownOf({ shown = [] }: ExecutionReport): Shown {
  const last = shown.findLast(({ kind }) => kind === "value");
  return { result: last?.data["text/plain"] ?? null, results: shown };
}

/** A file that was asked back. */
export const ReturnedFile = named(
  "ReturnedFile",
  z.strictObject({
    name: OutputFile.shape.name.describe("Its path in the workspace."),
    bytes: OutputFile.shape.bytes,
    sha256: OutputFile.shape.sha256.describe("In hexadecimal."),
    content: OutputFile.shape.content.describe("Absent where it was too large to come along."),
    encoding: z.literal("base64").optional(),
  }),
);
export type ReturnedFile = z.infer<typeof ReturnedFile>;

export function returnedFile(file: OutputFile): ReturnedFile {
  return file.content === undefined ? file : { ...file, encoding: "base64" };
}

/** What an execution cost and what is left, in the words of every face. */
export const paidFields = {
  credits: z
    .strictObject({
      charged: z.int().nonnegative().describe("What it cost."),
      remaining: z.int().nonnegative().describe("What the account has left."),
    })
    .optional()
    .describe("For who has a key."),
  demo: z
    .strictObject({ remaining: z.int().nonnegative().describe("Executions left today.") })
    .optional()
    .describe("For who has none."),
  paid: z
    .strictObject({
      usdc: z.number().positive(),
      transaction: z.string().describe("The transaction that brought it."),
    })
    .optional()
    .describe("For who has paid for this execution alone."),
};
export type Paid =
  | { credits: { charged: number; remaining: number } }
  | { demo: { remaining: number } }
  | { paid: { usdc: number; transaction: string } };

export function paidOf({ chargedMicro, left }: Executed): Paid {
  if ("demoRuns" in left) return { demo: { remaining: left.demoRuns } };
  if ("paidMicro" in left) {
    return { paid: { usdc: left.paidMicro / USDC_MICRO, transaction: left.transaction } };
  }
  const remaining = creditsOf(left.balanceMicro);
  return { credits: { charged: creditsOf(chargedMicro), remaining } };
}

/** Memory as every face tells it: in KB, and never less than there was. */
export function memoryKbOf({ memoryPeakBytes }: { memoryPeakBytes: number }): number {
  return Math.ceil(memoryPeakBytes / 1024);
}

/** A list that is counted before its items are looked at: a request has room for millions. */
function listOf<Item extends z.ZodType>(item: Item, { most, of }: { most: number; of: string }) {
  const counted = z.unknown().refine((list) => !Array.isArray(list) || list.length <= most, {
    error: `must be at most ${most} ${of}`,
  });
  return counted.pipe(z.array(item)).meta({ maxItems: most });
}

/** Text of at most `bytesMax` bytes. */
function limitedText(bytesMax: number) {
  const params: { code: ErrorCode } = { code: "payload_too_large" };
  return WellFormed.refine((text) => byteLength(text, bytesMax) <= bytesMax, {
    error: `must be at most ${bytesMax} bytes`,
    params,
  });
}

/** The UTF-8 length, or the length in code units when that alone is too much. */
function byteLength(text: string, bytesMax: number): number {
  return text.length > bytesMax ? text.length : new TextEncoder().encode(text).length;
}
