// The first file is the program, whatever it is called and wherever it lies: each waiting interpreter
// runs it as if it had been started for it, whether it expected that name or not.

// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the programs have placeholders of their own

import { describe, expect, it } from "vitest";
import { shareRunner } from "../kit/shared-runner.ts";

const { runner } = shareRunner();

const PYTHON = `import sys, __main__
print(__file__, sys.argv, sys.path[0], __name__, __main__.__file__, __spec__)`;
const COMMON_JS = `console.log(__filename, process.argv.slice(1), require.main === module, require.main.filename);`;
const ES_MODULE = `import { parse } from "node:path"; await null; console.log(import.meta.filename, process.argv.slice(1), parse("a.b").ext);`;
const TYPED = `const path: string = __filename; console.log(path, process.argv.slice(1), require.main === module);`;
const BASH = 'echo "$0 $BASH_SOURCE $# $*"';
const RUBY = "puts [$0, __FILE__, ARGV.inspect, __dir__, __FILE__ == $0].join(' ')";

type Sample = [language: string, name: string, code: string, wanted: string];

const SAMPLES: Sample[] = [
  [
    "python",
    "app.py",
    PYTHON,
    "/workspace/app.py ['/workspace/app.py', 'x', 'ü'] /workspace __main__ /workspace/app.py None",
  ],
  [
    "python",
    "src/tool.py",
    PYTHON,
    "/workspace/src/tool.py ['/workspace/src/tool.py', 'x', 'ü'] /workspace/src __main__ /workspace/src/tool.py None",
  ],
  [
    "javascript",
    "app.js",
    COMMON_JS,
    "/workspace/app.js [ '/workspace/app.js', 'x', 'ü' ] true /workspace/app.js",
  ],
  [
    "javascript",
    "a/b c.cjs",
    COMMON_JS,
    "/workspace/a/b c.cjs [ '/workspace/a/b c.cjs', 'x', 'ü' ] true /workspace/a/b c.cjs",
  ],
  ["javascript", "app.mjs", ES_MODULE, "/workspace/app.mjs [ '/workspace/app.mjs', 'x', 'ü' ] .b"],
  ["javascript", "app.js", ES_MODULE, "/workspace/app.js [ '/workspace/app.js', 'x', 'ü' ] .b"],
  ["typescript", "app.ts", TYPED, "/workspace/app.ts [ '/workspace/app.ts', 'x', 'ü' ] true"],
  ["typescript", "app.mts", ES_MODULE, "/workspace/app.mts [ '/workspace/app.mts', 'x', 'ü' ] .b"],
  ["bash", "run me.sh", BASH, "/workspace/run me.sh /workspace/run me.sh 2 x ü"],
  ["bash", "bin/tool", BASH, "/workspace/bin/tool /workspace/bin/tool 2 x ü"],
  ["ruby", "app.rb", RUBY, '/workspace/app.rb /workspace/app.rb ["x", "ü"] /workspace true'],
  [
    "ruby",
    "lib/app.rb",
    RUBY,
    '/workspace/lib/app.rb /workspace/lib/app.rb ["x", "ü"] /workspace/lib true',
  ],
];

describe("a main file", () => {
  it.each(SAMPLES)("of %s may be called %s", async (language, name, content, wanted) => {
    const files = [{ name, content }];
    const report = await runner().run({ accountId: "a", language, files, args: ["x", "ü"] });
    expect(`${report.stdout}${report.stderr}`).toBe(`${wanted}\n`);
    expect(report.outcome).toBe("ok");
  });

  const beside: Sample[] = [
    ["python", "main.py", "print('other')", "import main; print('app')"],
    ["javascript", "main.js", "console.log('other')", "require('./main.js'); console.log('app')"],
    ["typescript", "main.ts", "console.log('other')", "import './main.ts'; console.log('app')"],
    ["bash", "main.sh", "echo other", "source ./main.sh; echo app"],
    ["ruby", "main.rb", "puts 'other'", "require_relative 'main'; puts 'app'"],
  ];

  it.each(beside)("of %s may lie beside one called %s", async (language, name, content, app) => {
    const extension = name.slice(name.indexOf("."));
    const files = [
      { name: `app${extension}`, content: app },
      { name, content },
    ];
    const report = await runner().run({ accountId: "a", language, files });
    expect(`${report.stdout}${report.stderr}`).toBe("other\napp\n");
  });

  it("leaves no trace of how it was found", async () => {
    const content = `console.log(Object.keys(require.cache), /_findPath/.test(String(require("module")._findPath)));
setImmediate(() => console.log(require("module")._findPath.toString().includes("expected")));
console.log(new Error().stack.includes("coderunner"));`;
    const files = [{ name: "app.js", content }];
    const { stdout } = await runner().run({ accountId: "a", language: "javascript", files });
    expect(stdout).toBe("[ '/workspace/app.js' ] false\nfalse\nfalse\n");
  });

  it("that fails is named in its traceback", async () => {
    const files = [{ name: "app.py", content: "def f():\n    raise ValueError('no')\nf()\n" }];
    const { stderr, exitCode } = await runner().run({ accountId: "a", language: "python", files });
    expect(exitCode).toBe(1);
    expect(stderr).toContain('File "/workspace/app.py", line 3, in <module>');
    expect(stderr).not.toContain("coderunner");
  });
});
