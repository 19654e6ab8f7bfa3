// The client's types have the fields that the service's replies have, no more and no fewer: what differs
// does not compile, which the check of the gateway's types says.

import type * as z from "zod";
import type * as client from "../../client/src/types.ts";
import type { ApiCredits, ApiEntries } from "../../worker/faces/credits.ts";
import type { V1Deliveries, V1History, V1Started } from "../../worker/faces/history-schemas.ts";
import type { ApiKey, CreatedKey } from "../../worker/faces/keys.ts";
import type {
  ApiListing,
  ApiSession,
  ApiWrittenFile,
  InstalledPackages,
} from "../../worker/faces/sessions.ts";
import type { V1Execution, V1Runtime, V1Start } from "../../worker/faces/v1.ts";

/** `true` where both have the same fields, and the same of them may be absent; else what differs. */
type SameFields<Own, Told> =
  | Exclude<keyof Own, keyof Told>
  | Exclude<keyof Told, keyof Own> extends never
  ? OptionalIn<Own> extends OptionalIn<Told>
    ? OptionalIn<Told> extends OptionalIn<Own>
      ? true
      : ["may be absent", Exclude<OptionalIn<Told>, OptionalIn<Own>>]
    : ["is always there", Exclude<OptionalIn<Own>, OptionalIn<Told>>]
  : ["one has not", Exclude<keyof Own, keyof Told> | Exclude<keyof Told, keyof Own>];
type OptionalIn<T> = { [K in keyof T]-?: object extends Pick<T, K> ? K : never }[keyof T];
type Of<Schema extends z.ZodType> = z.infer<Schema>;
type Item<List> = List extends readonly (infer One)[] ? One : never;
type Compiled = NonNullable<client.Execution["compile"]>;

/** Every shape of the client's that the service has a schema of. */
export const SAME: {
  execution: SameFields<client.Execution, V1Execution>;
  stage: SameFields<client.Stage, NonNullable<V1Execution["run"]>>;
  compile: SameFields<Compiled, NonNullable<V1Execution["compile"]>>;
  file: SameFields<client.ReturnedFile, Item<V1Execution["files"]>>;
  start: SameFields<client.Started, Of<typeof V1Start>>;
  detached: SameFields<client.Detached, Of<typeof V1Started>>;
  summary: SameFields<client.ExecutionSummary, Item<Of<typeof V1History>["executions"]>>;
  deliveries: SameFields<client.Deliveries, Of<typeof V1Deliveries>>;
  runtime: SameFields<client.Runtime, Of<typeof V1Runtime>>;
  session: SameFields<client.SessionInfo, Of<typeof ApiSession>>;
  installed: SameFields<client.InstalledPackage, Item<Of<typeof InstalledPackages>["packages"]>>;
  entry: SameFields<client.FileEntry, Item<Of<typeof ApiListing>["entries"]>>;
  written: SameFields<client.WrittenFile, Of<typeof ApiWrittenFile>>;
  key: SameFields<client.Key, Of<typeof ApiKey>>;
  newKey: SameFields<client.NewKey, Of<typeof CreatedKey>>;
  credits: SameFields<client.Credits, Of<typeof ApiCredits>>;
  ledgerEntry: SameFields<client.LedgerEntry, Item<Of<typeof ApiEntries>["entries"]>>;
} = {
  execution: true,
  stage: true,
  compile: true,
  file: true,
  start: true,
  detached: true,
  summary: true,
  deliveries: true,
  runtime: true,
  session: true,
  installed: true,
  entry: true,
  written: true,
  key: true,
  newKey: true,
  credits: true,
  ledgerEntry: true,
};
