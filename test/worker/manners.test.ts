// The manners of every route there is, whatever it does: methods it has and has not, what may be kept,
// what a web page may do, and which ways of writing its path lead to it.

import { describe, expect, it } from "vitest";
import { routeTable } from "../../worker/openapi/table.ts";
import { errorOf, gateway } from "./kit/gateway.ts";

const PATHS = [...new Set(routeTable().map(({ path }) => path))];
const VALUES: Record<string, string> = {
  sessionId: "0f8fad5b-d9cb-469f-a165-70867728950e",
  executionId: "exec-0123456789abcdefghjk",
  accountId: "0".repeat(64),
};
const KEPT = ["/openapi.json", "/docs", "/llms.txt"];

function urlOf(path: string): string {
  return path.replace(/:(\w+)/g, (_all, name) => VALUES[name] ?? "x").replace("*", "a.txt");
}

function methodsOf(path: string): string[] {
  return routeTable()
    .filter((row) => row.path === path)
    .map(({ method }) => method);
}

describe.each(PATHS)("%s", (path) => {
  const own = methodsOf(path);
  const allowed = [...own, ...(own.includes("GET") ? ["HEAD"] : []), "OPTIONS"].join(", ");

  it("answers OPTIONS with its methods, and any page may use them", async () => {
    const response = await gateway().send(urlOf(path), { method: "OPTIONS" });
    expect(response.status).toBe(204);
    expect(response.headers.get("Allow")).toBe(allowed);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe(allowed);
    expect(response.headers.get("Access-Control-Allow-Origin")).toBe("*");
    expect(response.headers.get("Access-Control-Max-Age")).toBe("86400");
  });

  it.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "PURGE"])(
    "answers %s as it is meant, or says what it has",
    async (method) => {
      const response = await gateway().send(urlOf(path), { method });
      const isOwn = own.includes(method === "HEAD" ? "GET" : method);
      expect(response.status === 405).toBe(!isOwn);
      if (!isOwn) expect(response.headers.get("Allow")).toBe(allowed);
      if (method === "HEAD") expect(await response.text()).toBe("");
      const keeping = response.headers.get("Cache-Control");
      const isKept = KEPT.includes(path) && isOwn;
      expect(keeping).toBe(isKept ? "public, max-age=300" : "no-store");
    },
  );

  it("has only one way to be written, but for one slash at its end", async () => {
    const at = urlOf(path);
    if (at === "/") return;
    const status = async (odd: string) => (await gateway().send(odd, { method: "OPTIONS" })).status;
    const file = path.endsWith("*");
    expect(await status(`${at}/`)).toBe(204);
    expect(await status(`/${at}`)).toBe(404);
    expect(await status(at.toUpperCase())).toBe(404);
    expect(await status(`/x${at}`)).toBe(404);
    expect(await status(`${at};x`)).toBe(file ? 204 : 404);
    expect(await status(`${at}%20`)).toBe(file ? 204 : 404);
    expect(
      await status(at.replace(/^\/./, (start) => `/%${start.charCodeAt(1).toString(16)}`)),
    ).toBe(404);
    // What the URL's own rules make of dots is another way to write it, for every client alike.
    expect(await status(`/x/..${at}`)).toBe(204);
    expect(await status(`/x/%2e%2e${at}`)).toBe(204);
    expect(await status(`/.${at}`)).toBe(204);
  });
});

describe("a promise to be asked by HTTPS", () => {
  it("is made over HTTPS alone", async () => {
    const name = "Strict-Transport-Security";
    expect((await gateway().send("/")).headers.get(name)).toBe("max-age=31536000");
    const plain = await gateway().begin("/", {}, "http://gateway.test");
    expect(plain.headers.has(name)).toBe(false);
    expect(plain.headers.get("X-Content-Type-Options")).toBe("nosniff");
  });
});

describe("a body", () => {
  it("that is announced as too large is refused before it is read", async () => {
    let pulled = 0;
    const body = new ReadableStream({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    const headers = {
      "Content-Type": "application/json",
      "Content-Length": String(17 * 1024 * 1024),
    };
    const response = await gateway().send("/api/keys", { method: "POST", headers, body });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("payload_too_large");
    expect(pulled).toBeLessThan(3);
  });
});
