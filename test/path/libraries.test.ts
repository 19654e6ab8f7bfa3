// The libraries that the table of languages promises are there, and do their work in a sandbox.

import { describe, expect, it } from "vitest";
import { LANGUAGES } from "../../shared/languages.ts";
import { shareRunner } from "../kit/shared-runner.ts";

const { run, outputOf } = shareRunner();

describe("a Python program", () => {
  it.each(LANGUAGES.python.libraries)("can import %s", async (library) => {
    expect(await outputOf("python", `import ${library}; print(${library}.__name__)`)).toBe(
      `${library}\n`,
    );
  });

  it("reckons with tables", async () => {
    const code = `import io, pandas as pd
frame = pd.read_csv(io.StringIO("kind,n\\na,1\\nb,2\\na,3"))
print(frame.groupby("kind").n.sum().to_dict(), frame.n.mean())`;
    expect(await outputOf("python", code)).toBe("{'a': 4, 'b': 2} 2.0\n");
  });

  it("draws a picture, and finds only its own files afterwards", async () => {
    const code = `import os, matplotlib.pyplot as plt
plt.plot([1, 4, 9]); plt.title("é ∑"); plt.savefig("a.png"); plt.savefig("a.svg")
print(open("a.png", "rb").read(8) == b"\\x89PNG\\r\\n\\x1a\\n", sorted(os.listdir()))`;
    expect(await outputOf("python", code)).toBe("True ['a.png', 'a.svg', 'main.py']\n");
  });

  it("may use threads in its libraries within its limits", async () => {
    const code = `import numpy as np
a = np.random.default_rng(1).random((400, 400))
print(np.allclose(a @ np.linalg.inv(a), np.eye(400)))`;
    expect(await outputOf("python", code)).toBe("True\n");
  });
});

describe("a Node program", () => {
  const libraries = LANGUAGES.javascript.libraries;

  it.each(libraries)("can require %s", async (library) => {
    const code = `console.log(typeof require(${JSON.stringify(library)}))`;
    expect(await outputOf("javascript", code)).toMatch(/^(function|object)\n$/);
  });

  it("can import all of them as modules, in TypeScript too", async () => {
    const lines = libraries.map((name, n) => `import * as l${n} from ${JSON.stringify(name)};`);
    const code = `${lines.join("\n")}\nconsole.log(${libraries.map((_, n) => `typeof l${n}`).join(", ")});`;
    for (const language of ["javascript", "typescript"]) {
      const { stdout, stderr } = await run(language, code);
      expect(`${stdout}${stderr}`).toBe(`${libraries.map(() => "object").join(" ")}\n`);
    }
  });

  it("cannot change them for the next", async () => {
    const code = `require("fs").appendFileSync(require.resolve("lodash"), "x")`;
    const { stderr, exitCode } = await run("javascript", code);
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/EACCES|EROFS/);
  });
});
