// How the waiting interpreter of each language is started inside a sandbox, and with what
// environment. The files named here are put into the image by image/Dockerfile.

import type { LanguageId } from "../shared/languages.ts";

const BOOT = "/opt/coderunner/languages";

/** Where a program's files lie, and where it starts. */
export const WORKSPACE = "/workspace";

/** The uid of a sandbox's first job; each further job has the next one. */
export const FIRST_UID = 20_000;

type Interpreter = {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Started once in a sandbox and forked for every job, instead of started for each. */
  isPrepared?: true;
};

/** All that a program sees of an environment: nothing of the host's or the runner's gets in. */
const COMMON_ENV = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: WORKSPACE,
  USER: "sandbox",
  LOGNAME: "sandbox",
  SHELL: "/bin/bash",
  LANG: "C.UTF-8",
  PWD: WORKSPACE,
};

/**
 * Short programs must not meet a garbage collection that warming up has brought near, nor wait for
 * the compiler's background threads, whose waking is dear in gVisor.
 */
const NODE = [
  "/usr/local/bin/node",
  "--min-semi-space-size=16",
  "--no-concurrent-sparkplug",
  `--require=${BOOT}/boot.cjs`,
  "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
];

const INTERPRETERS: Record<LanguageId, Interpreter> = {
  python: {
    argv: ["/usr/bin/python3", `${BOOT}/boot.py`],
    env: { ...COMMON_ENV, PYTHONDONTWRITEBYTECODE: "1" },
    isPrepared: true,
  },
  javascript: { argv: [...NODE, `${WORKSPACE}/main.js`], env: COMMON_ENV },
  typescript: {
    argv: [
      ...NODE,
      "--experimental-transform-types",
      "--disable-warning=ExperimentalWarning",
      `${WORKSPACE}/main.ts`,
    ],
    env: COMMON_ENV,
  },
  bash: {
    argv: ["/bin/bash", `${WORKSPACE}/main.sh`],
    env: { ...COMMON_ENV, BASH_ENV: `${BOOT}/boot.bash`, LD_PRELOAD: `${BOOT}/report.so` },
  },
  ruby: {
    argv: ["/usr/bin/ruby", `-r${BOOT}/boot.rb`, `${WORKSPACE}/main.rb`],
    env: { ...COMMON_ENV, LD_PRELOAD: `${BOOT}/ruby.so ${BOOT}/report.so` },
  },
};

/** The command and environment that leave an interpreter of `language` warm and waiting. */
export function interpreterOf(language: LanguageId): Interpreter {
  return INTERPRETERS[language];
}
