// One start at a time in a state folder. The running start is recorded with the processes it has
// started, by identity, so that the next one can tell a running start from a dead one and end what a
// dead one left, without ever hitting a process that merely has the same number.

import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import * as z from "zod";
import { endProcess, identifySelf, isRunning, ProcessIdentity } from "../runner/host/identity.ts";
import { withLock } from "../runner/host/lock.ts";
import { Refusal } from "../runner/host/refusal.ts";

const InstanceRecord = z.object({
  launcher: ProcessIdentity,
  url: z.string(),
  parts: z.record(z.string(), ProcessIdentity),
});
type InstanceRecord = z.infer<typeof InstanceRecord>;

export type Instance = {
  /** Records a process of ours under a name, in place of an earlier one. */
  add: (name: string, identity: ProcessIdentity) => void;
  setUrl: (url: string) => void;
  /** Gives the state folder back, once every part has ended. */
  leave: () => void;
};

/** A runner whose launcher died is draining by itself and deserves the time. */
const LEFTOVER_GRACE_MS = 20_000;

/** Claims the state folder for this process. Refuses when a start is already running there. */
export async function claimInstance(
  files: { record: string; recordLock: string },
  url: string,
): Promise<Instance> {
  const record: InstanceRecord = { launcher: identifySelf(), url, parts: {} };
  const save = () => {
    writeFileSync(`${files.record}.new`, JSON.stringify(record), { mode: 0o600 });
    renameSync(`${files.record}.new`, files.record);
  };
  mkdirSync(dirname(files.record), { recursive: true });
  await withLock(
    files.recordLock,
    () => undefined,
    async () => {
      const earlier = readRecord(files.record);
      if (earlier !== undefined && isRunning(earlier.launcher)) {
        throw new Refusal(
          `It is already running at ${earlier.url} (process ${earlier.launcher.pid}); end that one first, or set CODERUNNER_STATE_DIR and --port to run another.`,
        );
      }
      const leftovers = Object.values(earlier?.parts ?? {});
      await Promise.all(leftovers.map((identity) => endProcess(identity, LEFTOVER_GRACE_MS)));
      save();
    },
  );
  return {
    add: (name, identity) => {
      record.parts[name] = identity;
      save();
    },
    setUrl: (newUrl) => {
      record.url = newUrl;
      save();
    },
    leave: () => rmSync(files.record, { force: true }),
  };
}

function readRecord(file: string): InstanceRecord | undefined {
  try {
    return InstanceRecord.safeParse(JSON.parse(readFileSync(file, "utf8"))).data;
  } catch {
    return undefined;
  }
}
