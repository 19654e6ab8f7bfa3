// The face of Piston's API, version 2: for programs that were written for it, which need another address
// and nothing else. It translates to and from the core's words and decides nothing else. Names and
// sentences are Piston's; its defaults for times are kept, its limits are ours.

import * as z from "zod";
import { Failure } from "../../shared/errors.ts";
import { findLanguage, type LanguageId, languageOf } from "../../shared/languages.ts";
import {
  COMPILE_TIMEOUT_MS_MAX,
  FILE_BYTES_MAX,
  FILES_MAX,
  PISTON_COMPILE_TIMEOUT_MS_DEFAULT,
  PISTON_RUN_TIMEOUT_MS_DEFAULT,
  RUN_TIMEOUT_MS_MAX,
  STDIN_BYTES_MAX,
} from "../../shared/limits.ts";
import type { Outcome } from "../../shared/outcomes.ts";
import {
  isBase64,
  type ProgramFile,
  type StageReport,
  VersionSelector,
  WorkspacePath,
} from "../../shared/runner-api.ts";
import type { Executed, Order } from "../execute.ts";
import { ErrorReply } from "../openapi/error-reply.ts";
import { named } from "../openapi/named.ts";
import type { Runtime } from "../runtimes.ts";
import { orderOf, programFields } from "./fields.ts";

/** No language is called anything longer, and what is sent is said again. */
const LANGUAGE_CHARACTERS_MAX = 64;

const requiredText = { error: "is required as a string" };
const WellFormed = z.string(requiredText).transform((text) => text.toWellFormed());

const PistonFile = z
  .object({
    name: WellFormed.nullish().describe("Made up when not given."),
    content: WellFormed.describe(`At most ${FILE_BYTES_MAX} bytes.`),
    encoding: z
      .unknown()
      .optional()
      .transform((word) => (word === "base64" || word === "hex" ? word : "utf8"))
      .describe("`utf8`, `base64` or `hex`; `utf8` when it is anything else."),
  })
  .refine(({ content, encoding }) => encoding !== "base64" || isBase64(content), {
    error: "is not base64",
    path: ["content"],
  })
  .refine(({ content, encoding }) => encoding !== "hex" || isHex(content), {
    error: "is not hexadecimal",
    path: ["content"],
  });
type PistonFile = z.infer<typeof PistonFile>;

/** Zero is as good as no time at all. */
function timeOf(msMax: number, defaultMs: number, what: string) {
  return z
    .int({ error: "must be a number" })
    .min(0, { error: "must be non-negative" })
    .max(msMax, { error: `cannot exceed the configured limit of ${msMax}` })
    .nullish()
    .transform((ms) => ms || defaultMs)
    .describe(`${what}, in milliseconds; ${defaultMs} when not given.`);
}

const passedOver = z
  .number({ error: "must be a number" })
  .nullish()
  .describe("Taken, and without effect: the service's own limits hold.");

/** What `POST /api/v2/execute` takes. Fields it does not know are ignored. */
export const PistonRequest = named(
  "PistonRequest",
  z.object({
    language: z
      .string(requiredText)
      .min(1, requiredText)
      .max(LANGUAGE_CHARACTERS_MAX, { error: "is not the name of a language" })
      .describe("By any of its names."),
    version: z
      .string(requiredText)
      .min(1, requiredText)
      .pipe(VersionSelector)
      .describe("A version or a range of versions; `*` for any."),
    files: z
      .array(PistonFile, { error: "is required as an array" })
      .max(FILES_MAX, { error: `must be at most ${FILES_MAX} files` })
      .refine((files) => files.some(({ encoding }) => encoding === "utf8"), {
        error: "must include at least one utf8 encoded file",
      })
      .describe("The first that is text is the main file."),
    stdin: programFields.stdin,
    args: programFields.args,
    run_timeout: timeOf(RUN_TIMEOUT_MS_MAX, PISTON_RUN_TIMEOUT_MS_DEFAULT, "How long it may run"),
    compile_timeout: timeOf(
      COMPILE_TIMEOUT_MS_MAX,
      PISTON_COMPILE_TIMEOUT_MS_DEFAULT,
      "How long its compiler may",
    ),
    run_memory_limit: passedOver,
    compile_memory_limit: passedOver,
    run_cpu_time: passedOver,
    compile_cpu_time: passedOver,
  }),
);
export type PistonRequest = z.infer<typeof PistonRequest>;

const STATUSES = ["RE", "SG", "TO", "OL"] as const;

const Stage = z.strictObject({
  stdout: z.string(),
  stderr: z.string(),
  output: z.string().describe("Both of them, in the order in which they came."),
  code: z.int().nullable(),
  signal: z.string().nullable(),
  message: z.string().nullable().describe("What `status` means, for people."),
  status: z
    .enum(STATUSES)
    .nullable()
    .describe(
      "`RE` for another exit code than 0, `SG` for a signal, `TO` for its time, `OL` for its output; `null` when all is well.",
    ),
  cpu_time: z.int().nonnegative().describe("In milliseconds."),
  wall_time: z.int().nonnegative().describe("In milliseconds."),
  memory: z.int().nonnegative().describe("The most it had, in bytes."),
});
type Stage = z.infer<typeof Stage>;

/** What `POST /api/v2/execute` answers. */
export const PistonExecution = named(
  "PistonExecution",
  z.strictObject({
    language: z.string(),
    version: z.string(),
    run: Stage.describe("The same as `compile` where the program could not be compiled."),
    compile: Stage.optional().describe("In languages that are compiled."),
  }),
);
export type PistonExecution = z.infer<typeof PistonExecution>;

/** A language, as `GET /api/v2/runtimes` tells of it. */
export const PistonRuntime = named(
  "PistonRuntime",
  z.strictObject({
    language: z.string(),
    version: z.string(),
    aliases: z.array(z.string()),
    runtime: z.string().optional().describe("What runs it, where there are others elsewhere."),
  }),
);

/** A failure: Piston's sentence, and beside it what every failure of this service says. */
export const PistonFailure = named(
  "PistonError",
  z.strictObject({ message: z.string(), error: ErrorReply.shape.error }),
);

/** What Piston calls a language, where that is none of our ids, and what runs it. */
const OWN_WORDS: { [Id in LanguageId]?: { name?: string; runtime?: string } } = {
  javascript: { runtime: "node" },
  c: { runtime: "gcc" },
  cpp: { name: "c++", runtime: "gcc" },
  r: { name: "rscript" },
};

/** The language a request names, or `undefined`. */
export function pistonLanguage({ language }: PistonRequest): LanguageId | undefined {
  return findLanguage(language);
}

/** A request of this face as an order for the core. */
export function fromPiston(request: PistonRequest, language: LanguageId): Order {
  const { version, args, run_timeout, compile_timeout } = request;
  const stdin = inputOf(request);
  const fields = { language, version, stdin, args, files: filesOf(request, language) };
  const times = { runTimeoutMs: run_timeout, leastRunMs: run_timeout };
  return orderOf(fields, { times: { ...times, compileTimeoutMs: compile_timeout } });
}

/** What a program and its compiler put out, both streams together as they came. */
export type Output = { compile: string; run: string };

/** What came of a program, in the words of this face. */
export function toPiston({ language, report }: Executed, output?: Output): PistonExecution {
  const { version, compile, run } = report;
  const compiled = compile && stageOf(compile, output?.compile);
  const last = run === undefined ? compiled : stageOf(run, output?.run);
  if (last === undefined) throw new Error("a report has neither run nor compiled anything");
  return {
    ...(compiled && { compile: compiled }),
    run: last,
    language: OWN_WORDS[language]?.name ?? language,
    version,
  };
}

export function toPistonRuntime(runtime: Runtime): z.infer<typeof PistonRuntime> {
  const { language, version, aliases } = runtime;
  const { name = language, runtime: runs } = OWN_WORDS[language] ?? {};
  const others = [language, ...aliases].filter((word) => word !== name);
  return { language: name, version, aliases: others, ...(runs !== undefined && { runtime: runs }) };
}

/** Piston's sentence of one of ours: no marks around names, and no full stop. */
export function toPistonSentence(message: string): string {
  return message.replaceAll("`", "").replace(/\.$/, "");
}

/** The main file is the first that is text; files without a name get one. */
function filesOf({ files }: PistonRequest, language: LanguageId): ProgramFile[] {
  const main = files.findIndex(({ encoding }) => encoding === "utf8");
  const named = files.map((file, index) => {
    const isMain = index === main;
    const given = file.name || (isMain ? languageOf(language).mainFile : `file${index}.code`);
    return fileOf(file, index, isMain ? asSource(given, language) : given);
  });
  return [...named.slice(main, main + 1), ...named.slice(0, main), ...named.slice(main + 1)];
}

function fileOf({ content, encoding }: PistonFile, index: number, path: string): ProgramFile {
  const name = WorkspacePath.safeParse(path);
  if (!name.success) {
    const field = `files[${index}].name`;
    const message = `\`${field}\` ${name.error.issues[0]?.message}.`;
    throw new Failure("invalid_request", { field, message });
  }
  if (encoding === "utf8") return { name: path, content };
  const base64 = encoding === "hex" ? base64OfHex(content) : content;
  return { name: path, content: base64, encoding: "base64" };
}

/** Piston's compilers take a main file of any name; ours tell sources by their endings. */
function asSource(name: string, language: LanguageId): string {
  const [first, ...others] = languageOf(language).compile?.sources ?? [];
  if (first === undefined || [first, ...others].some((end) => name.endsWith(end))) return name;
  return name + first;
}

/** Piston ends the input with a newline, so that reading a line of an empty one is no error. */
function inputOf({ stdin }: PistonRequest): string {
  const text = stdin ?? "";
  const ended = text.endsWith("\n") ? text : `${text}\n`;
  return new TextEncoder().encode(ended).length > STDIN_BYTES_MAX ? text : ended;
}

function isHex(text: string): boolean {
  return text.length % 2 === 0 && /^[0-9a-f]*$/i.test(text);
}

function base64OfHex(text: string): string {
  const bytes = text.match(/../g) ?? [];
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(Number.parseInt(byte, 16));
  return btoa(binary);
}

/** What each outcome is to Piston. */
const OF_OUTCOME: Record<Outcome, (typeof STATUSES)[number] | null> = {
  ok: null,
  error: "RE",
  signal: "SG",
  timeout: "TO",
  memory: "SG",
  output_limit: "OL",
  file_limit: "SG",
};

function stageOf(stage: StageReport, output = ""): Stage {
  const { stdout, stderr, exitCode, signal, outcome, cpuMs, wallMs, memoryPeakBytes } = stage;
  const status = OF_OUTCOME[outcome];
  const isWhole = output.length === stdout.length + stderr.length;
  const isKilled = status === "TO" || status === "OL";
  return {
    signal: isKilled ? "SIGKILL" : signal,
    stdout,
    stderr,
    code: isKilled ? null : exitCode,
    // What was told as it came may lack an end that was cut; what is whole is worth more than its order.
    output: isWhole ? output : stdout + stderr,
    memory: memoryPeakBytes,
    message: messageOf(stage, status),
    status,
    cpu_time: Math.round(cpuMs),
    wall_time: Math.round(wallMs),
  };
}

function messageOf({ exitCode, signal }: StageReport, status: Stage["status"]): string | null {
  if (status === "RE") return `Exited with error status ${exitCode}`;
  if (status === "SG") return `Caught fatal signal ${signal ?? "SIGKILL"}`;
  if (status === "TO") return "Time limit exceeded (wall clock)";
  return status === "OL" ? "stdout length exceeded" : null;
}
