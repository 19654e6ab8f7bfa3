// The runner's settings: the only file of the runner that reads the environment. A setting that is
// missing or does not parse stops the runner with a sentence saying which and why.

import { homedir, totalmem } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import { SANDBOX_KINDS } from "../shared/languages.ts";
import { type PackageSources, sourcesOf } from "./packages/sources.ts";

/**
 * What one sandbox is reckoned to take of the host's memory while it is idle, most of them being of
 * small interpreters; before each start it is also looked how much is really free.
 */
const SANDBOX_MEMORY_BYTES = 96 * 1024 * 1024;
/** The share of the host's memory that sandboxes may be reckoned to take together. */
const MEMORY_SHARE = 0.5;
const SANDBOXES_MAX = 256;

const Url = z.url({ protocol: /^https?$/, error: "must be an http or https address" });

const Settings = z.object({
  RUNNER_ID: z.string().regex(/^[a-z0-9-]{1,63}$/, "must be letters, digits and dashes"),
  RUNNER_SECRET: z.string().min(32, "must be at least 32 characters"),
  RUNNER_HOST: z.string().default("127.0.0.1"),
  RUNNER_PORT: z.coerce.number().int().min(0).max(65_535).default(8788),
  CODERUNNER_DOCKER_SOCKET: z.string().startsWith("/", "must be the path of a socket"),
  CODERUNNER_IMAGE: z.string().min(1),
  CODERUNNER_RUNTIME: z.string().default("coderunner-runsc"),
  /** Sandboxes of each kind that are kept waiting when nobody asks for any. */
  POOL_FLOOR: z.coerce.number().int().min(1).max(64).default(2),
  /** Sandboxes in all, of every kind, waiting or busy. */
  POOL_CEILING: z.coerce.number().int().min(1).max(1024).optional(),
  /** Memory for programs that have been compiled, so that they need not be again. */
  COMPILE_CACHE_MB: z.coerce.number().int().min(1).max(65_536).default(256),
  /** One container per execution, instead of one account's executions one after the other. */
  STRICT_ISOLATION: z.stringbool().default(false),
  /** Where `GET /metrics` is answered; nowhere when it is not set. */
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  METRICS_HOST: z.string().default("127.0.0.1"),
  /** Where Python's wheels and npm's packages are looked for; there are none when it is not set. */
  CODERUNNER_PIP_INDEX: Url.optional(),
  CODERUNNER_NPM_REGISTRY: Url.optional(),
  /** Where those may send us for files, as addresses parted by commas. */
  CODERUNNER_PACKAGE_ORIGINS: z
    .string()
    .transform((list) =>
      list
        .split(",")
        .map((one) => one.trim())
        .filter((one) => one !== ""),
    )
    .pipe(z.array(Url))
    .default([]),
  /** Where what was fetched is kept, and how much of it. */
  CODERUNNER_PACKAGE_CACHE_DIR: z.string().startsWith("/", "must be a path").optional(),
  CODERUNNER_PACKAGE_CACHE_MB: z.coerce.number().int().min(64).max(1_048_576).default(1024),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error", "silent"]).default("info"),
});

export type RunnerConfig = {
  runnerId: string;
  secret: string;
  host: string;
  port: number;
  dockerSocket: string;
  image: string;
  runtime: string;
  poolFloor: number;
  poolCeiling: number;
  compileCacheBytes: number;
  strictIsolation: boolean;
  /** Where packages come from; `undefined` where sessions may not have any. */
  packages: PackageSources | undefined;
  metrics: { port: number; host: string } | undefined;
  logLevel: string;
};

/** Reads the runner's settings from `env`; throws an Error whose message is fit to be shown. */
export function readConfig(env: Record<string, string | undefined>): RunnerConfig {
  const parsed = Settings.safeParse(env);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new Error(`setting ${String(issue?.path[0])}: ${issue?.message}`);
  }
  const settings = parsed.data;
  const { POOL_FLOOR: floor, METRICS_PORT: metricsPort, METRICS_HOST: metricsHost } = settings;
  const ceilingMin = floor * SANDBOX_KINDS.length + 1;
  if (settings.POOL_CEILING !== undefined && settings.POOL_CEILING < ceilingMin) {
    throw new Error(`setting POOL_CEILING: must be at least ${ceilingMin} for this POOL_FLOOR`);
  }
  return {
    runnerId: settings.RUNNER_ID,
    secret: settings.RUNNER_SECRET,
    host: settings.RUNNER_HOST,
    port: settings.RUNNER_PORT,
    dockerSocket: settings.CODERUNNER_DOCKER_SOCKET,
    image: settings.CODERUNNER_IMAGE,
    runtime: settings.CODERUNNER_RUNTIME,
    poolFloor: floor,
    poolCeiling: settings.POOL_CEILING ?? ceilingFor(totalmem(), floor),
    compileCacheBytes: settings.COMPILE_CACHE_MB * 1024 * 1024,
    strictIsolation: settings.STRICT_ISOLATION,
    packages: packagesOf(settings),
    metrics: metricsPort === undefined ? undefined : { port: metricsPort, host: metricsHost },
    logLevel: settings.LOG_LEVEL,
  };
}

function packagesOf(settings: z.infer<typeof Settings>): PackageSources | undefined {
  const { CODERUNNER_PIP_INDEX: pipIndex, CODERUNNER_NPM_REGISTRY: npmRegistry } = settings;
  if (pipIndex === undefined && npmRegistry === undefined) return undefined;
  return sourcesOf({
    pipIndex,
    npmRegistry,
    furtherOrigins: settings.CODERUNNER_PACKAGE_ORIGINS,
    cacheDir:
      settings.CODERUNNER_PACKAGE_CACHE_DIR ??
      join(homedir(), ".cache", "agent-coderunner", "packages"),
    cacheBytesMax: settings.CODERUNNER_PACKAGE_CACHE_MB * 1024 * 1024,
  });
}

/** As many sandboxes as the machine's memory allows, but room for every kind's floor. */
export function ceilingFor(memoryBytes: number, floor: number): number {
  const fits = Math.floor((memoryBytes * MEMORY_SHARE) / SANDBOX_MEMORY_BYTES);
  return Math.max(floor * SANDBOX_KINDS.length + 1, Math.min(SANDBOXES_MAX, fits));
}
