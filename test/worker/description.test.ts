// What the gateway says of itself: that it says enough, that it is true, and how it is served.

import { describe, expect, it } from "vitest";
import type { ExecutionReport, RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { NoBody } from "../../worker/handle.ts";
import { type Described, repliesOf } from "../../worker/openapi/about.ts";
import { PARAMETERS } from "../../worker/openapi/common.ts";
import { describeApi, type OpenApi, templateOf } from "../../worker/openapi/document.ts";
import { routeTable, type TableRow } from "../../worker/openapi/table.ts";
import { type DescribedApi, sendExamples } from "../kit/described-examples.ts";
import { ADMIN_TOKEN, gateway, REPORT } from "./kit/gateway.ts";
import { linesOf, reportOf, sessionRunner } from "./kit/session-runner.ts";

/** What is missing from what a route says of itself, as sentences that say what to add. */
function missingFrom({ method, path, about }: TableRow): string[] {
  const name = `${method} ${path}`;
  if (about === undefined) return [`Make the route ${name} with handle() (worker/handle.ts).`];
  const { summary, examples, description } = about;
  const missing: string[] = [];
  const add = (what: string) => missing.push(`${name}: add ${what} where the route is made.`);
  if (summary === undefined) add("a `summary` of one line");
  if (/[.\n]$/.test(summary ?? "")) add("a `summary` without a full stop");
  if (description !== undefined && !/[.!]$/.test(description)) add("a `description` of sentences");
  if (Object.keys(repliesOf(about)).length === 0) add("the schema of its `reply`");
  if (examples === undefined) add('`examples`, if only `{ one: { summary: "…" } }`');
  for (const [, parameter = "path"] of path.matchAll(/:(\w+)|(\*)$/g)) {
    if (PARAMETERS[parameter] === undefined) {
      missing.push(`${name}: say in worker/openapi/common.ts what \`${parameter}\` is.`);
    }
  }
  return [...missing, ...unexplained(name, about)];
}

/** Examples that do not fit what the route takes and gives. */
function unexplained(name: string, about: Described): string[] {
  const problems: string[] = [];
  const reply = Object.values(repliesOf(about)).find(({ json }) => json !== undefined)?.json;
  for (const [id, { body, reply: shown, query }] of Object.entries(about.examples ?? {})) {
    const parts = [
      ["body", about.upload === undefined && body !== undefined ? about.body : undefined, body],
      ["reply", shown === undefined ? undefined : reply, shown],
      ["query", query === undefined ? undefined : about.query, query],
    ] as const;
    for (const [part, schema, value] of parts) {
      const error = schema?.safeParse(value).error;
      if (error !== undefined) problems.push(`${name}: the ${part} of its example ${id}: ${error}`);
    }
  }
  return problems;
}

async function fetchApi(): Promise<OpenApi> {
  return await (await gateway().send("/openapi.json")).json();
}

describe("a route", () => {
  it("says of itself what it does, takes and gives", () => {
    expect(routeTable().flatMap(missingFrom)).toEqual([]);
  });

  it("that says nothing is told what to say", () => {
    const row = { method: "GET", path: "/x/:what", pattern: /x/ };
    expect(missingFrom({ ...row, about: undefined })).toEqual([
      "Make the route GET /x/:what with handle() (worker/handle.ts).",
    ]);
    const about = { body: NoBody };
    expect(missingFrom({ ...row, about })).toEqual([
      "GET /x/:what: add a `summary` of one line where the route is made.",
      "GET /x/:what: add the schema of its `reply` where the route is made.",
      'GET /x/:what: add `examples`, if only `{ one: { summary: "…" } }` where the route is made.',
      "GET /x/:what: say in worker/openapi/common.ts what `what` is.",
    ]);
  });
});

describe("the description", () => {
  it("has every route of the code, and no other", async () => {
    const { paths } = await fetchApi();
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
    );
    const routes = routeTable().map(({ method, path }) => `${method} ${templateOf(path)}`);
    expect(described.sort()).toEqual(routes.sort());
    expect(described.length).toBeGreaterThan(20);
  });

  it("gives every operation a name of its own, and every name in it leads somewhere", async () => {
    const api = await fetchApi();
    const operations = Object.values(api.paths).flatMap((methods) => Object.values(methods));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    const text = JSON.stringify(api);
    for (const [, name = ""] of text.matchAll(/"#\/components\/schemas\/(\w+)"/g)) {
      expect(Object.keys(api.components.schemas)).toContain(name);
    }
    expect(text).not.toContain("$defs");
    expect(text).not.toContain('"__shared"');
  });

  it("says what lists are made of, although they are counted first", async () => {
    const { components } = await fetchApi();
    const files = components.schemas.ExecuteRequest?.properties?.files;
    expect(files?.anyOf?.[0]).toEqual({
      type: "array",
      maxItems: 64,
      items: { $ref: "#/components/schemas/SentFile" },
    });
  });

  it("names no header that a web page could not send or see", async () => {
    const preflight = await gateway().send("/api/execute", { method: "OPTIONS" });
    const sendable = preflight.headers.get("Access-Control-Allow-Headers")?.toLowerCase();
    const seen = preflight.headers.get("Access-Control-Expose-Headers")?.toLowerCase();
    const api = await fetchApi();
    for (const operation of Object.values(api.paths).flatMap((methods) => Object.values(methods))) {
      for (const { name, in: place } of operation.parameters) {
        if (place === "header") expect(sendable).toContain(name.toLowerCase());
      }
      for (const { headers = {} } of Object.values(operation.responses)) {
        for (const name of Object.keys(headers)) expect(seen).toContain(name.toLowerCase());
      }
    }
  });

  it("cannot be made of a route that is not described", () => {
    const row = { method: "GET", path: "/x", pattern: /x/, about: undefined };
    expect(() => describeApi([row])).toThrow("GET /x is not made by handle()");
  });
});

function codeIn(problem = ""): string | undefined {
  return /"code":"(\w+)"/.exec(problem)?.[1];
}

describe("every example of the description", () => {
  it("is taken, and answered as it says", async () => {
    const fake = sessionRunner((request) => answer(request));
    const answer = (request: RunnerExecuteRequest): Response => {
      const report: ExecutionReport = reportOf(request);
      fake.executions.set(
        request.executionId,
        request.openStdin ? { state: "running" } : { report },
      );
      if (!request.stream) return Response.json(report);
      const start = { type: "start", version: REPORT.version } as const;
      if (request.openStdin) return linesOf([start], { isOpen: true });
      return linesOf([start, { type: "end", report }]);
    };
    const languages = { python: { version: "3.13.5" } };
    const health = { ready: true, runnerId: "local", languages, sandboxes: {} };
    const g = gateway((request) =>
      request.url.endsWith("/v1/health") ? Response.json(health) : fake.runner(request),
    );
    const api = (await (await g.send("/openapi.json")).json()) as DescribedApi;
    const sent = await sendExamples(api, {
      adminToken: ADMIN_TOKEN,
      send: async (method, path, init) => await g.begin(path, { method, ...init }),
    });
    const problems = sent.filter(({ problem }) => problem !== undefined);
    expect(problems.filter(({ name }) => !/deposits|payments\/release|topup/.test(name))).toEqual(
      [],
    );
    // Nobody has sent the transactions of the examples, and nothing is sold here: both are tried by
    // tests of their own.
    expect(new Set(problems.map(({ problem }) => codeIn(problem)))).toEqual(
      new Set(["chain_unreachable", "payments_disabled", "unknown_deposit"]),
    );
    expect(sent.length).toBeGreaterThan(routeTable().length);
  });
});

describe("what describes the API", () => {
  const PATHS = ["/openapi.json", "/docs", "/llms.txt"];

  it.each(PATHS)("may be kept, and is not sent twice: %s", async (path) => {
    const first = await gateway().send(path);
    expect(first.status).toBe(200);
    expect(first.headers.get("Cache-Control")).toBe("public, max-age=300");
    const etag = first.headers.get("ETag") ?? "";
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    for (const known of [etag, `W/${etag}`, `"other", ${etag}`, "*"]) {
      const again = await gateway().send(path, { headers: { "If-None-Match": known } });
      expect(again.status).toBe(304);
      expect(await again.text()).toBe("");
      expect(again.headers.get("ETag")).toBe(etag);
    }
    const other = await gateway().send(path, { headers: { "If-None-Match": '"other"' } });
    expect(other.status).toBe(200);
  });

  it("is for people a page without scripts that fetches nothing", async () => {
    const response = await gateway().send("/docs");
    expect(response.headers.get("Content-Type")).toBe("text/html; charset=utf-8");
    const page = await response.text();
    expect(page).not.toMatch(/<script|<link|<img|\son\w+=|style="|src=|url\(|@import|javascript:/i);
    expect(page.match(/href="(?!#|\/)/)).toBeNull();
    expect(page).toContain('<meta name="viewport" content="width=device-width, initial-scale=1">');
    expect(page).toContain("prefers-color-scheme: dark");
    for (const [, id = ""] of page.matchAll(/href="#([^"]+)"/g))
      expect(page).toContain(`id="${id}"`);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)?.[1] ?? "";
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(style));
    const base64 = btoa(String.fromCharCode(...new Uint8Array(digest)));
    const policy = response.headers.get("Content-Security-Policy");
    expect(policy).toContain(`default-src 'none'; style-src 'sha256-${base64}';`);
    expect(policy).not.toContain("unsafe");
  });

  it("is for agents one page with every public route and a program to begin with", async () => {
    const response = await gateway().send("/llms.txt");
    expect(response.headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    const guide = await response.text();
    expect(guide.length).toBeLessThan(8000);
    for (const { method, path } of routeTable().filter((row) => !row.path.startsWith("/admin"))) {
      expect(guide).toContain(`- ${method} ${templateOf(path)}: `);
    }
    const program = JSON.parse(/^ {3}(\{"language".*\})$/m.exec(guide)?.[1] ?? "null");
    const reply = await gateway().post("/api/execute", program);
    expect(reply.status).toBe(200);
  });
});
