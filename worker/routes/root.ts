// GET /: what somebody who finds the bare address is told.

import * as z from "zod";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { handle, NoBody } from "../handle.ts";
import { routeTable } from "../openapi/table.ts";

const Root = z.strictObject({
  name: z.string(),
  languages: z.array(z.string()),
  description: z.string().describe("Where the whole of this is described for programs,"),
  reference: z.string().describe("for people,"),
  guide: z.string().describe("and for agents."),
  routes: z.array(z.string()),
});

export const root = handle({
  summary: "What this is",
  tag: "Service",
  operation: "getRoot",
  access: "anyone",
  body: NoBody,
  reply: Root,
  examples: { one: { summary: "The bare address" } },
  run: async () => {
    const routes = routeTable()
      .map(({ method, path }) => `${method} ${path}`)
      .filter((route) => !/\/admin/.test(route));
    return {
      body: {
        name: "agent-coderunner",
        languages: [...LANGUAGE_IDS],
        description: "/openapi.json",
        reference: "/docs",
        guide: "/llms.txt",
        routes,
      },
    };
  },
});
