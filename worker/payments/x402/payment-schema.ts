// The tables of one payment: what it is for and where it stands, in one row, and the answer to what was
// bought with it, for as long as that may be asked for again.

import type { Migrations } from "../../migrate.ts";

export const PAYMENT_MIGRATIONS: Migrations = [
  {
    number: 1,
    sql: `
      CREATE TABLE payment (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        id TEXT NOT NULL,
        binding TEXT NOT NULL, -- a digest of the one request it pays for
        purpose TEXT NOT NULL CHECK (purpose IN ('topup', 'key', 'run')),
        account_id TEXT, -- whose ledger it goes to; NULL for a run, which has none
        key_hash TEXT, -- of the account that it opens
        key_id TEXT,
        network TEXT NOT NULL,
        payer TEXT NOT NULL,
        pay_to TEXT NOT NULL,
        nonce TEXT NOT NULL,
        amount_micro INTEGER NOT NULL CHECK (amount_micro > 0),
        valid_before_ms INTEGER NOT NULL,
        since_block INTEGER NOT NULL, -- it cannot be on the chain before
        created_at_ms INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('begun', 'refused', 'lapsed', 'paid', 'reversed')),
        is_served INTEGER NOT NULL CHECK (is_served IN (0, 1)), -- the run that it paid for has run
        busy_until_ms INTEGER NOT NULL, -- somebody settles it, or runs what it paid for
        tx TEXT,
        block INTEGER,
        paid_at_ms INTEGER,
        round INTEGER NOT NULL, -- how often it came: a chain may drop it and take it again
        is_applied INTEGER NOT NULL CHECK (is_applied IN (0, 1)), -- as its state says, at its account
        depth TEXT NOT NULL CHECK (depth IN ('latest', 'safe', 'final')),
        CHECK ((purpose = 'run') = (account_id IS NULL)),
        CHECK ((purpose = 'key') = (key_hash IS NOT NULL)),
        CHECK ((tx IS NULL) = (block IS NULL)),
        CHECK (state NOT IN ('paid', 'reversed') OR tx IS NOT NULL)
      ) STRICT;

      CREATE TABLE answer (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        body TEXT NOT NULL,
        at_ms INTEGER NOT NULL
      ) STRICT;
    `,
  },
];
