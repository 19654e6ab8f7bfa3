// The same list of programs in every language, each a file of its own that states in its first line
// what is to become of it (../attacks/wants.ts). A language of the table that lacks one of the list
// fails here, and so does a folder that is no language's: whoever adds a language adds its samples.

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname } from "node:path";
import { describe, expect, it } from "vitest";
import { LANGUAGE_IDS, type LanguageId, languageOf } from "../../shared/languages.ts";
import { COMPILE_TIMEOUT_MS_MAX } from "../../shared/limits.ts";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import { problemsOf, readWants, resultOf, type Wants } from "../attacks/wants.ts";
import { largeSource } from "../kit/large-source.ts";
import type { Program } from "../kit/runner-process.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const SAMPLES = new URL("../samples/", import.meta.url);

/** What each language shows, and that no sample's own first line may ask for less. */
const TASKS: Record<string, RegExp> = {
  hello: /^ok; stdout is "Hello, world!\\n"$/,
  stdin: /^ok; stdin "(?<text>.+)"; stdout is "\k<text>"$/,
  arguments: /^ok; args \["a b", "", "-x", "ü\*", "--", "\$HOME"\]; stdout is /,
  files: /^ok; stdout is "Hello, Ada!\\nHello, Grace!\\n"$/,
  "exit-code": /^error; exit 7; stdout is "before\\n"/,
  "uncaught-error": /^(error|signal|error\|signal); .*std(out|err) .*/,
  "compile-error": /^(compile_error|error; exit \d+); stdout /,
  unicode: /^ok; stdin ".*🐎\\n"; stdout is "Grüße, 世界 🌍\\n.*🐎\\n15\\n"$/,
  threads: /^ok; stdout is "5000\d+\\n"$/,
  library: /^ok; stdout is "1 2 3 5 8 9\\na=3 b=2 c=1\\n3\.1416\\n2026\/11\/22\\n48656c6c6f\\n"$/,
  "cpu-minute": /^timeout; timeoutMs=1500; stdout is "started\\n"$/,
};
const TASK_NAMES = Object.keys(TASKS);
const RUN_MS_MAX = 20_000;

const shared = shareRunner();

describe("the samples", () => {
  it("are of the languages in the table and of no other", () => {
    expect(readdirSync(SAMPLES).sort()).toEqual([...LANGUAGE_IDS].sort());
  });

  it.each(LANGUAGE_IDS)("of %s are one of each task and nothing else", (language) => {
    const ending = extname(languageOf(language).mainFile);
    const found = readdirSync(new URL(`${language}/`, SAMPLES)).sort();
    const wanted = TASK_NAMES.map((task) => (task === "files" ? task : `${task}${ending}`));
    expect(found).toEqual(wanted.sort());
  });

  it.each(LANGUAGE_IDS)("of %s ask for no less than those of all others", (language) => {
    for (const task of TASK_NAMES) {
      const [line = ""] = mainOf(language, task).split("\n");
      expect(line.replace(/^.*? wants: /, ""), task).toMatch(TASKS[task] as RegExp);
    }
  });
});

describe.each(LANGUAGE_IDS)("%s", (language) => {
  it.each(TASK_NAMES)(
    "%s",
    async (task) => {
      const wants = readWants(mainOf(language, task));
      const report = await shared.runner().execute(programOf(language, task, wants));
      expect(problemsOf(report, wants), summary(report)).toEqual([]);
      if (languageOf(language).compile !== undefined) expect(report.compile).toBeDefined();
    },
    90_000,
  );

  it("a program as large as code may be", async () => {
    const { code, stdout } = largeSource(language);
    const report = await shared.runner().execute({
      accountId: "samples",
      language,
      code,
      runTimeoutMs: RUN_MS_MAX,
      compileTimeoutMs: COMPILE_TIMEOUT_MS_MAX,
    });
    expect(resultOf(report), summary(report)).toMatchObject({ outcome: "ok", stdout });
  }, 90_000);
});

/** The text of a task's main file. */
function mainOf(language: LanguageId, task: string): string {
  return readFileSync(mainFileOf(language, task), "utf8");
}

function mainFileOf(language: LanguageId, task: string): URL {
  const ending = extname(languageOf(language).mainFile);
  const folder = new URL(`${language}/${task}/`, SAMPLES);
  if (existsSync(folder)) return new URL(`main${ending}`, folder);
  return new URL(`${language}/${task}${ending}`, SAMPLES);
}

/** What is sent of a task: its main file under the name its language gives it, and what lies beside. */
function programOf(language: LanguageId, task: string, wants: Wants): Program {
  const { stdin, args, timeoutMs } = wants;
  return {
    accountId: "samples",
    language,
    files: [
      { name: languageOf(language).mainFile, content: mainOf(language, task) },
      ...othersOf(language, task),
    ],
    stdin,
    args,
    // What is not about time gets enough of it, however busy the machine is.
    runTimeoutMs: task === "cpu-minute" ? timeoutMs : RUN_MS_MAX,
    compileTimeoutMs: COMPILE_TIMEOUT_MS_MAX,
  };
}

function othersOf(language: LanguageId, task: string): { name: string; content: string }[] {
  const folder = new URL(`${language}/${task}/`, SAMPLES);
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => `${parentPath.slice(folder.pathname.length - 1)}/${name}`)
    .map((name) => name.replace(/^\/+/, ""))
    .filter((name) => !/^main\.\w+$/.test(name))
    .sort();
  return names.map((name) => ({ name, content: readFileSync(new URL(name, folder), "utf8") }));
}

function summary({ compile, run }: ExecutionReport): string {
  const shorten = (text = "") => text.slice(-1500);
  return JSON.stringify([
    compile && { ...compile, stdout: shorten(compile.stdout), stderr: shorten(compile.stderr) },
    run && { ...run, stdout: shorten(run.stdout), stderr: shorten(run.stderr) },
  ]);
}
