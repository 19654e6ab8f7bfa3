// The generated configuration on a real workerd, with a small Worker in place of the gateway's: what
// it is bound to, what survives a restart, and how it starts and ends.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bundle, hashSources } from "../../launch/bundle.ts";
import { gatewayConfig } from "../../launch/capnp.ts";
import { type GatewayOptions, startGateway, urlOf } from "../../launch/gateway.ts";
import { isRunning, signalProcess } from "../../runner/host/identity.ts";

const WORKER = `
import { DurableObject } from "cloudflare:workers";
import page from "page.html";
export class Counter extends DurableObject {
  next() {
    this.ctx.storage.sql.exec("CREATE TABLE IF NOT EXISTS hits (at INTEGER)");
    this.ctx.storage.sql.exec("INSERT INTO hits VALUES (1)");
    return this.ctx.storage.sql.exec("SELECT count(*) AS n FROM hits").one().n;
  }
}
export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    const hook = searchParams.get("hook");
    if (hook !== null) {
      const answer = await env.OUTSIDE.fetch(hook).catch(() => ({ status: 599 }));
      return Response.json({ status: answer.status });
    }
    const n = await env.COUNTERS.get(env.COUNTERS.idFromName("one")).next();
    const { TEXT, FROM_FILE, STRUCTURED, SECRET } = env;
    return Response.json({ n, page, TEXT, FROM_FILE, STRUCTURED, SECRET });
  },
};`;

/** Quotes, a backslash, a line end, a bell and letters beyond ASCII. */
const AWKWARD = 'a "quoted" \\ text\nwith \u0007 and ü€';

let dir: string;
let options: GatewayOptions;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "gateway-"));
  writeFileSync(join(dir, "index.js"), WORKER);
  writeFileSync(join(dir, "page.html"), "<p>ü</p>");
  const bundle: Bundle = {
    modules: [
      { name: "index.js", file: join(dir, "index.js"), kind: "esModule" },
      { name: "page.html", file: join(dir, "page.html"), kind: "text" },
    ],
    config: {
      main: "index.ts",
      compatibilityDate: "2026-10-20",
      compatibilityFlags: [],
      objects: [{ binding: "COUNTERS", className: "Counter", sqlite: true }],
      vars: { FROM_FILE: "file", TEXT: "overridden", STRUCTURED: { list: [1, "two"] } },
      secrets: ["SECRET"],
    },
  };
  options = {
    bundle,
    dir: join(dir, "config"),
    objectsDir: join(dir, "objects"),
    host: "127.0.0.1",
    port: 0,
    vars: { TEXT: AWKWARD },
    secrets: { SECRET: "not to be written down" },
    logFile: join(dir, "gateway.log"),
  };
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

describe("a gateway on plain workerd", () => {
  test.each([
    [{}, false],
    [{ WEBHOOK_ADDRESSES: "any" }, true],
  ])("with %j lets a webhook into its own network: %j", async (vars, isLet) => {
    const gateway = await startGateway({ ...options, vars });
    for (const host of ["127.0.0.1", "localhost"]) {
      const hook = encodeURIComponent(`http://${host}:${gateway.port}/`);
      const answer = await (await fetch(`${gateway.url}/?hook=${hook}`)).json();
      expect(answer).toEqual({ status: isLet ? 200 : 599 });
    }
    await gateway.stop();
  });

  test("has its bindings, keeps its objects over a restart, and ends when told", async () => {
    const first = await startGateway(options);
    const answer = await (await fetch(first.url)).json();
    expect(answer).toEqual({
      n: 1,
      page: "<p>ü</p>",
      TEXT: AWKWARD,
      FROM_FILE: "file",
      STRUCTURED: { list: [1, "two"] },
      SECRET: "not to be written down",
    });
    signalProcess(first.identity, "SIGKILL");
    await first.ended;

    const second = await startGateway({ ...options, port: first.port });
    expect(second.port).toBe(first.port);
    expect(await (await fetch(second.url)).json()).toMatchObject({ n: 2 });
    await second.stop();
    expect(isRunning(second.identity)).toBe(false);
    expect(await second.ended).toMatchObject({ code: 0 });
  });

  test("refuses with its last log lines when it cannot start", async () => {
    writeFileSync(join(dir, "index.js"), "this is not JavaScript");
    await expect(startGateway(options)).rejects.toThrow(
      /did not start; .*gateway.log ends with:\n.*Syntax/s,
    );
  });

  test("writes no secret into its configuration", async () => {
    const { bundle, objectsDir } = options;
    const settings = { bundle, objectsDir, address: "127.0.0.1:1", vars: {}, secrets: ["SECRET"] };
    const text = gatewayConfig(settings);
    expect(text).toContain('fromEnvironment = "SECRET"');
    const gateway = await startGateway(options);
    await gateway.stop();
    expect(readFileSync(join(dir, "config", "workerd.capnp"), "utf8")).not.toContain(
      "written down",
    );
  });
});

test("the address to reach a gateway at is one a client can use", () => {
  expect(urlOf("0.0.0.0", 80)).toBe("http://127.0.0.1:80");
  expect(urlOf("::", 80)).toBe("http://[::1]:80");
  expect(urlOf("192.0.2.7", 80)).toBe("http://192.0.2.7:80");
});

test("the bundle's hash follows every source", () => {
  writeFileSync(join(dir, "a"), "1");
  const first = hashSources(dir, ["a"]);
  expect(hashSources(dir, ["a"])).toBe(first);
  writeFileSync(join(dir, "a"), "2");
  expect(hashSources(dir, ["a"])).not.toBe(first);
});
