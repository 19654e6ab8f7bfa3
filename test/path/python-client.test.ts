// The Python client as it would be published, installed into an empty environment and used against the
// whole stack. Its own tests are in client/python/tests; this brings up what they need and runs them.

import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { run } from "../../runner/host/spawn.ts";
import { installPythonPackage, PROJECT, type PythonPackage } from "../kit/python-package.ts";

const { url, adminToken } = inject("gateway");
const SETUP_MS_MAX = 10 * 60_000;
const TESTS_MS_MAX = 5 * 60_000;

let python: PythonPackage;
beforeAll(async () => {
  python = await installPythonPackage();
}, SETUP_MS_MAX);
afterAll(() => python?.remove());

async function inPython(...args: string[]) {
  return await run(python.python, args, {
    cwd: PROJECT,
    mayFail: true,
    timeoutMs: TESTS_MS_MAX,
    env: {
      ...process.env,
      PYTHONDONTWRITEBYTECODE: "1",
      TEST_GATEWAY_URL: url,
      TEST_ADMIN_TOKEN: adminToken,
    },
  });
}

describe("the Python client", () => {
  test("has in its wheel the package, its types and its licence, and nothing else", async () => {
    const list = "import sys, zipfile; print('\\n'.join(zipfile.ZipFile(sys.argv[1]).namelist()))";
    const names = (await inPython("-c", list, python.wheel)).stdout.trim().split("\n");
    expect(names).toContain("agent_coderunner/py.typed");
    expect(names.filter((name) => /\.dist-info\/licenses\/LICENSE$/.test(name))).toHaveLength(1);
    const others = names.filter((name) => !/^agent_coderunner(\/|-[\d.]+\.dist-info\/)/.test(name));
    expect(others).toEqual([]);
  });

  test("needs nothing but what it asks for", async () => {
    const program = "import agent_coderunner as a; print(a.__file__, a.__version__)";
    const { stdout, stderr, code } = await inPython("-W", "error", "-c", program);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(
      /^\/\S+\/env\/lib\/\S+\/agent_coderunner\/__init__\.py \d+\.\d+\.\d+\n$/,
    );
  });

  test(
    "passes its own tests against real sandboxes",
    async () => {
      await python.addTestNeeds();
      const { stdout, code } = await inPython(
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "tests",
      );
      expect({ code, stdout }).toEqual({
        code: 0,
        stdout: expect.stringMatching(/^(?:[6-9]\d|\d{3,}) passed in /m),
      });
      process.stdout.write(`pytest: ${stdout.trim().split("\n").at(-1)}\n`);
    },
    TESTS_MS_MAX,
  );

  test(
    "has strict types, for itself and for who installs it",
    async () => {
      const found = ["--cache-dir=/dev/null", "--python-executable", python.python];
      for (const what of ["src", "tests"]) {
        const { stdout, code } = await python.tool("mypy", ...found, what);
        expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining("no issues") });
      }
    },
    TESTS_MS_MAX,
  );

  test("is written as it should be", async () => {
    for (const what of [["check"], ["format", "--check"]]) {
      const { stdout, code } = await python.tool("ruff", ...what, "--no-cache", ".");
      expect({ code, stdout }).toMatchObject({ code: 0 });
    }
  });
});
