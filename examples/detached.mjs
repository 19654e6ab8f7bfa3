// Programs that go on by themselves: started, asked after, and ended.

import { CodeRunner } from "agent-coderunner";

const runner = new CodeRunner();

const job = await runner.detach({ language: "bash", code: "sleep 0.5; echo done" });
console.log((await runner.executions.get(job.id)).state);
console.log((await runner.executions.wait(job.id)).run.stdout.trim());

const endless = await runner.detach({ language: "bash", code: "while :; do sleep 0.1; done" });
await new Promise((resolve) => setTimeout(resolve, 500));
await runner.executions.interrupt(endless.id);
console.log((await runner.executions.wait(endless.id)).run.outcome);

const { executions } = await runner.executions.list({ limit: 2 });
console.log(executions.map(({ outcome }) => outcome).join(", "));
