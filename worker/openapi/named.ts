// The schemas that have a name of their own in the API's description, so that it says each of them
// once and refers to it from everywhere else. Whatever is described without a name is written out
// where it is used.

import * as z from "zod";

/** Every named schema, by the name it has in the description. */
export const NAMED = z.registry<{ id: string }>();

/** Gives a schema a name in the description; the schema itself stays what it is. */
export function named<Schema extends z.ZodType>(id: string, schema: Schema): Schema {
  NAMED.add(schema, { id });
  return schema;
}
