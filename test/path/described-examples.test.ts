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
  // What an operator has to set up first is tried by tests of its own.
  const isOff = /"code":"(packages_disabled|payments_disabled)"/;
  expect(problems.filter(({ problem = "" }) => !isOff.test(problem))).toEqual([]);
  const off = problems.map(({ name }) => name.split(" (")[0]);
  expect(off.filter((name) => !/\/(packages|deposits|payments|topup)\b/.test(name ?? ""))).toEqual(
    [],
  );
  expect(off).toContain("POST /api/sessions/{sessionId}/packages");
});
