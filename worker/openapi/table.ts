// The route table as those see it who describe it. The router is the only list of routes there is; it
// is made known here once it is complete, so that what describes it need not import it.

import type { RouteEntry } from "itty-router";
import type { Described } from "./about.ts";

/** A route: its method, its path as the table writes it, and what it says of itself. */
export type TableRow = {
  method: string;
  path: string;
  pattern: RegExp;
  about: Described | undefined;
};

let rows: readonly TableRow[] = [];

/** Makes the routes of a router known. */
export function publishRoutes(routes: readonly RouteEntry[]): void {
  rows = routes
    .filter(([method]) => method !== "ALL")
    .map(([method, pattern, [handler], path = ""]) => ({
      method,
      path: path === "" ? "/" : path,
      pattern,
      about: (handler as { about?: Described } | undefined)?.about,
    }));
}

/** Every route there is, in the order of the table. */
export function routeTable(): readonly TableRow[] {
  return rows;
}
