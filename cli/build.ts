// Makes `dist/coderunner.cjs` from the sources, the SDK and the tables of the service that it needs: one
// file without dependencies, because every further file would be looked for at each start. It is CommonJS,
// because a module that imports `node:http` has Node look at everything that exports, and load its whole
// own fetch for that.

import { copyFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Writes the command to `outfile`. */
export async function buildCli(outfile: string): Promise<void> {
  const { version } = JSON.parse(readFileSync(here("package.json"), "utf8")) as { version: string };
  await build({
    entryPoints: [here("src/main.ts")],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    // What is imported late is required late.
    supported: { "dynamic-import": false },
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    define: { CODERUNNER_VERSION: JSON.stringify(version) },
    banner: { js: "#!/usr/bin/env node" },
    logLevel: "warning",
  });
}

/** Puts our licence, and that of what is bundled, beside the command: both ask to go with every copy. */
function addLicences(folder: string): void {
  const parser = fileURLToPath(import.meta.resolve("eventsource-parser"));
  const theirs = join(parser.slice(0, parser.indexOf("/dist/")), "LICENSE");
  copyFileSync(here("../LICENSE"), join(folder, "LICENSE"));
  copyFileSync(theirs, join(folder, "LICENSE.eventsource-parser"));
}

if (import.meta.main) {
  await buildCli(here("dist/coderunner.cjs"));
  addLicences(here("dist"));
}
