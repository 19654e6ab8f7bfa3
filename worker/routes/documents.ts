// GET /openapi.json, /docs and /llms.txt: the API described for programs, for people and for agents.
// Each is made once per isolate, of the same description, and may be kept by whoever has fetched it.

import { handle, NoBody } from "../handle.ts";
import { describeApi } from "../openapi/document.ts";
import { guideOf } from "../openapi/guide.ts";
import { pageOf, pagePolicy } from "../openapi/page.ts";
import { type Printed, printed, serve } from "../openapi/printed.ts";
import { routeTable } from "../openapi/table.ts";

const description = printed("application/json; charset=utf-8", () =>
  JSON.stringify(describeApi(routeTable())),
);
const reference = printed("text/html; charset=utf-8", () => pageOf(describeApi(routeTable())));
const guide = printed("text/plain; charset=utf-8", () => guideOf(describeApi(routeTable())));

export const showDescription = documentRoute(description, {
  summary: "This API, described for programs",
  operation: "getDescription",
  type: "application/json",
  what: "OpenAPI 3.1.",
});

export const showReference = documentRoute(
  reference,
  {
    summary: "This API, described for people",
    operation: "getReference",
    type: "text/html",
    what: "A page without scripts.",
  },
  async () => ({ "Content-Security-Policy": await pagePolicy() }),
);

export const showGuide = documentRoute(guide, {
  summary: "This API, described for agents",
  operation: "getGuide",
  type: "text/plain",
  what: "One page of plain text.",
});

function documentRoute(
  what: Printed,
  about: { summary: string; operation: string; type: string; what: string },
  headers: () => Promise<Record<string, string>> = async () => ({}),
) {
  const { summary, operation, type } = about;
  return handle({
    summary,
    description: "With an `ETag`; asked again with `If-None-Match`, 304 where nothing has changed.",
    tag: "Service",
    operation,
    access: "anyone",
    headers: { "If-None-Match": "The `ETag` of what is there already." },
    body: NoBody,
    reply: {
      200: { other: { [type]: { description: about.what } } },
      304: { description: "Nothing has changed." },
    },
    examples: { one: { summary: "All of it" } },
    run: async (_body, { request }) => await serve(what, request, await headers()),
  });
}
