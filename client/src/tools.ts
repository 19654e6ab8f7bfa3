// Tools for language models: what a model is told of running code, and what runs the code it asks for, in
// the shapes of the common libraries and formats. None of them is imported: they are plain objects, and
// what of a library is needed to make one is handed in.

import type { CodeRunner } from "./client.ts";
import type { CodeRunnerError } from "./error.ts";
import { KNOWN_LANGUAGES } from "./known.ts";
import type { Session } from "./sessions.ts";
import type { Execution, LanguageName } from "./types.ts";

/** Where the code is to run: anywhere, or in one session, which keeps what it leaves. */
export type Place = CodeRunner | Session;

export type ToolOptions = {
  /** `run_code` when not given. */
  name?: string;
  /** What the model reads of it; there is a sentence when not given. */
  description?: string;
  /** Those the model may choose from; all there are when not given. */
  languages?: readonly LanguageName[];
  /** How long a program may run; 30 seconds when not given. */
  timeoutMs?: number;
  /** How much of each output the model is told; 16,000 characters when not given. */
  charactersMax?: number;
};

export type ToolSchema = {
  type: "object";
  properties: Record<string, { type: "string"; description: string; enum?: string[] }>;
  required: string[];
  additionalProperties: false;
};

/** What came of a model's wish: what it is to read, and what it may look at. */
export type ToolOutcome = {
  text: string;
  isError: boolean;
  images: { mediaType: "image/png" | "image/jpeg"; base64: string }[];
  /** Absent where nothing was run. */
  execution?: Execution;
};

/** A tool that runs code, in no library's shape. */
export type CodeTool = {
  name: string;
  description: string;
  schema: ToolSchema;
  /** Runs what a model has asked for. What it has asked wrongly is told to it, not thrown. */
  run: (input: unknown, options?: { signal?: AbortSignal | undefined }) => Promise<ToolOutcome>;
};

const TIMEOUT_MS = 30_000;
const CHARACTERS_MAX = 16_000;

/** The tool, for whatever has no adapter below. */
export function codeTool(place: Place, options: ToolOptions = {}): CodeTool {
  const {
    languages = KNOWN_LANGUAGES,
    timeoutMs = TIMEOUT_MS,
    charactersMax = CHARACTERS_MAX,
  } = options;
  const session = "files" in place ? place : undefined;
  const where =
    session === undefined
      ? "Each run begins anew; nothing is kept."
      : `Runs ${session.info?.language ?? "code"}; variables and files stay from one run to the next.`;
  return {
    name: options.name ?? "run_code",
    description:
      options.description ??
      `Runs a program in a sandbox without a network and tells what it printed. ${where}`,
    schema: schemaOf(session === undefined ? languages : []),
    run: async (input, { signal } = {}) => {
      const asked = Object(typeof input === "string" ? parsed(input) : input);
      const { language, code, stdin } = asked as Record<string, unknown>;
      if (typeof code !== "string") return refusal("`code` must be a string: the program to run.");
      const program = {
        code,
        timeout: timeoutMs,
        ...(typeof stdin === "string" && { stdin }),
        ...(signal && { signal }),
      };
      try {
        const execution =
          session === undefined
            ? await (place as CodeRunner).execute({ ...program, language: String(language) })
            : await session.execute(program);
        return outcomeOf(execution, charactersMax);
      } catch (thrown) {
        if (!(thrown instanceof Error) || thrown.name !== "CodeRunnerError") throw thrown;
        const { code, message } = thrown as CodeRunnerError;
        return refusal(`${message} (${code})`);
      }
    },
  };
}

/** A tool of Anthropic's Messages API, and what answers its `tool_use` blocks. */
export function anthropicTools(place: Place, options?: ToolOptions) {
  const { name, description, schema, run } = codeTool(place, options);
  return {
    definitions: [{ name, description, input_schema: schema }],
    /** The `tool_result` block for a `tool_use` block. */
    run: async (call: { id: string; input: unknown }, signal?: AbortSignal) => {
      const { text, isError, images } = await run(call.input, { signal });
      return {
        type: "tool_result" as const,
        tool_use_id: call.id,
        is_error: isError,
        content: [
          { type: "text" as const, text },
          ...images.map(({ mediaType, base64 }) => ({
            type: "image" as const,
            source: { type: "base64" as const, media_type: mediaType, data: base64 },
          })),
        ],
      };
    },
  };
}

/** A tool of OpenAI's Chat Completions API, and what answers its `tool_calls`. */
export function openaiTools(place: Place, options?: ToolOptions) {
  const { name, description, schema, run } = codeTool(place, options);
  const definition = { name, description, parameters: schema };
  return {
    definitions: [{ type: "function" as const, function: definition }],
    /** The message for one of an assistant message's `tool_calls`. */
    run: async (call: { id: string; function: { arguments: string } }, signal?: AbortSignal) => {
      const { text } = await run(call.function.arguments, { signal });
      return { role: "tool" as const, tool_call_id: call.id, content: text };
    },
  };
}

/** A tool of OpenAI's Responses API, and what answers its `function_call` items. */
export function openaiResponsesTools(place: Place, options?: ToolOptions) {
  const { name, description, schema, run } = codeTool(place, options);
  const definition = { name, description, parameters: schema, strict: false };
  return {
    definitions: [{ type: "function" as const, ...definition }],
    /** The item for a `function_call` item. */
    run: async (call: { call_id: string; arguments: string }, signal?: AbortSignal) => {
      const { text } = await run(call.arguments, { signal });
      return { type: "function_call_output" as const, call_id: call.call_id, output: text };
    },
  };
}

/** Tools of Vercel's AI SDK, made with its own `jsonSchema`. */
export function aiSdkTools<Schema>(
  place: Place,
  jsonSchema: (schema: ToolSchema) => Schema,
  options?: ToolOptions,
) {
  const { name, description, schema, run } = codeTool(place, options);
  const tool = {
    description,
    inputSchema: jsonSchema(schema),
    execute: async (input: unknown, { abortSignal }: { abortSignal?: AbortSignal } = {}) =>
      (await run(input, { signal: abortSignal })).text,
  };
  return { [name]: tool };
}

/** What LangChain's own `tool` makes a tool of: `tool(...langchainTool(runner))`. */
export function langchainTool(place: Place, options?: ToolOptions) {
  const { run, ...fields } = codeTool(place, options);
  const call = async (input: unknown, { signal }: { signal?: AbortSignal } = {}) =>
    (await run(input, { signal })).text;
  return [call, fields] as const;
}

/** Without languages to choose from, it is the session's. */
function schemaOf(languages: readonly string[]): ToolSchema {
  const language = { type: "string" as const, description: "What it is written in." };
  return {
    type: "object",
    properties: {
      ...(languages.length > 0 && { language: { ...language, enum: [...languages] } }),
      code: {
        type: "string",
        description: "The whole program. What is to be seen must be printed.",
      },
      stdin: { type: "string", description: "What the program reads from its standard input." },
    },
    required: [...(languages.length > 0 ? ["language"] : []), "code"],
    additionalProperties: false,
  };
}

/** An execution as a model reads it: what there is to say, and nothing else. */
function outcomeOf(execution: Execution, charactersMax: number): ToolOutcome {
  const { run, compile, result, results } = execution;
  const last = run ?? compile;
  const told = {
    outcome: run === undefined ? "compile_error" : run.outcome,
    exit_code: last?.code || undefined,
    signal: last?.signal ?? undefined,
    stdout: shortened(last?.stdout, charactersMax),
    stderr: shortened(last?.stderr, charactersMax),
    result: shortened(result, charactersMax),
  };
  const images = results.flatMap(({ data }) =>
    (["image/png", "image/jpeg"] as const).flatMap((mediaType) => {
      const base64 = data[mediaType];
      return base64 === undefined ? [] : [{ mediaType, base64 }];
    }),
  );
  return { text: JSON.stringify(told), isError: told.outcome !== "ok", images, execution };
}

/** Its beginning and its end, which say most. */
function shortened(text: string | null | undefined, charactersMax: number): string | undefined {
  if (!text) return undefined;
  const left = text.length - charactersMax;
  if (left <= 0) return text;
  const half = Math.ceil(charactersMax / 2);
  return `${text.slice(0, half)}\n[${left} characters left out]\n${text.slice(half + left)}`;
}

function refusal(text: string): ToolOutcome {
  return { text, isError: true, images: [] };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
