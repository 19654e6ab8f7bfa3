// The socket a supervisor knocks at: one comes in, nobody after it, and nothing is left of it.

import { existsSync, mkdirSync, statSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openDoor, removeLeftDoors } from "../../runner/door.ts";

const knock = (dir: string) =>
  new Promise<Socket>((resolve, reject) => {
    const socket = connect(join(dir, "door"), () => resolve(socket));
    socket.on("error", reject);
  });

describe("a door", () => {
  it("lets one in, and both can speak", async () => {
    const door = await openDoor();
    const outside = await knock(door.dir);
    const inside = await door.opened;
    inside.write("who is there?");
    const [said] = await Promise.all([new Promise((resolve) => outside.once("data", resolve))]);
    expect(String(said)).toBe("who is there?");
    inside.destroy();
    outside.destroy();
  });

  it("is gone once somebody has come in", async () => {
    const door = await openDoor();
    const outside = await knock(door.dir);
    (await door.opened).destroy();
    expect(existsSync(door.dir)).toBe(false);
    await expect(knock(door.dir)).rejects.toMatchObject({ code: "ENOENT" });
    outside.destroy();
  });

  it("is gone when it has been closed, though nobody came", async () => {
    const door = await openDoor();
    door.close();
    door.close();
    expect(existsSync(door.dir)).toBe(false);
  });

  it("can be opened by its owner only", async () => {
    const door = await openDoor();
    expect(statSync(door.dir).mode & 0o777).toBe(0o700);
    door.close();
  });

  it("is removed when its runner has died, and only then", async () => {
    const mine = await openDoor();
    const gone = join(tmpdir(), `coderunner-door-${2 ** 30}-x`);
    mkdirSync(gone);
    removeLeftDoors();
    expect([existsSync(gone), existsSync(mine.dir)]).toEqual([false, true]);
    mine.close();
  });
});
