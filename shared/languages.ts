// The one table of languages. The request schema, the pools, the commands inside a sandbox, the
// list of runtimes and the README's table are derived from it; adding a language is a row here, its
// lines in the image and a sample program.

export type Language = {
  /** How people write its name. */
  name: string;
  /** Other ids a request may use. */
  aliases: readonly string[];
  /** The file a single program is written to. */
  mainFile: string;
};

export const LANGUAGES = {
  python: {
    name: "Python",
    aliases: ["py", "python3"],
    mainFile: "main.py",
  },
  javascript: {
    name: "JavaScript",
    aliases: ["js", "node"],
    mainFile: "main.js",
  },
  typescript: {
    name: "TypeScript",
    aliases: ["ts"],
    mainFile: "main.ts",
  },
  bash: {
    name: "Bash",
    aliases: ["sh", "shell"],
    mainFile: "main.sh",
  },
  ruby: {
    name: "Ruby",
    aliases: ["rb"],
    mainFile: "main.rb",
  },
} as const satisfies Record<string, Language>;

export type LanguageId = keyof typeof LANGUAGES;

export const LANGUAGE_IDS = Object.keys(LANGUAGES) as [LanguageId, ...LanguageId[]];

const ID_BY_WORD = new Map<string, LanguageId>(
  LANGUAGE_IDS.flatMap((id) => [id, ...LANGUAGES[id].aliases].map((word) => [word, id] as const)),
);

/** The language an id or alias names, in any case, or `undefined`. */
export function findLanguage(word: string): LanguageId | undefined {
  return ID_BY_WORD.get(word.toLowerCase());
}
