// Packages for sessions, as callers ask for them and hear of them: what was put there, or why nothing
// was; a wish that cannot be one is refused before a runner is asked.

import { describe, expect, it } from "vitest";
import { ERRORS } from "../../shared/errors.ts";
import { client } from "./kit/client.ts";
import { errorOf } from "./kit/gateway.ts";
import { refusal, sessionRunner } from "./kit/session-runner.ts";

const WISH = { pip: ["humanize"], npm: ["left-pad@^1"] };
const TOLD = [
  { manager: "pip", name: "humanize", version: "4.13.0" },
  { manager: "npm", name: "left-pad", version: "1.3.0", scriptsSkipped: true },
];

describe("packages", () => {
  it("are put into a session when it is opened, and told of", async () => {
    const { call } = await client();
    const response = await call("POST", "/api/sessions", { language: "python", packages: WISH });
    expect(response.status).toBe(201);
    expect(await response.json()).toMatchObject({ state: "idle", packages: TOLD });
  });

  it("are put into one that is there", async () => {
    const runner = sessionRunner();
    const { call, openSession } = await client(runner);
    const sessionId = await openSession();
    const response = await call("POST", `/api/sessions/${sessionId}/packages`, WISH);
    expect([response.status, await response.json()]).toEqual([200, { packages: TOLD }]);
    expect(runner.told).toMatchObject([{ path: "/packages", body: { packages: WISH } }]);
  });

  it.each([
    [{ packages: { pip: ["--index-url=http://evil"] } }, "packages.pip[0]"],
    [{ packages: { npm: ["git+ssh://evil"] } }, "packages.npm[0]"],
    [{ packages: { apt: ["vim"] } }, "packages.apt"],
    [{ packages: [] }, "packages"],
  ])("are refused in %j, naming the field", async (more, field) => {
    const runner = sessionRunner();
    const { call } = await client(runner);
    const response = await call("POST", "/api/sessions", { language: "python", ...more });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field });
    expect(runner.asked).toEqual([]);
  });

  it("are not nothing", async () => {
    const { call, openSession } = await client();
    const sessionId = await openSession();
    for (const wish of [{}, { pip: [] }]) {
      const response = await call("POST", `/api/sessions/${sessionId}/packages`, wish);
      expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field: "pip" });
    }
  });

  it.each([
    "packages_disabled",
    "packages_refused",
    "packages_too_large",
    "packages_unreachable",
    "workspace_full",
  ] as const)("that a runner answers with %s leave no session", async (code) => {
    const runner = sessionRunner(undefined, () => refusal(code));
    const { call } = await client(runner);
    const response = await call("POST", "/api/sessions", { language: "python", packages: WISH });
    expect(response.status).toBe(ERRORS[code].status);
    expect((await errorOf(response)).code).toBe(code);
    const listed = await (await call("GET", "/api/sessions?state=all")).json();
    expect(listed).toMatchObject({ sessions: [] });
  });
});
