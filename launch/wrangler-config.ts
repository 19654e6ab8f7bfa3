// Prints, as one line of JSON, what plain workerd has to be told of wrangler.toml: bindings, storage,
// variables, secrets and dates. It is a program of its own, because loading wrangler takes a second
// and leaves handlers behind in the process that does it.

import { unstable_readConfig } from "wrangler";
import * as z from "zod";

const Config = z.object({
  main: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  durable_objects: z.object({
    bindings: z.array(z.object({ name: z.string(), class_name: z.string() })),
  }),
  migrations: z
    .array(z.object({ new_sqlite_classes: z.array(z.string()).default([]) }))
    .default([]),
  exports: z
    .record(z.string(), z.object({ type: z.string(), storage: z.string().optional() }))
    .default({}),
  vars: z.record(z.string(), z.unknown()).default({}),
  secrets: z.object({ required: z.array(z.string()).default([]) }).prefault({}),
});

const config = Config.parse(unstable_readConfig({ config: process.argv[2] ?? "wrangler.toml" }));
const sqliteClasses = new Set([
  ...config.migrations.flatMap((migration) => migration.new_sqlite_classes),
  ...Object.entries(config.exports)
    .filter(([, { type, storage }]) => type === "durable-object" && storage === "sqlite")
    .map(([name]) => name),
]);

process.stdout.write(
  `${JSON.stringify({
    main: config.main,
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: config.compatibility_flags,
    objects: config.durable_objects.bindings.map(({ name, class_name: className }) => ({
      binding: name,
      className,
      sqlite: sqliteClasses.has(className),
    })),
    vars: config.vars,
    secrets: config.secrets.required,
  })}\n`,
);
