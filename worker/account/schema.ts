// The tables of an account, as numbered migrations. Entries are the ledger: they are only ever
// added, which triggers enforce, and each carries the balance after it, which a CHECK keeps from
// falling below zero. Holds are the reservations still open; a hold's row goes when it is resolved.

import type { Migrations } from "../migrate.ts";

export const ACCOUNT_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE account (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        created_at_ms INTEGER NOT NULL,
        plan TEXT NOT NULL,
        rate_per_minute INTEGER -- NULL: the plan's rate
      ) STRICT;

      CREATE TABLE key (
        hash TEXT PRIMARY KEY,
        name TEXT,
        created_at_ms INTEGER NOT NULL,
        revoked_at_ms INTEGER
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE entry (
        number INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('grant', 'reserve', 'settle', 'void', 'expire')),
        id TEXT NOT NULL, -- of the grant or the hold, made by the caller
        amount_micro INTEGER NOT NULL,
        balance_micro INTEGER NOT NULL CHECK (balance_micro >= 0)
      ) STRICT;
      CREATE UNIQUE INDEX entry_granted_once ON entry (id) WHERE kind = 'grant';
      CREATE UNIQUE INDEX entry_reserved_once ON entry (id) WHERE kind = 'reserve';
      CREATE UNIQUE INDEX entry_resolved_once ON entry (id)
        WHERE kind IN ('settle', 'void', 'expire');
      CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed'); END;
      CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'a ledger entry is never deleted'); END;

      CREATE TABLE hold (
        id TEXT PRIMARY KEY,
        amount_micro INTEGER NOT NULL,
        expires_at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
