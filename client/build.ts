// Makes the package that is published: a folder with one small file of JavaScript per entry, the types,
// and its own package.json, so that the tree is left as it is. `npm run build:client` makes
// `dist/client`; tests make theirs elsewhere, pack it, and install that.

import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { run } from "../runner/host/spawn.ts";

const CLIENT = fileURLToPath(new URL(".", import.meta.url));
const REPO = join(CLIENT, "..");
const ENTRIES = ["index", "tools"];

/** Makes the package in a folder of its own. */
export async function buildClient(target: string): Promise<void> {
  const dist = join(target, "dist");
  rmSync(target, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  cpSync(join(CLIENT, "package.json"), join(target, "package.json"));
  cpSync(join(CLIENT, "README.md"), join(target, "README.md"));
  cpSync(join(REPO, "LICENSE"), join(target, "LICENSE"));
  await build({
    entryPoints: ENTRIES.map((name) => join(CLIENT, "src", `${name}.ts`)),
    outdir: dist,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    logLevel: "warning",
  });
  const tsc = join(REPO, "node_modules", "typescript", "bin", "tsc");
  await run(process.execPath, [tsc, "-p", join(CLIENT, "tsconfig.json"), "--outDir", dist]);
  for (const name of readdirSync(dist).filter((name) => name.endsWith(".d.ts"))) {
    const file = join(dist, name);
    // The compiler leaves the names of sources in what it declares; those are not published.
    writeFileSync(
      file,
      readFileSync(file, "utf8").replaceAll(/(["']\.\/\w+)\.ts(["'])/g, "$1.js$2"),
    );
  }
}

/** Makes the package and packs it into `folder`; returns the file that npm would publish. */
export async function packClient(folder: string): Promise<string> {
  const target = join(folder, "package");
  await buildClient(target);
  const args = ["pack", "--json", "--loglevel=error", "--pack-destination", folder];
  const { stdout } = await run("npm", args, { cwd: target });
  const [packed] = JSON.parse(stdout) as { filename: string }[];
  if (packed === undefined) throw new Error(`npm packed nothing: ${stdout}`);
  return join(folder, packed.filename);
}

if (import.meta.main) await buildClient(join(REPO, "dist", "client"));
