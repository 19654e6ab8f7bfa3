// Values as a request should not have them, and now and then as it should: made from the schemas of
// the API's own description, and from what parsers and programs have stumbled over before.

import type { Random } from "../kit/random.ts";

export type Schema = {
  $ref?: string;
  type?: string;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
};
export type Schemas = Record<string, Schema>;

/** Fields that a request can hardly do without, although no schema says so. */
const USUAL = ["code", "data"];
const REFERENCE = "#/components/schemas/";
const LONG = 200_000;

/** Texts that mean something to somebody. */
const TEXTS = [
  "",
  " ",
  "0",
  "null",
  "true",
  "main.py",
  "../../etc/passwd",
  "/etc/passwd",
  "a/../b",
  ".program",
  "a\0b",
  "\u2028\u2029",
  "\ud800",
  "\udc00 half",
  "e\u0301",
  "\u202egnp.exe",
  "'; DROP TABLE entry; --",
  "<script>alert(1)</script>",
  "#{7*7}",
  "%00%2e%2e%2f",
  "__proto__",
  "constructor",
  "toString",
  "\r\nX-Injected: 1",
  "^3.12",
  ">=3 <4 || *",
  "*",
  "aGVsbG8=",
  "====",
];
const NUMBERS = [
  0,
  -0,
  -1,
  1,
  0.5,
  1e-320,
  1e308,
  -1e308,
  2 ** 31,
  2 ** 32,
  2 ** 53,
  2 ** 53 + 2,
  2 ** 63,
  30_000,
];
/** Numbers that no value can be, written as they are. */
export const RAW_NUMBERS = ["1e999", "-1e999", "1".repeat(400), "0.1e-400", "-0", "1E+2"];

/** A value for a schema, that follows it for the most part; `wild` in a hundred do not. */
export function valueFor(schema: Schema, schemas: Schemas, random: Random, wild: number): unknown {
  if (random.below(100) < wild) return wildValue(random);
  if (schema.$ref !== undefined) {
    const known = schemas[schema.$ref.slice(REFERENCE.length)] ?? {};
    return valueFor(known, schemas, random, wild);
  }
  if (schema.anyOf !== undefined) return valueFor(random.pick(schema.anyOf), schemas, random, wild);
  if (schema.enum !== undefined) return random.pick(schema.enum);
  if (schema.properties !== undefined) return objectFor(schema, schemas, random, wild);
  if (schema.type === "array") {
    const length = random.below(4);
    const { items = {} } = schema;
    return Array.from({ length }, () => valueFor(items, schemas, random, wild));
  }
  if (schema.type === "boolean") return random.below(2) === 0;
  if (schema.type === "integer" || schema.type === "number") {
    const { minimum = 0, maximum = 100_000 } = schema;
    return minimum + random.below(Math.min(2 ** 31, maximum - minimum + 1));
  }
  return schema.type === "null" ? null : random.pick(["x", "print(1)", "a/b.txt", ...TEXTS]);
}

function objectFor(schema: Schema, schemas: Schemas, random: Random, wild: number): object {
  const { properties = {}, required = [] } = schema;
  const entries = Object.entries(properties).flatMap(([name, field]): [string, unknown][] => {
    const isUsual = required.includes(name) || USUAL.includes(name);
    const isThere = isUsual ? random.below(100) >= wild : random.below(4) === 0;
    return isThere ? [[name, fieldFor(name, field, schemas, random, wild)]] : [];
  });
  if (random.below(100) < wild) entries.push([random.pick(TEXTS), wildValue(random)]);
  return Object.fromEntries(entries);
}

/** Fields whose sense no schema tells, so that many requests get past the first door. */
function fieldFor(name: string, field: Schema, schemas: Schemas, random: Random, wild: number) {
  if (random.below(100) < wild) return valueFor(field, schemas, random, wild);
  if (name === "language") return random.pick(["python", "C", "js", "rust", "go"]);
  if (name === "code") return "print(1)";
  if (name === "name") return random.pick(["a.txt", "main.py", "lib/b.c"]);
  if (name === "version") return "*";
  if (name === "args") return ["a", "b c"];
  if (name === "outputFiles" || name === "output_files") return ["*.txt", "out/**"];
  if (["session_id", "files", "openStdin", "open_stdin"].includes(name)) return null;
  return valueFor(field, schemas, random, wild);
}

function wildValue(random: Random): unknown {
  const make = random.pick([
    () => random.pick(TEXTS),
    () => random.pick(NUMBERS),
    () => null,
    () => random.below(2) === 0,
    () => [],
    () => ({}),
    () => ({ __proto__: null, toJSON: 1, length: -1 }),
    () => nested(random.below(60)),
    () => random.pick(["x", "é", "\u{1f600}", "\0"]).repeat(random.below(2000)),
    () => Array.from({ length: random.below(200) }, () => random.pick(TEXTS)),
    () => (random.below(40) === 0 ? "y".repeat(LONG) : "y"),
  ]);
  return make();
}

function nested(depth: number): unknown {
  let value: unknown = [];
  for (let level = 0; level < depth; level += 1) value = level % 2 === 0 ? [value] : { a: value };
  return value;
}

/** Any of the texts that mean something to somebody. */
export function anyText(random: Random): string {
  return random.pick(TEXTS);
}
