// The tables of an account, as numbered migrations. Entries are the ledger: they are only ever
// added, which triggers enforce, and each carries the balance after it, which a CHECK lets nothing but a
// reversal bring below zero. Holds are the reservations still open; a hold's row goes when it is resolved.
// Sessions and executions are remembered for a while after their end, and then their rows go. An
// execution's `number` grows with time and is what lists go by; `outputs_to` grows by the bytes of what
// is kept, so that what goes beyond the bounds is found without counting.

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
  {
    number: 2,
    sql: `
      CREATE TABLE session (
        id TEXT PRIMARY KEY,
        language TEXT NOT NULL,
        version TEXT, -- NULL until a runner has told it
        is_explicit INTEGER NOT NULL CHECK (is_explicit IN (0, 1)),
        created_at_ms INTEGER NOT NULL,
        last_used_at_ms INTEGER NOT NULL,
        executions INTEGER NOT NULL,
        ending TEXT CHECK (ending IN ('deleted', 'expired', 'evicted', 'lost')), -- NULL: live
        ended_at_ms INTEGER,
        CHECK ((ending IS NULL) = (ended_at_ms IS NULL))
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX session_by_age ON session (created_at_ms, id);
      CREATE INDEX session_live ON session (last_used_at_ms) WHERE ending IS NULL;
      CREATE INDEX session_ended ON session (ended_at_ms) WHERE ending IS NOT NULL;

      CREATE TABLE execution (
        id TEXT PRIMARY KEY, -- also that of its hold
        session_id TEXT,
        opens_session INTEGER NOT NULL CHECK (opens_session IN (0, 1)),
        runner TEXT NOT NULL,
        language TEXT NOT NULL,
        run_timeout_ms INTEGER NOT NULL,
        state TEXT NOT NULL CHECK (state IN ('running', 'done', 'failed')),
        outcome TEXT, -- NULL unless done
        created_at_ms INTEGER NOT NULL,
        due_at_ms INTEGER NOT NULL, -- until when an answer may come
        ended_at_ms INTEGER,
        CHECK ((state = 'running') = (ended_at_ms IS NULL))
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX execution_running ON execution (session_id, due_at_ms) WHERE state = 'running';
      CREATE INDEX execution_ended ON execution (ended_at_ms) WHERE state <> 'running';
    `,
  },
  {
    number: 3,
    sql: `
      ALTER TABLE execution ADD COLUMN number INTEGER;
      ALTER TABLE execution ADD COLUMN claim_key TEXT; -- the claim it was made under
      ALTER TABLE execution ADD COLUMN summary TEXT; -- the report without outputs, as JSON
      ALTER TABLE execution ADD COLUMN charged_micro INTEGER;
      ALTER TABLE execution ADD COLUMN left_micro INTEGER;
      ALTER TABLE execution ADD COLUMN failure TEXT; -- why there is no report, where that is known
      ALTER TABLE execution ADD COLUMN outputs_kind TEXT;
      ALTER TABLE execution ADD COLUMN outputs_bytes INTEGER; -- NULL or 0: there were none
      ALTER TABLE execution ADD COLUMN outputs_to INTEGER; -- NULL: not kept (any more)
      UPDATE execution SET number = (
        SELECT count(*) FROM execution AS other
        WHERE (other.created_at_ms, other.id) <= (execution.created_at_ms, execution.id));
      CREATE UNIQUE INDEX execution_by_number ON execution (number);
      CREATE INDEX execution_kept ON execution (outputs_to) WHERE outputs_to IS NOT NULL;
      DROP INDEX execution_ended;

      CREATE TABLE output_piece (
        execution_id TEXT NOT NULL,
        number INTEGER NOT NULL,
        bytes BLOB NOT NULL,
        PRIMARY KEY (execution_id, number)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE claim (
        key TEXT PRIMARY KEY, -- a digest of the caller's Idempotency-Key
        fingerprint TEXT NOT NULL, -- a digest of what was asked under it
        subject TEXT NOT NULL, -- the id of the execution or session that was made
        at_ms INTEGER NOT NULL
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX claim_by_age ON claim (at_ms);

      CREATE TABLE webhook (
        only INTEGER PRIMARY KEY CHECK (only = 1),
        secret TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    number: 4,
    sql: `
      ALTER TABLE key ADD COLUMN id TEXT; -- what its owner calls it by
      ALTER TABLE key ADD COLUMN last_used_at_ms INTEGER; -- as of a minute ago
      ALTER TABLE key ADD COLUMN expires_at_ms INTEGER; -- NULL: not by itself
      UPDATE key SET id = 'key-' || lower(hex(randomblob(10)));
    `,
  },
  {
    number: 5,
    // A table's CHECK cannot be changed, so its rows move to a new one.
    sql: `
      CREATE TABLE entry_5 (
        number INTEGER PRIMARY KEY,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL CHECK (kind IN ('grant', 'reserve', 'settle', 'void', 'expire',
          'deposit', 'purchase', 'reversal')),
        id TEXT NOT NULL, -- of the grant, the hold or the payment, made by the caller
        round INTEGER CHECK (round >= 1), -- how often a payment was booked under its id
        tx TEXT, -- the transaction of a payment
        amount_micro INTEGER NOT NULL,
        balance_micro INTEGER NOT NULL,
        CHECK ((kind IN ('deposit', 'purchase', 'reversal')) = (round IS NOT NULL)),
        CHECK ((round IS NULL) = (tx IS NULL)),
        CHECK (CASE kind WHEN 'reserve' THEN amount_micro <= 0 WHEN 'reversal' THEN amount_micro < 0
          WHEN 'deposit' THEN amount_micro > 0 WHEN 'purchase' THEN amount_micro > 0
          ELSE amount_micro >= 0 END),
        -- Who owes may get something back or pay, but can take nothing more.
        CHECK (balance_micro >= 0 OR amount_micro >= 0 OR kind = 'reversal')
      ) STRICT;
      INSERT INTO entry_5 (number, at_ms, kind, id, amount_micro, balance_micro)
        SELECT number, at_ms, kind, id, amount_micro, balance_micro FROM entry;
      DROP TABLE entry;
      ALTER TABLE entry_5 RENAME TO entry;
      CREATE UNIQUE INDEX entry_granted_once ON entry (id) WHERE kind = 'grant';
      CREATE UNIQUE INDEX entry_reserved_once ON entry (id) WHERE kind = 'reserve';
      CREATE UNIQUE INDEX entry_resolved_once ON entry (id)
        WHERE kind IN ('settle', 'void', 'expire');
      CREATE UNIQUE INDEX entry_brought_once ON entry (id, round)
        WHERE kind IN ('deposit', 'purchase');
      CREATE UNIQUE INDEX entry_reversed_once ON entry (id, round) WHERE kind = 'reversal';
      CREATE TRIGGER entry_is_never_changed BEFORE UPDATE ON entry
        BEGIN SELECT RAISE(ABORT, 'a ledger entry is never changed'); END;
      CREATE TRIGGER entry_is_never_deleted BEFORE DELETE ON entry
        BEGIN SELECT RAISE(ABORT, 'a ledger entry is never deleted'); END;

      -- Has a row when an operator has chosen the plan.
      CREATE TABLE plan_choice (only INTEGER PRIMARY KEY CHECK (only = 1)) STRICT;
      INSERT INTO plan_choice SELECT 1 FROM account WHERE plan <> 'free';
    `,
  },
  {
    number: 6,
    // What it was opened with, as JSON.
    sql: "ALTER TABLE session ADD COLUMN packages TEXT",
  },
];
