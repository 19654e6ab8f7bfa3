// Every example of the API's own description, sent through the gateway to a real sandbox.

import { expect, inject, test } from "vitest";
import { type DescribedApi, sendExamples } from "../kit/described-examples.ts";

const { url, adminToken } = inject("gateway");

test("every example of the description is taken, and answered as it says", async () => {
  const api = (await (await fetch(`${url}/openapi.json`)).json()) as DescribedApi;
  const sent = await sendExamples(api, {
    adminToken,
    send: async (method, path, init) => await fetch(`${url}${path}`, { method, ...init }),
  });
  const problems = sent.filter(({ problem }) => problem !== undefined);
  // Packages are installed where an operator has said from where, which is tried by its own tests.
  const [refused, ...others] = problems;
  expect(others).toEqual([]);
  expect(refused?.name).toBe("POST /api/sessions/{sessionId}/packages (pip)");
  expect(refused?.problem).toContain("packages_disabled");
});
