// The one table of a visitor: what it has used of what is free, and when. Rows go once they are
// older than the window they are counted in.

import type { Migrations } from "../migrate.ts";

export const VISITOR_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE use (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('demo', 'key')),
        at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
