// Which service is spoken to, and with which key: what the environment says, else what `login` has stored
// in a file that only its owner can read. A stored key is sent nowhere but to the address it was stored
// with, whatever CODERUNNER_URL says.

import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { Stop } from "./exit.ts";

/** Where `npm start` listens, which is what there is where nobody has said anything. */
export const DEFAULT_URL = "http://127.0.0.1:8787";

export type Access = {
  url: string;
  key: string | undefined;
  /** Where the key is from, for people. */
  keyFrom: "CODERUNNER_API_KEY" | "login" | "nowhere";
};

type Stored = { url: string; apiKey: string };

/** Where `login` keeps the key. */
export function configFile(env: NodeJS.ProcessEnv = process.env): string {
  const base =
    env.XDG_CONFIG_HOME ||
    (process.platform === "win32" ? env.APPDATA : undefined) ||
    join(homedir(), ".config");
  return join(base, "coderunner", "config.json");
}

/** The service and the key to use. */
export function accessOf(
  flagUrl: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Access {
  // Where everything is said, what is stored does not matter, even if it will not do.
  const isAllSaid = Boolean(env.CODERUNNER_API_KEY && (flagUrl ?? env.CODERUNNER_URL));
  const stored = isAllSaid ? undefined : readStored(configFile(env));
  const url = normalUrl(flagUrl ?? (env.CODERUNNER_URL || stored?.url || DEFAULT_URL));
  if (env.CODERUNNER_API_KEY) {
    return { url, key: checkedKey(env.CODERUNNER_API_KEY), keyFrom: "CODERUNNER_API_KEY" };
  }
  if (stored === undefined || stored.url !== url)
    return { url, key: undefined, keyFrom: "nowhere" };
  return { url, key: checkedKey(stored.apiKey), keyFrom: "login" };
}

/** The service alone, for what mends the settings or does without: nothing that is stored stops it. */
export function accessWithoutKey(
  flagUrl: string | undefined,
  env: NodeJS.ProcessEnv = process.env,
): Access {
  try {
    return accessOf(flagUrl, env);
  } catch {
    const url = normalUrl(flagUrl ?? (env.CODERUNNER_URL || DEFAULT_URL));
    return { url, key: undefined, keyFrom: "nowhere" };
  }
}

/** A key as it may stand in a header; a line break or a letter of another script cannot. */
export function checkedKey(text: string): string {
  const key = text.trim();
  if (/^[\x21-\x7e]+$/.test(key)) return key;
  throw new Stop(
    "account",
    "The API key has characters that no key has; set CODERUNNER_API_KEY anew, or run `coderunner login`.",
  );
}

/** An address as it is compared and stored, or a refusal. */
export function normalUrl(text: string): string {
  const url = URL.parse?.(text) ?? (URL.canParse(text) ? new URL(text) : null);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new Stop(
      "usage",
      `\`${text}\` is no address of a service; write one such as ${DEFAULT_URL}.`,
    );
  }
  if (url.username || url.password) {
    throw new Stop(
      "usage",
      "An address has no user or password here; keys go into CODERUNNER_API_KEY.",
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}

/** Throws where a key could not be stored, before there is one that would be lost. */
export function checkRoom(file: string = configFile()): void {
  const folder = join(file, "..");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
  } catch (thrown) {
    throw cannotBeStored(file, thrown);
  }
}

/** Stores a key; the file is its owner's alone from its first byte on. */
export function store(stored: Stored, file: string = configFile()): void {
  const making = `${file}.${process.pid}`;
  try {
    mkdirSync(join(file, ".."), { recursive: true, mode: 0o700 });
    rmSync(making, { force: true });
    writeFileSync(making, `${JSON.stringify(stored, null, 2)}\n`, { mode: 0o600, flag: "wx" });
    renameSync(making, file);
  } catch (thrown) {
    throw cannotBeStored(file, thrown);
  }
}

function cannotBeStored(file: string, thrown: unknown): Stop {
  return new Stop(
    "usage",
    `The key cannot be stored in ${file} (${codeOf(thrown)}); take one with \`coderunner keys new\` and set CODERUNNER_API_KEY.`,
  );
}

/** Forgets the stored key; says whether there was one. */
export function forget(file: string = configFile()): boolean {
  const had = existsSync(file);
  rmSync(file, { force: true });
  return had;
}

function readStored(file: string): Stored | undefined {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    if (codeOf(thrown) === "ENOENT" || codeOf(thrown) === "ENOTDIR") return undefined;
    throw new Stop(
      "account",
      `${file} cannot be read (${codeOf(thrown)}); run \`coderunner login\` or set CODERUNNER_API_KEY and CODERUNNER_URL.`,
    );
  }
  try {
    const { url, apiKey } = JSON.parse(text) as Partial<Stored>;
    if (typeof url === "string" && typeof apiKey === "string") return { url, apiKey };
  } catch {
    // Said below.
  }
  throw new Stop(
    "account",
    `${file} is not as \`coderunner login\` writes it; run \`coderunner login\` again.`,
  );
}

/** What the system called a failure. */
export function codeOf(thrown: unknown): string {
  return (thrown as NodeJS.ErrnoException | undefined)?.code ?? "unknown";
}
