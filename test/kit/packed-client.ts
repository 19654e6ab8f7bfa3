// The client as it is published: built, packed by npm, and installed by npm into an empty folder. What
// runs there finds nothing of this project but that package.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { packClient } from "../../client/build.ts";
import { run } from "../../runner/host/spawn.ts";

const REPO = new URL("../..", import.meta.url).pathname;
const RUN_MS_MAX = 60_000;

type ClientModule = typeof import("../../client/src/index.ts");

/** A folder in which the packed client is installed. */
export class PackedClient {
  readonly folder: string;
  readonly tarball: string;

  private constructor(folder: string, tarball: string) {
    this.folder = folder;
    this.tarball = tarball;
  }

  static async install(): Promise<PackedClient> {
    const made = mkdtempSync(join(tmpdir(), "agent-coderunner-client-"));
    const tarball = await packClient(made);
    const folder = join(made, "empty");
    mkdirSync(folder);
    writeFileSync(join(folder, "package.json"), '{"private": true, "type": "module"}\n');
    const args = ["install", "--offline", "--no-audit", "--no-fund", "--loglevel=error", tarball];
    await run("npm", args, { cwd: folder });
    return new PackedClient(folder, tarball);
  }

  /** A file of the installed package. */
  path(name: string): string {
    return join(this.folder, "node_modules", "agent-coderunner", name);
  }

  /** The installed package, in this process. */
  async load(): Promise<ClientModule> {
    return await import(this.path("dist/index.js"));
  }

  /** Has a package of this project's own be found there too, as if it were installed. */
  link(name: string): void {
    const target = join(this.folder, "node_modules", name);
    mkdirSync(dirname(target), { recursive: true });
    symlinkSync(join(REPO, "node_modules", name), target);
  }

  write(name: string, text: string): string {
    const file = join(this.folder, name);
    writeFileSync(file, text);
    return file;
  }

  /** Runs a script there; throws with its words when it fails. */
  async node(file: string, env: Record<string, string>): Promise<string> {
    const options = { cwd: this.folder, env: { ...process.env, ...env }, timeoutMs: RUN_MS_MAX };
    return (await run(process.execPath, [file], options)).stdout;
  }

  remove(): void {
    rmSync(dirname(this.folder), { recursive: true, force: true });
  }
}
