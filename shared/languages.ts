// The one table of languages. The request schema, the pools, the commands inside a sandbox, the
// versions, the list of runtimes and the README's table are derived from it; adding a language is a
// row here, its lines in the image and a sample program.

/** Stand in a command for what is only known with the program: its built form, its main file, ... */
export const PROGRAM = "{program}";
export const MAIN = "{main}";
/** ... and, as so many words, every file of it that is a source. */
export const SOURCES = "{sources}";
/** Stands in an environment for how many processors a program should reckon with. */
export const PROCESSORS = "{processors}";

export type Language = {
  /** How people write its name. */
  name: string;
  /** Other ids a request may use. */
  aliases: readonly string[];
  /** The file a single program is written to. */
  mainFile: string;
  /**
   * The shell command that has the tool itself tell its version, run once when the image is built.
   * Absent where what waits tells it, each time it is warm.
   */
  version?: string;
  /** What a program can import besides the language's own library. */
  libraries?: readonly string[];
  /**
   * Whether sandboxes of its own wait with its interpreter or compiler running. Those of all other
   * languages are one kind, which starts whatever the job is for.
   */
  isWarm?: true;
  /** Whether what waits can run one piece of a program after another and remember: a session's cells. */
  hasCells?: true;
  /**
   * How sources become PROGRAM; absent where they are run as they are. A command without a path is
   * one of the image's own builders. A waiting compiler is told only what it is to make and of what;
   * a waiting machine, only what it is to run.
   */
  compile?: {
    /** The endings of files that are sources. */
    sources: readonly string[];
    command: readonly string[];
    /** What the command gets in addition when the caller would rather wait for faster code. */
    optimize?: readonly string[];
  };
  /** How the program is run. Absent where a waiting interpreter runs its main file. */
  run?: readonly string[];
  /** What commands find in their environment besides what all do. */
  env?: Readonly<Record<string, string>>;
};

/** What agents' programs import most, of what is of use without a network. */
const PYTHON_LIBRARIES = [
  "numpy",
  "pandas",
  "matplotlib",
  "scipy",
  "sklearn",
  "seaborn",
  "sympy",
  "networkx",
  "PIL",
  "openpyxl",
  "yaml",
  "bs4",
  "lxml",
  "requests",
  "tabulate",
  "dateutil",
];

/** The packages of these names are put into the image as they are among this project's own. */
const NODE_LIBRARIES = [
  "lodash",
  "dayjs",
  "date-fns",
  "uuid",
  "nanoid",
  "zod",
  "yaml",
  "csv-parse",
  "decimal.js",
];

export const LANGUAGES = {
  python: {
    name: "Python",
    aliases: ["py", "python3"],
    mainFile: "main.py",
    libraries: PYTHON_LIBRARIES,
    isWarm: true,
    hasCells: true,
  },
  javascript: {
    name: "JavaScript",
    aliases: ["js", "node"],
    mainFile: "main.js",
    libraries: NODE_LIBRARIES,
    isWarm: true,
    hasCells: true,
  },
  typescript: {
    name: "TypeScript",
    aliases: ["ts"],
    mainFile: "main.ts",
    libraries: NODE_LIBRARIES,
    isWarm: true,
    hasCells: true,
  },
  bash: {
    name: "Bash",
    aliases: ["sh", "shell"],
    mainFile: "main.sh",
    isWarm: true,
    hasCells: true,
  },
  c: {
    name: "C",
    aliases: ["gcc"],
    mainFile: "main.c",
    version: "gcc -dumpfullversion",
    compile: {
      sources: [".c"],
      command: ["gcc", PROGRAM, SOURCES],
      optimize: ["-O2"],
    },
    run: [PROGRAM],
  },
  cpp: {
    name: "C++",
    aliases: ["c++", "cxx", "g++"],
    mainFile: "main.cpp",
    version: "g++ -dumpfullversion",
    compile: {
      sources: [".cpp", ".cc", ".cxx"],
      command: ["g++", PROGRAM, SOURCES],
      optimize: ["-O2"],
    },
    run: [PROGRAM],
  },
  go: {
    name: "Go",
    aliases: ["golang"],
    mainFile: "main.go",
    version: "go env GOVERSION | sed 's/^go//'",
    compile: {
      sources: [".go"],
      command: ["go", PROGRAM, SOURCES],
    },
    run: [PROGRAM],
    env: { GOMAXPROCS: PROCESSORS }, // by itself it may want more threads than there may be
  },
  ruby: {
    name: "Ruby",
    aliases: ["rb"],
    mainFile: "main.rb",
    isWarm: true,
    hasCells: true,
  },
  java: {
    name: "Java",
    aliases: ["jdk", "openjdk"],
    mainFile: "Main.java",
    isWarm: true,
    compile: { sources: [".java"], command: [PROGRAM, SOURCES] },
    run: [PROGRAM],
  },
  csharp: {
    name: "C#",
    aliases: ["cs", "c#"],
    mainFile: "Program.cs",
    isWarm: true,
    compile: { sources: [".cs"], command: [PROGRAM, SOURCES] },
    run: [PROGRAM],
  },
  rust: {
    name: "Rust",
    aliases: ["rs"],
    mainFile: "main.rs",
    version: "rustc --version | cut -d' ' -f2",
    compile: {
      sources: [],
      command: ["rustc", PROGRAM, MAIN],
      optimize: ["-O"],
    },
    run: [PROGRAM],
  },
  perl: {
    name: "Perl",
    aliases: ["pl"],
    mainFile: "main.pl",
    version: "perl -e 'printf \"%vd\", $^V'",
    run: ["/usr/bin/perl", MAIN],
  },
  php: {
    name: "PHP",
    aliases: [],
    mainFile: "main.php",
    version: "php -r 'echo PHP_VERSION;'",
    run: ["/usr/bin/php", MAIN],
  },
  lua: {
    name: "Lua",
    aliases: [],
    mainFile: "main.lua",
    version: "lua5.4 -v | cut -d' ' -f2",
    run: ["/usr/bin/lua5.4", MAIN],
  },
  r: {
    name: "R",
    aliases: ["rscript"],
    mainFile: "main.R",
    version: "R --version | sed -n '1s/^R version \\([0-9.]*\\).*/\\1/p'",
    // What Rscript comes to, after a shell and some ten other processes.
    run: ["/usr/lib/R/bin/exec/R", "--no-echo", "--no-restore", "-f", MAIN, "--args"],
    env: {
      R_HOME: "/usr/lib/R",
      R_SHARE_DIR: "/usr/share/R/share",
      R_INCLUDE_DIR: "/usr/share/R/include",
      R_DOC_DIR: "/usr/share/R/doc",
      LD_LIBRARY_PATH: "/usr/lib/R/lib",
    },
  },
} as const satisfies Record<string, Language>;

export type LanguageId = keyof typeof LANGUAGES;

export const LANGUAGE_IDS = Object.keys(LANGUAGES) as [LanguageId, ...LanguageId[]];

/** The row of a language. */
export function languageOf(id: LanguageId): Language {
  return LANGUAGES[id];
}

type Warm = { [Id in LanguageId]: (typeof LANGUAGES)[Id] extends { isWarm: true } ? Id : never };
export type WarmLanguageId = Warm[LanguageId];

/** What waits in a sandbox: one warm language, or nothing that is any language's. */
export type SandboxKind = WarmLanguageId | "general";

/** The languages whose interpreters wait. */
export const WARM_LANGUAGE_IDS = LANGUAGE_IDS.filter(isWarm) as [
  WarmLanguageId,
  ...WarmLanguageId[],
];

export const SANDBOX_KINDS: [SandboxKind, ...SandboxKind[]] = [...WARM_LANGUAGE_IDS, "general"];

/** The kind of sandbox that runs a language. */
export function kindOf(id: LanguageId): SandboxKind {
  return isWarm(id) ? id : "general";
}

function isWarm(id: LanguageId): id is WarmLanguageId {
  return languageOf(id).isWarm === true;
}

const ID_BY_WORD = new Map<string, LanguageId>(
  LANGUAGE_IDS.flatMap((id) => [id, ...LANGUAGES[id].aliases].map((word) => [word, id] as const)),
);

/** The language an id or alias names, in any case, or `undefined`. */
export function findLanguage(word: string): LanguageId | undefined {
  return ID_BY_WORD.get(word.toLowerCase());
}
