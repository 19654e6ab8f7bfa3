// The tables of a deposit: what it is, and what is still to be booked at its account, in order.

import type { Migrations } from "../../migrate.ts";

export const DEPOSIT_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE deposit (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        chain_id INTEGER NOT NULL,
        tx_hash TEXT NOT NULL,
        recipient TEXT NOT NULL,
        account_id TEXT NOT NULL, -- whose it is, once and for all
        state TEXT NOT NULL CHECK (state IN
          ('pending', 'review', 'credited', 'safe', 'final', 'reversed', 'dropped')),
        round INTEGER NOT NULL, -- how often it was credited
        amount_micro INTEGER NOT NULL CHECK (amount_micro > 0),
        block_number INTEGER NOT NULL,
        block_hash TEXT NOT NULL,
        confirmations INTEGER NOT NULL,
        is_released INTEGER NOT NULL CHECK (is_released IN (0, 1)), -- by an operator
        since_ms INTEGER NOT NULL, -- since when it is in this state
        version INTEGER NOT NULL, -- grows with every change
        told_version INTEGER NOT NULL, -- what its wallet knows of
        failures INTEGER NOT NULL -- in a row
      ) STRICT;

      CREATE TABLE due (
        number INTEGER PRIMARY KEY,
        kind TEXT NOT NULL CHECK (kind IN ('deposit', 'reversal')),
        round INTEGER NOT NULL,
        amount_micro INTEGER NOT NULL,
        UNIQUE (kind, round)
      ) STRICT;
    `,
  },
];
