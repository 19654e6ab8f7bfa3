// Starts the gateway: the Worker's bundle on plain workerd, with its Durable Objects on disk. It dies
// with the launcher, however that dies; what it has stored is safe at any moment.

import { closeSync, mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import * as z from "zod";
import { Refusal } from "../runner/host/refusal.ts";
import { startChild } from "../runner/host/spawn.ts";
import type { Bundle } from "./bundle.ts";
import { gatewayConfig } from "./capnp.ts";
import { endOfLog, openLog } from "./log-file.ts";
import { type Part, stopperFor } from "./part.ts";

export type GatewayOptions = {
  bundle: Bundle;
  /** The folder for the generated configuration. */
  dir: string;
  objectsDir: string;
  host: string;
  /** 0 lets the system choose. */
  port: number;
  vars: Readonly<Record<string, string>>;
  secrets: Readonly<Record<string, string>>;
  logFile: string;
};

export type Gateway = Part & { url: string; port: number };

const LISTEN_MS_MAX = 30_000;
const ENV_KEPT = ["PATH", "HOME", "LANG", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR"];

const ListenEvent = z.object({ event: z.literal("listen"), port: z.int().positive() });

/** Starts a gateway. Resolves when it takes requests. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { bundle, dir, objectsDir, host, port, vars, secrets, logFile } = options;
  mkdirSync(dir, { recursive: true });
  mkdirSync(objectsDir, { recursive: true, mode: 0o700 });
  const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
  const names = Object.keys(secrets);
  const configFile = join(dir, "workerd.capnp");
  writeFileSync(configFile, gatewayConfig({ bundle, objectsDir, address, vars, secrets: names }));
  const log = openLog(logFile);
  // The import path lets the configuration name files of the bundle by their full paths.
  const args = ["serve", "--import-path=/", "--control-fd=3", configFile, "config"];
  const child = await startChild(workerdProgram(), args, {
    env: { ...inherited(), ...secrets },
    output: log,
    errors: log,
    control: true,
    endWithParent: true,
  }).finally(() => closeSync(log));
  const stop = stopperFor(child.identity);
  const heard = new Promise<number>((resolve) => {
    if (child.control === null) throw new Error("workerd was started without a control pipe");
    createInterface({ input: child.control }).on("line", (line) => {
      const listening = ListenEvent.safeParse(JSON.parse(line)).data;
      if (listening !== undefined) resolve(listening.port);
    });
  });
  const timer = setTimeout(stop, LISTEN_MS_MAX);
  const listening = await Promise.race([heard, child.ended]);
  clearTimeout(timer);
  if (typeof listening === "number") {
    const { identity, ended } = child;
    return { identity, ended, logFile, stop, port: listening, url: urlOf(host, listening) };
  }
  throw new Refusal(`The gateway did not start; ${logFile} ends with:\n${endOfLog(logFile)}`);
}

/** The URL to reach a gateway at from the same machine. */
export function urlOf(host: string, port: number): string {
  const reachable = host === "0.0.0.0" || host === "*" ? "127.0.0.1" : host === "::" ? "::1" : host;
  return `http://${reachable.includes(":") ? `[${reachable}]` : reachable}:${port}`;
}

function workerdProgram(): string {
  const require = createRequire(import.meta.url);
  return z.object({ default: z.string() }).parse(require("workerd")).default;
}

function inherited(): NodeJS.ProcessEnv {
  return Object.fromEntries(ENV_KEPT.map((name) => [name, process.env[name]]));
}
