// `login` stores a key and the address it is for; `logout` forgets them. A key is never taken from the
// command line, where every other user of the machine could read it.

import { clientFor } from "../client.ts";
import type { Command, Context } from "../command.ts";
import { type Access, checkedKey, checkRoom, configFile, forget, store } from "../config.ts";
import { Stop } from "../exit.ts";
import { isInputTerminal, readAllInput } from "../input.ts";

export const login: Command = {
  name: "login",
  summary: "Store an API key, your own or a new free one.",
  needsNoSettings: true,
  flags: { new: { help: "Take a new key, at once and without a sign-up." } },
  examples: [
    { does: "takes a new key", line: "coderunner login --new" },
    { does: "asks for your key", line: "coderunner login" },
    { does: "reads it from a file", line: "coderunner login < key.txt" },
    {
      does: "for a service of your own",
      line: "coderunner login --new --url http://127.0.0.1:8787",
    },
  ],
  run: async (context) => {
    const {
      access,
      values,
      output,
      interrupts: { signal },
    } = context;
    const isNew = values.has("new");
    const { url } = access;
    checkRoom();
    const made = isNew ? await clientFor(keyless(access)).keys.create({ signal }) : undefined;
    const key = made?.apiKey ?? checkedKey(await askForKey(context));
    // A new one is kept whatever comes next: nobody else has it.
    if (isNew) store({ url, apiKey: key });
    // Before it is stored, so that a key that is not valid does not take the place of one that is.
    const { credits, plan } = await clientFor({ url, key, keyFrom: "login" }).credits({ signal });
    if (!isNew) store({ url, apiKey: key });
    if (values.has("json")) output.json({ url, file: configFile(), credits, plan, isNew });
    else output.line(`The key for ${url} is in ${configFile()}. It has ${credits} credits.`);
    if (access.keyFrom === "CODERUNNER_API_KEY")
      output.failure(
        "CODERUNNER_API_KEY is set and comes before the stored key; unset it to use that one.",
      );
    if (isOpenToOthers(url))
      output.failure(`${url} is not HTTPS: whoever is on the way can read the key.`);
  },
};

export const logout: Command = {
  name: "logout",
  summary: "Forget the stored key. It stays valid; `keys revoke` ends it.",
  needsNoSettings: true,
  flags: {},
  examples: [{ does: "removes it from this machine", line: "coderunner logout" }],
  run: async ({ values, output }) => {
    const had = forget();
    if (values.has("json")) output.json({ forgotten: had });
    else output.line(had ? "The stored key is gone from this machine." : "No key was stored.");
  },
};

async function askForKey(context: Context): Promise<string> {
  const text = isInputTerminal()
    ? await typedKey(context)
    : (await readAllInput()).toString("utf8");
  if (text.trim() !== "") return text;
  throw new Stop("account", "No key was given; `coderunner login --new` takes a free one.");
}

/** What is typed, which is not shown. */
async function typedKey({ access, interrupts }: Context): Promise<string> {
  const [{ createInterface }, { Writable }] = await Promise.all([
    import("node:readline"),
    import("node:stream"),
  ]);
  const silent = new Writable({ write: (_piece, _encoding, done) => done() });
  const lines = createInterface({ input: process.stdin, output: silent, terminal: true });
  process.stderr.write(`API key for ${access.url} (it is not shown): `);
  try {
    return await new Promise((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      // The terminal is not sending signals while it hides what is typed.
      lines.on("SIGINT", () => interrupts.raise("SIGINT"));
      interrupts.signal.addEventListener("abort", () => reject(interrupts.signal.reason));
    });
  } finally {
    lines.close();
    process.stderr.write("\n");
  }
}

function keyless({ url }: Access): Access {
  // The client would look for one there.
  delete process.env.CODERUNNER_API_KEY;
  return { url, key: undefined, keyFrom: "nowhere" };
}

function isOpenToOthers(url: string): boolean {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && !/^(localhost|127\..*|\[::1\])$/.test(hostname);
}
