// What the client knows of the service's tables, written from them into `src/known.ts`: the client is
// published by itself and can import nothing of the service. `npm run docs` writes it; a test fails when
// what stands there is not what the tables say.

import { writeFile } from "node:fs/promises";
import { ERROR_CODES, ERRORS } from "../shared/errors.ts";
import { LANGUAGE_IDS } from "../shared/languages.ts";
import { COMPILE_ERROR, OUTCOME_NAMES } from "../shared/outcomes.ts";

export const KNOWN = new URL("src/known.ts", import.meta.url);

/** The text of `src/known.ts` as the tables have it now. */
export function knownText(): string {
  const retryable = ERROR_CODES.filter((code) => ERRORS[code].retryable);
  return `// Made from the service's tables by \`npm run docs\`. Not to be written by hand.

/** The service's error codes. */
${union("ErrorCode", ERROR_CODES)}

/** Those with which the same request may succeed later. */
${constant("RETRYABLE", "ReadonlySet<string>")} new Set([
${retryable.map((code) => `  ${JSON.stringify(code)},\n`).join("")}] satisfies ErrorCode[]);

/** What becomes of a program. */
${union("Outcome", OUTCOME_NAMES)}

/** The same, and what becomes of one that could not be compiled. */
export type FinalOutcome = Outcome | ${JSON.stringify(COMPILE_ERROR)};

/** The ids of the languages. Each has other names, which are taken as well. */
${union("Language", LANGUAGE_IDS)}

/** The same as a list. */
${constant("KNOWN_LANGUAGES", "readonly Language[]")} [
${LANGUAGE_IDS.map((id) => `  ${JSON.stringify(id)},\n`).join("")}];
`;
}

function constant(name: string, type: string): string {
  return `export const ${name}: ${type} =`;
}

function union(name: string, members: readonly string[]): string {
  return `export type ${name} =\n${members.map((member) => `  | ${JSON.stringify(member)}`).join("\n")};`;
}

if (import.meta.main) await writeFile(KNOWN, knownText());
