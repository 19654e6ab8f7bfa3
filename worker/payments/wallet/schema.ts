// The tables of a wallet: its addresses as the treasury has given them out, and the deposits it was told of.

import type { Migrations } from "../../migrate.ts";

export const WALLET_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE address (
        address TEXT PRIMARY KEY,
        xpub TEXT NOT NULL,
        number INTEGER NOT NULL UNIQUE, -- the highest is the newest
        asked_at_ms INTEGER NOT NULL -- when the treasury was last told that it is in use
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE deposit (
        number INTEGER PRIMARY KEY,
        tx_hash TEXT NOT NULL,
        recipient TEXT NOT NULL,
        chain_id INTEGER NOT NULL,
        state TEXT NOT NULL,
        amount_micro INTEGER NOT NULL,
        confirmations INTEGER NOT NULL,
        required INTEGER NOT NULL,
        block_number INTEGER NOT NULL,
        version INTEGER NOT NULL,
        seen_at_ms INTEGER NOT NULL,
        UNIQUE (tx_hash, recipient)
      ) STRICT;
    `,
  },
];
