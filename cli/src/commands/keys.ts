// `keys`: an account's keys, to tell apart, to add, to replace and to revoke. A key's text is printed when
// it is made and never again.

import type { Key, NewKey } from "../../../client/src/types.ts";
import { type Command, type Context, wordAt } from "../command.ts";
import { timeoutMsOf } from "../execution.ts";
import { ago } from "../times.ts";

export const listKeys: Command = {
  name: "keys",
  summary: "List your account's keys.",
  flags: {},
  examples: [{ does: "all of them", line: "coderunner keys" }],
  run: async ({ client, values, output, interrupts: { signal } }) => {
    const keys = await client.keys.list({ signal });
    if (values.has("json")) return output.json(keys);
    output.table(
      ["ID", "NAME", "KEY", "USED", "STATE"],
      keys.map((key) => [
        key.id,
        key.name,
        `${key.prefix}…${key.last}`,
        ago(key.lastUsedAt),
        stateOf(key),
      ]),
    );
  },
};

export const newKey: Command = {
  name: "keys new",
  summary: "Make one more key for your account, or a first one with an account.",
  takes: "[NAME]",
  flags: {},
  examples: [
    { does: "and tells it, once", line: "coderunner keys new 'night shift'" },
    { does: "stores a first one instead", line: "coderunner login --new" },
  ],
  run: async (context) => {
    const {
      client,
      words,
      interrupts: { signal },
    } = context;
    const [name] = words;
    tellKey(context, await client.keys.create({ ...(name !== undefined && { name }), signal }));
  },
};

export const renameKey: Command = {
  name: "keys rename",
  summary: "Give a key a name.",
  takes: "KEY NAME",
  flags: {},
  examples: [{ does: "by its id", line: "coderunner keys rename KEY_ID 'night shift'" }],
  run: async (context) => {
    const {
      client,
      values,
      output,
      interrupts: { signal },
    } = context;
    const key = await client.keys.rename(wordAt(context, 0), wordAt(context, 1), { signal });
    if (values.has("json")) output.json(key);
  },
};

export const rotateKey: Command = {
  name: "keys rotate",
  summary: "Make a new key in the place of an old one.",
  takes: "KEY",
  flags: {
    grace: {
      value: "TIME",
      help: "How long the old one works on, such as 10m; not at all when not given.",
      offer: "nothing",
    },
  },
  examples: [
    { does: "with time to change over", line: "coderunner keys rotate KEY_ID --grace 10m" },
  ],
  run: async (context) => {
    const {
      client,
      values,
      interrupts: { signal },
    } = context;
    const graceMs = timeoutMsOf(values.text("grace"), "--grace");
    tellKey(
      context,
      await client.keys.rotate(wordAt(context, 0), {
        ...(graceMs !== undefined && { graceMs }),
        signal,
      }),
    );
  },
};

export const revokeKey: Command = {
  name: "keys revoke",
  summary: "Revoke a key at once.",
  takes: "KEY",
  flags: { force: { help: "Even the last one, which gives the account up." } },
  examples: [{ does: "by its id", line: "coderunner keys revoke KEY_ID" }],
  run: async (context) => {
    const {
      client,
      values,
      output,
      interrupts: { signal },
    } = context;
    const id = wordAt(context, 0);
    await client.keys.revoke(id, { ...(values.has("force") && { force: true }), signal });
    if (values.has("json")) output.json({ revoked: id });
  },
};

function tellKey({ values, output }: Context, key: NewKey): void {
  if (values.has("json")) return output.json(key);
  output.line(key.apiKey);
  if (output.isTerminal)
    output.note(
      "It is shown this once. Store it with `coderunner login`, or as CODERUNNER_API_KEY.",
    );
}

function stateOf({ current, revokedAt, expiresAt }: Key): string {
  if (revokedAt !== null) return "revoked";
  if (expiresAt !== null) return Date.parse(expiresAt) < Date.now() ? "ended" : "ends soon";
  return current ? "in use here" : "";
}
