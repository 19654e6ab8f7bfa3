// Packages in real sessions, out of a registry of this test's own: there from the start or put in later,
// found by programs and by what they start, and kept through a reset.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { LanguageId } from "../../shared/languages.ts";
import { tarballOf, wheelOf } from "../kit/archives.ts";
import { PackageRegistry } from "../kit/package-registry.ts";
import { type RunnerProcess, removeContainersOf, startRunner } from "../kit/runner-process.ts";
import { openSession, sessionCalls, stdoutOf } from "../kit/session-calls.ts";

let runner: RunnerProcess;
let registry: PackageRegistry;

beforeAll(async () => {
  registry = await PackageRegistry.start();
  const main = "import sys\nV = 1\ndef main():\n    print('alpha', *sys.argv[1:])\n";
  const command = {
    name: "alpha-1.0.dist-info/entry_points.txt",
    content: "[console_scripts]\nalpha = alpha:main\n",
  };
  const wheel = wheelOf(
    "alpha",
    "1.0",
    [{ name: "alpha/__init__.py", content: main }, command],
    {},
  );
  registry.addWheel("alpha", "alpha-1.0-py3-none-any.whl", wheel, {});
  const beta = wheelOf("beta", "1.0", [{ name: "beta/__init__.py", content: "V = 2\n" }], {});
  registry.addWheel("beta", "beta-1.0-py3-none-any.whl", beta, {});
  const described = { name: "pad", version: "1.0.0", main: "a.js" };
  const entries = [
    { name: "package/package.json", content: JSON.stringify(described) },
    { name: "package/a.js", content: "module.exports = (t) => t.padStart(5, '.');" },
  ];
  registry.addNpm(described, await tarballOf(entries));
  runner = await startRunner({
    settings: { CODERUNNER_PIP_INDEX: registry.index, CODERUNNER_NPM_REGISTRY: registry.npm },
  });
});

afterAll(async () => {
  await runner?.stop();
  await removeContainersOf(runner.runnerId);
  await registry.stop();
});

const opened = (language: LanguageId, more: object = {}) => openSession(runner, language, more);

describe("packages", () => {
  it("are there from the start, and more may come later", async () => {
    const session = await opened("python", { packages: { pip: ["alpha"] } });
    expect(await stdoutOf(session, "import alpha\nprint(alpha.V)")).toBe("1\n");
    const before = await session.run(
      "try:\n    import beta\nexcept ImportError:\n    print('none')",
    );
    expect(before.run?.stdout).toBe("none\n");
    const { status, body } = await session.post("/packages", { packages: { pip: ["beta"] } });
    expect([status, body.packages.map((p: { name: string }) => p.name).sort()]).toEqual([
      200,
      ["alpha", "beta"],
    ]);
    expect(await stdoutOf(session, "import alpha, beta\nprint(alpha.V + beta.V)")).toBe("3\n");
    const child =
      "import subprocess\nprint(subprocess.run(['alpha', 'x'], capture_output=True, text=True).stdout)";
    expect(await stdoutOf(session, child)).toBe("alpha x\n\n");
    await session.post("/reset");
    expect(await stdoutOf(session, "import beta\nprint(beta.V)")).toBe("2\n");
    await session.close();
  });

  it("of npm are found by require and import", async () => {
    const session = await opened("javascript", { packages: { npm: ["pad"] } });
    expect(await stdoutOf(session, "console.log(require('pad')('a'))")).toBe("....a\n");
    expect(await stdoutOf(session, "import pad from 'pad'; console.log(pad('b'))")).toBe("....b\n");
    await session.close();
  });

  it("bring commands to a shell", async () => {
    const session = await opened("bash", { packages: { pip: ["alpha"] } });
    expect(await stdoutOf(session, "alpha 1 2; python3 -c 'import alpha; print(alpha.V)'")).toBe(
      "alpha 1 2\n1\n",
    );
    await session.close();
  });

  it("that there are none of are refused, and the session is not there", async () => {
    const session = sessionCalls(runner, "python");
    const { status, body } = await session.open({ packages: { pip: ["no-such-thing"] } });
    expect([status, body.error.code]).toEqual([422, "packages_refused"]);
    expect((await session.tell()).body.error.code).toBe("unknown_session");
  });
});
