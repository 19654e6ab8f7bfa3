// Two things that go wrong: a program, which is no error, and a request, which is one.

import { CodeRunner, CodeRunnerError } from "agent-coderunner";

const runner = new CodeRunner();

const { run } = await runner.execute({ language: "javascript", code: "nope()" });
console.log(run.outcome, run.code, run.stderr.includes("nope is not defined"));

try {
  await runner.execute({ language: "latin", code: "salve" });
} catch (error) {
  if (!(error instanceof CodeRunnerError)) throw error;
  console.log(error.code, error.status, error.field, error.retryable);
}
