// Programs of several files, by both faces: how they are passed on, and every way in which they can
// be wrong, answered before any Durable Object is asked.

import { describe, expect, it } from "vitest";
import { FILE_BYTES_MAX, FILES_BYTES_MAX, FILES_MAX } from "../../shared/limits.ts";
import type { ProgramFile, RunnerExecuteRequest } from "../../shared/runner-api.ts";
import { answering, deaf, errorOf, failing, gateway } from "./kit/gateway.ts";

const FACES = ["/api/execute", "/v1/execute"];
const MAIN = { name: "main.c", content: "int main(void) {}" };

/** The files a runner is asked to run for `program`. */
async function filesOf(path: string, program: object): Promise<ProgramFile[] | undefined> {
  const seen: RunnerExecuteRequest[] = [];
  const g = gateway(answering({}, seen));
  const { apiKey } = await g.open();
  const response = await g.run(apiKey, { language: "c", ...program }, path);
  expect(response.status).toBe(200);
  return seen[0]?.files;
}

describe.each(FACES)("a program of files sent to %s", (path) => {
  it("is passed on as it is, the first file first", async () => {
    const files = [
      { name: "start.c", content: "\u00e9\u{1f600}\n" },
      { name: "lib/a.h", content: "" },
      { name: "data.bin", content: "AAEC/w==", encoding: "base64" },
      { name: "b.c", content: "", encoding: "utf8" },
    ];
    expect(await filesOf(path, { files })).toEqual(files);
  });

  it("may be of as many files as allowed", async () => {
    const files = Array.from({ length: FILES_MAX }, (_, index) => ({
      name: `${index}.c`,
      content: "",
    }));
    expect(await filesOf(path, { files })).toHaveLength(FILES_MAX);
  });

  it("may have a file as large as allowed, in either encoding", async () => {
    const text = "x".repeat(FILE_BYTES_MAX);
    const [first] = (await filesOf(path, { files: [{ name: "a", content: text }] })) ?? [];
    expect(first?.content.length).toBe(FILE_BYTES_MAX);
    const encoded = { name: "a", content: btoa(text), encoding: "base64" };
    const [second] = (await filesOf(path, { files: [encoded] })) ?? [];
    expect(second?.content.length).toBe(encoded.content.length);
  });

  it("replaces half a surrogate pair, in names too", async () => {
    const files = [{ name: "a\ud800", content: "\udc00" }];
    expect(await filesOf(path, { files })).toEqual([{ name: "a\ufffd", content: "\ufffd" }]);
  });

  it("ignores what it does not know of a file, and null", async () => {
    const files = [{ ...MAIN, encoding: null, mode: "0755" }];
    expect(await filesOf(path, { files, code: null })).toEqual([MAIN]);
  });

  it("is code when the list of files is empty", async () => {
    expect(await filesOf(path, { files: [], code: MAIN.content })).toEqual([MAIN]);
  });

  const named = (...names: unknown[]) => ({
    files: [MAIN, ...names.map((name) => ({ name, content: "" }))],
  });
  const holding = (content: unknown, encoding?: unknown) => ({
    files: [MAIN, { name: "a", content, encoding }],
  });
  const path_ = "must be a relative path inside the workspace.";

  it.each<[string, object, string, string]>([
    ["no program at all", {}, "code", "is required where no `files` are sent."],
    ["neither of the two", { files: [] }, "code", "is required where no `files` are sent."],
    ["files that are no list", { files: MAIN }, "files", "must be an array."],
    ["a file that is text", { files: ["main.c"] }, "files[0]", "must be a JSON object."],
    ["a file without a name", { files: [{ content: "" }] }, "files[0].name", "is required."],
    ["a name that is a number", named(5), "files[1].name", "must be a string."],
    ["an empty name", named(""), "files[1].name", path_],
    ["an absolute name", named("/etc/passwd"), "files[1].name", path_],
    ["a name with ..", named("a", "../b"), "files[2].name", path_],
    ["a name with .. inside", named("a/../../b"), "files[1].name", path_],
    ["a name with .", named("./a"), "files[1].name", path_],
    ["a name with NUL", named("a\0b"), "files[1].name", path_],
    ["a name that ends in /", named("a/"), "files[1].name", path_],
    ["a name with //", named("a//b"), "files[1].name", path_],
    ["a name of 256 bytes", named("x".repeat(256)), "files[1].name", "must be at most 255 bytes."],
    [
      "a name too long only in bytes",
      named("\u00e9".repeat(128)),
      "files[1].name",
      "must be at most 255 bytes.",
    ],
    ["a name twice", named("a", "main.c"), "files[2].name", "`main.c` is used twice."],
    [
      "names that are the same once they are UTF-8",
      named("a\ud800", "a\udbff"),
      "files[2].name",
      "is used twice.",
    ],
    ["a directory as a file", named("a/b", "a"), "files[2].name", "`a` is also a directory."],
    ["a file as a directory", named("a", "a/b"), "files[2].name", "is inside of what is a file."],
    ["our own name", named(".program"), "files[1].name", "is kept for the built program."],
    ["no content", { files: [{ name: "a" }] }, "files[0].content", "is required."],
    ["content that is a list", holding([1]), "files[1].content", "must be a string."],
    [
      "an unknown encoding",
      holding("", "hex"),
      "files[1].encoding",
      "must be one of utf8, base64.",
    ],
    ["base64 without its padding", holding("YQ", "base64"), "files[1].content", "is not base64."],
    ["base64 of URLs", holding("_-8=", "base64"), "files[1].content", "is not base64."],
    ["base64 with a newline", holding("YWFh\n", "base64"), "files[1].content", "is not base64."],
    ["base64 that is text", holding("text!", "base64"), "files[1].content", "is not base64."],
  ])("is refused: %s", async (_what, program, field, message) => {
    const response = await deaf().post(path, { language: "c", ...program });
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "invalid_request", field });
    expect(error.message).toContain(message);
    expect(response.status).toBe(400);
  });

  it.each<[string, object[], string, string]>([
    [
      "a file that is too large",
      [MAIN, { name: "big.txt", content: "x".repeat(FILE_BYTES_MAX + 1) }],
      "files[1].content",
      `\`big.txt\` is larger than ${FILE_BYTES_MAX} bytes.`,
    ],
    [
      "a file that is too large once it is decoded",
      [{ name: "big", content: "AAAA".repeat(FILE_BYTES_MAX / 3 + 1), encoding: "base64" }],
      "files[0].content",
      `\`big\` is larger than ${FILE_BYTES_MAX} bytes.`,
    ],
    [
      "files that are too large together",
      [
        { name: "a", content: "x".repeat(FILE_BYTES_MAX) },
        { name: "b", content: "x".repeat(FILES_BYTES_MAX - FILE_BYTES_MAX + 1) },
      ],
      "files",
      `The files are together larger than ${FILES_BYTES_MAX} bytes.`,
    ],
  ])("is refused as too large: %s", async (_what, files, field, message) => {
    const response = await deaf().post(path, { language: "c", files });
    expect(await errorOf(response)).toMatchObject({ code: "payload_too_large", field, message });
    expect(response.status).toBe(413);
  });

  it("is refused when it is of too many files", async () => {
    const files = Array.from({ length: FILES_MAX + 1 }, (_, i) => ({ name: `${i}`, content: "" }));
    const response = await deaf().post(path, { language: "c", files });
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field: "files" });
  });

  it.each([
    ["files", {}],
    ["args", 1],
  ])("is refused for the number of its %s before any of them is looked at", async (field, item) => {
    const many = { files: [MAIN], [field]: Array(100_000).fill(item) };
    const response = await deaf().post(path, { language: "c", ...many });
    const error = await errorOf(response);
    expect(error).toMatchObject({ code: "invalid_request", field });
    expect(error.message).toContain("must be at most 64");
  });

  it.each<[string, object, string]>([
    ["a version that is none", { version: "newest" }, "version"],
    ["a version that is a number", { version: 3.12 }, "version"],
    ["a version that is too long", { version: "1".repeat(129) }, "version"],
    ["arguments that are text", { args: "-x" }, "args"],
    ["an argument that is a number", { args: ["a", 1] }, "args[1]"],
    ["an argument with NUL", { args: ["a\0"] }, "args[0]"],
    ["too many arguments", { args: Array(65).fill("") }, "args"],
    ["arguments that are too long", { args: ["x".repeat(20_000), "x".repeat(20_000)] }, "args"],
    ["optimize that is text", { optimize: "yes" }, "optimize"],
  ])("is refused: %s", async (_what, fields, field) => {
    const response = await deaf().post(path, { language: "c", files: [MAIN], ...fields });
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field });
    expect(response.status).toBe(400);
  });

  it.each([
    ["unknown_version", "version"],
    ["invalid_request", "files[0].name"],
    ["payload_too_large", "files[0].content"],
  ])("is refused in the runner's words for what only it can know: %s", async (code, field) => {
    const g = gateway();
    const { apiKey, accountId } = await g.open();
    const runner = failing(400, code, { field, message: "No C here is `9`; available: 14.2.0." });
    const response = await gateway(runner).run(apiKey, { language: "c", files: [MAIN] }, path);
    expect(response.status).toBe(code === "payload_too_large" ? 413 : 400);
    expect(await errorOf(response)).toMatchObject({
      code,
      field,
      message: "No C here is `9`; available: 14.2.0.",
    });
    expect(await (await g.change(accountId, { plan: "pro" })).json()).toMatchObject({
      credits: 50,
    });
  });
});

describe("files beside code", () => {
  it("are welcome to /api/execute: the code is the program", async () => {
    const files = [{ name: "util.h", content: "#define ONE 1" }];
    expect(await filesOf("/api/execute", { code: "int x;", files })).toEqual([
      { name: "main.c", content: "int x;" },
      ...files,
    ]);
  });

  it.each<[string, object[], string]>([
    ["called as the program is", [{ name: "a", content: "" }, MAIN], "files[1].name"],
    ["inside of the program", [{ name: "main.c/a", content: "" }], "files[0].name"],
    [
      "that are too large",
      [{ name: "a", content: "x".repeat(FILE_BYTES_MAX + 1) }],
      "files[0].content",
    ],
  ])("are refused by the index they were sent at: %s", async (_what, files, field) => {
    const response = await deaf().post("/api/execute", { language: "c", code: "x", files });
    expect(await errorOf(response)).toMatchObject({ field });
  });

  it("count together with it", async () => {
    const files = Array.from({ length: FILES_MAX }, (_, i) => ({ name: `${i}`, content: "" }));
    const response = await deaf().post("/api/execute", { language: "c", code: "x", files });
    expect(await errorOf(response)).toMatchObject({ code: "invalid_request", field: "files" });
  });

  it("are refused by /v1/execute", async () => {
    const response = await deaf().post("/v1/execute", { language: "c", code: "x", files: [MAIN] });
    expect(response.status).toBe(400);
    expect(await errorOf(response)).toMatchObject({
      code: "invalid_request",
      field: "files",
      message: "`files` cannot be sent beside `code`: send one of the two.",
    });
  });
});

describe("a runner that refuses what no caller wrote", () => {
  it.each(["executionId", "singleUse", "language", undefined])("is at fault: %j", async (field) => {
    const { apiKey } = await gateway().open();
    const response = await gateway(failing(400, "invalid_request", { field })).run(apiKey);
    expect(response.status).toBe(502);
    expect((await errorOf(response)).code).toBe("runner_fault");
  });
});
