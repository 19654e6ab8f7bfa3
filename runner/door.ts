// The socket at which a new sandbox's supervisor knocks. It lies in a directory of its own that is
// mounted into one container; the first connection closes it and removes it, so nobody else can ever
// come in by it. Frames then go straight from the sandbox's kernel to this process.

import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Where the directory appears inside the container. */
export const DOOR_MOUNT = "/run/coderunner";
const NAME = "door";
const PREFIX = "coderunner-door-";

export type Door = {
  /** The directory on the host. */
  dir: string;
  /** The one connection that was made; stays pending when none is. */
  opened: Promise<Socket>;
  /** Lets nobody in any more. A connection that was made lives on. */
  close: () => void;
};

/** The path the supervisor is told. */
export const DOOR_PATH = `${DOOR_MOUNT}/${NAME}`;

/** Opens a door for one container that is about to be made. Throws where no socket can be made. */
export async function openDoor(): Promise<Door> {
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  const server = createServer();
  const close = () => {
    server.close();
    rmSync(dir, { recursive: true, force: true });
  };
  const opened = new Promise<Socket>((resolve) => {
    server.once("connection", (socket) => {
      socket.on("error", () => undefined); // its close follows
      close();
      resolve(socket);
    });
  });
  server.on("error", close);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(join(dir, NAME), resolve);
  }).catch((thrown) => {
    const remedy =
      "TMPDIR must be a folder this process may write to, with a path that is not long";
    throw new Error(`no socket could be made below ${tmpdir()}; ${remedy}`, { cause: thrown });
  });
  return { dir, opened, close };
}

/** Removes the doors that runners left behind that live no more. */
export function removeLeftDoors(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(PREFIX))) {
    const pid = /^\d+/.exec(name.slice(PREFIX.length))?.[0];
    if (pid !== undefined && !isAlive(Number(pid)))
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === "EPERM";
  }
}
