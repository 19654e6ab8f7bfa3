// The Python client as its users get it: built, and installed into an environment that has nothing but
// what the package asks for. What building and testing need is fetched once and kept in the state
// folder; a machine without Python's venv gets Debian's.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { launchPaths } from "../../launch/paths.ts";
import { installPackages } from "../../runner/host/apt.ts";
import { findProgram, type RunResult, run } from "../../runner/host/spawn.ts";

const { repo, state } = launchPaths();
/** Where the client is written. */
export const PROJECT = join(repo, "client", "python");
const TOOLS = join(PROJECT, "tools.txt");
const REQUIREMENTS = join(PROJECT, "tests", "requirements.txt");
const MS_MAX = 10 * 60_000;

export type PythonPackage = {
  /** What was built: a wheel, made out of the source distribution beside it. */
  wheel: string;
  sdist: string;
  /** The Python of the environment it is installed in. */
  python: string;
  /** Runs one of the tools; a failure is returned. */
  tool: (name: string, ...args: string[]) => Promise<RunResult>;
  /** Installs what the tests need besides. */
  addTestNeeds: () => Promise<void>;
  remove: () => void;
};

/** Builds the package and installs it into an empty environment. */
export async function installPythonPackage(): Promise<PythonPackage> {
  const kept = await keptTools(await findPython());
  const dir = mkdtempSync(join(tmpdir(), "python-client-"));
  const dist = join(dir, "dist");
  await must(kept.python, ["-m", "build", "--no-isolation", "--outdir", dist, PROJECT]);
  const built = (end: string) => join(dist, readdirSync(dist).find((n) => n.endsWith(end)) ?? "");
  const [wheel, sdist] = [built(".whl"), built(".tar.gz")];
  const env = join(dir, "env");
  await must(kept.python, ["-m", "venv", "--without-pip", env]);
  const python = join(env, "bin", "python");
  const pip = ["-m", "pip", "--isolated", "--python", python, "install", "--quiet", "--no-index"];
  const install = (...what: string[]) =>
    must(kept.python, [...pip, "--find-links", kept.wheels, ...what]);
  await install(wheel);
  return {
    wheel,
    sdist,
    python,
    tool: (name, ...args) => run(kept.python, ["-m", name, ...args], inProject),
    addTestNeeds: async () => {
      await install("-r", REQUIREMENTS);
    },
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

const inProject = {
  cwd: PROJECT,
  mayFail: true,
  timeoutMs: MS_MAX,
  env: { ...process.env, PYTHONDONTWRITEBYTECODE: "1" },
};

/** The tools, and wheels of all that is installed later, as they are pinned. */
async function keptTools(system: string) {
  const hash = createHash("sha256").update((await must(system, ["--version"])).stdout);
  for (const file of [TOOLS, REQUIREMENTS, join(PROJECT, "pyproject.toml")]) {
    hash.update(readFileSync(file));
  }
  const root = join(state, "python");
  const dir = join(root, hash.digest("hex").slice(0, 16));
  const kept = { python: join(dir, "env", "bin", "python"), wheels: join(dir, "wheels") };
  if (existsSync(join(dir, "whole"))) return kept;
  rmSync(root, { recursive: true, force: true });
  mkdirSync(kept.wheels, { recursive: true });
  await must(system, ["-m", "venv", join(dir, "env")]);
  await must(kept.python, ["-m", "pip", "install", "--quiet", "-r", TOOLS]);
  const dependencies = await must(kept.python, ["-c", DEPENDENCIES, PROJECT]);
  const names = dependencies.stdout.split("\n").filter(Boolean);
  const wheel = ["-m", "pip", "wheel", "--quiet", "--wheel-dir", kept.wheels];
  await must(kept.python, [...wheel, "-r", REQUIREMENTS, ...names]);
  mkdirSync(join(dir, "whole"));
  return kept;
}

/** Prints what the package asks for. */
const DEPENDENCIES = `
import sys
from build.util import project_wheel_metadata
metadata = project_wheel_metadata(sys.argv[1], isolated=False)
print("\\n".join(metadata.get_all("Requires-Dist")))
`;

/** A Python that can make environments. */
async function findPython(): Promise<string> {
  const found = findProgram("python3");
  const asked = ["-c", "import ensurepip, venv, sys; sys.exit(sys.version_info < (3, 9))"];
  if (found !== undefined && (await run(found, asked, { mayFail: true })).code === 0) return found;
  await installPackages(["python3", "python3-venv"], () => undefined);
  return "/usr/bin/python3";
}

async function must(program: string, args: readonly string[]): Promise<RunResult> {
  const result = await run(program, args, inProject);
  if (result.code === 0) return result;
  throw new Error(`${program} ${args.join(" ")}:\n${result.stdout}${result.stderr}`);
}
