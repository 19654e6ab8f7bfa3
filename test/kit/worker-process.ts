// A Worker of a few modules on plain workerd, which may reach this machine.

import { cpSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { endProcess } from "../../runner/host/identity.ts";
import { startChild } from "../../runner/host/spawn.ts";

const END_MS_MAX = 5_000;

type WorkerOptions = {
  /** Where its files may be written. */
  folder: string;
  /** Files by the names they are imported by, the Worker's own first. */
  modules: Record<string, string>;
  bindings: Record<string, string>;
};

/** Starts it, and says where it listens. */
export async function startWorker(options: WorkerOptions) {
  const { folder, modules, bindings } = options;
  const files = Object.entries(modules).map(([name, file], index) => {
    cpSync(file, join(folder, `module-${index}.js`));
    return `(name = ${JSON.stringify(name)}, esModule = embed "module-${index}.js")`;
  });
  const texts = Object.entries(bindings).map(
    ([name, text]) => `(name = ${JSON.stringify(name)}, text = ${JSON.stringify(text)})`,
  );
  const config = join(folder, "worker.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "internet", network = (allow = ["public", "private"])),
  ],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
const main :Workerd.Worker = (
  compatibilityDate = "2026-10-20",
  modules = [${files.join(", ")}],
  bindings = [${texts.join(", ")}],
);
`,
  );
  const { default: workerd } = createRequire(import.meta.url)("workerd") as { default: string };
  const args = ["serve", "--control-fd=3", config, "config"];
  const child = await startChild(workerd, args, { control: true, errors: "inherit" });
  if (child.control === null) throw new Error("workerd was started without a control pipe");
  for await (const line of createInterface({ input: child.control })) {
    const { event, port } = JSON.parse(line) as { event: string; port?: number };
    if (event !== "listen" || port === undefined) continue;
    const stop = () => endProcess(child.identity, END_MS_MAX);
    return { url: `http://127.0.0.1:${port}`, stop };
  }
  throw new Error("workerd ended before it listened");
}
