// Which versions there are: what the tools in the image say of themselves, as told by each sandbox
// that becomes warm, and whether one is what a request's selector asks for.

import {
  LANGUAGE_IDS,
  type LanguageId,
  languageOf,
  type SandboxKind,
} from "../shared/languages.ts";
import { TOOL_VERSION_BYTES_MAX } from "../shared/limits.ts";
import { requireVersion } from "../shared/versions.ts";
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
    requireVersion(language, version, selector);
    return version;
  }
}
