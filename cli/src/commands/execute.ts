// `execute` runs a text, `run` runs files. Both show a program in the same way; they differ in how it is
// named and in what is guessed.

import type { StreamOptions } from "../../../client/src/runs.ts";
import type { ExecutionStream } from "../../../client/src/stream.ts";
import { STDIN_BYTES_MAX } from "../../../shared/limits.ts";
import { type Command, type Context, wordAt } from "../command.ts";
import { type Mode, showExecution, timeoutMsOf } from "../execution.ts";
import { Stop } from "../exit.ts";
import type { Flags } from "../flags.ts";
import { type Input, readAllInput, readInput } from "../input.ts";
import { languageOfFile, readLocal, readProgram } from "../program.ts";

/** What both take. */
const RUN_FLAGS = {
  lang: {
    short: "l",
    value: "LANGUAGE",
    help: "The language; guessed from a file's name.",
    offer: "languages",
  },
  session: {
    short: "s",
    value: "SESSION",
    help: "Run in a session: files and variables stay.",
    offer: "nothing",
  },
  stdin: {
    short: "i",
    value: "TEXT",
    help: "What the program reads, in place of a pipe or the terminal.",
    offer: "nothing",
  },
  quiet: { short: "q", help: "Print the program's stdout and nothing else." },
  stream: {
    help: "Show output as it comes, also when it goes into a pipe; with --json, an event a line.",
  },
  "no-stream": { help: "Show output at the end, also on a terminal." },
  timeout: {
    short: "t",
    value: "TIME",
    help: "How long it may run, such as 10s.",
    offer: "nothing",
  },
  "lang-version": {
    value: "RANGE",
    help: "Refuse to run on any other version, such as ^3.12.",
    offer: "nothing",
  },
  optimize: { short: "O", help: "Have the compiler take its time for faster code." },
  get: {
    value: "PATTERN",
    isRepeated: true,
    help: "Bring back files it has made, such as 'out/*.png'.",
    offer: "nothing",
  },
  out: { value: "FOLDER", help: "Where to put them; here when not given.", offer: "directories" },
  detach: { short: "d", help: "Leave it running and print its id, for `history show`." },
} as const satisfies Flags;

export const execute: Command = {
  name: "execute",
  summary: "Run code and exit as it does.",
  hasProgramArgs: true,
  flags: {
    code: { short: "c", value: "CODE", help: "The program.", offer: "nothing" },
    file: {
      short: "f",
      value: "FILE",
      isRepeated: true,
      help: "The program's file, `-` for stdin; further ones lie beside it.",
      offer: "files",
    },
    ...RUN_FLAGS,
  },
  examples: [
    { does: "runs a line", line: "coderunner execute --lang python --code 'print(42)'" },
    { does: "runs a file", line: "coderunner execute --lang python --file script.py" },
    {
      does: "in a session",
      line: "coderunner execute --lang python --code 'x = 42' --session SESSION",
    },
    {
      does: "gives it input",
      line: "coderunner execute --lang python --code 'print(input())' --stdin 'hello'",
    },
    { does: "for scripts", line: "coderunner execute --lang python --code 'print(42)' --json" },
    {
      does: "for pipes",
      line: "coderunner execute --lang python --code 'print(42)' --quiet | head -1",
    },
    {
      does: "gives it arguments",
      line: "coderunner execute --lang bash --code 'echo $1' -- hello",
    },
    {
      does: "brings back a picture",
      line: "coderunner execute --file plot.py --get '*.png' --out pictures",
    },
    { does: "lists the languages", line: "coderunner execute runtimes" },
  ],
  run: async (context) => {
    const { values, programArgs: args } = context;
    const [code, paths] = [values.text("code"), values.texts("file")];
    if (code !== undefined && paths.length > 0)
      throw new Stop("usage", "--code and --file cannot both be the program; give one of them.");
    if (code !== undefined) return await runProgram(context, { code, args }, undefined);
    const [path] = paths;
    if (path === undefined) {
      throw new Stop(
        "usage",
        "There is nothing to run; give --code CODE or --file FILE. See: coderunner execute --help",
      );
    }
    if (path === "-") {
      const text = (await readAllInput()).toString("utf8");
      return await runProgram(context, { code: text, args }, languageOfFile("", text), {
        kind: "none",
      });
    }
    if (paths.length > 1) return await runFiles(context, paths);
    const text = readLocal(path).toString("utf8");
    return await runProgram(context, { code: text, args }, languageOfFile(path, text));
  },
};

export const run: Command = {
  name: "run",
  summary: "Run a file, with others beside it, and exit as it does.",
  takes: "FILE [FILES…]",
  offer: "files",
  hasProgramArgs: true,
  flags: RUN_FLAGS,
  examples: [
    { does: "runs a file, in the language of its name", line: "coderunner run script.py" },
    { does: "with arguments", line: "coderunner run main.go -- --fast 3" },
    { does: "of several files, the main one first", line: "coderunner run main.c add.c add.h" },
    { does: "with data", line: "coderunner run sum.py data.csv" },
    { does: "with input", line: "cat access.log | coderunner run count.rb" },
  ],
  run: async (context) => await runFiles(context, [wordAt(context, 0), ...context.words.slice(1)]),
};

export const runtimes: Command = {
  name: "execute runtimes",
  summary: "List the languages, with their versions and other names.",
  flags: {},
  examples: [
    { does: "for people", line: "coderunner execute runtimes" },
    { does: "for scripts", line: "coderunner execute runtimes --json" },
  ],
  run: async ({ client, output, values, interrupts: { signal } }) => {
    const all = await client.runtimes({ signal });
    if (values.has("json")) return output.json(all);
    const rows = all.map(({ language, name, version, aliases }) => [
      language,
      name,
      version,
      aliases.join(", "),
    ]);
    output.table(["LANGUAGE", "NAME", "VERSION", "ALSO WRITTEN"], rows);
  },
};

async function runFiles(context: Context, paths: readonly string[]): Promise<number> {
  const files = readProgram(paths);
  const [main] = files;
  const { programArgs: args } = context;
  return await runProgram(
    context,
    { files, args },
    main && languageOfFile(main.name, main.content),
  );
}

type Program = Pick<StreamOptions, "code" | "files" | "args">;

async function runProgram(
  context: Context,
  program: Program,
  guessed: string | undefined,
  given?: Input,
): Promise<number> {
  const { client, values, interrupts, output } = context;
  const mode = modeOf(context);
  const language = values.text("lang") ?? guessed;
  const sessionId = values.text("session");
  if (language === undefined && sessionId === undefined) {
    throw new Stop(
      "usage",
      "Which language is it? Say --lang LANGUAGE; there are those of `coderunner execute runtimes`.",
    );
  }
  const timeoutMs = timeoutMsOf(values.text("timeout"));
  const version = values.text("lang-version");
  const input = given ?? (await inputOf(context));
  const asked = {
    ...program,
    ...(context.access.key !== undefined && { idempotencyKey: onlyOnce() }),
    ...(version !== undefined && { version }),
    ...(timeoutMs !== undefined && { timeout: timeoutMs }),
    ...(values.has("optimize") && { optimize: true }),
    ...(values.has("get") && { outputFiles: values.texts("get") }),
    ...(input.kind === "text" && { stdin: input.text }),
  };
  if (values.has("detach")) {
    const target = {
      ...asked,
      language: await languageIn(context, language),
      ...(sessionId && { sessionId }),
    };
    const detached = await client.detach({ ...target, signal: interrupts.signal });
    if (values.has("json")) output.json(detached);
    else output.line(detached.id);
    return 0;
  }
  // The program outlives the first interrupt by as long as it takes to end.
  const controller = new AbortController();
  const leave = (reason: unknown) => controller.abort(reason);
  const open = {
    ...asked,
    ...(input.kind === "open" && { openStdin: true }),
    signal: controller.signal,
  };
  const stream: ExecutionStream = client.stream({
    ...open,
    language: await languageIn(context, language),
    ...(sessionId !== undefined && { sessionId }),
  });
  return await showExecution(context, stream, { mode, input, leave });
}

/**
 * What no other request of the account has: nothing secret, as the SDK would make it, because what makes
 * secrets takes longer to load than all of this.
 */
function onlyOnce(): string {
  const parts = [Date.now(), process.pid, Math.random() * 2 ** 52, Math.random() * 2 ** 52];
  return parts.map((part) => Math.floor(part).toString(36)).join("-");
}

/** A session knows its language, so that nobody has to say it again. */
async function languageIn(
  { client, values, interrupts: { signal } }: Context,
  language: string | undefined,
): Promise<string> {
  if (language !== undefined) return language;
  const { info } = await client.sessions.get(values.text("session") ?? "", { signal });
  return info?.languageId ?? "";
}

async function inputOf({ values, access }: Context): Promise<Input> {
  const text = values.text("stdin");
  if (text !== undefined) return { kind: "text", text };
  // Nobody would be there to send the rest.
  if (values.has("detach")) return { kind: "none" };
  return await readInput(STDIN_BYTES_MAX, access.key !== undefined);
}

function modeOf({ values, output }: Context): Mode {
  if (values.has("stream") && values.has("no-stream"))
    throw new Stop("usage", "--stream and --no-stream cannot both be.");
  const isJson = values.has("json");
  const isQuiet = values.has("quiet");
  const isLive = values.has("stream") || (output.isTerminal && !isJson && !values.has("no-stream"));
  const folder = values.text("out") ?? ".";
  return { isLive, isJson, isQuiet, showsResult: values.has("session"), folder };
}
