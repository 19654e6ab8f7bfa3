// The first steps: a program, a second one that finds the first one's files, and what can be run.
// CODERUNNER_URL says where the service is, CODERUNNER_API_KEY who you are.

import { CodeRunner } from "agent-coderunner";

const runner = new CodeRunner();

const result = await runner.execute({ language: "python", code: 'print("Hello")' });
console.log(result.run.stdout.trim());

const first = await runner.execute({
  language: "python",
  code: 'open("data.txt", "w").write("hello")',
});
const second = await runner.execute({
  language: "python",
  sessionId: first.session_id,
  code: 'print(open("data.txt").read())',
});
console.log(second.run.stdout.trim());

for (const { language, version } of await runner.runtimes()) console.log(language, version);
