// The gateway's bundle: the same code wrangler deploys, made by wrangler into a folder named by the
// hash of everything it is made from, so that an unchanged gateway is never bundled again.

import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, extname, join, relative } from "node:path";
import * as z from "zod";
import type { Report } from "../runner/host/refusal.ts";
import { run } from "../runner/host/spawn.ts";
import { randomText } from "../shared/ids.ts";

const WranglerConfig = z.object({
  main: z.string(),
  compatibilityDate: z.string(),
  compatibilityFlags: z.array(z.string()),
  objects: z.array(z.object({ binding: z.string(), className: z.string(), sqlite: z.boolean() })),
  vars: z.record(z.string(), z.unknown()),
  secrets: z.array(z.string()),
});
export type WranglerConfig = z.infer<typeof WranglerConfig>;

/** How workerd is to take a file of the bundle. */
export type ModuleKind = "esModule" | "text" | "data" | "wasm" | "json";
export type BundleModule = { name: string; file: string; kind: ModuleKind };

/** `modules` starts with the main one. */
export type Bundle = { modules: BundleModule[]; config: WranglerConfig };

export type BundleOptions = {
  repo: string;
  /** The folder bundles are kept in. */
  dir: string;
  report: Report;
  signal?: AbortSignal | undefined;
};

const SOURCES = ["worker", "shared", "wrangler.toml", "package-lock.json"];
const KINDS: Record<string, ModuleKind> = {
  ".js": "esModule",
  ".mjs": "esModule",
  ".wasm": "wasm",
  ".bin": "data",
  ".json": "json",
};
const KEPT = 5;

/** Makes sure of the bundle of the gateway as it is now. */
export async function ensureBundle(options: BundleOptions): Promise<Bundle> {
  const { repo, dir, report } = options;
  const target = join(dir, hashSources(repo));
  const found = readBundle(target);
  if (found !== undefined) return found;
  report("bundling the gateway");
  const making = `${target}.${randomText(6)}`;
  mkdirSync(making, { recursive: true });
  try {
    await make(making, options);
    rmSync(target, { recursive: true, force: true });
    renameSync(making, target);
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
  prune(dir, basename(target));
  const made = readBundle(target);
  if (made === undefined) throw new Error(`the bundle in ${target} cannot be read back`);
  return made;
}

async function make(target: string, { repo, signal }: BundleOptions): Promise<void> {
  const env = {
    ...process.env,
    CI: "1",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_LOG_PATH: join(target, "log"),
    XDG_CONFIG_HOME: join(target, "wrangler"),
  };
  const tools = join(repo, "node_modules", "wrangler", "bin", "wrangler.js");
  const code = join(target, "code");
  const options = { cwd: repo, env, signal };
  const [config] = await Promise.all([
    run(
      process.execPath,
      [join(repo, "launch", "wrangler-config.ts"), join(repo, "wrangler.toml")],
      options,
    ),
    run(process.execPath, [tools, "deploy", "--dry-run", "--outdir", code], options),
  ]);
  const line = config.stdout.trim().split("\n").at(-1) ?? "";
  writeFileSync(join(target, "config.json"), line);
}

function readBundle(dir: string): Bundle | undefined {
  try {
    const config = WranglerConfig.parse(JSON.parse(readFileSync(join(dir, "config.json"), "utf8")));
    const main = basename(config.main).replace(/\.[cm]?tsx?$/, ".js");
    const names = readdirSync(join(dir, "code")).filter(
      (name) => name !== "README.md" && !name.endsWith(".map"),
    );
    if (!names.includes(main)) return undefined;
    const ordered = [main, ...names.filter((name) => name !== main)];
    const modules = ordered.map((name) => ({
      name,
      file: join(dir, "code", name),
      kind: KINDS[extname(name)] ?? "text",
    }));
    return { modules, config };
  } catch {
    return undefined;
  }
}

/** A hash of every file the bundle is made from, by name and content. */
export function hashSources(repo: string, sources: readonly string[] = SOURCES): string {
  const hash = createHash("sha256");
  for (const file of sources.flatMap((source) => listFiles(join(repo, source)))) {
    hash.update(`\0${relative(repo, file)}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

function listFiles(path: string): string[] {
  try {
    return readdirSync(path, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
  } catch {
    return [path];
  }
}

/** Running gateways have read their bundle already, so older ones can go at any time. */
function prune(dir: string, current: string): void {
  const others = readdirSync(dir).filter((name) => name !== current && !name.includes("."));
  for (const name of others.slice(0, Math.max(0, others.length - KEPT + 1))) {
    rmSync(join(dir, name), { recursive: true, force: true });
  }
}
