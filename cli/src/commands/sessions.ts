// `sessions`: places where files and variables stay from one execution to the next.

import type { SessionInfo } from "../../../client/src/types.ts";
import { type Command, type Context, wordAt } from "../command.ts";
import { Stop } from "../exit.ts";
import { languageOfFile } from "../program.ts";
import { ago, until } from "../times.ts";

export const listSessions: Command = {
  name: "sessions",
  summary: "List your sessions.",
  flags: { all: { short: "a", help: "Also those that are over." } },
  examples: [
    { does: "those that live", line: "coderunner sessions" },
    { does: "all of the last day", line: "coderunner sessions --all" },
  ],
  run: async ({ client, values, output, interrupts: { signal } }) => {
    const found: SessionInfo[] = [];
    const query = { limit: 100, signal, ...(values.has("all") && { state: "all" as const }) };
    for await (const session of client.sessions.list(query)) found.push(session);
    if (values.has("json")) return output.json(found);
    output.table(
      ["SESSION", "LANGUAGE", "STATE", "RUNS", "USED", "EXPIRES"],
      found.map((each) => [
        each.sessionId,
        each.language,
        each.state,
        each.executions,
        ago(each.lastUsedAt),
        until(each.expiresAt),
      ]),
    );
  },
};

export const openSession: Command = {
  name: "sessions open",
  summary: "Open a session and print its id.",
  takes: "LANGUAGE",
  offer: "languages",
  flags: {
    "lang-version": {
      value: "RANGE",
      help: "Refuse any other version, such as ^3.12.",
      offer: "nothing",
    },
    pip: {
      value: "PACKAGE",
      isRepeated: true,
      help: "Install a package of pip's index.",
      offer: "nothing",
    },
    npm: {
      value: "PACKAGE",
      isRepeated: true,
      help: "Install a package of npm's registry.",
      offer: "nothing",
    },
  },
  examples: [
    { does: "keeps the id in a variable", line: "session=$(coderunner sessions open python)" },
    { does: "and uses it", line: "coderunner execute --session \"$session\" --code 'x = 42'" },
  ],
  run: async (context) => {
    const {
      client,
      values,
      output,
      interrupts: { signal },
    } = context;
    const version = values.text("lang-version");
    const [pip, npm] = [values.texts("pip"), values.texts("npm")];
    const word = wordAt(context, 0);
    const session = await client.sessions.open({
      language: languageOfFile(word.startsWith(".") ? `x${word}` : "", "") ?? word,
      ...(version !== undefined && { version }),
      ...(pip.length + npm.length > 0 && { packages: { pip, npm } }),
      signal,
    });
    if (values.has("json")) output.json(session.info);
    else output.line(session.id);
  },
};

export const showSession: Command = {
  name: "sessions show",
  summary: "Tell how a session is.",
  takes: "SESSION",
  flags: {},
  examples: [{ does: "one of them", line: "coderunner sessions show SESSION" }],
  run: async (context) => {
    const {
      values,
      output,
      interrupts: { signal },
    } = context;
    const info = await sessionIn(context).refresh({ signal });
    if (values.has("json")) return output.json(info);
    output.table(
      ["SESSION", "LANGUAGE", "STATE", "RUNS", "USED", "EXPIRES"],
      [
        [
          info.sessionId,
          info.language,
          info.state,
          info.executions,
          ago(info.lastUsedAt),
          until(info.expiresAt),
        ],
      ],
    );
  },
};

export const interruptSession: Command = {
  name: "sessions interrupt",
  summary: "Interrupt what runs in a session, as Ctrl-C would.",
  takes: "SESSION",
  flags: {},
  examples: [{ does: "variables stay", line: "coderunner sessions interrupt SESSION" }],
  run: async (context) => {
    const {
      values,
      output,
      interrupts: { signal },
    } = context;
    const interrupted = await sessionIn(context).interrupt({ signal });
    if (values.has("json")) return output.json({ interrupted });
    output.line(interrupted ? "interrupted" : "nothing ran");
  },
};

export const resetSession: Command = {
  name: "sessions reset",
  summary: "Forget a session's variables and keep its files.",
  takes: "SESSION",
  flags: {},
  examples: [{ does: "begins anew", line: "coderunner sessions reset SESSION" }],
  run: async (context) => {
    await sessionIn(context).reset({ signal: context.interrupts.signal });
    if (context.values.has("json")) context.output.json({ reset: true });
  },
};

export const installPackages: Command = {
  name: "sessions install",
  summary: "Install packages into a session.",
  takes: "SESSION",
  flags: openFlags(),
  examples: [
    { does: "of pip's index", line: "coderunner sessions install SESSION --pip humanize" },
  ],
  run: async (context) => {
    const {
      values,
      output,
      interrupts: { signal },
    } = context;
    const [pip, npm] = [values.texts("pip"), values.texts("npm")];
    if (pip.length + npm.length === 0)
      throw new Stop("usage", "Which packages? Say --pip PACKAGE or --npm PACKAGE.");
    const packages = await sessionIn(context).install({ pip, npm, signal });
    if (values.has("json")) return output.json(packages);
    output.table(
      ["NAME", "VERSION", "FROM"],
      packages.map(({ name, version, manager }) => [name, version, manager]),
    );
  },
};

export const removeSession: Command = {
  name: "sessions rm",
  summary: "End sessions, and what runs in them.",
  takes: "SESSION [SESSIONS…]",
  flags: {},
  examples: [{ does: "one of them", line: "coderunner sessions rm SESSION" }],
  run: async ({ client, words, values, output, interrupts: { signal } }) => {
    for (const id of words) await client.sessions.delete(id, { signal });
    if (values.has("json")) output.json({ removed: words });
  },
};

function openFlags() {
  const { pip, npm } = openSession.flags;
  return { ...(pip && { pip }), ...(npm && { npm }) };
}

function sessionIn(context: Context) {
  return context.client.sessions.use(wordAt(context, 0));
}
