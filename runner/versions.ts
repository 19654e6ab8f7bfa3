// Which versions there are: what the tools in the image say of themselves, as told by each sandbox
// that becomes warm, and whether one is what a request's selector asks for. The selector is npm's
// notation: `*`, an exact version, or a range.

import semver from "semver";
import { Failure } from "../shared/errors.ts";
import {
  LANGUAGE_IDS,
  type LanguageId,
  languageOf,
  type SandboxKind,
} from "../shared/languages.ts";
import { TOOL_VERSION_BYTES_MAX } from "../shared/limits.ts";
import { busy } from "./line.ts";

export class Versions {
  readonly #known = new Map<LanguageId, string>();

  /**
   * Takes note of what a sandbox of `kind` said: its version, or `id=version;…` of all others. What
   * would not fit into a report is none.
   */
  learn(kind: SandboxKind, said: string): void {
    if (kind !== "general") return this.#note(kind, said);
    const told = new Map(said.split(";").map((pair) => pair.split("=", 2) as [string, string]));
    for (const id of LANGUAGE_IDS) {
      const version = told.get(id);
      if (languageOf(id).isWarm !== true && version) this.#note(id, version);
    }
  }

  #note(id: LanguageId, version: string): void {
    if (version.length <= TOOL_VERSION_BYTES_MAX) this.#known.set(id, version);
  }

  /** The version of `language`, or `undefined` while no sandbox has told it. */
  of(language: LanguageId): string | undefined {
    return this.#known.get(language);
  }

  /** The version that `selector` asks for. Throws Failure when that is not what there is. */
  select(language: LanguageId, selector = "*"): string {
    const version = this.of(language);
    if (version === undefined) throw busy();
    if (matches(version, selector.trim())) return version;
    const { name } = languageOf(language);
    throw new Failure("unknown_version", {
      field: "version",
      message: `No ${name} here is \`${selector}\`; available: ${version}.`,
    });
  }
}

/** Tools count in their own ways (`5.4`, `5.2.37`), so an exact version is compared as it is written too. */
function matches(version: string, selector: string): boolean {
  if (selector === "" || selector === "*" || selector === "latest" || selector === version)
    return true;
  const comparable = semver.coerce(version);
  return comparable !== null && semver.satisfies(comparable, selector);
}
