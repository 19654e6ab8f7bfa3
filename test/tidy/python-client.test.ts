// The made parts of the Python client are what would be made now.

import { readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { pythonFiles } from "../../docs/python-client.ts";

const HINT = "run `npm run docs`";

test("the Python client's made files are those of the code", () => {
  for (const [path, text] of pythonFiles()) expect(readFileSync(path, "utf8"), HINT).toBe(text);
});

test("its sync half has no file that the async half has not", () => {
  const [some = ""] = [...pythonFiles().keys()].filter((path) => path.includes("_sync"));
  const sync = readdirSync(dirname(some)).filter((name) => name.endsWith(".py"));
  const beside = readdirSync(dirname(some).replace("_sync", "_async"));
  expect(sync.sort()).toEqual(beside.filter((name) => name.endsWith(".py")).sort());
});

test("nothing of the async half is left in the sync one", () => {
  for (const [path, text] of pythonFiles()) {
    if (!path.includes("_sync")) continue;
    const code = text.replace(/"""[\s\S]*?"""|#.*$/gm, "");
    expect(code, path).not.toMatch(/\b(async|await|anyio|asyncio)\b|\bAsync/);
  }
});
