// The README's own examples: the gateway takes what they send, and answers with what they show.

import { describe, expect, it } from "vitest";
import readme from "../../README.md?raw";
import { COMPILED_REPORT } from "./kit/compiled.ts";
import { gateway, REPORT, reporting } from "./kit/gateway.ts";

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
    const sent = /:8787(\/\S*\/execute) [\s\S]*?-d '([\s\S]*?)'\n/.exec(text);
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
  it("is there for each face", () => {
    const paths = examples().map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(["/api/execute", "/v1/execute"]));
    expect(examples().filter(({ reply }) => reply !== undefined)).toHaveLength(3);
  });

  it.each(examples())("is taken by $path: $body", async ({ path, body, reply }) => {
    const isCompiled = body.includes("main(void)");
    const g = gateway(reporting(isCompiled ? COMPILED_REPORT : REPORT));
    const { apiKey } = await g.open();
    const response = await g.post(path, body, { Authorization: `Bearer ${apiKey}` });
    expect(response.status).toBe(200);
    if (reply !== undefined) expectShape(await response.json(), reply);
  });
});
