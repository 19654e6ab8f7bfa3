// Answers of a runner's that are as long as they can be, and longer.

import { expect, it } from "vitest";
import { ANSWER_BYTES_MAX, OUTPUT_BYTES_MAX, RESULT_BYTES_MAX } from "../../shared/limits.ts";
import { client, expectRefused } from "./kit/client.ts";
import { STAGE } from "./kit/gateway.ts";
import { linesOf, reportOf, sessionRunner } from "./kit/session-runner.ts";

const OUTPUT = "\u0001".repeat(OUTPUT_BYTES_MAX);
const CONTENT = "A".repeat(4 * 1024 * 1024);

/** Everything at once: output that JSON makes six times as long, all that can be shown, and files. */
function longReport(request: Parameters<typeof reportOf>[0]) {
  const file = { bytes: 1, sha256: "0".repeat(64), content: CONTENT };
  return reportOf(request, {
    run: { ...STAGE, stdout: OUTPUT, stderr: OUTPUT },
    shown: [{ kind: "value", data: { "text/plain": "x".repeat(RESULT_BYTES_MAX - 100) } }],
    files: [{ name: "a", ...file }],
  });
}

it("a report of all a program may say, show and leave is passed on and paid for", async () => {
  const fake = sessionRunner((request) => Response.json(longReport(request)));
  const { openSession, execute, credits } = await client(fake);
  const id = await openSession();
  const before = await credits();
  const response = await execute(id);
  expect(response.status).toBe(200);
  const body = await response.json<{ stdout: string; files: { content: string }[] }>();
  expect(body.stdout.length).toBe(OUTPUT.length);
  expect(body.files[0]?.content.length).toBe(CONTENT.length);
  expect(await credits()).toBe(before - 1);
});

it("the same at the end of a stream", async () => {
  const fake = sessionRunner((request) =>
    linesOf([
      { type: "start", version: "3.13.5" },
      { type: "end", report: longReport(request) },
    ]),
  );
  const { openSession, execute, credits } = await client(fake);
  const id = await openSession();
  const before = await credits();
  const response = await execute(id, { code: "1", stream: true });
  expect(await response.text()).toContain("event: end\n");
  expect(await credits()).toBe(before - 1);
});

it("a refusal without an end is not read to it", async () => {
  let sent = 0;
  const endless = () => {
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += 65_536;
        if (sent > 2 * ANSWER_BYTES_MAX) controller.close();
        else controller.enqueue(new Uint8Array(65_536));
      },
    });
    return new Response(body, { status: 404 });
  };
  const { openSession, execute } = await client(sessionRunner(endless));
  const id = await openSession();
  await expectRefused(await execute(id, { code: "1", stream: true }), "runner_fault", 502);
  expect(sent).toBeLessThan(2 * ANSWER_BYTES_MAX);
});
