// What can become of a program that did run. An outcome is the program's own doing, is answered
// with HTTP 200 and is charged. It is decided by the runner from what the supervisor measured and
// from the host's own counters, never from anything the program says about itself.

export const OUTCOMES = {
  ok: "The program ended with exit code 0.",
  error: "The program ended with another exit code.",
  signal: "The program was ended by a signal, its own or one it provoked.",
  timeout: "The program reached its time limit and was stopped.",
  memory: "The program and what it started reached the memory limit and were stopped.",
  output_limit: "The program went on writing far past the output limit and was stopped.",
  file_limit: "The program was stopped for writing a file larger than allowed.",
} as const satisfies Record<string, string>;

export type Outcome = keyof typeof OUTCOMES;

/** All outcomes, for schemas. */
export const OUTCOME_NAMES = Object.keys(OUTCOMES) as [Outcome, ...Outcome[]];

/** What became of a program that never ran, because its compiler did not end with exit code 0. */
export const COMPILE_ERROR = "compile_error";
