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
  expect(sent.filter(({ problem }) => problem !== undefined)).toEqual([]);
});
