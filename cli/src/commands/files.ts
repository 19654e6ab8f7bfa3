// `files`: what lies in a session's workspace, in both directions.

import { basename } from "node:path";
import { type Command, type Context, wordAt } from "../command.ts";
import { readAllInput } from "../input.ts";
import { readLocal } from "../program.ts";
import { writeTo } from "../save.ts";
import { ago } from "../times.ts";

export const listFiles: Command = {
  name: "files ls",
  summary: "List a directory of a session.",
  takes: "SESSION [DIRECTORY]",
  flags: {},
  examples: [
    { does: "the workspace", line: "coderunner files ls SESSION" },
    { does: "a directory in it", line: "coderunner files ls SESSION out" },
  ],
  run: async (context) => {
    const {
      words,
      values,
      output,
      interrupts: { signal },
    } = context;
    const listing = await filesIn(context).list(words[1] ?? "", { signal });
    if (values.has("json")) return output.json(listing);
    output.table(
      ["NAME", "BYTES", "CHANGED"],
      listing.entries.map(({ name, type, bytes, modifiedAt }) => [
        type === "directory" ? `${name}/` : name,
        bytes,
        ago(modifiedAt),
      ]),
    );
    if (listing.truncated) output.failure("There is more than is listed.");
  },
};

export const getFile: Command = {
  name: "files get",
  summary: "Fetch a file of a session.",
  takes: "SESSION PATH [FILE]",
  offer: "files",
  flags: {},
  examples: [
    { does: "under its own name", line: "coderunner files get SESSION out/plot.png" },
    { does: "under another", line: "coderunner files get SESSION out/plot.png plot.png" },
    { does: "into a pipe", line: "coderunner files get SESSION data.csv - | head" },
  ],
  run: async (context) => {
    const {
      words,
      values,
      output,
      interrupts: { signal },
    } = context;
    const path = wordAt(context, 1);
    const target = words[2] ?? basename(path);
    const content = await filesIn(context).read(path, { signal });
    if (target === "-") return output.write(content);
    writeTo(target, content);
    if (values.has("json")) output.json({ file: target, bytes: content.length });
  },
};

export const putFile: Command = {
  name: "files put",
  summary: "Put a file into a session.",
  takes: "SESSION FILE [PATH]",
  offer: "files",
  flags: {},
  examples: [
    { does: "under its own name", line: "coderunner files put SESSION data.csv" },
    { does: "under another", line: "coderunner files put SESSION data.csv in/data.csv" },
    { does: "from a pipe", line: "git diff | coderunner files put SESSION - changes.diff" },
  ],
  run: async (context) => {
    const {
      words,
      values,
      output,
      interrupts: { signal },
    } = context;
    const file = wordAt(context, 1);
    const path = words[2] ?? (file === "-" ? "stdin" : basename(file));
    const content = file === "-" ? await readAllInput() : readLocal(file);
    const written = await filesIn(context).write(path, content, { signal });
    if (values.has("json")) output.json(written);
  },
};

export const removeFile: Command = {
  name: "files rm",
  summary: "Remove a file of a session, or a directory if it ends in a slash.",
  takes: "SESSION PATH",
  flags: {},
  examples: [
    { does: "a file", line: "coderunner files rm SESSION data.csv" },
    { does: "a directory with all it holds", line: "coderunner files rm SESSION out/" },
  ],
  run: async (context) => {
    const path = wordAt(context, 1);
    await filesIn(context).remove(path, { signal: context.interrupts.signal });
    if (context.values.has("json")) context.output.json({ removed: path });
  },
};

function filesIn(context: Context) {
  return context.client.sessions.use(wordAt(context, 0)).files;
}
