// How what waits in each kind of sandbox is started, and with what environment: the interpreter of a
// warm language, or the launcher that becomes any other's. The files named here are put into the
// image by image/Dockerfile.

import type { SandboxKind } from "../shared/languages.ts";
import { COMPILE_FILE_BYTES_MAX, FILE_BYTES_MAX } from "../shared/limits.ts";

const BOOT = "/opt/coderunner/languages";

/** Where a program's files lie, and where it starts. */
export const WORKSPACE = "/workspace";

/** The uid of a sandbox's first job; each further job has the next one. */
export const FIRST_UID = 20_000;

type Interpreter = {
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  /** The largest file that may be written; FILE_BYTES_MAX where nothing is said. */
  fileBytesMax?: number;
  /**
   * Whether an interrupt may have to be repeated: Bash forgets one that comes just as the command it
   * waits for ends by itself.
   */
  forgetsInterrupts?: true;
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
 * the compiler's background threads, whose waking is dear in gVisor. A cell that is interrupted leaves
 * calls unfinished, which Node would end itself for if it checked.
 */
const NODE = [
  "/usr/local/bin/node",
  "--no-force-async-hooks-checks",
  "--min-semi-space-size=16",
  "--no-concurrent-sparkplug",
  `--require=${BOOT}/boot.cjs`,
  "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
];

const INTERPRETERS: Record<SandboxKind, Interpreter> = {
  python: {
    argv: ["/usr/bin/python3", `${BOOT}/boot.py`],
    // Matplotlib keeps a cache, which nobody wants to find among the program's own files.
    env: { ...COMMON_ENV, PYTHONDONTWRITEBYTECODE: "1", MPLCONFIGDIR: "/tmp/matplotlib" },
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
    forgetsInterrupts: true,
    env: {
      ...COMMON_ENV,
      BASH_ENV: `${BOOT}/boot.bash`,
      LD_PRELOAD: `${BOOT}/report.so`,
    },
  },
  ruby: {
    argv: ["/usr/bin/ruby", `-r${BOOT}/boot.rb`, `${WORKSPACE}/main.rb`],
    env: { ...COMMON_ENV, LD_PRELOAD: `${BOOT}/ruby.so ${BOOT}/report.so` },
  },
  java: {
    argv: [`${BOOT}/java/java`],
    env: COMMON_ENV,
    fileBytesMax: COMPILE_FILE_BYTES_MAX, // for what it compiles; it lowers it for programs
  },
  csharp: {
    argv: [`${BOOT}/csharp/csharp`],
    env: COMMON_ENV,
    fileBytesMax: COMPILE_FILE_BYTES_MAX,
  },
  general: {
    argv: ["/opt/coderunner/launcher"],
    env: COMMON_ENV,
    fileBytesMax: COMPILE_FILE_BYTES_MAX, // the launcher itself lowers it for programs
  },
};

/** The command, environment and limit that leave what waits in a `kind` of sandbox waiting. */
export function interpreterOf(kind: SandboxKind): Interpreter & { fileBytesMax: number } {
  return { fileBytesMax: FILE_BYTES_MAX, ...INTERPRETERS[kind] };
}
