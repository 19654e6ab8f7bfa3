// The parts of the Python client that are made and not written: its tables and its version, from the
// code's own, its licence, and its sync half, from the async one, word by word. `npm run docs` writes
// them; a test fails when what is there is not what would be written.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ERROR_CODES, ERRORS } from "../shared/errors.ts";
import { LANGUAGE_IDS } from "../shared/languages.ts";
import * as limits from "../shared/limits.ts";
import { COMPILE_ERROR, OUTCOME_NAMES } from "../shared/outcomes.ts";

const REPO = fileURLToPath(new URL("..", import.meta.url));
const PROJECT = join(REPO, "client", "python");
const PACKAGE = join(PROJECT, "src", "agent_coderunner");
const manifest = JSON.parse(readFileSync(join(REPO, "package.json"), "utf8"));
const ASYNC = join(PACKAGE, "_async");
const SYNC = join(PACKAGE, "_sync");

/** Written by hand on either side, because waiting is what differs. */
const BY_HAND = ["wait.py", "__init__.py"];

/** The limits a caller can do something with. */
const LIMITS = [
  "CODE_BYTES_MAX",
  "STDIN_BYTES_MAX",
  "ARGS_MAX",
  "ARGS_BYTES_MAX",
  "FILE_BYTES_MAX",
  "FILES_MAX",
  "FILES_BYTES_MAX",
  "FILE_NAME_BYTES_MAX",
  "OUTPUT_BYTES_MAX",
  "MEMORY_BYTES_MAX",
  "PROCESSES_MAX",
  "RUN_TIMEOUT_MS_MAX",
  "LONG_RUN_TIMEOUT_MS_MAX",
  "COMPILE_TIMEOUT_MS_MAX",
  "SESSION_IDLE_MS_MAX",
  "SESSIONS_MAX",
  "KEY_GRACE_MS_MAX",
] satisfies (keyof typeof limits)[];

/** What async Python says otherwise than sync Python. The first that fits is taken. */
const WORDS: readonly (readonly [RegExp, string])[] = [
  [/\b(?:Awaitable\[T\])/g, "T"],
  [/(?<=import .*)\bAwaitable, /g, ""],
  [/\b(?:async|await) /g, ""],
  [/__a(enter|exit|iter|next)__/g, "__$1__"],
  [/\bStopAsyncIteration\b/g, "StopIteration"],
  [/\basynccontextmanager\b/g, "contextmanager"],
  [/\b(httpx\.)?Async(?=[A-Z])/g, "$1"],
  [/\ba(read|close)\(/g, "$1("],
  [/\baiter_bytes\(/g, "iter_bytes("],
];

/** Every made file's text, by its path. */
export function pythonFiles(): Map<string, string> {
  const files = new Map([
    [join(PROJECT, "LICENSE"), readFileSync(join(REPO, "LICENSE"), "utf8")],
    [join(PACKAGE, "_tables.py"), tables()],
  ]);
  for (const name of readdirSync(ASYNC)) {
    if (!name.endsWith(".py") || BY_HAND.includes(name)) continue;
    files.set(join(SYNC, name), toSync(readFileSync(join(ASYNC, name), "utf8"), name));
  }
  return files;
}

function toSync(text: string, name: string): string {
  const made = WORDS.reduce((rest, [word, instead]) => rest.replace(word, instead), text);
  return `# Made from _async/${name} by \`npm run docs\`; change that one.\n${made}`;
}

function tables(): string {
  const errors = Object.entries(ERRORS).map(([code, { status, retryable, message }]) => {
    const row = `${status}, ${retryable ? "True" : "False"}, ${JSON.stringify(message)}`;
    return `    ${JSON.stringify(code)}: ErrorRow(${row}),`;
  });
  const all = new Map<string, unknown>(Object.entries(limits));
  const numbers = LIMITS.map((name) => `${name} = ${all.get(name)}`);
  return `"""The service's own tables. Made by \`npm run docs\`; they are changed where they come from."""

from __future__ import annotations

from typing import Literal, NamedTuple

VERSION = ${JSON.stringify(manifest.version)}


class ErrorRow(NamedTuple):
    """What is known of an error's code."""

    status: int
    retryable: bool
    message: str


${literal("ErrorCode", ERROR_CODES)}

ERRORS: dict[str, ErrorRow] = {
${errors.join("\n")}
}

${literal("LanguageId", LANGUAGE_IDS)}

LANGUAGES: tuple[LanguageId, ...] = (
${LANGUAGE_IDS.map((id) => `    ${JSON.stringify(id)},`).join("\n")}
)

${literal("Outcome", [...OUTCOME_NAMES, COMPILE_ERROR])}

${numbers.join("\n")}
`;
}

function literal(name: string, words: readonly string[]): string {
  return `${name} = Literal[\n${words.map((word) => `    ${JSON.stringify(word)},`).join("\n")}\n]`;
}

if (import.meta.main) for (const [path, text] of pythonFiles()) writeFileSync(path, text);
