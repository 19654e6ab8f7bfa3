// Programs that misbehave get a normal answer that tells what became of them, and the next caller
// notices nothing.

import { beforeAll, describe, expect, test } from "vitest";
import { execute, richKey } from "./client.ts";

let key: string;
let neighbour: string;

beforeAll(async () => {
  key = await richKey();
  neighbour = await richKey();
});

const HOSTILE: {
  name: string;
  language: string;
  code: string;
  more?: object;
  wanted: object;
}[] = [
  {
    name: "an infinite loop is stopped at its timeout, with what it had printed",
    language: "python",
    code: "print('begun')\nwhile True: pass",
    more: { timeout: 1000 },
    wanted: { outcome: "timeout", timedOut: true, exitCode: null, stdout: "begun" },
  },
  {
    name: "a fork bomb is stopped at its timeout",
    language: "bash",
    code: "f() { f | f & }; f; while :; do sleep 0.1; done",
    more: { timeout: 1500 },
    wanted: { outcome: "timeout", timedOut: true },
  },
  {
    name: "a gigabyte of output is cut, counted and stopped",
    language: "bash",
    code: "yes | head -c 1000000000",
    wanted: { outcome: "output_limit", stdoutTruncated: true },
  },
  {
    name: "a gigabyte of memory is refused, with what was printed before",
    language: "python",
    code: "print('begun')\nx = bytearray(1 << 30)\nprint('got it')",
    wanted: { outcome: "memory", stdout: "begun" },
  },
  {
    name: "killing every process kills nobody else's",
    language: "bash",
    code: "kill -9 -1; echo still here",
    wanted: { exitCode: 0, stdout: "still here" },
  },
  {
    name: "a file past the limit cannot be written",
    language: "javascript",
    code: "require('fs').writeFileSync('big', Buffer.alloc(11 << 20))",
    wanted: { outcome: expect.stringMatching(/^(error|file_limit)$/) },
  },
  {
    name: "the network is not there",
    language: "python",
    code: "import socket\ntry: socket.create_connection(('1.1.1.1', 53), 2)\nexcept OSError: print('no network')",
    wanted: { exitCode: 0, stdout: "no network" },
  },
];

describe("hostile programs", () => {
  test.each(HOSTILE)("$name", async ({ language, code, more, wanted }) => {
    expect(await execute(key, language, code, more)).toMatchObject(wanted);

    for (const caller of [key, neighbour]) {
      const next = await execute(caller, "bash", "ls -A | grep -v ^main.sh; echo clean");
      expect(next).toMatchObject({ outcome: "ok", stdout: "clean" });
    }
  });
});
