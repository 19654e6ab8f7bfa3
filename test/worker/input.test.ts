// Everything a caller can get wrong in POST /api/execute: one row each, answered before any Durable
// Object is asked, with a sentence that names the field.

import { describe, expect, it } from "vitest";
import { LANGUAGE_IDS } from "../../shared/languages.ts";
import { CODE_BYTES_MAX, REQUEST_BODY_BYTES_MAX, STDIN_BYTES_MAX } from "../../shared/limits.ts";
import { deaf, errorOf, gateway, PROGRAM } from "./kit/gateway.ts";

const neither = "`code` is required where no `files` are sent.";
const timeout = "`timeout` must be a whole number of milliseconds from 1 to 30000.";

describe("a bad program", () => {
  it.each<[string, unknown, string, string | undefined, string]>([
    ["no fields", {}, "invalid_request", "language", "`language` is required."],
    ["no language", { code: "1" }, "invalid_request", "language", "`language` is required."],
    ["no code", { language: "bash" }, "invalid_request", "code", neither],
    [
      "an empty program",
      { ...PROGRAM, code: "" },
      "invalid_request",
      "code",
      "`code` must not be empty.",
    ],
    [
      "code that is a number",
      { ...PROGRAM, code: 5 },
      "invalid_request",
      "code",
      "`code` must be a string.",
    ],
    ["code that is null", { ...PROGRAM, code: null }, "invalid_request", "code", neither],
    [
      "code that is a list",
      { ...PROGRAM, code: ["1"] },
      "invalid_request",
      "code",
      "`code` must be a string.",
    ],
    [
      "a language that is a number",
      { ...PROGRAM, language: 3 },
      "invalid_request",
      "language",
      "`language` must be a string.",
    ],
    [
      "stdin that is an object",
      { ...PROGRAM, stdin: {} },
      "invalid_request",
      "stdin",
      "`stdin` must be a string.",
    ],
    ["a timeout of 0", { ...PROGRAM, timeout: 0 }, "invalid_request", "timeout", timeout],
    ["a timeout of -1", { ...PROGRAM, timeout: -1 }, "invalid_request", "timeout", timeout],
    ["a timeout of 1.5", { ...PROGRAM, timeout: 1.5 }, "invalid_request", "timeout", timeout],
    ["a timeout of 30001", { ...PROGRAM, timeout: 30_001 }, "invalid_request", "timeout", timeout],
    [
      "a timeout of 1e400",
      `{"language":"python","code":"1","timeout":1e400}`,
      "invalid_request",
      "timeout",
      timeout,
    ],
    ["a timeout that is text", { ...PROGRAM, timeout: "5" }, "invalid_request", "timeout", timeout],
    [
      "a timeout that is true",
      { ...PROGRAM, timeout: true },
      "invalid_request",
      "timeout",
      timeout,
    ],
    ["a list", [PROGRAM], "invalid_request", undefined, "The body must be a JSON object."],
    ["null", null, "invalid_request", undefined, "The body must be a JSON object."],
    ["a string", '"print(1)"', "invalid_request", undefined, "The body must be a JSON object."],
    [
      "half of a JSON text",
      '{"language":"py',
      "invalid_request",
      undefined,
      "The body is not valid JSON in UTF-8.",
    ],
    [
      "very deep JSON",
      "[".repeat(200_000),
      "invalid_request",
      undefined,
      "The body is not valid JSON in UTF-8.",
    ],
    [
      "a program one byte too long",
      { ...PROGRAM, code: "x".repeat(CODE_BYTES_MAX + 1) },
      "payload_too_large",
      "code",
      `\`code\` must be at most ${CODE_BYTES_MAX} bytes.`,
    ],
    [
      "a program too long only in bytes",
      { ...PROGRAM, code: "\u00e9".repeat(CODE_BYTES_MAX / 2 + 1) },
      "payload_too_large",
      "code",
      `\`code\` must be at most ${CODE_BYTES_MAX} bytes.`,
    ],
    [
      "stdin one byte too long",
      { ...PROGRAM, stdin: "x".repeat(STDIN_BYTES_MAX + 1) },
      "payload_too_large",
      "stdin",
      `\`stdin\` must be at most ${STDIN_BYTES_MAX} bytes.`,
    ],
  ])("is refused: %s", async (_name, body, code, field, message) => {
    const response = await deaf().post("/api/execute", body);
    const error = await errorOf(response);
    expect(error).toMatchObject({ code, message });
    expect(error.field).toBe(field);
    expect(response.status).toBe(code === "payload_too_large" ? 413 : 400);
  });

  it.each(["cobol", "", "python ", "__proto__", "constructor", "x".repeat(100_000)])(
    "in an unknown language is told the known ones",
    async (language) => {
      const response = await deaf().post("/api/execute", { ...PROGRAM, language });
      const error = await errorOf(response);
      expect(response.status).toBe(400);
      expect(error).toMatchObject({ code: "unknown_language", field: "language" });
      for (const id of LANGUAGE_IDS) expect(error.message).toContain(id);
      expect(error.message.length).toBeLessThan(200);
    },
  );

  it.each([1, 30_000])("may ask for a timeout of %d", async (ms) => {
    const g = gateway();
    const { apiKey } = await g.open();
    expect((await g.run(apiKey, { ...PROGRAM, timeout: ms })).status).toBe(200);
  });

  it("may be exactly as long as allowed, and of spaces only", async () => {
    const g = gateway();
    const { apiKey } = await g.open();
    const program = {
      ...PROGRAM,
      code: " ".repeat(CODE_BYTES_MAX),
      stdin: "y".repeat(STDIN_BYTES_MAX),
    };
    expect((await g.run(apiKey, program)).status).toBe(200);
  });
});

describe("the content type", () => {
  const body = new TextEncoder().encode(JSON.stringify(PROGRAM));

  it.each([
    undefined,
    "application/json",
    "Application/JSON; charset=utf-8",
    "application/vnd.api+json",
    "application/x-www-form-urlencoded",
  ])("%s lets JSON in", async (type) => {
    const g = gateway();
    const { apiKey } = await g.open();
    const headers = {
      Authorization: `Bearer ${apiKey}`,
      ...(type ? { "Content-Type": type } : {}),
    };
    const response = await g.send("/api/execute", { method: "POST", body, headers });
    expect(response.status).toBe(200);
  });

  it.each([
    "text/plain",
    "multipart/form-data; boundary=x",
    "application/xml",
    "text/json",
    "nonsense",
  ])("%s is refused", async (type) => {
    const headers = { "Content-Type": type };
    const response = await deaf().send("/api/execute", { method: "POST", body, headers });
    expect(response.status).toBe(415);
    expect((await errorOf(response)).code).toBe("unsupported_media_type");
  });

  it("of a form with a form in it is refused", async () => {
    const body = new URLSearchParams(PROGRAM);
    const response = await deaf().send("/api/execute", { method: "POST", body });
    expect(response.status).toBe(415);
  });

  it("does not help a compressed body", async () => {
    const headers = { "Content-Type": "application/json", "Content-Encoding": "gzip" };
    const response = await deaf().send("/api/execute", { method: "POST", body, headers });
    expect(response.status).toBe(415);
  });
});

describe("the body", () => {
  it("that says it is too large is refused", async () => {
    const body = "x".repeat(REQUEST_BODY_BYTES_MAX + 1);
    const response = await deaf().send("/api/execute", { method: "POST", body });
    expect(response.status).toBe(413);
    expect((await errorOf(response)).code).toBe("payload_too_large");
  });

  it("that does not say how large it is is refused when it has become too large", async () => {
    const chunk = new Uint8Array(1024 * 1024).fill(32);
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull: (controller) => {
        sent += chunk.length;
        if (sent > 2 * REQUEST_BODY_BYTES_MAX) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await deaf().send("/api/execute", { method: "POST", body });
    expect(response.status).toBe(413);
    expect(sent).toBeLessThan(2 * REQUEST_BODY_BYTES_MAX);
  });

  it("that is not UTF-8 is refused", async () => {
    const body = new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]);
    const response = await deaf().send("/api/execute", { method: "POST", body });
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request" });
  });

  it("that is empty is a program without fields", async () => {
    const response = await deaf().send("/api/execute", { method: "POST" });
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field: "language" });
  });
});
