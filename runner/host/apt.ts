// Debian packages: installing some on the host, and fetching one of another release into a folder
// without the host's own apt configuration or lists changing. The archive's address is the one the
// host itself uses; Debian's well-known one serves only where none is found.

import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Refusal, type Report } from "./refusal.ts";
import { run } from "./spawn.ts";

/** Where Debian's packages come from, and what their signatures are checked with. */
export type Archive = { uri: string; securityUri: string; keyring: string | undefined };

const PUBLIC_ARCHIVE = "http://deb.debian.org/debian";
const PUBLIC_SECURITY_ARCHIVE = "http://deb.debian.org/debian-security";
const RELEASES = ["bookworm", "trixie", "forky", "sid", "stable", "testing", "unstable"];
const KEYRINGS = ["gpg", "pgp"].map((end) => `/usr/share/keyrings/debian-archive-keyring.${end}`);
const POLICY_FILE = "/usr/sbin/policy-rc.d";
const INSTALL_MS_MAX = 15 * 60_000;

/** The archive this host takes its packages from. */
export async function findArchive(): Promise<Archive> {
  const targets = await run(
    "apt-get",
    [
      "indextargets",
      "--no-release-info",
      "--format",
      "$(REPO_URI) $(RELEASE) $(COMPONENT)",
      "Created-By: Packages",
    ],
    { mayFail: true },
  );
  return { ...parseTargets(targets.stdout), keyring: KEYRINGS.find((file) => existsSync(file)) };
}

/** The addresses of Debian's archive among lines of `address release component`. */
export function parseTargets(lines: string): Pick<Archive, "uri" | "securityUri"> {
  const rows = lines.split("\n").map((line) => line.trim().split(" "));
  const find = (releases: readonly string[]) =>
    rows
      .filter(([, release, component]) => component === "main" && releases.includes(release ?? ""))
      .map(([uri = ""]) => uri.replace(/\/+$/, ""))
      .find((uri) => /^https?:\/\//.test(uri));
  return {
    uri: find(RELEASES) ?? PUBLIC_ARCHIVE,
    securityUri: find(RELEASES.map((name) => `${name}-security`)) ?? PUBLIC_SECURITY_ARCHIVE,
  };
}

/** The lines of an apt source for one Debian release with its updates. */
export function sourceLines(archive: Archive, release: string): string[] {
  const signed = archive.keyring === undefined ? "" : `[signed-by=${archive.keyring}] `;
  return [
    `deb ${signed}${archive.uri} ${release} main`,
    `deb ${signed}${archive.uri} ${release}-updates main`,
    `deb ${signed}${archive.securityUri} ${release}-security main`,
  ];
}

/** Installs packages on the host, starting none of the services they bring. */
export async function installPackages(names: readonly string[], report: Report): Promise<void> {
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  report("apt-get update");
  await run("apt-get", ["update", "-q"], { env, timeoutMs: INSTALL_MS_MAX });
  const allowServices = holdServices();
  try {
    // Not to be interrupted: a half-configured package is the host's problem, not ours.
    await run(
      "apt-get",
      ["install", "-y", "-q", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=120", ...names],
      { env, report },
    );
  } finally {
    allowServices();
  }
}

/** Fetches one package of another Debian release and returns the file; `dir` is emptied first. */
export async function fetchPackage(
  name: string,
  options: { release: string; dir: string; archive: Archive; signal?: AbortSignal | undefined },
): Promise<string> {
  const { release, dir, archive, signal } = options;
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(join(dir, "lists", "partial"), { recursive: true });
  writeFileSync(join(dir, "sources.list"), `${sourceLines(archive, release)[0]}\n`);
  const apart = [
    `Dir::Etc::sourcelist=${join(dir, "sources.list")}`,
    "Dir::Etc::sourceparts=/dev/null",
    `Dir::State::lists=${join(dir, "lists")}`,
    "Dir::Cache::pkgcache=",
    "Dir::Cache::srcpkgcache=",
    "Acquire::Languages=none",
    "APT::Sandbox::User=root",
  ].flatMap((setting) => ["-o", setting]);
  await run("apt-get", [...apart, "-q", "update"], { signal, cwd: dir });
  await run("apt-get", [...apart, "-q", "download", name], { signal, cwd: dir });
  const file = readdirSync(dir).find((entry) => entry.endsWith(".deb"));
  if (file === undefined) throw new Refusal(`apt-get downloaded no file for the package ${name}.`);
  return join(dir, file);
}

/**
 * Keeps packages from starting services for as long as this process lives, by the file Debian has
 * for it. The file asks for the process itself, so one left behind by a crash forbids nothing.
 */
function holdServices(): () => void {
  if (existsSync(POLICY_FILE)) return () => undefined;
  writeFileSync(POLICY_FILE, `#!/bin/sh\n[ -d /proc/${process.pid} ] && exit 101\nexit 0\n`);
  chmodSync(POLICY_FILE, 0o755);
  return () => rmSync(POLICY_FILE, { force: true });
}
