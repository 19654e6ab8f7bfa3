// The tables of the treasury: the addresses it has given out, how far the chain was searched, what was
// found and not handed on yet, and the operator's books.

import type { Migrations } from "../../migrate.ts";

export const TREASURY_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE address (
        address TEXT PRIMARY KEY,
        account_id TEXT NOT NULL,
        xpub TEXT NOT NULL,
        place INTEGER NOT NULL, -- below the xpub
        made_at_ms INTEGER NOT NULL,
        asked_at_ms INTEGER NOT NULL,
        UNIQUE (xpub, place),
        UNIQUE (account_id, xpub)
      ) STRICT;
      CREATE INDEX address_asked ON address (asked_at_ms);

      CREATE TABLE search (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        block_number INTEGER, -- searched to here; NULL before the first search
        failures INTEGER NOT NULL -- in a row
      ) STRICT;
      INSERT INTO search VALUES (1, NULL, 0);

      CREATE TABLE found (
        tx_hash TEXT NOT NULL,
        recipient TEXT NOT NULL,
        account_id TEXT NOT NULL,
        block_number INTEGER NOT NULL,
        block_hash TEXT NOT NULL, -- one that is found in another block is handed on again
        is_done INTEGER NOT NULL CHECK (is_done IN (0, 1)),
        PRIMARY KEY (tx_hash, recipient)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX found_open ON found (block_number) WHERE is_done = 0;

      CREATE TABLE note (
        number INTEGER PRIMARY KEY,
        ref TEXT NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('deposit', 'purchase', 'reversal')),
        round INTEGER NOT NULL,
        account_id TEXT NOT NULL,
        amount_micro INTEGER NOT NULL CHECK (amount_micro > 0),
        tx_hash TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        UNIQUE (ref, kind, round)
      ) STRICT;
    `,
  },
];
