// The tables of a visitor: what it has used of what is free, and when, and which keys it asked for in
// a way that can be repeated. Rows go once they are
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
  {
    number: 2,
    sql: `
      CREATE TABLE claim (
        key TEXT PRIMARY KEY, -- a digest of the caller's Idempotency-Key
        fingerprint TEXT NOT NULL, -- a digest of what was asked under it
        subject TEXT NOT NULL, -- the account that was opened
        at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
