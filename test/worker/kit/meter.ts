// What an object does that a platform charges for: rows read and written, alarms set, and calls. It
// counts what the object's own statements report of themselves.

import { runInDurableObject } from "cloudflare:test";
import type { Account } from "../../../worker/account/account.ts";

/** What was used. An alarm that is set counts as a row written, one that comes as a call. */
export type Use = { calls: number; rowsRead: number; rowsWritten: number };

/** Begins to count. What it returns says, with the calls that were made, what was used since last asked. */
export async function meter(stub: DurableObjectStub<Account>): Promise<(calls: number) => Use> {
  let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarmsSet = 0;
  await runInDurableObject(stub, (_account, { storage }) => {
    const exec = storage.sql.exec.bind(storage.sql);
    const counted: typeof exec = (...args) => {
      const cursor = exec(...args);
      cursors.push(cursor as (typeof cursors)[number]);
      return cursor as never;
    };
    Object.defineProperty(storage.sql, "exec", { value: counted });
    const setAlarm = storage.setAlarm.bind(storage);
    const countedAlarm: typeof setAlarm = (...args) => {
      alarmsSet += 1;
      return setAlarm(...args);
    };
    Object.defineProperty(storage, "setAlarm", { value: countedAlarm });
  });
  return (calls) => {
    const sum = (of: "rowsRead" | "rowsWritten") =>
      cursors.reduce((total, cursor) => total + cursor[of], 0);
    const use = { calls, rowsRead: sum("rowsRead"), rowsWritten: sum("rowsWritten") + alarmsSet };
    cursors = [];
    alarmsSet = 0;
    return use;
  };
}
