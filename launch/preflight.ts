// What is checked before a command changes anything: the host, and the port it wants.

import { existsSync } from "node:fs";
import { createServer } from "node:net";
import {
  FIRST_SETUP_BYTES,
  findProblems,
  gatherFacts,
  LATER_BYTES,
} from "../runner/host/preflight.ts";
import { Refusal } from "../runner/host/refusal.ts";
import type { Paths } from "./paths.ts";

/** Refuses when this host cannot run sandboxes, with a sentence for each reason. */
export function requireHost(paths: Paths): void {
  const needBytes = existsSync(paths.engine.data) ? LATER_BYTES : FIRST_SETUP_BYTES;
  const problems = findProblems(gatherFacts(paths.engine.root), needBytes);
  if (problems.length > 0) throw new Refusal(problems.join("\n"));
}

/** Refuses when nothing could listen at this address and port. */
export async function requireFreePort(host: string, port: number): Promise<void> {
  const code = await tryToListen(host, port);
  if (code === undefined) return;
  if (code === "EADDRINUSE") {
    throw new Refusal(
      `Port ${port} on ${host} is in use; end what listens there, or choose another with --port.`,
    );
  }
  throw new Refusal(
    `Nothing can listen on ${host}, port ${port} (${code}); choose an address of this machine with --host.`,
  );
}

function tryToListen(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, host, () => server.close(() => resolve(undefined)));
  });
}
