// Files of a session: which paths are files, how they go in and out, and what is refused before a
// runner is asked. That they are not gathered on their way is shown on the real workerd.

import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../../shared/errors.ts";
import { FILE_BYTES_MAX } from "../../shared/limits.ts";
import { importSigningKey, verifyStream } from "../../shared/signature.ts";
import { client, expectRefused } from "./kit/client.ts";
import { errorOf, gateway, RUNNER_SECRET } from "./kit/gateway.ts";
import { refusal, sessionRunner } from "./kit/session-runner.ts";

const DIGEST = `sha-256=:${"A".repeat(43)}=:`;

async function inSession(fake = sessionRunner()) {
  const own = await client(fake);
  const id = await own.openSession();
  const headers = { Authorization: `Bearer ${own.apiKey}` };
  const send = async (method: string, path: string, body?: BodyInit, more: object = {}) =>
    await own.g.send(`/api/sessions/${id}/files${path}`, {
      method,
      headers: { ...headers, ...more },
      ...(body === undefined ? {} : { body }),
    });
  return { ...own, id, send };
}

describe("a file", () => {
  it("goes in, is listed, comes out and goes", async () => {
    const { send, fake } = await inSession();
    const bytes = new Uint8Array([0, 255, 10, 128]);
    const written = await send("PUT", "/data/a.bin", bytes);
    expect(written.status).toBe(201);
    expect(await written.json()).toEqual({ name: "data/a.bin", bytes: 4, sha256: "0".repeat(64) });
    const read = await send("GET", "/data/a.bin");
    expect(new Uint8Array(await read.arrayBuffer())).toEqual(bytes);
    expect(Object.fromEntries(read.headers)).toMatchObject({
      "content-type": "application/octet-stream",
      "content-disposition": "attachment",
      "content-length": "4",
      "content-digest": "sha-256=:AAAA:",
      "x-content-type-options": "nosniff",
    });
    for (const path of ["", "/", "/data/"]) {
      const list = await send("GET", path);
      const modifiedAt = "1970-01-01T00:00:00.000Z";
      expect(await list.json()).toEqual({
        entries: [{ name: "data/a.bin", type: "file", bytes: 4, modifiedAt }],
        truncated: false,
      });
    }
    const lists = fake.asked.filter(({ search }) => search.includes("list=1"));
    const paths = lists.map(({ path }) => path.replace(/^.*\/files/, ""));
    expect(paths).toEqual(["/", "/", "/data"]);
    expect((await send("DELETE", "/data/a.bin")).status).toBe(204);
    await expectRefused(await send("GET", "/data/a.bin"), "unknown_file", 404);
  });

  it.each([
    ["/a%20b", "a b"],
    ["/%C3%BC.txt", "ü.txt"],
    ["/a%2Fb", "a/b"],
    ["/a%3Fx=1", "a?x=1"],
    ["/100%25", "100%"],
    ["/%252e%252e/x", "%2e%2e/x"],
    ["/.hidden", ".hidden"],
    ["/a;b@c", "a;b@c"],
    ["/..a", "..a"],
  ])("at %s is called %s", async (path, name) => {
    const { send, fake, id } = await inSession();
    expect((await send("PUT", path, "x")).status).toBe(201);
    expect([...fake.files.keys()].map((key) => key.slice(37))).toEqual([name]);
    expect((await send("GET", path)).status).toBe(200);
    expect(id).toMatch(/^sess-/);
  });

  it.each([
    ["PUT", "", "path"],
    ["PUT", "/", "path"],
    ["PUT", "/a/", "path"],
    ["DELETE", "/", "path"],
    ["PUT", "/a//b", "path"],
    ["GET", "//", "path"],
    ["GET", "/%00", "path"],
    ["GET", "/%zz", "path"],
    ["GET", "/%ff", "path"],
    ["GET", "/a%2F..%2Fb", "path"],
    ["GET", `/${"x".repeat(256)}`, "path"],
    ["PUT", "/.program", "path"],
    ["PUT", "/.program/x", "path"],
  ])("is refused by its path: %s %s", async (method, path, field) => {
    const { send, fake } = await inSession();
    const asked = fake.asked.length;
    const response = await send(method, path, method === "PUT" ? "x" : undefined);
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field });
    expect(fake.asked).toHaveLength(asked);
  });

  it.each(["/%2e%2e/secret", "/../secret", "/../../keys"])(
    "is no way out of the session: %s",
    async (path) => {
      const { send, fake } = await inSession();
      const asked = fake.asked.length;
      expect((await send("GET", path)).status).toBe(404);
      expect(fake.asked).toHaveLength(asked);
    },
  );

  it("goes with all it holds when it is written as a directory", async () => {
    const { send, fake } = await inSession();
    for (const path of ["/a", "/a/"]) {
      await send("PUT", "/a", "x");
      expect((await send("DELETE", path)).status).toBe(204);
    }
    const deleted = fake.asked.filter(({ method }) => method === "DELETE");
    const recursive = deleted.map(({ path, search }) => [
      path.slice(-8),
      /recursive=1/.test(search),
    ]);
    expect(recursive).toEqual([
      ["/files/a", false],
      ["/files/a", true],
    ]);
  });

  it("may have its SHA-256 among other digests", async () => {
    const { send } = await inSession();
    const digests = `md5=:AAAA:, ${DIGEST}`;
    expect((await send("PUT", "/a", "x", { "Content-Digest": digests })).status).toBe(201);
  });

  it("is signed for with its length and the digest its sender gave", async () => {
    const key = await importSigningKey(RUNNER_SECRET);
    const { send, fake } = await inSession();
    await send("PUT", "/a", "hello", { "Content-Length": "5", "Content-Digest": DIGEST });
    const upload = fake.asked.at(-1);
    const header = (name: string) => upload?.headers.get(name) ?? undefined;
    const url = `http://runner${upload?.path}${upload?.search}`;
    const headers = { "content-length": "5", "content-digest": DIGEST };
    expect(header("content-digest")).toBe(DIGEST);
    const signature = {
      signature: header("signature") ?? "",
      "signature-input": header("signature-input") ?? "",
    };
    const signed = { method: "PUT", url, headers };
    await expect(verifyStream(key, "local", signed, signature, Date.now())).resolves.toBeDefined();
  });

  it("may be empty", async () => {
    const { send, fake } = await inSession();
    expect((await send("PUT", "/empty")).status).toBe(201);
    expect([...fake.files.values()]).toEqual([new Uint8Array()]);
  });

  it("is refused when it says it is too large, before anybody is asked", async () => {
    const { send, fake } = await inSession();
    const asked = fake.asked.length;
    const more = { "Content-Length": String(FILE_BYTES_MAX + 1) };
    const response = await send("PUT", "/a", new Uint8Array(FILE_BYTES_MAX + 1), more);
    expect(response.status).toBe(413);
    expect(await errorOf(response)).toMatchObject({ code: "payload_too_large", field: "body" });
    expect(fake.asked).toHaveLength(asked);
  });

  it("is refused when it turns out too large", async () => {
    const { send, fake } = await inSession();
    const body = new Blob([new Uint8Array(FILE_BYTES_MAX + 1)]).stream();
    await expectRefused(await send("PUT", "/a", body), "payload_too_large", 413);
    expect(fake.files.size).toBe(0);
  });

  it.each(["md5=:AAAA:", "sha-256=AAAA", "sha-256=:AAAA:", ""])(
    "is refused with the digest %j",
    async (digest) => {
      const { send } = await inSession();
      const response = await send("PUT", "/a", "x", { "Content-Digest": digest });
      expect(response.status).toBe(400);
      expect((await errorOf(response)).field).toBe("Content-Digest");
    },
  );

  it.each<[ErrorCode, object, number]>([
    ["workspace_full", {}, 507],
    ["unknown_file", {}, 404],
    ["payload_too_large", { field: "body" }, 413],
    ["invalid_request", { field: "content-digest" }, 400],
    ["conflict", {}, 409],
  ])("is refused as the runner refuses it: %s", async (code, more, status) => {
    const { apiKey, id } = await inSession();
    const g = gateway(() => refusal(code, more));
    const headers = { Authorization: `Bearer ${apiKey}` };
    const path = `/api/sessions/${id}/files/a`;
    const response = await g.send(path, { method: "PUT", headers, body: "x" });
    await expectRefused(response, code, status);
  });

  it.each([
    ["has no length", {}],
    ["is too long", { "Content-Length": String(FILE_BYTES_MAX + 1) }],
    ["has no sense of length", { "Content-Length": "-1" }],
  ])("is a fault of the runner's when it %s", async (_what, headers) => {
    const { apiKey, id } = await inSession();
    const g = gateway(() => new Response("x", { headers }));
    const auth = { Authorization: `Bearer ${apiKey}` };
    const response = await g.send(`/api/sessions/${id}/files/a`, { headers: auth });
    await expectRefused(response, "runner_fault", 502);
  });
});

describe("the manners of files", () => {
  it("HEAD is a file's headers without the file", async () => {
    const { send } = await inSession();
    await send("PUT", "/a", "hello");
    const response = await send("HEAD", "/a");
    expect(response.status).toBe(200);
    expect(response.headers.get("Content-Length")).toBe("5");
    expect(await response.text()).toBe("");
  });

  it("pages may use them", async () => {
    const { send } = await inSession();
    const response = await send("OPTIONS", "/a%20b");
    expect(response.status).toBe(204);
    expect(response.headers.get("Access-Control-Allow-Methods")).toBe(
      "GET, PUT, DELETE, HEAD, OPTIONS",
    );
    expect(response.headers.get("Access-Control-Allow-Headers")).toContain("Content-Digest");
    expect(response.headers.get("Access-Control-Expose-Headers")).toContain("Content-Digest");
  });

  it("there is nothing else to do with one", async () => {
    const { send } = await inSession();
    const response = await send("POST", "/a", "x");
    expect(response.status).toBe(405);
    expect(response.headers.get("Allow")).toBe("GET, PUT, DELETE, HEAD, OPTIONS");
  });

  it("escapes are for files only", async () => {
    const { call, id } = await inSession();
    expect((await call("GET", `/api/sessions/${id}/%66iles/a`)).status).toBe(404);
    expect((await call("GET", `/api/sessions/%73ess/files/a`)).status).toBe(404);
  });
});
