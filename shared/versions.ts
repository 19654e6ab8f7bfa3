// Whether the version of a language that is here is the one that is asked for. The selector is npm's
// notation: `*`, an exact version, or a range.

import semver from "semver";
import { Failure } from "./errors.ts";
import { type LanguageId, languageOf } from "./languages.ts";

/** Throws Failure when `version`, which is what there is, is not what `selector` asks for. */
export function requireVersion(language: LanguageId, version: string, selector: string): void {
  if (matches(version, selector.trim())) return;
  const { name } = languageOf(language);
  throw new Failure("unknown_version", {
    field: "version",
    message: `No ${name} here is \`${selector}\`; available: ${version}.`,
  });
}

/** Tools count in their own ways (`5.4`, `5.2.37`), so an exact version is compared as it is written too. */
function matches(version: string, selector: string): boolean {
  if (selector === "" || selector === "*" || selector === "latest" || selector === version)
    return true;
  const comparable = semver.coerce(version);
  return comparable !== null && semver.satisfies(comparable, selector);
}
