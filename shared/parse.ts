// Turns a value from outside into one that can be trusted, or into a failure that names the field at
// fault in a sentence. Schemas carry the end of that sentence ("must be at most 5 bytes"); what the
// validation library itself would say never reaches a caller.

import type * as z from "zod";
import { type ErrorCode, Failure } from "./errors.ts";

/** What a schema's own rule may say besides its sentence: which failure it is. */
export type Rule = { error: string; params?: { code: ErrorCode } };

/** `value` as `schema` describes it. Throws a `Failure` about the first thing that is wrong. */
export function parse<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value, { error: predicateOf });
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  if (issue === undefined) throw new Error("a refused value has no issue");
  const code = codeOf(issue);
  const field = fieldOf(issue);
  if (field === "") throw new Failure(code, { message: `The body ${issue.message}.` });
  throw new Failure(code, { field, message: `\`${field}\` ${issue.message}.` });
}

/** The end of the sentence for rules that state none themselves. */
function predicateOf(issue: z.core.$ZodRawIssue): string {
  if (issue.code === "unrecognized_keys") return "is not known here";
  if (issue.code !== "invalid_type") return "is not valid";
  if (issue.input === undefined) return "is required";
  return `must be ${NOUNS[issue.expected] ?? "of another type"}`;
}

const NOUNS: Record<string, string> = {
  string: "a string",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "an array",
  object: "a JSON object",
};

function codeOf(issue: z.core.$ZodIssue): ErrorCode {
  if (issue.code !== "custom") return "invalid_request";
  return (issue.params as Rule["params"])?.code ?? "invalid_request";
}

/** The field as a caller would write it: `timeout`, `files[2].name`. */
function fieldOf(issue: z.core.$ZodIssue): string {
  const unknown = issue.code === "unrecognized_keys" ? issue.keys.slice(0, 1) : [];
  return [...issue.path, ...unknown]
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");
}
