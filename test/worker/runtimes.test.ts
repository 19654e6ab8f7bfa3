// GET /v1/execute/runtimes and GET /api/languages: what can be run here, by the runner's own word.

import { afterEach, describe, expect, it, vi } from "vitest";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { errorOf, gateway } from "./kit/gateway.ts";

afterEach(() => void vi.useRealTimers());

const HEALTH = {
  ready: true,
  runnerId: "local",
  languages: { c: { version: "14.2.0" }, python: { version: "3.13.5" } },
  sandboxes: {},
};
const PATHS = ["/v1/execute/runtimes", "/api/languages"];

function telling(health: object) {
  const asked: string[] = [];
  const g = gateway((request) => {
    asked.push(new URL(request.url).pathname);
    return Response.json(health);
  });
  return { g, asked };
}

describe("the list of languages", () => {
  it("has each language of the runner's with its version, in the words of /v1", async () => {
    const response = await telling(HEALTH).g.send("/v1/execute/runtimes");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual([
      {
        language: "python",
        name: "Python",
        version: "3.13.5",
        aliases: ["py", "python3"],
        compiled: false,
        main_file: "main.py",
      },
      {
        language: "c",
        name: "C",
        version: "14.2.0",
        aliases: ["gcc"],
        compiled: true,
        main_file: "main.c",
      },
    ]);
  });

  it("is the same in the words of /api", async () => {
    const response = await telling(HEALTH).g.send("/api/languages");
    expect(response.status).toBe(200);
    const [first] = await response.json<object[]>();
    expect(first).toEqual({
      language: "python",
      name: "Python",
      version: "3.13.5",
      aliases: ["py", "python3"],
      compiled: false,
      mainFile: "main.py",
    });
  });

  it.each(PATHS)("names every language once at %s when all are there", async (path) => {
    const languages = Object.fromEntries(LANGUAGE_IDS.map((id) => [id, { version: "1" }]));
    const response = await telling({ ...HEALTH, languages }).g.send(path);
    const ids = (await response.json<{ language: string }[]>()).map(({ language }) => language);
    expect(ids).toEqual(LANGUAGE_IDS);
  });

  it.each(PATHS)(
    "at %s is there while no sandbox is free, and empty while none has told",
    async (path) => {
      expect(await (await telling({ ...HEALTH, ready: false }).g.send(path)).json()).toHaveLength(
        2,
      );
      expect(await (await telling({ ...HEALTH, languages: {} }).g.send(path)).json()).toEqual([]);
    },
  );

  it("costs the runner one word in five seconds, shared with /health", async () => {
    const { g, asked } = telling(HEALTH);
    vi.useFakeTimers({ toFake: ["Date"], now: 1_000_000 });
    for (const path of [...PATHS, "/health", ...PATHS]) {
      expect((await g.send(path)).status).toBe(200);
    }
    expect(asked).toEqual(["/v1/health"]);
    vi.setSystemTime(1_005_000);
    await g.send("/api/languages");
    expect(asked).toHaveLength(2);
  });

  it.each(PATHS)("at %s is not made up when the runner cannot be asked", async (path) => {
    const response = await gateway(() => Promise.reject(new Error("refused"))).send(path);
    expect(response.status).toBe(503);
    expect((await errorOf(response)).code).toBe("no_runner");
  });

  it.each(PATHS)("at %s is for reading only", async (path) => {
    expect((await gateway().send(path, { method: "POST" })).status).toBe(405);
    expect((await telling(HEALTH).g.send(path, { method: "HEAD" })).status).toBe(200);
  });
});
