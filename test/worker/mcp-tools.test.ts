// What each tool does, through the whole gateway: its results as texts, pictures and objects, its errors
// with what would help, and that it is paid for as any execution is.

import { beforeEach, describe, expect, test } from "vitest";
import {
  FREE_CREDITS,
  OUTPUT_BYTES_MAX,
  RATE_PER_MINUTE,
  RESULT_BYTES_MAX,
} from "../../shared/limits.ts";
import { client } from "./kit/client.ts";
import { anyAddress, gateway } from "./kit/gateway.ts";
import { callTool, errorIn, post, stage, streamed } from "./kit/mcp.ts";
import { sessionRunner } from "./kit/session-runner.ts";

const PNG = `iVBORw0KGgo${"A".repeat(21)}`;
const HELLO = { language: "python", code: "print(1)" };

let answer: () => Response;
let who: Awaited<ReturnType<typeof client>>;

beforeEach(async () => {
  answer = () => streamed();
  who = await client(sessionRunner(() => answer()));
});

describe("execute", () => {
  test("tells in words and as an object what came of a program, and charges it", async () => {
    const run = stage({ outcome: "error", exitCode: 3, stdout: "out\n", stderr: "err\n" });
    answer = () => streamed({ run });
    const before = await who.credits();
    const { content, structuredContent, isError } = await callTool(who, "execute", HELLO);
    expect(isError).toBeFalsy();
    expect(content).toHaveLength(1);
    expect(content[0]?.text).toMatch(
      /^out\n\[stderr\]\nerr\n\[error, exit code 3, 18 ms, \d+ credits left\]$/,
    );
    expect(structuredContent).toMatchObject({ outcome: "error", exitCode: 3, stdout: "out" });
    expect(await who.credits()).toBe(before - 1);
  });

  test("tells pictures as pictures, and says of each what it is only once", async () => {
    const shown = [
      { kind: "display", data: { "text/plain": "<Figure>", "image/png": PNG } },
      { kind: "display", data: { "image/svg+xml": "<svg/>" } },
      { kind: "value", data: { "text/plain": "7" } },
    ];
    answer = () => streamed({ shown });
    const { content, structuredContent } = await callTool(who, "execute", HELLO);
    expect(content[0]?.text).toContain("[result]\n7\n");
    expect(content[1]).toEqual({ type: "image", mimeType: "image/png", data: PNG });
    expect(content[2]?.resource).toMatchObject({ mimeType: "image/svg+xml", text: "<svg/>" });
    expect(structuredContent?.results).toEqual([
      { kind: "display", text: "<Figure>", types: ["text/plain", "image/png"] },
      { kind: "display", types: ["image/svg+xml"] },
      { kind: "value", text: "7", types: ["text/plain"] },
    ]);
    expect(JSON.stringify(structuredContent)).not.toContain(PNG);
  });

  test("tells files that were asked for as what they are", async () => {
    const file = (name: string, content?: string) => ({
      name,
      bytes: 24,
      sha256: "0".repeat(64),
      ...(content !== undefined && { content }),
    });
    const files = [file("a.png", PNG), file("b.txt", btoa("hi")), file("c", "/w=="), file("d")];
    answer = () => streamed({ files, filesTruncated: false });
    const { content, structuredContent } = await callTool(who, "execute", HELLO);
    expect(content[0]?.text).toContain("[too large to come along: d]");
    expect(content[1]).toEqual({ type: "image", mimeType: "image/png", data: PNG });
    expect(content[2]?.resource).toMatchObject({ uri: "workspace:///b.txt", text: "hi" });
    expect(content[3]?.resource).toMatchObject({ uri: "workspace:///c", blob: "/w==" });
    expect(structuredContent?.files).toHaveLength(4);
  });

  test("tells who has no key how many runs are left", async () => {
    const headers = { "CF-Connecting-IP": anyAddress() };
    const params = { name: "execute", arguments: HELLO };
    const { result } = await post(who.g, { method: "tools/call", params }, headers);
    expect(result?.content[0]?.text).toMatch(/, 49 runs left today without a key\]$/);
    expect(result?.structuredContent?.demo).toEqual({ remaining: 49 });
  });

  test.each([
    [{}, "invalid_request", "code"],
    [{ code: "1" }, "invalid_request", "language"],
    [{ ...HELLO, language: "cobol" }, "unknown_language", "language"],
    [{ ...HELLO, session_id: "x" }, "invalid_request", "session_id"],
    [{ ...HELLO, timeout: 31_000 }, "invalid_request", "timeout"],
    [{ ...HELLO, sessionId: "sess-0" }, "unknown_session", undefined],
  ])("says in a tool's error what is wrong with %j", async (given, code, field) => {
    const before = await who.credits();
    const error = errorIn(await callTool(who, "execute", given));
    expect(error).toMatchObject({ code, ...(field && { field }) });
    expect(await who.credits()).toBe(before);
  });

  test("says what would help where the rate, the money or the runner is missing", async () => {
    const { g } = who;
    const { apiKey, accountId } = await g.open();
    const run = async () => await callTool({ g, apiKey }, "execute", HELLO);
    for (let count = 0; count < RATE_PER_MINUTE.free; count += 1) await run();
    const often = await run();
    expect(errorIn(often)).toMatchObject({ code: "rate_limited", status: 429 });
    expect(often.content[0]?.text).toMatch(/may succeed later, in \d+ s\./);
    await g.change(accountId, { ratePerMinute: 1000 });
    for (let count = RATE_PER_MINUTE.free; count < FREE_CREDITS; count += 1) await run();
    expect(errorIn(await run())).toMatchObject({ code: "no_credits", status: 402 });
    answer = () => Response.json({ error: { code: "busy", message: "x" } }, { status: 503 });
    expect(errorIn(await callTool(who, "execute", HELLO))).toMatchObject({ code: "busy" });
  });
});

describe("sessions and files", () => {
  test("are opened, used, listed, begun anew and closed", async () => {
    const opened = await callTool(who, "open_session", { language: "python" });
    const sessionId = String(opened.structuredContent?.sessionId);
    expect(sessionId).toMatch(/^sess-/);
    await callTool(who, "execute", { sessionId, code: "x = 1" });
    expect(who.fake.executed[0]).toMatchObject({ language: "python", isSnippet: true });

    const listed = await callTool(who, "list_sessions", { limit: 5 });
    expect(listed.structuredContent?.sessions).toMatchObject([{ sessionId, executions: 1 }]);
    await callTool(who, "reset_session", { sessionId });
    expect(who.fake.told.at(-1)).toMatchObject({ path: "/reset" });

    const where = { sessionId, path: "data/in file.csv" };
    await callTool(who, "write_file", { ...where, content: "ä,1\n" });
    const read = await callTool(who, "read_file", where);
    expect(read.content).toEqual([{ type: "text", text: "ä,1\n" }]);
    expect(read.structuredContent).toMatchObject({ bytes: 5, text: "ä,1\n", truncated: false });
    const files = await callTool(who, "list_files", { sessionId });
    expect(files.structuredContent?.entries).toMatchObject([{ name: "data/in file.csv" }]);

    await callTool(who, "close_session", { sessionId });
    const gone = await callTool(who, "execute", { sessionId, code: "x" });
    expect(errorIn(gone)).toMatchObject({ code: "session_deleted", status: 410 });
    expect(gone.content[0]?.text).toContain("`open_session` opens a new one.");
  });

  test("are read as pictures, texts or bytes, by what is in them", async () => {
    const opened = await callTool(who, "open_session", { language: "python" });
    const sessionId = String(opened.structuredContent?.sessionId);
    const write = async (path: string, content: string) =>
      await callTool(who, "write_file", { sessionId, path, content, encoding: "base64" });
    const read = async (path: string) => await callTool(who, "read_file", { sessionId, path });
    await write("a", PNG);
    expect((await read("a")).content).toEqual([
      { type: "image", mimeType: "image/png", data: PNG },
    ]);
    await write("b", "/w==");
    expect((await read("b")).content[0]?.resource).toMatchObject({ blob: "/w==" });
    await write("c", btoa("x".repeat(OUTPUT_BYTES_MAX + 1)));
    const cut = (await read("c")).structuredContent;
    expect(cut).toMatchObject({ bytes: OUTPUT_BYTES_MAX + 1, truncated: true });
    expect(cut?.text).toHaveLength(OUTPUT_BYTES_MAX);
    who.fake.files.set([...who.fake.files.keys()][0] ?? "", new Uint8Array(RESULT_BYTES_MAX + 1));
    expect(errorIn(await read("a"))).toMatchObject({ code: "payload_too_large" });
  });

  test.each(["../keys", "/etc/passwd", "a/../../b", ""])("have no path %j", async (path) => {
    const given = { sessionId: "sess-0", path };
    expect(errorIn(await callTool(who, "read_file", given))).toMatchObject({ field: "path" });
  });

  test.each(["../../keys", "a/b", "x?y", "sess-0", ""])("have no session %j", async (sessionId) => {
    const error = errorIn(await callTool(who, "close_session", { sessionId }));
    expect(error).toMatchObject({ code: "unknown_session" });
  });

  test("need a key, and say so", async () => {
    const params = { name: "open_session", arguments: { language: "python" } };
    const { result } = await post(gateway(), { method: "tools/call", params });
    expect(errorIn(result)).toMatchObject({ code: "unauthorized", status: 401 });
    expect(result?.content[0]?.text).toContain("`POST /api/keys` makes a free one.");
  });
});
