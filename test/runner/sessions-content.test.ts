// What is put into sessions and taken out of them: files and packages. The sandboxes are played.

import { describe, expect, it } from "vitest";
import { cellOf, fakeSessions, ID } from "./kit/fake-sessions.ts";
import { absence, codeOf, OWN, opened, pass, usePlayedClock } from "./kit/open-session.ts";

usePlayedClock();

describe("a session's files", () => {
  it("are put where they are named, a text that is only run is not, and those asked for come back", async () => {
    const all = await opened();
    const files = [
      { name: "main.py", content: "1" },
      { name: "d/a.txt", content: "hi" },
    ];
    const running = all.sessions.execute(cellOf("1", { files, outputFiles: ["**"] }));
    await pass();
    all.sandbox.end();
    const sha256 = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4";
    const content = Buffer.from("hi").toString("base64");
    expect(await running).toMatchObject({
      files: [{ name: "d/a.txt", bytes: 2, sha256, content }],
    });
    const whole = all.sessions.execute(cellOf("1", { files, isSnippet: false }));
    await pass();
    all.sandbox.end();
    await whole;
    expect([...all.sandbox.workspace.keys()].sort()).toEqual(["d/a.txt", "main.py"]);
    expect(all.sandbox.stages[1]?.args[3]).toBe("main.py");
  });
});

describe("a session's packages", () => {
  const wish = { pip: ["a==1"] };
  const setOf = (...names: string[]) => ({
    files: names.map((name) => ({ name, mode: 0o644, content: Buffer.from(name) })),
    bytes: 1,
    packages: [{ manager: "pip" as const, name: "a", version: "1", hasSkippedScripts: false }],
  });

  it("are put in place before it is there, and replace those it had", async () => {
    const asked: unknown[] = [];
    const sets = [setOf(".packages/python/a.py"), setOf(".packages/python/b.py", "node_modules/c")];
    const all = fakeSessions({
      getPackages: async (request) => {
        asked.push(request);
        return sets.shift() ?? setOf();
      },
    });
    const creating = all.sessions.create({ ...OWN, packages: wish });
    await pass();
    expect(await creating).toMatchObject({ packages: [{ name: "a", version: "1" }] });
    const files = () => [...(all.sandboxes[0]?.workspace.keys() ?? [])];
    expect(files()).toEqual([".packages/python/a.py"]);
    await all.sessions.install({ id: ID, accountId: "a" }, { pip: ["b"], npm: ["c"] });
    expect(files()).toEqual([".packages/python/b.py", "node_modules/c"]);
    expect(asked).toEqual([
      { pip: ["a==1"], npm: [] },
      { pip: ["a==1", "b"], npm: ["c"] },
    ]);
  });

  it("that are asked for at the same time are all there in the end", async () => {
    const all = fakeSessions({
      getPackages: async ({ pip = [] }) => setOf(...pip.map((name) => `.packages/python/${name}`)),
    });
    const creating = all.sessions.create(OWN);
    await pass();
    await creating;
    const install = (name: string) =>
      all.sessions.install({ id: ID, accountId: "a" }, { pip: [name] });
    await Promise.all([install("a"), install("b")]);
    const files = [...(all.sandboxes[0]?.workspace.keys() ?? [])];
    expect(files).toEqual([".packages/python/a", ".packages/python/b"]);
  });

  it("that cannot be had leave no session, and one that is there as it was", async () => {
    const all = fakeSessions();
    const creating = codeOf(all.sessions.create({ ...OWN, packages: wish }));
    await pass();
    expect(await creating).toBe("packages_disabled");
    expect(await absence(all.sessions)).toBe("unknown_session");
    const again = all.sessions.create(OWN);
    await pass();
    await again;
    all.sandboxes.at(-1)?.workspace.set(".packages/python/a.py", "a");
    const more = all.sessions.install({ id: ID, accountId: "a" }, wish);
    expect(await codeOf(more)).toBe("packages_disabled");
    expect(await absence(all.sessions)).toBe("none");
  });
});
