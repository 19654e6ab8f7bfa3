// The README's own examples: the gateway takes what they send, and answers with what they show.

import { describe, expect, it } from "vitest";
import readme from "../../README.md?raw";
import type { ExecutionReport } from "../../shared/runner-api.ts";
import { COMPILED_REPORT } from "./kit/compiled.ts";
import { gateway, REPORT } from "./kit/gateway.ts";
import { linesOf, reportOf, sessionRunner } from "./kit/session-runner.ts";

type Example = { path: string; body: string; reply: unknown };

/** Every `curl` that sends a program, with the reply that is shown below it, if one is. */
function examples(): Example[] {
  const blocks = [...readme.matchAll(/```(sh|json)\n([\s\S]*?)```/g)].map(
    ([, kind, text = ""]) => ({
      kind,
      text,
    }),
  );
  return blocks.flatMap(({ kind, text }, index) => {
    const sent = /:8787(\/\S*\/(?:execute|sessions)) [\s\S]*?-d '([\s\S]*?)'\n/.exec(text);
    if (kind !== "sh" || sent === null) return [];
    const next = blocks[index + 1];
    const reply = next?.kind === "json" ? JSON.parse(next.text) : undefined;
    return [{ path: sent[1] ?? "", body: sent[2] ?? "", reply }];
  });
}

/** Expects `real` to have every field that `shown` has, of the same type. */
function expectShape(real: unknown, shown: unknown, at = "reply"): void {
  expect(typeof real, at).toBe(typeof shown);
  if (typeof shown !== "object" || shown === null) return;
  for (const [name, value] of Object.entries(shown)) {
    expectShape((real as Record<string, unknown>)[name], value, `${at}.${name}`);
  }
}

describe("an example of the README's", () => {
  it("is there for each face and for sessions", () => {
    const paths = examples().map(({ path }) => path);
    expect(new Set(paths)).toEqual(
      new Set(["/api/execute", "/v1/execute", "/api/sessions", "/api/sessions/SESSION_ID/execute"]),
    );
    expect(examples().filter(({ reply }) => reply !== undefined)).toHaveLength(5);
  });

  it.each(examples())("is taken by $path: $body", async ({ path, body, reply }) => {
    const report = body.includes("main(void)") ? COMPILED_REPORT : REPORT;
    const g = gateway(runnerOf(report).runner);
    const { apiKey } = await g.open();
    const headers = { Authorization: `Bearer ${apiKey}` };
    const opened = await g.post("/api/sessions", { language: "python" }, headers);
    const { sessionId } = await opened.json<{ sessionId: string }>();
    const response = await g.post(path.replace("SESSION_ID", sessionId), body, headers);
    expect(response.status).toBe(path.endsWith("/sessions") ? 201 : 200);
    if (reply !== undefined) expectShape(await response.json(), reply);
    if (body.includes('"stream"')) expect(await response.text()).toMatch(/^event: start\n/);
  });
});

describe("the README's tables of sessions", () => {
  it("have every route of theirs, and no other", async () => {
    const { routes } = await (await gateway().send("/")).json<{ routes: string[] }>();
    const wanted = routes.filter((route) => /sessions|executions/.test(route));
    for (const route of wanted) {
      const [method = "", path = ""] = route.split(" ");
      const words = path.replace(/:\w+/, "ID").replace("/files/*", "/files/PATH");
      const said = new RegExp(`\`[^\`]*${method}[^\`]*\`[^\n]*${words}|${method} ${words}`);
      const inText = readme.replaceAll("\n", " ").includes(`${method} ${words}`);
      const isCancel = words.endsWith("/cancel") && readme.includes("(or `/cancel`)");
      expect(said.test(readme) || inText || isCancel, route).toBe(true);
    }
  });

  it("have every event of a stream", () => {
    for (const event of ["start", "stdout", "stderr", "result", "end", "error"]) {
      expect(readme).toMatch(new RegExp(`^\\| .*\`${event}\`.* \\| `, "m"));
    }
  });
});

/** A runner of sessions whose every execution reports this, in whatever way it is asked to. */
function runnerOf(report: ExecutionReport) {
  return sessionRunner((request) => {
    const own = reportOf(request, report);
    if (request.stream !== true) return Response.json(own);
    return linesOf([
      { type: "start", version: own.version },
      { type: "end", report: own },
    ]);
  });
}
