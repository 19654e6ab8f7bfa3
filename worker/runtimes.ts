// What can be run: the table of languages, as far as the runner has told which version it has.

import { LANGUAGE_IDS, type LanguageId, languageOf } from "../shared/languages.ts";
import type { RunnerHealth } from "../shared/runner-api.ts";

/** A language that can be had, whatever face tells of it. */
export type Runtime = {
  language: LanguageId;
  name: string;
  version: string;
  aliases: readonly string[];
  isCompiled: boolean;
  mainFile: string;
};

/** The languages a runner has, in the order of the table. */
export function runtimesOf({ languages }: RunnerHealth): Runtime[] {
  return LANGUAGE_IDS.flatMap((language) => {
    const version = languages[language]?.version;
    if (version === undefined) return [];
    const { name, aliases, compile, mainFile } = languageOf(language);
    return [{ language, name, version, aliases, isCompiled: compile !== undefined, mainFile }];
  });
}
