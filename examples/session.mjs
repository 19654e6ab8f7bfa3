// A session: variables and files stay from one program to the next.

import { CodeRunner } from "agent-coderunner";

const runner = new CodeRunner();
const session = await runner.sessions.open({ language: "python" });

await session.files.write("data/table.csv", "city,people\nA,3\nB,4\n");
await session.execute("import csv\nrows = list(csv.DictReader(open('data/table.csv')))");
const { result } = await session.execute("sum(int(row['people']) for row in rows)");
console.log("people:", result);

await session.execute("open('total.txt', 'w').write('7')");
console.log("total.txt:", await session.files.readText("total.txt"));
for (const { name, type } of (await session.files.list()).entries) console.log(type, name);

await session.reset();
console.log("rows is forgotten:", (await session.execute("rows")).run.code === 1);
await session.delete();
