// The sandbox image: built from its folder, the Node binary and packages it carries and the base image, under a
// tag that is a hash of all that goes in, so that an unchanged image is never built again. After a build,
// earlier images of ours go; images of others are never touched.

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import type Docker from "dockerode";
import { BASE_IMAGE, ensureBase } from "./base.ts";
import { connect, findImage, follow, isStatus } from "./client.ts";
import { withLock } from "./lock.ts";
import type { EnginePaths } from "./paths.ts";
import { Refusal, type Report } from "./refusal.ts";
import { startChild } from "./spawn.ts";

/** The label every sandbox image carries; its value is the image's hash. */
export const IMAGE_LABEL = "agent-coderunner.image";
const REPOSITORY = "agent-coderunner-sandbox";

export type ImageOptions = {
  socket: string;
  paths: EnginePaths;
  /** The folder with the Dockerfile. */
  dir: string;
  /** The Node binary programs will run with, and its version. */
  node: { binary: string; version: string };
  /** npm packages that programs can import: the folder that has them in its node_modules. */
  libraries: { dir: string; packages: readonly { name: string; version: string }[] };
  /** What has each tool tell its version, by the id of its language. */
  versionCommands: Readonly<Record<string, string>>;
  /** An image with the .NET SDK that C# is to run on; Mono where none is named. */
  dotnetImage?: string | undefined;
  report: Report;
  signal?: AbortSignal | undefined;
};

/** Makes sure of the sandbox image and returns its name. */
export async function ensureImage(options: ImageOptions): Promise<string> {
  const docker = connect(options.socket);
  const ready = await findReady(docker, options);
  if (ready !== undefined) return ready;
  const waiting = () => options.report("waiting for another start or test to build the image");
  return withLock(options.paths.imageLock, waiting, async () => {
    const meanwhile = await findReady(docker, options);
    if (meanwhile !== undefined) return meanwhile;
    const base = await ensureBase({ docker, ...options });
    const hash = hashContext(options.dir, ingredientsOf(options, base));
    const name = `${REPOSITORY}:${hash}`;
    await build(docker, options, name, hash);
    await pruneOthers(docker, hash);
    if (options.socket === options.paths.socket) await pruneStages(docker);
    return name;
  });
}

/** The hash an image is named by: names, modes and contents of a folder, and further ingredients. */
export function hashContext(dir: string, ingredients: readonly string[]): string {
  const hash = createHash("sha256").update(JSON.stringify(ingredients));
  for (const file of listFiles(dir)) {
    const executable = (statSync(file).mode & 0o111) !== 0;
    hash.update(`\0${relative(dir, file)}\0${executable}\0`).update(readFileSync(file));
  }
  return hash.digest("hex").slice(0, 16);
}

async function findReady(docker: Docker, options: ImageOptions): Promise<string | undefined> {
  const base = await findImage(docker, BASE_IMAGE);
  if (base === undefined) return undefined;
  const name = `${REPOSITORY}:${hashContext(options.dir, ingredientsOf(options, base))}`;
  return (await findImage(docker, name)) === undefined ? undefined : name;
}

function ingredientsOf(options: ImageOptions, base: string): string[] {
  const packages = options.libraries.packages.map(({ name, version }) => `${name}@${version}`);
  const { node, dotnetImage = "" } = options;
  return [node.version, base, versionsArg(options), dotnetImage, ...packages];
}

/** One line for each language: its id, a tab and its command. */
function versionsArg({ versionCommands }: ImageOptions): string {
  return Object.entries(versionCommands)
    .map(([id, command]) => `${id}\t${command}`)
    .join("\n");
}

async function build(docker: Docker, options: ImageOptions, name: string, hash: string) {
  const { dir, node, libraries, dotnetImage, report, signal } = options;
  // Docker's cache goes by contents, so some folders become one context without a copy being made.
  const context = await startChild(
    "tar",
    [
      "--create",
      "--owner=0",
      "--group=0",
      "-C",
      dir,
      ".",
      "-C",
      dirname(node.binary),
      basename(node.binary),
      "-C",
      libraries.dir,
      ...libraries.packages.map(({ name }) => join("node_modules", name)),
    ],
    { output: "pipe" },
  );
  if (context.stdout === null) throw new Error("tar was started without a pipe");
  try {
    const stream = await docker.buildImage(context.stdout, {
      t: name,
      buildargs: {
        BASE: BASE_IMAGE,
        VERSIONS: versionsArg(options),
        ...(dotnetImage === undefined ? {} : { DOTNET: dotnetImage }),
      },
      labels: { [IMAGE_LABEL]: hash },
      networkmode: "host",
      rm: true,
      forcerm: true,
      version: "1",
      ...(signal === undefined ? {} : { abortSignal: signal }),
    });
    await follow(stream, (line) => {
      if (line.startsWith("Step ")) report(line);
    });
  } catch (error) {
    signal?.throwIfAborted();
    const why = error instanceof Error ? error.message : String(error);
    throw new Refusal(`The sandbox image could not be built from ${dir}:\n${why}`);
  }
}

async function pruneOthers(docker: Docker, hash: string): Promise<void> {
  const ours = await docker.listImages({ filters: { label: [IMAGE_LABEL] } });
  for (const image of ours.filter((one) => one.Labels?.[IMAGE_LABEL] !== hash)) {
    try {
      await docker.getImage(image.Id).remove();
    } catch (error) {
      // Another start still runs sandboxes of it; its own successor will prune it.
      if (!isStatus(error, 409) && !isStatus(error, 404)) throw error;
    }
  }
}

/** Build stages nobody names any more, kept a day as the builder's cache; in our own daemon only. */
async function pruneStages(docker: Docker): Promise<void> {
  await docker.pruneImages({ filters: { dangling: ["true"], until: ["24h"] } });
}

function listFiles(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}
