// The tables of a courier: one errand for each detached execution it looks after, and how each try to
// tell its webhook went. Rows go some time after an errand is over.

import type { Migrations } from "../migrate.ts";

export const COURIER_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE errand (
        execution_id TEXT PRIMARY KEY,
        account_id TEXT NOT NULL,
        face TEXT NOT NULL, -- in whose words its webhook is told
        webhook TEXT, -- NULL: nobody is told
        run_timeout_ms INTEGER NOT NULL,
        until_ms INTEGER NOT NULL, -- until when its runner may know of it
        is_relieved INTEGER NOT NULL CHECK (is_relieved IN (0, 1)), -- 1: it was seen to its end
        state TEXT NOT NULL CHECK (state IN ('following', 'delivering', 'delivered', 'given_up')),
        tries INTEGER NOT NULL,
        next_at_ms INTEGER, -- NULL: it is over
        ended_at_ms INTEGER,
        CHECK ((next_at_ms IS NULL) = (ended_at_ms IS NOT NULL))
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX errand_due ON errand (next_at_ms) WHERE next_at_ms IS NOT NULL;
      CREATE INDEX errand_ended ON errand (ended_at_ms) WHERE ended_at_ms IS NOT NULL;

      CREATE TABLE attempt (
        execution_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        at_ms INTEGER NOT NULL,
        duration_ms INTEGER NOT NULL,
        status INTEGER, -- NULL: there was no answer
        problem TEXT, -- NULL: it was taken
        PRIMARY KEY (execution_id, number)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];
