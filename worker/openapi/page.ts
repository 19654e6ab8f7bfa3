// The reference page: the description as HTML, for people. It has no script and fetches nothing; its
// one style is allowed by its digest and nothing else is allowed at all.

import { sha256 } from "../digest.ts";
import type { Content, OpenApi, Operation, ResponseObject } from "./document.ts";
import { Html, html, prose } from "./html.ts";
import type { JsonSchema } from "./schemas.ts";
import { STYLE } from "./style.ts";

const REFERENCE = "#/components/schemas/";

type Entry = { method: string; path: string; operation: Operation };

/** The page's Content-Security-Policy. */
export async function pagePolicy(): Promise<string> {
  const digest = btoa(String.fromCharCode(...(await sha256(STYLE))));
  return `default-src 'none'; style-src 'sha256-${digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;
}

/** A description as a page. */
export function pageOf(api: OpenApi): string {
  const { info, tags, components } = api;
  const entries = entriesOf(api);
  const chapters = tags
    .map((tag) => ({
      ...tag,
      entries: entries.filter((entry) => entry.operation.tags[0] === tag.name),
    }))
    .filter((chapter) => chapter.entries.length > 0);
  const introduction = info.description.split("\n\n").map((text) => html`<p>${prose(text)}</p>\n`);
  return html`<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: reference</title>
<style>${new Html(STYLE)}</style>
</head>
<body>
<header>
<h1>${info.title}</h1>
${introduction}<p class="soft">The same for programs: <a href="/openapi.json">openapi.json</a>; for agents: <a href="/llms.txt">llms.txt</a>.</p>
</header>
<nav aria-label="Routes">
${chapters.map(contentsOf)}</nav>
<main>
${chapters.map(chapterOf)}<h2 id="schemas">Shapes</h2>
${Object.entries(components.schemas).map(schemaSection)}</main>
</body>
</html>
`.text;
}

function entriesOf({ paths }: OpenApi): Entry[] {
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      operation,
    })),
  );
}

type Chapter = { name: string; description: string; entries: Entry[] };

function contentsOf({ name, entries }: Chapter): Html {
  return html`<p class="soft">${name}</p>
<ul>
${entries.map(
  ({ method, path, operation }) =>
    html`<li><a href="#${operation.operationId}"><span class="method">${method}</span> <span class="path">${path}</span></a></li>\n`,
)}</ul>
`;
}

function chapterOf({ name, description, entries }: Chapter): Html {
  return html`<h2>${name}</h2>
<p>${prose(description)}</p>
${entries.map(sectionOf)}`;
}

function sectionOf({ method, path, operation }: Entry): Html {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const replies = Object.entries(responses);
  return html`<section id="${operationId}">
<h3><span class="method">${method}</span> <span class="path">${path}</span></h3>
<p><strong>${summary}.</strong> ${description && prose(description)} <span class="soft">${accessOf(operation)}</span></p>
${parameters.length > 0 ? tableOf(["Parameter", "Where", "What it is"], parameters.map(parameterRow)) : undefined}${
  requestBody && requestOf(requestBody)
}${replies.filter(([status]) => Number(status) < 400).map(replyOf)}${failuresOf(replies)}</section>
`;
}

function accessOf({ security }: Operation): string {
  if (security.length === 0) return "Open to anybody.";
  if (security.some((scheme) => "operator" in scheme)) return "Needs the operator's token.";
  return security.length > 1 ? "With a key, or a few times a day without." : "Needs a key.";
}

function parameterRow({ name, in: place, description }: Operation["parameters"][number]): Html[] {
  return [html`<code>${name}</code>`, html`${place}`, prose(description)];
}

function requestOf({ content }: NonNullable<Operation["requestBody"]>): Html {
  return html`<h4>Request</h4>\n${Object.entries(content).map(contentSection)}`;
}

function replyOf([status, { description, content }]: [string, ResponseObject]): Html {
  const about = content === undefined ? prose(description) : undefined;
  return html`<h4>Reply ${status}</h4>\n${about && html`<p>${about}</p>\n`}${Object.entries(content ?? {}).map(contentSection)}`;
}

function contentSection([type, { schema, examples, example }]: [string, Content]): Html {
  const shown = Object.values(examples ?? {}).map(
    ({ summary, value }) =>
      html`<details><summary>${summary}</summary><pre><code>${textOf(value)}</code></pre></details>\n`,
  );
  const one =
    example === undefined ? undefined : html`<pre><code>${textOf(example)}</code></pre>\n`;
  return html`<p><code>${type}</code> ${typeOf(schema)} ${schema.description && prose(schema.description)}</p>
${fieldsOf(schema)}${shown}${one}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}

function failuresOf(replies: readonly [string, ResponseObject][]): Html | undefined {
  const failures = replies.filter(([status]) => Number(status) >= 400);
  if (failures.length === 0) return undefined;
  const lines = failures.flatMap(([status, { description }]) =>
    description.split("\n").map((line) => [html`${status}`, prose(line)]),
  );
  return html`<details><summary>What may go wrong</summary>
${tableOf(["HTTP", "Code"], lines)}</details>
`;
}

function schemaSection([name, schema]: [string, JsonSchema]): Html {
  return html`<section id="schema-${name}"><h3>${name}</h3>
${fieldsOf(schema) ?? html`<p>${typeOf(schema)}</p>\n`}</section>
`;
}

/** The fields of an object, or of what a list is of. */
function fieldsOf(schema: JsonSchema): Html | undefined {
  const { properties, required = [] } = schema;
  if (properties === undefined) return undefined;
  const rows = Object.entries(properties).map(([name, field]) => [
    html`<code>${name}</code>${required.includes(name) ? html` <span class="soft">*</span>` : undefined}`,
    typeOf(field),
    html`${field.description && prose(field.description)}`,
  ]);
  return tableOf(["Field", "Type", "What it is"], rows);
}

/** What a value may be, in a few words. */
function typeOf(schema: JsonSchema): Html {
  const { $ref, anyOf, items, properties } = schema;
  if ($ref !== undefined) return link($ref);
  if (anyOf !== undefined) return joined(anyOf.filter(({ type }) => type !== "null").map(typeOf));
  if (items !== undefined) return html`list of ${typeOf(items)}`;
  if (schema.enum !== undefined) return html`${schema.enum.join(" | ")}`;
  if (schema.const !== undefined) return html`${String(schema.const)}`;
  if (properties !== undefined) return html`object: ${Object.keys(properties).join(", ")}`;
  return html`${schema.type}`;
}

function joined(parts: readonly Html[]): Html {
  return html`${parts.map((part, index) => (index === 0 ? part : html` or ${part}`))}`;
}

function link(reference: string): Html {
  const name = reference.slice(REFERENCE.length);
  return html`<a href="#schema-${name}">${name}</a>`;
}

function tableOf(head: readonly string[], rows: readonly (readonly Html[])[]): Html {
  return html`<div class="wide"><table>
<thead><tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr></thead>
<tbody>
${rows.map((row) => html`<tr>${row.map((cell) => html`<td>${cell}</td>`)}</tr>\n`)}</tbody>
</table></div>
`;
}
