// Requests about files, against a supervisor that the test plays: what goes out, how much at once, and
// that nothing it could say makes us hang, hold more than was asked for, or take its word for it.

import { PassThrough } from "node:stream";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PARTS_AHEAD } from "../../runner/file-requests.ts";
import { FROM, TO } from "../../runner/framing.ts";
import { Link, SandboxFault } from "../../runner/link.ts";
import { SandboxFiles } from "../../runner/sandbox-files.ts";
import { Failure } from "../../shared/errors.ts";
import { SANDBOX_CLEAN_MS_MAX } from "../../shared/limits.ts";
import { randomFrom } from "../kit/random.ts";
import {
  listedEntry,
  partPayload,
  supervisorFrame,
  toldPayload,
} from "../kit/supervisor-frames.ts";

const JOB = 3;
let link: Link;
let files: SandboxFiles;
let out: PassThrough;
let seq: number;

beforeEach(() => {
  vi.useFakeTimers();
  link = new Link();
  link.job = JOB;
  files = new SandboxFiles(link);
  out = new PassThrough({ highWaterMark: 1 << 24 });
  link.connect(out);
  seq = 0;
});

afterEach(() => {
  vi.useRealTimers();
});

const tick = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const say = (type: number, payload: Buffer, job = JOB) =>
  link.receive(supervisorFrame(seq++, type, job, payload));

type Heard = { type: number; request: number; payload: Buffer };

/** The frames that have gone out since last asked. */
function heard(): Heard[] {
  const data: Buffer = out.read() ?? Buffer.alloc(0);
  const frames: Heard[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + 16 + data.readUInt32LE(at);
    const payload = data.subarray(at + 16, end);
    expect(data.readUInt32LE(at + 8)).toBe(JOB);
    frames.push({ type: data.readUInt32LE(at + 4), request: payload.readUInt32LE(0), payload });
    at = end;
  }
  return frames;
}

const outcomeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (thrown) => {
      if (thrown instanceof Failure) return thrown.code;
      if (thrown instanceof SandboxFault) return "fault";
      throw thrown;
    },
  );

describe("a file that is put", () => {
  it("is asked for, sent, and said to be whole, in that order", async () => {
    const put = files.put("a/ü", [Buffer.from("hello"), Buffer.from("!")], { mode: 0o600 });
    await tick();
    const [ask, first, second, whole, ...rest] = heard() as [Heard, Heard, Heard, Heard];
    expect(rest).toEqual([]);
    const words = [0, 4, 8, 12].map((at) => ask.payload.readUInt32LE(at));
    expect([ask.type, words]).toEqual([TO.ASK, [1, 3, 0o600, 0]]);
    expect(ask.payload.subarray(24).toString()).toBe("a/ü\0");
    expect(
      [first, second].map(({ type, payload }) => [type, payload.subarray(4).toString()]),
    ).toEqual([
      [TO.ASK_PART, "hello"],
      [TO.ASK_PART, "!"],
    ]);
    expect([whole.type, whole.payload.readUInt32LE(4)]).toEqual([TO.ASK_ON, 1]);
    say(FROM.TAKEN, partPayload(1));
    say(FROM.TAKEN, partPayload(1));
    say(FROM.TOLD, toldPayload(1, { bytes: 6 }));
    expect(await put).toMatchObject({ bytes: 6, sha256: expect.stringMatching(/^ce06092f/) });
  });

  it("is sent no faster than it is taken, and read no faster than it is sent", async () => {
    let read = 0;
    const content = (function* () {
      for (; read < 100; read++) yield Buffer.alloc(1000);
    })();
    const put = files.put("f", content);
    await tick();
    expect([heard().length, read]).toEqual([1 + PARTS_AHEAD, PARTS_AHEAD - 1]);
    for (let i = 0; i < 5; i++) say(FROM.TAKEN, partPayload(1));
    await tick();
    expect([heard().length, read]).toEqual([5, PARTS_AHEAD + 4]);
    say(FROM.TOLD, toldPayload(1, { result: 4 }));
    expect(await outcomeOf(put)).toBe("workspace_full");
    expect([heard(), read]).toEqual([[], 100]);
  });

  it.each([
    ["its content fails", () => new Failure("invalid_request"), "invalid_request"],
    ["it is too large", () => Buffer.alloc(11), "payload_too_large"],
  ])("is stopped when %s", async (_what, next, outcome) => {
    const content = (function* () {
      yield Buffer.from("begun");
      const what = next();
      if (what instanceof Failure) throw what;
      yield what;
    })();
    const put = outcomeOf(files.put("f", content, { bytesMax: 10 }));
    await tick();
    expect(heard().at(-1)?.payload.readUInt32LE(4)).toBe(2);
    say(FROM.TOLD, toldPayload(1, { result: 8 }));
    expect(await put).toBe(outcome);
  });

  it("is checked before it is whole", async () => {
    const check = vi.fn(() => {
      throw new Failure("conflict");
    });
    const put = outcomeOf(files.put("f", [Buffer.from("x")], { check }));
    await tick();
    expect(heard().map(({ type }) => type)).toEqual([TO.ASK, TO.ASK_PART, TO.ASK_ON]);
    say(FROM.TOLD, toldPayload(1, { result: 8 }));
    expect([await put, check.mock.calls.length]).toEqual(["conflict", 1]);
  });
});

describe("a file that is read", () => {
  it("is asked for in parts, more as they are used", async () => {
    const opened = files.get("f", { bytesMax: 100 });
    await tick();
    const [ask] = heard();
    expect([ask?.payload.readUInt32LE(12), ask?.payload.readBigUInt64LE(16)]).toEqual([
      PARTS_AHEAD,
      100n,
    ]);
    say(FROM.FOUND, toldPayload(1, { bytes: 10, mode: 0o755 }));
    const { bytes, mode, content } = await opened;
    expect([bytes, mode]).toEqual([10, 0o755]);
    for (let i = 0; i < PARTS_AHEAD; i++) say(FROM.PART, partPayload(1, Buffer.from([i])));
    expect(heard()).toEqual([]);
    const reader = content[Symbol.asyncIterator]();
    for (let i = 0; i < PARTS_AHEAD; i++)
      expect((await reader.next()).value).toEqual(Buffer.from([i]));
    expect(
      heard().map(({ payload }) => [payload.readUInt32LE(4), payload.readUInt32LE(8)]),
    ).toEqual([
      [0, 4],
      [0, 4],
    ]);
    say(FROM.PART, partPayload(1, Buffer.from("zz")));
    say(FROM.TOLD, toldPayload(1, { bytes: 10 }));
    expect((await reader.next()).value?.toString()).toBe("zz");
    expect((await reader.next()).done).toBe(true);
  });

  it("may take its reader as long as it likes, but not the supervisor", async () => {
    const opened = files.get("f");
    await tick();
    say(FROM.FOUND, toldPayload(1, { bytes: 1000 }));
    for (let i = 0; i < PARTS_AHEAD; i++) say(FROM.PART, partPayload(1, Buffer.from("x")));
    const { content } = await opened;
    await tick(10 * SANDBOX_CLEAN_MS_MAX);
    expect(link.fault).toBeUndefined();
    const reader = content[Symbol.asyncIterator]();
    for (let i = 0; i < PARTS_AHEAD; i++) await reader.next();
    await tick(SANDBOX_CLEAN_MS_MAX);
    expect(link.fault?.message).toContain("no answer about a file");
    await expect(reader.next()).rejects.toBeInstanceOf(SandboxFault);
  });

  it("that has been cut meanwhile fails at its end", async () => {
    const opened = files.get("f");
    await tick();
    say(FROM.FOUND, toldPayload(1, { bytes: 5 }));
    say(FROM.PART, partPayload(1, Buffer.from("abc")));
    say(FROM.TOLD, toldPayload(1, { bytes: 3 }));
    const { content } = await opened;
    const all = (async () => {
      for await (const _ of content);
    })();
    expect([await outcomeOf(all), link.fault]).toEqual(["conflict", undefined]);
  });

  it.each([
    [1, 0, "unknown_file"],
    [2, 1, "invalid_request"],
    [2, 2, "invalid_request"],
    [3, 0, "payload_too_large"],
    [8, 0, "conflict"],
    [10, 0, "internal"],
  ])("may be refused: result %i of type %i is %s", async (result, type, outcome) => {
    const read = outcomeOf(files.read("f"));
    await tick();
    say(FROM.TOLD, toldPayload(1, { result, type, bytes: 7 }));
    expect([await read, link.fault]).toEqual([outcome, undefined]);
  });
});

describe("a supervisor that cannot be believed", () => {
  const ask = { read: () => files.read("f", { bytesMax: 10 }), list: () => files.list("") };

  it.each([
    ["tells of no request", FROM.TOLD, toldPayload(9), ask.read],
    ["finds more than was asked for", FROM.FOUND, toldPayload(1, { bytes: 11 }), ask.read],
    ["sends parts of nothing", FROM.PART, partPayload(1, Buffer.from("x")), ask.read],
    ["takes what was not sent", FROM.TAKEN, partPayload(1), ask.read],
    ["finds what is listed", FROM.FOUND, toldPayload(1), ask.list],
    ["lists entries without names", FROM.PART, partPayload(1, listedEntry("")), ask.list],
    ["lists half an entry", FROM.PART, partPayload(1, listedEntry("ab").subarray(0, 26)), ask.list],
    ["lists entries of no type", FROM.PART, partPayload(1, listedEntry("a", 4)), ask.list],
  ])("%s: that is a fault", async (_what, type, payload, act) => {
    const acting = outcomeOf(act());
    await tick();
    say(type, payload);
    expect([await acting, link.fault instanceof SandboxFault]).toEqual(["fault", true]);
    expect(await outcomeOf(files.list(""))).toBe("fault");
  });

  it("sends more than it found, or less than it says", async () => {
    const read = outcomeOf(files.read("f"));
    await tick();
    say(FROM.FOUND, toldPayload(1, { bytes: 2 }));
    say(FROM.PART, partPayload(1, Buffer.from("abc")));
    expect(await read).toBe("fault");
  });

  it("speaks of another job", async () => {
    const list = outcomeOf(files.list(""));
    await tick();
    say(FROM.TOLD, toldPayload(1), JOB + 1);
    expect(await list).toBe("fault");
  });
});

describe("many requests", () => {
  it("are under way at once, each with its own answer, and no more than there is room for", async () => {
    const stats = Array.from({ length: 20 }, (_, i) => files.stat(`f${i}`));
    await tick();
    const first = heard().map(({ request }) => request);
    expect(first.length).toBe(8);
    for (const request of first.reverse()) say(FROM.TOLD, toldPayload(request, { bytes: request }));
    await tick();
    for (const { request } of heard()) say(FROM.TOLD, toldPayload(request, { bytes: request }));
    await tick();
    for (const { request } of heard()) say(FROM.TOLD, toldPayload(request, { bytes: request }));
    expect((await Promise.all(stats)).map(({ bytes }) => bytes)).toEqual(
      stats.map((_, i) => i + 1),
    );
  });

  it("that wait for others are refused when there are too many, and hold up no quick ones", async () => {
    const never = (async function* () {
      await new Promise(() => undefined);
      yield Buffer.alloc(1);
    })();
    for (let i = 0; i < 8; i++) void files.put(`f${i}`, never);
    await tick();
    expect(await outcomeOf(files.get("g"))).toBe("session_busy");
    const list = files.list("");
    await tick();
    say(FROM.PART, partPayload(9, Buffer.concat([listedEntry("b", 1), listedEntry("a", 0, 5)])));
    say(FROM.TOLD, toldPayload(9, { result: 7 }));
    expect((await list).truncated).toBe(true);
    expect((await list).entries.map(({ name }) => name)).toEqual(["a", "b"]);
  });

  it("wait while there is no job, and are about the next one then", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    files.hold(promise);
    const list = outcomeOf(files.list(""));
    await tick(60_000);
    expect(heard()).toEqual([]);
    resolve();
    await tick();
    expect(heard().length).toBe(1);
    say(FROM.TOLD, toldPayload(1));
    expect(await list).toBe("done");
  });

  it("stand whatever is said of them: all of them end", async () => {
    const random = randomFrom(4242);
    const outcomes: Record<string, number> = {};
    for (let round = 0; round < 300; round++) {
      link = new Link();
      link.job = JOB;
      files = new SandboxFiles(link);
      link.connect(new PassThrough().resume());
      seq = 0;
      const all = Array.from({ length: 6 }, () => outcomeOf(random.pick(ACTS)()));
      await tick();
      for (let i = 0; i < 30 && link.fault === undefined; i++) {
        const request = 1 + random.below(random.below(8) === 0 ? 9 : 6);
        const told = { result: random.below(11), type: random.below(4), bytes: random.below(5) };
        const [type, payload] = random.pick([
          [FROM.TOLD, toldPayload(request, told)],
          [FROM.FOUND, toldPayload(request, { ...told, result: 0 })],
          [FROM.PART, partPayload(request, random.pick([random.bytes(3), listedEntry("n")]))],
          [FROM.TAKEN, partPayload(request)],
        ] as const);
        say(type, payload);
        if (random.below(3) === 0) await tick();
      }
      await tick();
      link.fail("the end of the round");
      for (const outcome of await Promise.all(all))
        outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    }
    expect(Object.keys(outcomes)).toEqual(
      expect.arrayContaining(["done", "fault", "unknown_file"]),
    );
  });

  const ACTS = [
    () => files.put("a", [Buffer.alloc(200_000)]),
    () => files.read("b", { bytesMax: 4 }),
    () => files.list("c"),
    () => files.stat("d"),
    () => files.delete("e", { isRecursive: true }),
    () => files.find(["**"]),
  ];
});

describe("what is put", () => {
  it("arrives byte for byte, however it was cut", async () => {
    const random = randomFrom(99);
    for (let round = 0; round < 30; round++) {
      const chunks = Array.from({ length: random.below(6) }, () =>
        random.bytes(random.pick([0, 1, 100, 65_531, 65_532, 65_533, 200_000])),
      );
      const put = files.put("f", chunks);
      const parts: Buffer[] = [];
      let request = 0;
      for (let isWhole = false; !isWhole; ) {
        await tick();
        for (const frame of heard()) {
          request = frame.request;
          isWhole ||= frame.type === TO.ASK_ON;
          if (frame.type !== TO.ASK_PART) continue;
          expect(frame.payload.length).toBeLessThanOrEqual(65_536);
          parts.push(Buffer.from(frame.payload.subarray(4)));
          say(FROM.TAKEN, partPayload(request));
        }
      }
      say(FROM.TOLD, toldPayload(request));
      await put;
      expect(Buffer.concat(parts).equals(Buffer.concat(chunks))).toBe(true);
    }
  });
});
