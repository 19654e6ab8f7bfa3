// A job that is run in stages: one may follow another, nothing of one is taken for another's, and
// after the last there is none.

import { describe, expect, it } from "vitest";
import { FROM, TO } from "../../runner/frames.ts";
import type { Stage } from "../../runner/stage.ts";
import { SANDBOX_GRACE_MS } from "../../shared/limits.ts";
import { contentEndPayload, type ExitFields, exitPayload } from "../kit/supervisor-frames.ts";
import {
  failureOf,
  JOB,
  pass,
  ran,
  recycled,
  type Sandbox,
  SandboxFault,
  started,
  supervisor,
  useFakeContainer,
} from "./kit/fake-container.ts";

useFakeContainer();

describe("a job in stages", () => {
  const FIRST: Stage = { ...JOB, args: ["compile"], stdin: Buffer.from("unread"), kind: "stage" };
  const NEXT: Stage = { ...JOB, files: [], args: ["run"], stdin: Buffer.from("in") };

  /** Runs a stage to an end the supervisor tells, having written `said`. */
  const staged = async (sandbox: Sandbox, stage: Stage, said = "", exit: ExitFields = {}) => {
    const run = sandbox.run(stage);
    await pass(0);
    if (said !== "") supervisor.say(FROM.STDOUT, 1, Buffer.from(said));
    const isWaiting = stage.kind === "stage" && (exit.reason ?? 0) === 0 ? 1 : 0;
    supervisor.say(FROM.EXIT, 1, exitPayload({ stdoutBytes: said.length, isWaiting, ...exit }));
    return await run;
  };

  it("goes on after one that is over, which got no input and may be followed", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST);
    expect(supervisor.heard().slice(2)).toEqual([TO.FILE, TO.START]);
    await staged(sandbox, NEXT);
    expect(supervisor.heard().slice(4)).toEqual([TO.START, TO.STDIN, TO.STDIN]);
    expect(supervisor.stageMarks()).toEqual([1, 0]);
    expect(sandbox.fault).toBeUndefined();
  });

  it("counts as one job, under one user, and is followed by another", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST);
    await staged(sandbox, NEXT);
    expect(sandbox.jobsRun).toBe(1);
    await recycled(sandbox, 1);
    expect(supervisor.uids()).toEqual([20_000, 20_001]);
    await ran(sandbox, 2);
    expect(sandbox.jobsRun).toBe(2);
  });

  it("keeps what each writes apart", async () => {
    const sandbox = await started();
    const first = await staged(sandbox, FIRST, "warning", { code: 0 });
    const next = await staged(sandbox, NEXT, "hello", { code: 3 });
    expect([first.stdout.text, first.exit.code]).toEqual(["warning", 0]);
    expect([next.stdout.text, next.exit.code]).toEqual(["hello", 3]);
  });

  it("gives what comes between two stages to neither", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST, "a");
    supervisor.say(FROM.STDOUT, 1, Buffer.from("between"));
    expect((await staged(sandbox, NEXT, "b")).stdout.text).toBe("b");
  });

  it("has its files read between stages", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST);
    const read = sandbox.readFile(".program", { bytesMax: 100 });
    supervisor.say(FROM.CONTENT, 1, Buffer.from("built"));
    supervisor.say(FROM.CONTENT_END, 1, contentEndPayload(0, 0o755, 5));
    expect(await read).toEqual({
      ...{ result: "whole", mode: 0o755, bytes: 5 },
      content: Buffer.from("built"),
    });
    await staged(sandbox, NEXT);
    expect(sandbox.fault).toBeUndefined();
  });

  it("each has a time of its own", async () => {
    const sandbox = await started();
    await staged(sandbox, { ...FIRST, wallMs: 60_000 });
    const run = failureOf(sandbox.run({ ...NEXT, wallMs: 10 }));
    await pass(10 + SANDBOX_GRACE_MS);
    expect(await run).toBeInstanceOf(SandboxFault);
  });

  it("cannot end twice", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST);
    supervisor.say(FROM.EXIT, 1, exitPayload());
    expect(sandbox.fault).toBeInstanceOf(SandboxFault);
    expect(await failureOf(sandbox.run(NEXT))).toBeInstanceOf(SandboxFault);
  });

  const overs: [string, Stage, ExitFields][] = [
    ["the last", NEXT, {}],
    ["one that ran out of time", FIRST, { reason: 1, code: -1, signal: 9 }],
    ["one that took too much memory", FIRST, { reason: 3, code: -1, signal: 9 }],
    ["one that wrote too much", FIRST, { reason: 4, code: -1, signal: 9 }],
  ];

  it.each(overs)("has none after %s: to run one is a bug, and nothing is sent", async (...over) => {
    const [, stage, exit] = over;
    const sandbox = await started();
    await staged(sandbox, stage, "", exit);
    const heard = supervisor.heard().length;
    const thrown = await failureOf(sandbox.run(NEXT));
    expect(thrown).toBeInstanceOf(Error);
    expect(thrown).not.toBeInstanceOf(SandboxFault);
    expect(supervisor.heard().length).toBe(heard);
    await recycled(sandbox, 1);
    await ran(sandbox, 2);
  });

  it("goes on after a compiler that found errors, if anybody wants that", async () => {
    const sandbox = await started();
    await staged(sandbox, FIRST, "", { code: 1 });
    expect((await staged(sandbox, NEXT, "x")).stdout.text).toBe("x");
  });
});
