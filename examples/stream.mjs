// What a program prints, while it runs; input for one that asks; and one that is ended.

import { CodeRunner } from "agent-coderunner";

const runner = new CodeRunner();

const counting = "import time\nfor i in range(3):\n    print(i, flush=True)\n    time.sleep(0.1)";
for await (const event of runner.stream({ language: "python", code: counting })) {
  if (event.type === "stdout") console.log("told:", event.text.trim());
  if (event.type === "end") console.log("it was", event.execution.run.outcome);
}

const asking = runner.stream({
  language: "python",
  code: "name = input()\nprint(f'hello, {name}')",
  openStdin: true,
});
await asking.write("world\n");
console.log((await asking.result()).run.stdout.trim());

const signal = AbortSignal.timeout(500);
try {
  await runner.execute({ language: "bash", code: "sleep 25", signal });
} catch (error) {
  console.log("ended:", error.name);
}
