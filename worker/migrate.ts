// Brings the tables of a Durable Object up to date. A migration is a number and its SQL; numbers
// only grow, and a migration that has been released is never edited, because objects all over the
// world have already run it.

/** SQL by its number, in order. The first brings an empty object to life. */
export type Migrations = readonly { number: number; sql: string }[];

/** Whether this object has ever been written to. Reads only, so that asking leaves no trace. */
export function hasTables(sql: SqlStorage): boolean {
  const found = sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'");
  return found.toArray().length > 0;
}

/** Runs the migrations this object has not run yet, all or none. */
export function migrate(storage: DurableObjectStorage, migrations: Migrations): void {
  const { sql } = storage;
  storage.transactionSync(() => {
    if (!hasTables(sql)) sql.exec("CREATE TABLE migration (number INTEGER PRIMARY KEY) STRICT");
    const rows = sql.exec<{ number: number }>("SELECT number FROM migration").toArray();
    const done = new Set(rows.map((row) => row.number));
    for (const { number, sql: statements } of migrations) {
      // Not by the highest: one that was made elsewhere at the same time may come later.
      if (done.has(number)) continue;
      sql.exec(statements);
      sql.exec("INSERT INTO migration (number) VALUES (?)", number);
    }
  });
}
