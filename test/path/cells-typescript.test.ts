// What cells of TypeScript add to those of JavaScript: types that go, and what is more than types.

import { afterEach, describe, expect, it } from "vitest";
import { shareCells } from "../kit/cells.ts";

const { cell, textOf, reset } = shareCells("typescript");

afterEach(reset);

describe("a session of TypeScript", () => {
  it("keeps what was declared, with and without types", async () => {
    await textOf(
      "interface A { n: number } const a: A = { n: 1 }; function id<T>(v: T): T { return v }",
    );
    await textOf("enum Colour { Red = 'r' } namespace N { export const z = 3 }");
    await textOf("class P { constructor(public x: number) {} }");
    const use =
      "[id<number>(a.n), Colour.Red, N.z, new P(4).x, (await Promise.resolve<number>(5))!]";
    expect(await textOf(use)).toBe("[ 1, 'r', 3, 4, 5 ]");
    expect(await textOf("a satisfies A")).toBe("{ n: 1 }");
  });

  it("imports types, and values beside them", async () => {
    const source =
      "import type { Stats } from 'node:fs';\nimport fs, { type Dirent } from 'node:fs';\nimport { Shape } from './shape.ts'; typeof fs.statSync";
    await textOf("require('fs').writeFileSync('shape.ts', 'export interface Shape { s: 1 }')");
    expect(await textOf(source)).toBe("'function'");
  });

  it.each([
    ["const a: number = 1;\n\nthrow new Error('x')", "<cell-1>:3\nthrow new Error('x')\n      ^\n"],
    [
      "type T = { a: 1 }\n// comment\nenum E { A }\n\n  throw new Error('x')",
      "<cell-1>:5\n  throw new Error('x')\n        ^\n\nError: x\n    at <cell-1>:5:9\n",
    ],
    ["let a = 1;\nconst y: = 5", "<cell-1>:2\nconst y: = 5\n         ^\n\nSyntaxError: "],
  ])("tells errors at their own lines: %j", async (source, stderr) => {
    const ended = await cell(source);
    expect(ended).toMatchObject({ code: 1, isWaiting: true });
    expect(ended.stderr.startsWith(stderr), ended.stderr).toBe(true);
    expect(ended.stderr).not.toContain("coderunner");
  });

  it("is interrupted like any", async () => {
    await textOf("const kept: number = 1");
    const ended = await cell("await 1; for (;;) {}", { interruptAfterMs: 150 });
    expect(ended).toMatchObject({ signal: 2, isWaiting: true });
    expect(await textOf("kept")).toBe("1");
  });
});
